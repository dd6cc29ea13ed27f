"""From runs to models: models.csv, pure functions on frames, no files.

A k-fold model's replicate is the mean of its folds, so that every model has one figure per
replicate; a replicate below the Medium threshold is a failure, any other one has learned.
Accuracies are fractions. Outcomes are often of two kinds, so that no single centre and spread
describes them: beside the figures over all replicates stand the share of failures and, as
`learned_*`, the figures over the others. Intervals are of the median and at 95 %, or at the level
that so few replicates can give (docs/intervals.md).
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from mlpstudy.analysis.predictions import Predictions
from mlpstudy.analysis.statistics.intervals import (
    Interval,
    median_interval,
    moments,
    share_interval,
)
from mlpstudy.analysis.variance import binomial_sd, components
from mlpstudy.config.study import CLASSES, Study

KEYS = ["condition", "model"]
SPREAD_COLUMNS = [
    *KEYS, "test_images", "learned_seed_sd", "learned_interaction_sd", "learned_image_sd",
    "learned_binomial_sd",
]  # fmt: skip
Row = dict[Hashable, Any]


def replicates(runs: pd.DataFrame, timings: pd.DataFrame) -> pd.DataFrame:
    """Return a row per condition, model, replicate: accuracies, losses, and the folds' seconds.

    Accuracies and losses are means over folds, missing where a fold's is; seconds are their sum.
    Order is that of `runs`.
    """
    keys = [*KEYS, "replicate"]
    means = ["test_accuracy", "test_loss", "train_accuracy", "train_loss"]
    frame = runs.groupby(keys, sort=False)[means].mean(skipna=False)
    seconds = timings.groupby(keys, sort=False)["seconds"].sum(min_count=1)
    return frame.join(seconds).reset_index()


def models_table(
    study: Study, runs: pd.DataFrame, timings: pd.DataFrame, spread: pd.DataFrame
) -> pd.DataFrame:
    """Return a row per condition and model that has runs.

    `spread` has a row for each, SPREAD_COLUMNS: what `spread_of_answers` returned.
    """
    spreads = {(row["condition"], row["model"]): row for row in spread.to_dict("records")}
    per_replicate = dict(list(replicates(runs, timings).groupby(KEYS)))
    per_run = dict(list(runs.groupby(KEYS, sort=False)))
    rows = [
        _identity(study, pair, per_run[pair].iloc[0])
        | _accuracy(study, per_replicate[pair])
        | _loss(per_replicate[pair])
        | _learned(study, per_replicate[pair])
        | spreads[pair]
        | _folds(study, per_run[pair])
        for pair in study.pairs
        if pair in per_replicate
    ]
    return pd.DataFrame(rows)


def _identity(study: Study, pair: tuple[str, str], run: Any) -> Row:
    condition, model = pair
    shared = ("parameters", "loss_function", "epochs", "batch_size")
    return {
        "condition": condition,
        "model": model,
        "report_name": study.models[model].report_name,
        "activation": run["activation"],
        "layers": run["layers"],
        "nodes": "+".join(str(n) for n in study.fields(condition, model)["nodes"]),
        **{name: run[name] for name in shared},
    }


def _accuracy(study: Study, values: pd.DataFrame) -> Row:
    """Summarise all replicates: failures and classes, then centre, spread and interval."""
    accuracy = values["test_accuracy"]
    classes = accuracy.map(study.class_of)
    failed = failures(study, accuracy)
    share = share_interval(failed, len(values))
    return {
        "replicates": len(values),
        "failures": failed,
        "failure_share": share.estimate,
        "failure_low": share.low,
        "failure_high": share.high,
        **{f"{name}_share": (classes == name).mean() for name in CLASSES},
        **_described("test_accuracy", accuracy),
        "class": study.class_of(accuracy.median()),
    }


def _described(name: str, values: pd.Series[float]) -> Row:
    """Return median, mean, sd, least, greatest and the interval of the median."""
    array = values.to_numpy(dtype=np.float64)
    mean, variance = moments(array)
    median: Interval = median_interval(array)
    return {
        f"{name}_median": median.estimate,
        f"{name}_mean": mean,
        f"{name}_sd": math.sqrt(variance),
        f"{name}_min": values.min(),
        f"{name}_max": values.max(),
        f"{name}_low": median.low,
        f"{name}_high": median.high,
        f"{name}_level": median.level,
    }


def _loss(values: pd.DataFrame) -> Row:
    """Summarise the losses that are numbers, and count those that a run has lost to NaN or ∞."""
    loss = values["test_loss"]
    kept = loss[np.isfinite(loss)]
    return {
        **_described("test_loss", kept),
        "test_loss_lost": len(loss) - len(kept),
        "train_accuracy_median": values["train_accuracy"].median(),
        "train_loss_median": values["train_loss"].median(),
    }


def _learned(study: Study, values: pd.DataFrame) -> Row:
    """Summarise the replicates that did not fail; NaN where all did."""
    accuracy = values["test_accuracy"]
    kept = accuracy[accuracy >= study.medium]
    return {"learned": len(kept), **_described("learned", kept)}


def failures(study: Study, accuracy: pd.Series[float]) -> int:
    """Count what is below the Medium threshold, or has no accuracy."""
    return int((~(accuracy >= study.medium)).sum())


def spread_of_answers(predictions: Predictions, learned: np.ndarray) -> Row:
    """Return where the spread of the replicates that learned comes from (module variance).

    `learned_binomial_sd` is what drawing the test images anew would give one network of their mean
    accuracy; `learned_image_sd` the part of it that all replicates share.

    Args:
        predictions: of one model under one condition.
        learned: shape (replicates,), False where the replicate failed.
    """
    correct = predictions.correct[learned]
    mean = float(correct.mean()) if len(correct) else math.nan
    images = len(predictions.true)
    parts = asdict(components(correct))
    return {
        "test_images": images,
        **{f"learned_{name}_sd": value for name, value in parts.items()},
        "learned_binomial_sd": binomial_sd(mean, images),
    }


def _folds(study: Study, runs: pd.DataFrame) -> Row:
    """Return how many fold-runs there are, how many failed, and their sd within a replicate.

    The sd is the root of the mean variance; without folds there are 0 runs and no sd. It holds
    seeds, the fold's other training images and the fold's own test images together.
    """
    if runs["fold"].nunique() < 2:
        return {"fold_runs": 0, "fold_failures": 0, "fold_sd": math.nan}
    variances = runs.groupby("replicate")["test_accuracy"].var()
    return {
        "fold_runs": len(runs),
        "fold_failures": failures(study, runs["test_accuracy"]),
        "fold_sd": math.sqrt(variances.mean()),
    }
