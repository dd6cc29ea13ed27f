"""The whole benchmark several times over, with new processes each time: how far runs differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

import pandas as pd

from benchmarks.measuring import Measured
from benchmarks.targets import Verdict, verdicts


def pooled(runs: Sequence[Measured]) -> Measured:
    """Return all runs as one: a column `run`, and rounds numbered on from run to run."""
    tables, rounds = [], 0
    for number, run in enumerate(runs, 1):
        tables.append(run.rows.assign(run=number, round=run.rows["round"] + rounds))
        rounds += int(run.rows["round"].max())
    return replace(runs[-1], rows=pd.concat(tables, ignore_index=True))


def run_by_run(runs: Sequence[Measured], steps: Mapping[str, int], study: str) -> str:
    """Return a Markdown table: each run's own verdict on each target, and how far they spread.

    A target is in it if every run has it; two runs may differ in which model or peer is closest.
    """
    found = [verdicts(run.rows, steps, run.labels, study) for run in runs]
    heads = " | ".join(f"run {number}" for number in range(1, len(runs) + 1))
    lines = [
        f"| target | limit | {heads} | median | spread |",
        f"| --- | --- |{' --: |' * (len(runs) + 2)}",
    ]
    for several in zip(*found, strict=False):
        lines.append(_line(several))
    return "\n".join(lines)


def _line(several: Sequence[Verdict]) -> str:
    values = [each.median for each in several]
    texts = dict.fromkeys(each.text for each in several)
    sign = "≤" if several[0].at_most else "≥"
    cells = " | ".join(f"{value:.2f}" for value in values)
    return (
        f"| {'; '.join(texts)} | {sign} {several[0].limit:g} | {cells} | {median(values):.2f} "
        f"| {max(values) - min(values):.2f} |"
    )
