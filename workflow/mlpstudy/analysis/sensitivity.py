"""Where each printed value falls among our replicates, condition by condition: sensitivity.csv.

Which assumption makes what the report prints likely? The printed run is taken for one more run of
a condition. Then each place among the replicates is as likely for it as any other, and so is each
rank of its distance to the nearest run, whatever the distribution (Vovk, Gammerman and Shafer 2005,
Algorithmic Learning in a Random World, chapter 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlpstudy.analysis.conditions import baselines, changes, joined
from mlpstudy.analysis.reported_values import Reported, Value
from mlpstudy.analysis.statistics.intervals import clean
from mlpstudy.config.study import Study

QUANTITIES = ("test_accuracy", "test_loss")

COLUMNS = [
    "condition", "model", "baseline", "field", "baseline_value", "value", "quantity", "reported",
    "places", "n", "low", "median", "high", "below", "above", "inside",
    "position", "p_position", "gap", "p_gap",
]  # fmt: skip

# Single precision, in which the report's framework held a fraction, is right to seven digits.
PRINTED = 1e-6

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Printed:
    """One value that the report prints of a model, to all the digits that it gives anywhere.

    `tolerance` is what its last digit leaves open, in the units of `number`.
    """

    number: float
    tolerance: float
    places: str


def sensitivity(study: Study, values: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return a row per condition, model, quantity and value that the report prints of it.

    `field` is what the condition changes against the model's baseline condition, empty for that
    one itself. `below` and `above` count the replicates at or below, at or above the printed
    value; `inside` is whether it lies in their range. A range can be empty in its middle, where
    some runs fail and others do not: `gap` is the distance to the nearest replicate. `position`
    runs from 0 to 1 (the printed value above all others); `p_position` is the probability of one
    as far from the middle, and `p_gap` of a gap as wide, for one more run of this condition. With
    n replicates they are never below 2 / (n + 1) and 1 / (n + 1). `n` leaves out what is infinite
    or not a number.

    The loss is the model's own: where a condition changes the form of the loss, the report's
    printed one is of another quantity.

    Args:
        study: the resolved study.
        values: a row per condition, model and replicate, with QUANTITIES, of `replicates`.
        reported: the report's own values.
    """
    own = baselines(study)
    printed = {
        (model, quantity): printed_values(reported, model, quantity)
        for model in study.models
        for quantity in QUANTITIES
    }
    rows: list[dict[str, Any]] = []
    for (condition, model), frame in values.groupby(["condition", "model"], sort=False):
        identity = _identity(study, str(condition), str(model), own[str(model)])
        for quantity in QUANTITIES:
            sample = clean(frame[quantity])
            sample = sample[np.isfinite(sample)]
            for value in printed[str(model), quantity]:
                shown = {"reported": value.number, "places": value.places}
                found = standing(sample, value.number, value.tolerance)
                rows.append(identity | {"quantity": quantity} | shown | found)
    return pd.DataFrame(rows, columns=COLUMNS)


def _identity(study: Study, condition: str, model: str, baseline: str) -> dict[str, Any]:
    found = changes(study.fields(baseline, model), study.fields(condition, model))
    return {
        "condition": condition,
        "model": model,
        "baseline": baseline,
        "field": joined(found),
        "baseline_value": joined(before for before, _ in found.values()),
        "value": joined(after for _, after in found.values()),
    }


def printed_values(reported: Reported, model: str, quantity: str) -> list[Printed]:
    """Return the different values that the report prints of a model, most digits first.

    Two are the same where they differ by no more than the last digit of the shorter one, be it
    rounded or cut.
    """
    found = [
        (section, value)
        for (section, key, name), value in reported.values.items()
        if (key, name) == (model, quantity) and not value.approximate
    ]
    groups: list[list[tuple[str, Value]]] = []
    for section, value in sorted(found, key=lambda item: _step(item[1], quantity)):
        step = _step(value, quantity) * (1 + 1e-9)  # decimal fractions are not exact in binary
        same = [group for group in groups if abs(group[0][1].number - value.number) <= step]
        if not same:
            groups.append([])
        (same or groups[-1:])[0].append((section, value))
    return [
        Printed(
            number=group[0][1].number,
            tolerance=max(_step(group[0][1], quantity) / 2, PRINTED),
            places=joined(sorted(section for section, _ in group)),
        )
        for group in groups
    ]


def _step(value: Value, quantity: str) -> float:
    """Return one step of the last printed digit; accuracies are printed in per cent."""
    return float(10.0**-value.decimals) * (0.01 if quantity == "test_accuracy" else 1.0)


def standing(sample: Array, value: float, tolerance: float) -> dict[str, Any]:
    """Return where `value` stands in `sample`; see `sensitivity`. NaN where there is no run.

    Args:
        sample: shape (replicates,), without NaN.
        value: the printed one.
        tolerance: runs no further from it than this equal it.
    """
    n = len(sample)
    if not n:
        return {"n": 0, "below": 0, "above": 0, "inside": False}
    below = int((sample <= value + tolerance).sum())
    above = int((sample >= value - tolerance).sum())
    equal = below + above - n
    gap = float(np.abs(sample - value).min())
    return {
        "n": n,
        "low": sample.min(),
        "median": float(np.median(sample)),
        "high": sample.max(),
        "below": below,
        "above": above,
        "inside": below > 0 and above > 0,
        # The middle of the places that the printed value may take among n + 1.
        "position": (below - equal / 2 + 0.5) / (n + 1),
        "p_position": min(1.0, 2 * (min(below, above) + 1) / (n + 1)),
        "gap": gap if gap > tolerance else 0.0,
        "p_gap": _p_of_gap(sample, value, tolerance),
    }


def _p_of_gap(sample: Array, value: float, tolerance: float) -> float:
    """Return the share of the n + 1 runs that are as far from their nearest other as `value` is."""
    runs = np.append(sample, value)
    gaps = np.array(list(_gaps(runs)))
    return float((gaps >= gaps[-1] - tolerance).mean())


def _gaps(runs: Sequence[float] | Array) -> Iterator[float]:
    """Yield each run's distance to its nearest other; two or more runs."""
    array = np.asarray(runs)
    for at in range(len(array)):
        yield float(np.abs(np.delete(array, at) - array[at]).min())
