"""The README's table is the report's, and a trial run never gets there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlpstudy.errors import StudyError
from mlpstudy.report.publish import publish

README = "# Title\n\n<!-- result: made -->\nold\n<!-- /result -->\nrest\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    study = {
        "trial": False, "models": {}, "conditions": {}, "jobs": [], "classes": {}, "dataset": {},
        "replicates": 1, "defaults": {}, "seed": 1,
    }  # fmt: skip
    (tmp_path / "study.json").write_text(json.dumps(study))
    (tmp_path / "report/tables").mkdir(parents=True)
    (tmp_path / "report/tables/accuracy.md").write_text("| a |\n| - |\n| 1 |\n")
    (tmp_path / "overview.svg").write_text("<svg/>")
    (tmp_path / "README.md").write_text(README)
    return tmp_path


def published(folder: Path) -> str:
    publish(folder / "study.json", folder / "report", folder, folder / "README.md")
    return (folder / "README.md").read_text()


def test_the_table_stands_between_the_markers(folder: Path) -> None:
    expected = README.replace("old", "\n| a |\n| - |\n| 1 |\n")
    assert published(folder) == expected
    assert published(folder) == expected  # again: nothing piles up
    assert (folder / "docs/overview.svg").read_text() == "<svg/>"


def test_a_trial_run_is_refused(folder: Path) -> None:
    path = folder / "study.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "trial": True}))
    with pytest.raises(StudyError, match="trial run"):
        published(folder)
    assert (folder / "README.md").read_text() == README


def test_a_readme_without_markers_is_refused(folder: Path) -> None:
    (folder / "README.md").write_text("# Title\n")
    with pytest.raises(StudyError, match=r"README.md: expected a line"):
        published(folder)
