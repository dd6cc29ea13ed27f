"""What the trainer is held to, and whether one run of the benchmark shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import pandas as pd

from benchmarks import markdown
from benchmarks.measuring import Measured
from benchmarks.summary import FLOOR, OURS, STUDY, ratios

DATALOADER = "pytorch_dataloader"


@dataclass(frozen=True)
class Verdict:
    """A target, with the median and the range over the rounds of the ratio that it is about."""

    text: str
    limit: float
    at_most: bool
    median: float
    low: float
    high: float

    @property
    def shown_limit(self) -> str:
        """The limit with its sign."""
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}"

    @property
    def met(self) -> bool:
        """Whether the median keeps to the limit."""
        return self.median <= self.limit if self.at_most else self.median >= self.limit


def verdicts(
    rows: pd.DataFrame, steps: Mapping[str, int], labels: Mapping[str, str], study: str
) -> list[Verdict]:
    """Return the verdict on every target whose contenders were measured.

    `study` names the models measured, all together.
    """
    measured = set(rows["contender"])
    peers = [name for name in labels if name in measured and not name.startswith((FLOOR, "ours"))]
    found: list[Verdict] = []
    if OURS not in measured:
        return found
    if FLOOR in measured:
        over = ratios(rows, steps, OURS, FLOOR)[STUDY]
        found.append(_verdict(f"{study}: ours over the floor", 1.5, over, at_most=True))
    times = {name: ratios(rows, steps, name, OURS) for name in peers}
    whole = {name: table[STUDY] for name, table in times.items() if table[STUDY].notna().all()}
    if whole:
        fastest = min(whole, key=lambda name: float(whole[name].median()))
        text = f"{study}: the fastest peer ({labels[fastest]}) over ours"
        found.append(_verdict(text, 2.0, whole[fastest]))
    if DATALOADER in whole:
        text = f"{study}: {labels[DATALOADER]} over ours"
        found.append(_verdict(text, 3.0, whole[DATALOADER]))
    if times:
        found.append(_closest(times, labels))
    return found


def _closest(times: Mapping[str, pd.DataFrame], labels: Mapping[str, str]) -> Verdict:
    """Return the verdict on the model and peer that come closest to ours."""
    medians = {
        (str(model), name): value
        for name, table in times.items()
        for model, value in table.drop(columns=STUDY, errors="ignore").median().items()
    }
    model, peer = min(medians, key=medians.__getitem__)
    text = f"Closest single model: {model}, {labels[peer]} over ours"
    return _verdict(text, 1.0, times[peer][model])


def _verdict(text: str, limit: float, values: pd.Series, *, at_most: bool = False) -> Verdict:
    middle, low, high = (float(values.agg(name)) for name in ("median", "min", "max"))
    return Verdict(text, limit, at_most, middle, low, high)


def run_by_run(runs: Sequence[Measured], steps: Mapping[str, int], study: str) -> str:
    """Return a Markdown table: each run's own verdict on each target, and how far they spread.

    A target is in it if every run has it; two runs may differ in which model or peer is closest.
    """
    found = [verdicts(run.rows, steps, run.labels, study) for run in runs]
    numbers = [f"run {number}" for number in range(1, len(runs) + 1)]
    rows = []
    for several in zip(*found, strict=False):
        values = [each.median for each in several]
        text = "; ".join(dict.fromkeys(each.text for each in several))
        figures = [*values, median(values), max(values) - min(values)]
        rows.append([text, several[0].shown_limit, *(f"{figure:.2f}" for figure in figures)])
    return markdown.table(["target", "limit", *numbers, "median", "spread"], rows, left=2)
