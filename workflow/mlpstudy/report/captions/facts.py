"""What captions say of the tables: how many replicates, how many failed, where curves end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from mlpstudy.report.drawing.curves import by_epoch
from mlpstudy.report.formats import (
    heading,
    loss,
    percent,
    plural,
    span,
    under,
)
from mlpstudy.report.material import Material

# Models whose figures a caption gives one by one; the text in a figure's place always does.
FEW = 3


class Words(NamedTuple):
    """Title, caption, and what a reader who cannot see the figure is told in its place."""

    title: str
    caption: str
    alt: str


def replicates_of(material: Material, models: list[str], conditions: Sequence[str]) -> str:
    """Return `12 replicates`, or `6 to 12 replicates` where models differ."""
    rows = material.replicates
    rows = rows[rows["model"].isin(models) & rows["condition"].isin(conditions)]
    sizes = rows.groupby(["condition", "model"]).size()
    if sizes.empty:
        return "no replicates"
    low, high = int(sizes.min()), int(sizes.max())
    return plural(high, "replicate") if low == high else f"{low} to {plural(high, 'replicate')}"


def failures(material: Material, models: list[str], condition: str) -> str:
    """Return `3 of 12 under “corrected”`: how many failed."""
    values = values_of(material, models, condition)["test_accuracy"]
    failed = int((~(values >= material.study.medium)).sum())
    return f"{failed} of {len(values)} {under(material.study.condition_label(condition))}"


def values_of(material: Material, models: list[str], condition: str) -> pd.DataFrame:
    """Return the replicates of some models under a condition."""
    rows = material.replicates
    return rows[rows["model"].isin(models) & (rows["condition"] == condition)]


def covers(material: Material, model: str, condition: str, value: float) -> bool:
    """Say whether `value` lies between the lowest and the highest replicate."""
    found = values_of(material, [model], condition)["test_accuracy"].dropna()
    return bool(len(found) and found.min() <= value <= found.max())


def reached_by(material: Material, printed: dict[str, float], condition: str) -> str:
    """Return `5 of 17 models under “corrected”`: those whose printed value our range covers."""
    run = [m for m in printed if len(values_of(material, [m], condition))]
    inside = sum(covers(material, m, condition, printed[m]) for m in run)
    where = under(material.study.condition_label(condition))
    return f"{inside} of {plural(len(run), 'model')} {where}"


def spread_told(material: Material, models: list[str], condition: str) -> str:
    """Return a sentence with each model's median and range, or with their extremes if many."""
    rows = values_of(material, models, condition).dropna(subset="test_accuracy")
    name = heading(material.study.condition_label(condition))
    if rows.empty:
        return f"{name}: no accuracy."
    found = rows.groupby("model", sort=False)["test_accuracy"].agg(["median", "min", "max"])
    if len(found) <= 6:
        each = [
            f"{material.names([str(m)])} {percent(mid, 1)} % ({span(low, high)})"
            for m, mid, low, high in found.itertuples()
        ]
        return f"{name}, median and range: {', '.join(each)}."
    low, high = found["median"].idxmin(), found["median"].idxmax()
    lowest, highest = (material.names([str(model)]) for model in (low, high))
    return (
        f"{name}: medians from {percent(found['median'].min(), 1)} % ({lowest}) to "
        f"{percent(found['median'].max(), 1)} % ({highest})."
    )


def history_of(material: Material, models: list[str], conditions: Sequence[str]) -> pd.DataFrame:
    """Return the epochs of some models under some conditions."""
    rows = material.history
    return rows[rows["model"].isin(models) & rows["condition"].isin(conditions)]


def courses(material: Material, models: list[str], conditions: Sequence[str]) -> str:
    """Return where the median training accuracy and loss begin and end."""
    told = []
    for condition in conditions:
        each = []
        for model in models:
            rows = history_of(material, [model], [condition])
            if rows.empty:
                continue
            ends = []
            for quantity, say in (("accuracy", _whole), ("loss", loss)):
                median = by_epoch(rows, "train", quantity).median(axis=1).dropna()
                if len(median):
                    ends.append(f"{quantity} {say(median.iloc[0])} to {say(median.iloc[-1])}")
            whose = "" if len(models) == 1 else f"{material.names([model])}: "
            each.append(whose + (", ".join(ends) or "no finite value"))
        if each:
            name = heading(material.study.condition_label(condition))
            told.append(f"{name}: {'; '.join(each)}.")
    return f"Medians in training, first to last epoch. {' '.join(told)}"


def _whole(value: float) -> str:
    """Return per cent without decimals."""
    return f"{value:.0f} %"
