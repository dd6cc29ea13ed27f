"""Which assumption makes the printed values likely: sensitivity.csv, and `mlpstudy likelihood`.

The printed run is taken as one more run of a condition. Then each place among the replicates is
equally likely for it, and so is each rank of its distance to the nearest run, whatever the
distribution (Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a Random World, chapter 2).
sensitivity.csv has these places and ranks, one printed value at a time.

`likelihoods` compares conditions over all models instead. It estimates the distribution of one more
run by a Gaussian kernel density on the logit of the accuracy and the logarithm of the loss. All
models and conditions share one bandwidth, so that no condition gains by varying less. One further
component of the density has the weight of one run and is broad: every accuracy is equally likely,
and so is every loss from 0.01 to 100 on the logarithmic scale. It keeps a single value that is far
from all runs from deciding a total.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mlpstudy.analysis.conditions import baselines, changes, joined
from mlpstudy.analysis.reported import Reported, Value
from mlpstudy.analysis.schemas import SENSITIVITY
from mlpstudy.analysis.statistics.intervals import clean
from mlpstudy.config.study import Study

QUANTITIES = ["test_accuracy", "test_loss"]

# Single precision, in which the report's framework held a fraction, is correct to seven digits.
PRINTED = 1e-6

BANDWIDTH = 0.1  # at an accuracy of 80 %, 1.6 points; at a loss of 0.5, 0.05
LEAST = 1e-4  # accuracies are kept this far from 0 and 1: one image of 10,000
LOSSES = (0.01, 100.0)

Array = NDArray[np.float64]


def sensitivity(study: Study, values: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return sensitivity.csv: one row per condition, model, quantity and printed value.

    `field` is what the condition changes relative to the model's baseline condition, empty for the
    baseline itself. `below` and `above` count the replicates at or below, at or above the printed
    value; `inside` is whether it lies in their range. A range can be empty in its middle, where
    some runs fail and others do not: `gap` is the distance to the nearest replicate. `position`
    runs from 0 to 1 (the printed value above all others); `p_position` is the probability of one
    as far from the middle, and `p_gap` of a gap as wide, for one more run of this condition. With
    n replicates they are never below 2 / (n + 1) and 1 / (n + 1). `n` leaves out what is infinite
    or not a number.

    The loss is the model's own: where a condition changes the form of the loss, the report's
    printed one is a different quantity.

    Args:
        study: the resolved study.
        values: what `replicates` returned.
        reported: the report's own values.
    """
    baseline = baselines(study)
    rows: list[dict[str, Any]] = []
    for (condition, model), frame in values.groupby(["condition", "model"], sort=False):
        identity = _identity(study, str(condition), str(model), baseline[str(model)])
        for quantity in QUANTITIES:
            sample = clean(frame[quantity])
            sample = sample[np.isfinite(sample)]
            for printings in printed_values(reported, str(model), quantity):
                value = printings[0]
                shown = {
                    "quantity": quantity,
                    "reported": value.number,
                    "places": joined(sorted(printing.section for printing in printings)),
                }
                found = standing(sample, value.number, max(value.resolution / 2, PRINTED))
                rows.append(identity | shown | found)
    return SENSITIVITY.frame(rows)


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


def printed_values(reported: Reported, model: str, quantity: str) -> list[list[Value]]:
    """Return the different values that the report prints of a model, each with its printings.

    The printing with the most digits comes first, and so does the value that has it. Two printings
    are the same if they differ by no more than one step of the last digit of the shorter one,
    whether it was rounded or cut. Of each section the first printing counts.
    """
    firsts: dict[str, Value] = {}
    for value in reported.printings(model, quantity):
        firsts.setdefault(value.section, value)
    exact = [value for value in firsts.values() if not value.approximate]
    groups: list[list[Value]] = []
    for value in sorted(exact, key=lambda value: value.resolution):
        step = value.resolution * (1 + 1e-9)  # decimal fractions are not exact in binary
        same = [group for group in groups if abs(group[0].number - value.number) <= step]
        if same:
            same[0].append(value)
        else:
            groups.append([value])
    return groups


