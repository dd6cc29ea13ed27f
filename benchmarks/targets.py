"""The targets for the trainer, and whether a run of the benchmark meets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import pandas as pd

from benchmarks import markdown
from benchmarks.measuring import Measured
from benchmarks.summary import OURS, STUDY, ratios

DATALOADER = "pytorch_dataloader"
JAX, PYTORCH = "jax_", "pytorch_"  # how the names of these peers start


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
    found: list[Verdict] = []
    if OURS not in measured:
        return found
    over_jax = {n: ratios(rows, steps, OURS, n) for n in sorted(measured) if n.startswith(JAX)}
    if over_jax:
        # The highest ratio is that to the fastest form.
        fastest = max(over_jax, key=lambda name: float(over_jax[name][STUDY].median()))
        text = f"{study}: ours over the faster JAX form ({labels[fastest]})"
        found.append(_verdict(text, 1.0, over_jax[fastest][STUDY], at_most=True))
        found.append(_slowest_model(over_jax, labels))
    over_ours = {n: ratios(rows, steps, n, OURS) for n in measured if n.startswith(PYTORCH)}
    whole = {name: table[STUDY] for name, table in over_ours.items()}
    if whole:
        fastest = min(whole, key=lambda name: float(whole[name].median()))
        text = f"{study}: the fastest PyTorch peer ({labels[fastest]}) over ours"
        found.append(_verdict(text, 2.0, whole[fastest]))
    if DATALOADER in whole:
        text = f"{study}: {labels[DATALOADER]} over ours"
        found.append(_verdict(text, 3.0, whole[DATALOADER]))
    return found


def _slowest_model(over_jax: Mapping[str, pd.DataFrame], labels: Mapping[str, str]) -> Verdict:
    """Return the verdict on the model and JAX form to which ours compares worst."""
    medians = {
        (str(model), name): value
        for name, table in over_jax.items()
        for model, value in table.drop(columns=STUDY).median().items()
    }
    model, form = max(medians, key=medians.__getitem__)
    text = f"Worst single model: ours over {labels[form]} on {model}"
    return _verdict(text, 1.1, over_jax[form][model], at_most=True)


def _verdict(text: str, limit: float, values: pd.Series, *, at_most: bool = False) -> Verdict:
    middle, low, high = (float(values.agg(name)) for name in ("median", "min", "max"))
    return Verdict(text, limit, at_most, middle, low, high)


def run_by_run(runs: Sequence[Measured], steps: Mapping[str, int], study: str) -> str:
    """Return a Markdown table: each run's own verdict on each target, and their spread.

    A target is in it if every run has it; two runs may differ in which peer or model it names.
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
