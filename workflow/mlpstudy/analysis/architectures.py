"""The correlation of depth and width with accuracy, among models that share activation or loss.

The unit is the model, not the run: more replicates do not make more models. So a group of three
models shows nothing, and one of eight little; `p_smallest` says how little.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from mlpstudy.analysis.schemas import ARCHITECTURES
from mlpstudy.config.study import Study

SIZES = ("layers", "hidden_units", "parameters")
ANY = ""  # instead of an activation or a loss: models of all of them
LEAST = 3  # models in a group

# All orders of the models are enumerated if there are no more than DRAWS (up to 7 models), else as
# many random ones are drawn.
DRAWS = 9_999
ROUNDING = 1e-9  # equal correlations may differ in their last digits

Array = NDArray[np.float64]


def architectures(study: Study, models: pd.DataFrame) -> pd.DataFrame:
    """Return architectures.csv: one row per condition, group of models and measure of size.

    `correlation` is Spearman's, of the size and the models' median accuracy; `p` its unadjusted
    permutation test, `p_smallest` the least p that so many models with these ties can give.
    `range` is the highest of the medians less the lowest.

    Args:
        study: the resolved study.
        models: models.csv.
    """
    rows: list[dict[str, Any]] = []
    for condition in study.conditions:
        frame = models[models["condition"] == condition].dropna(subset="test_accuracy_median")
        frame = frame.assign(hidden_units=[_hidden(text) for text in frame["nodes"]])
        for size in SIZES:
            rows += [_row(condition, *group, size) for group in _groups(frame)]
    return ARCHITECTURES.frame(rows)


def _groups(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield (activation, loss, models): all, by activation, by loss, by both; LEAST or more."""
    found: list[tuple[str, str, pd.DataFrame]] = [(ANY, ANY, frame)]
    found += [(str(a), ANY, part) for a, part in frame.groupby("activation")]
    found += [(ANY, str(loss), part) for loss, part in frame.groupby("loss_function")]
    both = frame.groupby(["activation", "loss_function"])
    found += [(str(a), str(loss), part) for (a, loss), part in both]
    seen: list[list[str]] = []
    for activation, loss, part in found:
        members = part["model"].tolist()
        if len(members) >= LEAST and members not in seen:
            seen.append(members)
            yield activation, loss, part


def _row(
    condition: str, activation: str, loss: str, group: pd.DataFrame, size: str
) -> dict[str, Any]:
    sizes = group[size].to_numpy(dtype=np.float64)
    medians = group["test_accuracy_median"].to_numpy(dtype=np.float64)
    correlation, p, smallest = spearman(sizes, medians)
    return {
        "condition": condition,
        "activation": activation,
        "loss_function": loss,
        "size": size,
        "members": " ".join(group["model"]),
        "models": len(group),
        "sizes": len(np.unique(sizes)),
        "smallest": int(sizes.min()),
        "largest": int(sizes.max()),
        "lowest": medians.min(),
        "highest": medians.max(),
        "range": medians.max() - medians.min(),
        "failures": int(group["failures"].sum()),
        "correlation": correlation,
        "p": p,
        "p_smallest": smallest,
    }


def spearman(sizes: Array, values: Array) -> tuple[float, float, float]:
    """Return Spearman's correlation, its two-sided permutation p, and the least p there can be.

    The null is that any order of `values` is as likely. NaN, 1 and 1 where one side has no two
    different values.

    Args:
        sizes: shape (models,).
        values: shape (models,).
    """
    if len(np.unique(sizes)) < 2 or len(np.unique(values)) < 2:
        return math.nan, 1.0, 1.0
    x, y = (_standard(scipy.stats.rankdata(side)) for side in (sizes, values))
    test = scipy.stats.permutation_test(
        (y,),
        lambda order, axis: (order * x).sum(axis),
        permutation_type="pairings",
        n_resamples=DRAWS,
        rng=np.random.default_rng(1904),  # the same p every time
    )
    # Rounding: a perfect correlation may differ from 1 in its last digits.
    return (
        round(float(test.statistic), 12),
        float(test.pvalue),
        _least(test.null_distribution, len(y)),
    )


def _standard(ranks: Array) -> Array:
    """Return standardised ranks, whose products sum to their correlation."""
    away = ranks - ranks.mean()
    return np.asarray(away / np.sqrt((away**2).sum()))


def _least(null: Array, models: int) -> float:
    """Return the p of the most extreme order, which `null` contains unless there are too many."""
    if math.factorial(models) > DRAWS:
        return 2 / (DRAWS + 1)
    most = min((null >= null.max() - ROUNDING).mean(), (null <= null.min() + ROUNDING).mean())
    return min(1.0, 2 * float(most))


def _hidden(nodes: str) -> int:
    """Return the units of all layers but the last, from models.csv's `128+64+10`."""
    return sum(int(part) for part in nodes.split("+")[:-1])
