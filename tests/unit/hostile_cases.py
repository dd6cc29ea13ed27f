"""Bad inputs, each with the message that a user sees; prints them as hostile-input.md.

    python tests/unit/hostile_cases.py > tests/unit/hostile-input.md

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

HEAD = """\
# Bad input and its messages

`python tests/unit/hostile_cases.py` writes this page; a test compares every row with the program.

Mistakes in the configuration, and data with too few images for it, are reported in one line on the
terminal before any job starts. Other errors are one line in the log of the step, which Snakemake
shows. Rows under *Training* that are not errors are warnings in the log of the job: it starts its
training again, or continues. REASON stands for the message of the system, such as *No space left on
device*. Finished results are not lost then, and the next run continues when there is space.

Snakemake reads files given with `--configfile` first. If such a file is not valid YAML, Snakemake
reports it without a line number. Only this workflow reads the models file.
"""


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


def page() -> str:
    """Return the text of hostile-input.md."""
    parts = [HEAD]
    for title, cases in SECTIONS.items():
        parts.append(f"\n## {title}\n\n| input | what is seen |\n|---|---|\n")
        parts += [row(case, line_of(case)) + "\n" for case in cases]
    return "".join(parts)


def row(case: Case, line: str) -> str:
    """Return the line of the table for a case and what is seen of it."""
    shown = line.replace("|", "\\|").replace("`", "'")
    return f"| {case.what} | {shown if line == ACCEPTED else f'`{shown}`'} |"


if __name__ == "__main__":
    np.seterr(all="ignore")
    torch.set_num_threads(1)
    sys.stdout.write(page())
