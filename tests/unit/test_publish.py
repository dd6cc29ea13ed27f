"""What the repository keeps of a study is the study, and a trial run never gets there."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pages_fixture import render_study
from study_fixture import REPORTED, TEMPLATES, make_study

from mlpstudy.errors import StudyError
from mlpstudy.figures.index import GROUPS, load_index, write_index
from mlpstudy.report.packing import ARCHIVE, TABLES, pack, unpacked
from mlpstudy.report.publish import publish

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


def test_the_table_stands_between_the_markers(finished: Path, repository: Path) -> None:
    for _ in range(2):  # again: nothing piles up
        publish(finished, REPORTED, TEMPLATES, repository)
        text = (repository / "README.md").read_text()
        assert text.startswith("# Title\n\n<!-- result: made -->\n\n| Model | Printed, % |")
        assert text.endswith("<!-- /result -->\nrest\n")
        assert text.count("| Model 1 | 75.26 | 82.0 | 0 of 3 |") == 1
        assert "old" not in text
    drawn = finished / "figures/study/overview.svg"
    assert (repository / "docs/overview.svg").read_bytes() == drawn.read_bytes()


def test_every_table_is_there_byte_for_byte(finished: Path, repository: Path) -> None:
    publish(finished, REPORTED, TEMPLATES, repository)
    names = {path.name for path in (finished / "tables").glob("*.csv")}
    with unpacked(repository / "docs/results") as copy:
        assert {"runs.csv", *TABLES} <= names == {path.name for path in copy.glob("*.csv")}
        for name in names:
            assert (copy / name).read_bytes() == (finished / "tables" / name).read_bytes()


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


def test_every_link_of_the_published_pages_lands(finished: Path, repository: Path) -> None:
    publish(finished, REPORTED, TEMPLATES, repository)
    copy = repository / "docs/results"
    page = (copy / "report/index.html").read_text()
    links = [copy / "report" / link for link in re.findall(r'href="([^"#:]+)"', page)]
    links += [
        copy / link for link in re.findall(r"\]\(([^)#:]+)\)", (copy / "README.md").read_text())
    ]
    figures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (copy / "report/report.md").read_text())
    links += [copy / "report" / link for link in figures]
    assert {ARCHIVE, "models.csv"} <= {link.name for link in links}
    assert [str(link) for link in links if not link.exists()] == []


def test_the_runs_that_it_names_are_those_of_the_copy(finished: Path, repository: Path) -> None:
    publish(finished, REPORTED, TEMPLATES, repository)
    with unpacked(repository / "docs/results") as copy:
        jobs = json.loads((copy / "study.json").read_text())["jobs"]
        assert jobs
        for job in jobs:
            spec = json.loads((copy / job["folder"] / "spec.json").read_text())
            assert spec["model"] == job["model"]


def test_what_the_study_has_no_more_leaves_the_repository(finished: Path, repository: Path) -> None:
    left = repository / "docs/results/old.csv"
    left.parent.mkdir()
    left.write_text("1\n")
    publish(finished, REPORTED, TEMPLATES, repository)
    assert not left.exists()


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
