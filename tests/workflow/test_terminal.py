"""What Snakemake prints where somebody looks: bars for a run, its own output for the rest."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
from contextlib import suppress

import pytest
from project import Project


def on_a_terminal(project: Project, *options: str) -> tuple[str, str]:
    """Return what goes to stdout, as to a file, and what is on the terminal."""
    ours, theirs = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # the end of a terminal
            while part := os.read(ours, 65536):
                shown.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    done = subprocess.run(
        project.command(*options), cwd=project.folder, env={**os.environ, "TERM": "xterm"},
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, timeout=300,
    )  # fmt: skip
    os.close(theirs)
    reader.join()
    os.close(ours)
    terminal = b"".join(shown).decode()
    assert done.returncode == 0, terminal
    return done.stdout.decode(), terminal


def test_a_run_has_bars(fresh_project: Project) -> None:
    _, terminal = on_a_terminal(fresh_project, "--until=fetch_dataset", "-c1")
    assert "Total Progress" in terminal


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("--dag", "digraph snakemake_dag {"),
        ("--summary", "output_file\t"),
        ("-np", "python -m mlpstudy train --job"),
    ],
)
def test_a_listing_is_snakemakes_own(fresh_project: Project, options: str, text: str) -> None:
    printed, terminal = on_a_terminal(fresh_project, options)
    assert text in printed
    assert "Total Progress" not in terminal
