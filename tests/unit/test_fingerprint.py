"""The fingerprint follows imports, and sees meaning, not comments."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mlpstudy import fingerprint as module
from mlpstudy.fingerprint import PACKAGE, TRAINING, fingerprint


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package that a test may edit."""
    copy = tmp_path / PACKAGE.name
    shutil.copytree(PACKAGE, copy)
    monkeypatch.setattr(module, "PACKAGE", copy)
    return copy


def taken(*modules: str) -> str:
    fingerprint.cache_clear()
    module._read.cache_clear()
    module._tree.cache_clear()
    return fingerprint(*modules)


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize(
    "edited", ["trainer", "losses", "network", "optimizers", "randomness", "splits", "metrics"]
)
def test_all_that_training_imports_counts(package: Path, edited: str) -> None:
    before = taken(*TRAINING)
    append(package / f"training/{edited}.py", "\nX = 1\n")
    assert taken(*TRAINING) != before


@pytest.mark.parametrize("edited", ["training/runs", "training/checkpoint", "files", "cli"])
def test_what_surrounds_training_does_not(package: Path, edited: str) -> None:
    before = taken(*TRAINING)
    append(package / f"{edited}.py", "\nX = 1\n")
    assert taken(*TRAINING) == before


def test_comments_docstrings_and_layout_do_not_count(package: Path) -> None:
    before = taken("training.losses")
    path = package / "training/losses.py"
    text = path.read_text()
    changed = text.replace('"""The losses:', '"""Losses:').replace("\n\n\n", "\n\n\n# why\n\n\n")
    changed = changed.replace(
        "softmax.sub_(targets)",
        "softmax.sub_(\n        targets\n    )",
    )
    assert len(changed) > len(text)
    path.write_text(changed)
    assert taken("training.losses") == before


def test_a_module_imported_by_the_name_of_its_room_counts(package: Path) -> None:
    append(package / "report/layout.py", "\nfrom mlpstudy.report import palette as _palette\n")
    before = taken("report.layout")
    append(package / "report/palette.py", "\nX = 1\n")
    assert taken("report.layout") != before


def test_a_module_handed_on_by_its_room_counts(package: Path) -> None:
    before = taken("evidence.variance", "evidence.summaries")
    append(package / "evidence/statistics/ranktest.py", "\nX = 1\n")
    assert taken("evidence.variance", "evidence.summaries") != before
