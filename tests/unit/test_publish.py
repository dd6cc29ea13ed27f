"""What the repository keeps of a study is the study, and a trial run never gets there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from pages_fixture import render_study
from study_fixture import REPORTED, TEMPLATES, make_study

from mlpstudy.errors import StudyError
from mlpstudy.report.publish import publish

README = "# Title\n\n<!-- result: made -->\nold\n<!-- /result -->\nrest\n"
MODELS = {"m01": {}, "m04": {"loss": "kl_divergence"}}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study in the folder that a real one has."""
    root = tmp_path_factory.mktemp("made") / "results"
    paths = render_study(make_study(root, MODELS, lambda *run: (0.8 + run[-1] / 100, 0.5)))
    shutil.move(paths.figures, root / "figures")
    (root / "figures/overview.svg").write_text("<svg/>")
    (root / "report/report.pdf").write_bytes(b"%PDF")
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


def test_the_repository_has_the_study_and_nothing_else(finished: Path, repository: Path) -> None:
    copy = repository / "docs/results"
    copy.mkdir()
    (copy / "old.csv").write_text("1\n")  # of an earlier study
    table = (finished / "report/tables/accuracy.md").read_text().strip()
    for _ in range(2):  # again: nothing piles up
        publish(finished, REPORTED, TEMPLATES, repository)
        expected = README.replace("old", f"\n{table}\n")
        assert (repository / "README.md").read_text() == expected
    assert (repository / "docs/overview.svg").read_text() == "<svg/>"
    names = {path.name for path in (finished / "tables").glob("*.csv")}
    assert {"runs.csv", "models.csv"} <= names == {path.name for path in copy.glob("*.csv")}
    for name in names:
        assert (copy / name).read_bytes() == (finished / "tables" / name).read_bytes()
    jobs = json.loads((copy / "study.json").read_text())["jobs"]
    assert jobs
    for job in jobs:
        spec = json.loads((copy / job["folder"] / "spec.json").read_text())
        assert spec["model"] == job["model"]

    # Every link of the published pages lands.
    page = (copy / "report/index.html").read_text()
    figures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (copy / "report/report.md").read_text())
    links = [copy / "report" / link for link in re.findall(r'href="([^"#:]+)"', page) + figures]
    readme = (copy / "README.md").read_text()
    links += [copy / link for link in re.findall(r"\]\(([^)#:]+)\)", readme)]
    assert {"spec.json", "models.csv"} < {link.name for link in links}
    assert [str(link) for link in links if not link.exists()] == []


def test_a_trial_run_and_a_readme_without_markers_are_refused(
    results: Path, repository: Path
) -> None:
    (repository / "README.md").write_text("# Title\n")
    with pytest.raises(StudyError, match=r"README.md: expected a line"):
        publish(results, REPORTED, TEMPLATES, repository)
    path = results / "study.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "trial": True}))
    with pytest.raises(StudyError, match="trial run"):
        publish(results, REPORTED, TEMPLATES, repository)
    assert (repository / "README.md").read_text() == "# Title\n"


def test_a_study_that_is_not_finished_leaves_all_as_it_was(results: Path, repository: Path) -> None:
    publish(results, REPORTED, TEMPLATES, repository)
    before = {p: p.read_bytes() for p in (repository / "docs").rglob("*") if p.is_file()}
    for missing in ("report/report.pdf", "study.json", "figures/overview.svg"):
        content = (results / missing).read_bytes()
        (results / missing).unlink()
        with pytest.raises(StudyError, match=Path(missing).name):
            publish(results, REPORTED, TEMPLATES, repository)
        after = {p: p.read_bytes() for p in (repository / "docs").rglob("*") if p.is_file()}
        assert after == before
        (results / missing).write_bytes(content)
