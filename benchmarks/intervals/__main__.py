"""`python -m benchmarks.intervals`: simulate, write docs/intervals.csv and docs/intervals.md.

Takes about five minutes on one core and gives the same bytes every time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

from benchmarks import ROOT
from benchmarks.intervals.coverage import coverages
from benchmarks.intervals.page import page
from benchmarks.intervals.rejections import rejections
from benchmarks.intervals.verdicts import equivalences, verdicts
from mlpstudy.files import write_csv, write_text


def main(arguments: Sequence[str]) -> None:
    """Write the two files into the folder that the command line names."""
    parser = argparse.ArgumentParser("python -m benchmarks.intervals", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs")
    parser.add_argument("--samples", type=int, default=1000, help="simulated studies in each case")
    options = parser.parse_args(arguments)
    samples = options.samples
    if samples < 4:
        parser.error("--samples: expected a number of at least 4")
    rows = chain(
        coverages(samples),
        rejections(2 * samples),
        verdicts(samples // 2),
        equivalences(2 * samples),
    )
    figures = pd.DataFrame(rows).round({"value": 5})
    write_csv(figures, options.output / "intervals.csv")
    write_text(options.output / "intervals.md", page(figures, samples))


if __name__ == "__main__":
    main(sys.argv[1:])
