"""A temporary folder without room costs nothing, and a disk without room costs one line."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from configuring import ROOT
from study_fixture import REPORTED, Paths, make_study
from test_report_pdf import made, tabulated

from mlpstudy import cli
from small_disk import small_disk


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    paths = make_study(tmp_path_factory.mktemp("study"), {"m01": {}}, lambda *_: (0.6, 0.1))
    made(tabulated(paths))
    return paths


def run(
    subcommand: str, options: Sequence[object], **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlpstudy", subcommand, *map(str, options)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow"), **environment},
        capture_output=True,
        text=True,
    )


def inputs(study: Paths) -> list[object]:
    return ["--study", study.study, "--reported", REPORTED, "--tables", study.tables]


def test_no_temporary_folder_is_needed(study: Paths, tmp_path: Path) -> None:
    typeset = [*inputs(study), "--figures", study.figures, "--provenance", study.provenance]
    with small_disk(tmp_path / "temporary", "64k") as disk:
        disk.fill(left=4096)  # enough for Python to take the folder for a usable one
        # Matplotlib keeps what it knows of fonts in the temporary folder if it has no other.
        full = {"TMPDIR": str(disk.folder), "MPLCONFIGDIR": "/dev/null/none"}
        pdf = run("typeset", [*typeset, "--output", tmp_path / "report.pdf"], **full)
        drawn = run("draw", [*inputs(study), "--output", tmp_path / "figures"], **full)
    assert pdf.returncode == 0, pdf.stderr
    assert (tmp_path / "report.pdf").read_bytes() == (study.report / "report.pdf").read_bytes()
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "figures" / "overview.png").is_file()


def test_a_report_that_does_not_fit_is_one_line(study: Paths, tmp_path: Path) -> None:
    options = [*inputs(study), "--figures", study.figures, "--provenance", study.provenance]
    with small_disk(tmp_path / "disk", "16k") as disk:
        path = disk.folder / "report.pdf"
        done = run("typeset", [*options, "--output", path])
        assert list(disk.folder.iterdir()) == []
    assert done.returncode == 1
    assert done.stderr == f"error: {path}: cannot be written: No space left on device\n"


def test_what_the_system_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_: Path) -> str:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    monkeypatch.setattr("mlpstudy.analysis.progress.describe", no_room)
    monkeypatch.setattr(sys, "argv", ["mlpstudy", "progress"])
    monkeypatch.setattr(cli, "stop_on_signals", lambda: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == "error: [Errno 28] No space left on device: '/tmp/x'"