def standing(sample: Array, value: float, tolerance: float) -> dict[str, Any]:
    """Return the position of `value` in `sample`; see `sensitivity`. NaN where there is no run.

    Args:
        sample: shape (replicates,), without NaN.
        value: the printed value.
        tolerance: runs no further from it than this are equal to it.
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
    """Return the share of the n + 1 runs as far from their nearest neighbour as `value` is."""
    runs = np.append(sample, value)
    distances = np.abs(runs[:, None] - runs)
    np.fill_diagonal(distances, np.inf)
    gaps = distances.min(axis=1)
    return float((gaps >= gaps[-1] - tolerance).mean())


def log_likelihood(printed: ArrayLike, sample: ArrayLike, bandwidth: float = BANDWIDTH) -> float:
    """Return the log-density of printed values, given the runs of one model and condition.

    The density is that of the logit of the accuracy and the natural logarithm of the loss.

    Args:
        printed: test accuracy, a fraction, or test accuracy and test loss; shape (1,) or (2,).
        sample: the same of each run, shape (runs, 1) or (runs, 2). A run with a value that is
            infinite or not a number is infinitely far from what is printed.
        bandwidth: standard deviation of the kernel on both scales.
    """
    at, runs = _scaled(printed), _scaled(sample)
    distances = np.where(np.isfinite(runs), runs - at, np.inf)
    peak = -math.log(bandwidth * math.sqrt(2 * math.pi))
    kernels = (peak - (distances / bandwidth) ** 2 / 2).sum(1)
    accuracy = np.ravel(printed)[0].clip(LEAST, 1 - LEAST)
    broad = math.log(accuracy * (1 - accuracy))
    broad -= (len(at) - 1) * math.log(math.log(LOSSES[1] / LOSSES[0]))
    return float(np.logaddexp.reduce([*kernels, broad]) - math.log(len(runs) + 1))


def likelihoods(
    study: Study, runs: pd.DataFrame, reported: Reported, bandwidth: float = BANDWIDTH
) -> pd.DataFrame:
    """Return one row per condition: how much better than the baseline it explains the report.

    It is compared on the models that it covers and of which the report's section 1 prints accuracy
    and loss. `accuracy` is the sum over these `models` of the log-likelihood of the printed
    accuracy less that under the model's baseline condition, `joint` the same of accuracy and loss
    together. The rows are in descending order of `joint`.

    Args:
        study: the resolved study.
        runs: runs.csv.
        reported: the report's own values.
        bandwidth: see `log_likelihood`.
    """
    each = model_likelihoods(study, runs, reported, bandwidth).set_index("model")
    is_baseline = each["condition"] == each.index.map(baselines(study))
    baseline = each.loc[is_baseline, ["accuracy", "joint"]]
    others = each[~is_baseline]
    ratios = others[["accuracy", "joint"]] - baseline.reindex(others.index)
    by_condition = ratios.groupby(others["condition"], sort=False)
    table = by_condition.sum().assign(models=by_condition.size()).reset_index()
    table = table[["condition", "models", "accuracy", "joint"]]
    return table.sort_values("joint", ascending=False, ignore_index=True)


def model_likelihoods(
    study: Study, runs: pd.DataFrame, reported: Reported, bandwidth: float = BANDWIDTH
) -> pd.DataFrame:
    """Return one row per condition and model: replicates `n`, log-likelihoods `accuracy`, `joint`.

    The arguments are those of `likelihoods`. The folds of a replicate count as their mean.
    """
    keys = ["condition", "model"]
    values = runs.groupby([*keys, "replicate"], sort=False)[QUANTITIES].mean(skipna=False)
    rows: list[dict[str, Any]] = []
    for pair, frame in values.groupby(keys, sort=False):
        printed = [reported.number("details", str(pair[1]), name) for name in QUANTITIES]
        if pair not in study.pairs or not np.isfinite(printed).all():
            continue
        sample = frame.to_numpy()
        found = {
            "n": len(sample),
            "accuracy": log_likelihood(printed[:1], sample[:, :1], bandwidth),
            "joint": log_likelihood(printed, sample, bandwidth),
        }
        rows.append(dict(zip(keys, pair, strict=True)) | found)
    return pd.DataFrame(rows, columns=[*keys, "n", "accuracy", "joint"])


def _scaled(values: ArrayLike) -> Array:
    """Return the logit of accuracies and the logarithm of losses, which are the last axis."""
    scaled = np.array(values, dtype=np.float64)
    accuracy = scaled[..., 0].clip(LEAST, 1 - LEAST)
    scaled[..., 0] = np.log(accuracy / (1 - accuracy))
    with np.errstate(divide="ignore"):
        scaled[..., 1:] = np.log(scaled[..., 1:])
    return scaled
