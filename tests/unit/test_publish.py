"""What the repository keeps of a study is the study: made here, and as it lies in docs/results."""

from __future__ import annotations

import json
import os
import re
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pages_fixture import render_study
from study_fixture import REPORTED, TEMPLATES, make_study

from mlpstudy.analysis.schemas import read_table
from mlpstudy.config.differences import differences
from mlpstudy.config.planning import Plan, read_plan
from mlpstudy.errors import StudyError
from mlpstudy.figures.index import GROUPS, load_index, write_index
from mlpstudy.fingerprint import training_fingerprint
from mlpstudy.report.provenance import load_provenance
from mlpstudy.report.publish import ARCHIVE, TABLES, pack, publish, unpacked

README = "# Title\n\n<!-- result: made -->\nold\n<!-- /result -->\nrest\n"
MODELS = {"m01": {}, "m04": {"loss": "kl_divergence"}}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study in the folder that a real one has."""
    root = tmp_path_factory.mktemp("made") / "results"
    paths = render_study(make_study(root, MODELS, lambda *run: (0.8 + run[-1] / 100, 0.5)))
    drawn = load_index(paths.figures)
    overview = replace(drawn[0], name="overview", kind="overview", section="summary", model="")
    for group in GROUPS:
        write_index(root / "figures" / group, [overview, *drawn] if group == "study" else [])
    for entry in (overview, *drawn):
        shutil.copy(paths.figures / drawn[0].file, root / "figures/study" / entry.file)
    for name in ("report.pdf", "supplement.pdf"):
        (root / "report" / name).write_bytes(b"%PDF")
    return root


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # where `make publish` stands
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/tables.md").write_text("# The tables\n")
    (tmp_path / "README.md").write_text(README)
    return tmp_path


@pytest.fixture
def results(finished: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    copy = tmp_path / "spoilt" / "results"
    shutil.copytree(finished, copy)
    return copy


def expect_links_to_lead_to_files(results: Path) -> None:
    links = [
        path.parent / link
        for path, pattern in (
            (results / "report/index.html", r'href="([^"#:]+)"'),
            (results / "report/report.md", r"\]\(([^)#:]+)\)"),
            (results / "README.md", r"\]\(([^)#:]+)\)"),
        )
        for link in re.findall(pattern, path.read_text())
    ]
    assert {ARCHIVE, "models.csv"} <= {link.name for link in links}
    assert [str(link) for link in links if not (link.is_file() or link.name == "..")] == []


def test_the_copy_is_the_study_and_its_table_stands_between_the_markers(
    finished: Path, repository: Path
) -> None:
    left = repository / "docs/results/old.csv"
    left.parent.mkdir()
    left.write_text("1\n")
    for _ in range(2):  # again: nothing piles up
        publish(finished, REPORTED, TEMPLATES, repository)
        text = (repository / "README.md").read_text()
        assert text.startswith(
            "# Title\n\n<!-- result: made -->\n\nReplicates that fail, with a test "
        )
        assert "accuracy below 50 %:\n0 of 6 under “" in text
        assert "\n\n| Model | Printed, % |" in text
        assert text.endswith("<!-- /result -->\nrest\n")
        assert text.count("| Model 1 | 75.26 | 82.0 | 0 of 3 |") == 1
        assert "old" not in text
    drawn = finished / "figures/study/overview.svg"
    assert (repository / "docs/overview.svg").read_bytes() == drawn.read_bytes()
    assert not left.exists()
    expect_links_to_lead_to_files(repository / "docs/results")
    names = {path.name for path in (finished / "tables").glob("*.csv")}
    with unpacked(repository / "docs/results") as copy:
        assert {"runs.csv", *TABLES} <= names == {path.name for path in copy.glob("*.csv")}
        for name in names:
            assert (copy / name).read_bytes() == (finished / "tables" / name).read_bytes()
        jobs = json.loads((copy / "study.json").read_text())["jobs"]
        assert jobs
        for job in jobs:
            spec = json.loads((copy / job["folder"] / "spec.json").read_text())
            assert spec["model"] == job["model"]


def test_an_archive_has_the_same_bytes_whenever_and_wherever_it_is_packed(tmp_path: Path) -> None:
    for at, folder in enumerate((tmp_path / "one", tmp_path / "two")):
        for name in sorted([*TABLES, "runs/a/spec.json", "runs/b/spec.json"], reverse=bool(at)):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
            os.utime(path, (at, at))
        pack(folder)
        assert [path.name for path in folder.iterdir()] == [ARCHIVE]
    one, two = (tmp_path / name / ARCHIVE for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("content", [b"", b"not an archive", None])
def test_a_damaged_archive_is_refused_in_one_line(
    finished: Path, repository: Path, content: bytes | None
) -> None:
    publish(finished, REPORTED, TEMPLATES, repository)
    path = repository / "docs/results" / ARCHIVE
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    with pytest.raises(StudyError, match=rf"^[^\n]*{ARCHIVE}: expected a tar.xz archive"):
        unpacked(path.parent).__enter__()


def test_a_trial_run_is_refused(results: Path, repository: Path) -> None:
    path = results / "study.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "trial": True}))
    with pytest.raises(StudyError, match="trial run"):
        publish(results, REPORTED, TEMPLATES, repository)
    assert (repository / "README.md").read_text() == README


@pytest.mark.parametrize(
    "missing", ["report/report.pdf", "study.json", "figures/study/overview.svg"]
)
def test_a_study_that_is_not_finished_leaves_all_as_it_was(
    results: Path, repository: Path, missing: str
) -> None:
    publish(results, REPORTED, TEMPLATES, repository)
    before = {p: p.read_bytes() for p in (repository / "docs").rglob("*") if p.is_file()}
    (results / missing).unlink()
    with pytest.raises(StudyError, match=Path(missing).name):
        publish(results, REPORTED, TEMPLATES, repository)
    assert {p: p.read_bytes() for p in (repository / "docs").rglob("*") if p.is_file()} == before


def test_a_readme_without_markers_is_refused(finished: Path, repository: Path) -> None:
    (repository / "README.md").write_text("# Title\n")
    with pytest.raises(StudyError, match=r"README.md: expected a line"):
        publish(finished, REPORTED, TEMPLATES, repository)


ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs/results"
CONFIGS = [ROOT / "config/config.yaml", ROOT / "config/reference.yaml"]


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    if not (PUBLISHED / "study.json").exists():
        pytest.skip("no study has been published: make publish")
    found: dict[str, Any] = json.loads((PUBLISHED / "study.json").read_text())
    return found


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan(CONFIGS, {"models": str(ROOT / "config/models.yaml"), "claims": None})


def test_its_pages_say_what_is_configured_otherwise_now(study: dict[str, Any], plan: Plan) -> None:
    """Training code apart, of which a warning tells."""
    archive = load_provenance(PUBLISHED / "report/provenance.json").get("archive")
    said = archive["differences"] if archive else []
    found = [
        [each for each in both if each["field"] != "training code"]
        for both in (differences(study, json.loads(plan.document())), said)
    ]
    assert found[0] == found[1], "make republish"
    readme = (PUBLISHED / "README.md").read_text()
    assert ("earlier configuration" in readme) == bool(said)


def test_it_has_a_run_for_each_that_was_planned(study: dict[str, Any]) -> None:
    keys = ["condition", "model", "fold", "replicate"]
    runs = read_table(PUBLISHED / "runs.csv")
    planned = [
        (job["condition"], job["model"], job["fold"], replicate)
        for job in study["jobs"]
        for replicate in range(job["first"], job["last"] + 1)
    ]
    assert sorted(runs[keys].itertuples(index=False, name=None)) == sorted(planned)


def test_models_csv_follows_from_runs_csv(study: dict[str, Any]) -> None:
    runs = read_table(PUBLISHED / "runs.csv")
    per_replicate = runs.groupby(["condition", "model", "replicate"])["test_accuracy"].mean()
    median = per_replicate.groupby(["condition", "model"]).median()
    failures = (per_replicate < study["classes"]["medium"]).groupby(["condition", "model"]).sum()
    models = read_table(PUBLISHED / "models.csv").set_index(["condition", "model"])
    assert set(models.index) == set(median.index)
    pd.testing.assert_series_equal(
        models["test_accuracy_median"].sort_index(), median.sort_index(), check_names=False
    )
    assert (models["failures"].sort_index() == failures.sort_index()).all()


def test_the_readme_has_its_table(study: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text()
    shown = re.search(r"<!-- result:[^\n]*\n(.*?)<!-- /result -->", readme, re.DOTALL)
    assert shown
    rows = re.findall(r"^\| (Model \d+) \| ([\d.]+) \| ([\d.]+) \| ", shown[1], re.MULTILINE)
    assert len(rows) == len(study["models"])
    final = (PUBLISHED / "report/tables/final_inference.md").read_text()
    for model, printed, median in rows:
        assert re.search(
            rf"^\| {model} \| .* \| {printed} \| \w+ \| {median} \(", final, re.MULTILINE
        )


@pytest.mark.usefixtures("study")
def test_it_is_no_larger_than_a_repository_should_keep() -> None:
    sizes = [path.stat().st_size for path in PUBLISHED.rglob("*") if path.is_file()]
    assert max(sizes) < 5_000_000
    assert sum(sizes) < 13_000_000
    assert len(sizes) < 150


@pytest.mark.usefixtures("study")
def test_every_link_of_its_pages_leads_to_a_file() -> None:
    expect_links_to_lead_to_files(PUBLISHED)


def test_its_archive_has_a_specification_for_each_job(study: dict[str, Any]) -> None:
    with unpacked(PUBLISHED) as folder:
        found = {str(path.parent.relative_to(folder)) for path in folder.rglob("spec.json")}
    assert found == {job["folder"] for job in study["jobs"]}


def test_what_trained_it_is_said(study: dict[str, Any]) -> None:
    assert study["code"][:12] in (PUBLISHED / "README.md").read_text()
    if study["code"] != training_fingerprint():
        warnings.warn(
            "the training code has changed since docs/results was made: make publish", stacklevel=1
        )
