"""`python -m benchmarks.intervals`: simulate, write docs/intervals.csv and docs/intervals.md.

Takes five to six minutes on one core and gives the same bytes every time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pandas as pd

from benchmarks import ROOT
from benchmarks.intervals.claims import claim_families, claims
from benchmarks.intervals.counts import share_pairs
from benchmarks.intervals.coverage import one_sample, shares, two_samples
from benchmarks.intervals.page import page
from benchmarks.intervals.rules import families, verdicts
from mlpstudy.files import write_csv, write_text


def simulate(samples: int) -> pd.DataFrame:
    """Return every figure, a row each; `samples` a case, more where they are cheap."""
    rows = chain(
        one_sample(4 * samples),
        shares(),
        share_pairs(),
        two_samples(samples),
        verdicts(samples),
        families(max(samples // 4, 1)),
        claims(max(samples // 4, 1)),
        claim_families(max(samples // 4, 1)),
    )
    return pd.DataFrame(list(rows))


def main(arguments: Sequence[str]) -> None:
    """Write the two files into the folder that the command line names."""
    parser = argparse.ArgumentParser("python -m benchmarks.intervals", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs")
    parser.add_argument("--samples", type=int, default=2000, help="simulated studies a case")
    options = parser.parse_args(arguments)
    if options.samples < 1:
        parser.error("--samples: expected a number above 0")
    figures = simulate(options.samples)
    write_csv(figures, options.output / "intervals.csv")
    write_text(options.output / "intervals.md", page(figures, options.samples))


if __name__ == "__main__":
    main(sys.argv[1:])
