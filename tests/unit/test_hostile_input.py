"""Bad inputs, each with the message that hostile-input.md lists; as a script, this writes it.

    python tests/unit/test_hostile_input.py

A case is called in an empty folder with the shipped configuration in `config/`, and returns the
line that is seen: the error that ends the step, or the warning in the job's log. `ACCEPTED` stands
for what is no mistake. The test of this page calls every case and compares the lines.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":  # pytest finds the package by itself
    sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))

import numpy as np
import pytest
import torch
from configuring import ROOT
from hostile_case import ACCEPTED, Case
from hostile_configuration import CONFIGURATION
from hostile_data import DATA, MIRRORS
from hostile_training import TRAINING

SECTIONS = {
    "The configuration": CONFIGURATION,
    "The data's files": DATA,
    "Mirrors": MIRRORS,
    "Training": TRAINING,
}

PAGE = Path(__file__).with_name("hostile-input.md")


def line_of(case: Case) -> str:
    """Return what is seen, in an empty folder, without what differs from machine to machine."""
    origin = Path.cwd()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "config", Path(folder) / "config")
        os.chdir(folder)
        try:
            text = case.say()
        finally:
            os.chdir(origin)
            for number, handler in handlers.items():
                signal.signal(number, handler)
    text = re.sub(r"File too large|No space left on device|Not a directory", "REASON", text)
    text = re.sub(r"\d+ bytes in \d+ s", "N bytes in N s", text)
    return re.sub(r"([0-9a-f]{12})[0-9a-f]{52}", r"\1…", text)


def page(text: str) -> str:
    """Return the page `text` with its tables made again."""
    parts = [text.partition("\n## ")[0]]
    for title, cases in SECTIONS.items():
        parts.append(f"\n## {title}\n\n| input | what is seen |\n|---|---|\n")
        parts += [row(case, line_of(case)) + "\n" for case in cases]
    return "".join(parts)


def row(case: Case, line: str) -> str:
    """Return the line of the table for a case and what is seen of it."""
    shown = line.replace("|", "\\|").replace("`", "'")
    return f"| {case.what} | {shown if line == ACCEPTED else f'`{shown}`'} |"


TEXT = PAGE.read_text(encoding="utf-8")
ROWS = TEXT.splitlines()


@pytest.mark.parametrize(
    "case", [case for cases in SECTIONS.values() for case in cases], ids=lambda case: case.what
)
def test_a_user_sees_what_the_page_says(case: Case) -> None:
    line = line_of(case)
    assert line, "nothing is said"
    assert "\n" not in line
    assert "Traceback" not in line
    assert row(case, line) in ROWS, f"run `python {__file__}`: {row(case, line)}"


def test_the_page_has_nothing_else() -> None:
    assert re.findall(r"(?m)^## (.*)", TEXT) == list(SECTIONS)
    inputs = [line.split(" | ")[0].removeprefix("| ") for line in ROWS if line.startswith("| ")]
    expected = [name for cases in SECTIONS.values() for name in ("input", *(c.what for c in cases))]
    assert inputs == expected
    assert len(set(expected)) == len(expected) - len(SECTIONS) + 1


if __name__ == "__main__":
    np.seterr(all="ignore")
    torch.set_num_threads(1)
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
