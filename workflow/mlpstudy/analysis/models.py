"""Tables with one row per model and condition: models.csv and the report's own two tables.

A replicate of a cross-validated model is the mean of its folds, so that every model has one figure
per replicate; a replicate below the Medium threshold is a failure, any other one has learned.
Accuracies are fractions. Outcomes are often bimodal, so the tables summarise all replicates, give
the share of failures and, as `learned_*`, summarise the others. Intervals are of the median and at
95 %, or at the level that so few replicates can give (docs/intervals.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlpstudy.analysis.reported import Reported
from mlpstudy.analysis.runs import by_cell
from mlpstudy.analysis.schemas import ACTIVATION_GROUPS, FINAL_INFERENCE, MODELS
from mlpstudy.analysis.statistics.intervals import median_interval, moments, share_interval
from mlpstudy.config.study import CLASSES, Study

# The order of the report's own groups; any other activation follows in alphabetical order.
GROUP_ORDER = ("sigmoid", "tanh", "leaky_relu", "relu")


def models_table(
    study: Study,
    runs: pd.DataFrame,
    history: pd.DataFrame,
    values: pd.DataFrame,
    spread: pd.DataFrame,
) -> pd.DataFrame:
    """Return models.csv: one row per condition and model that has runs.

    Args:
        study: the resolved study.
        runs: runs.csv.
        history: history.csv.
        values: what `replicates` returned.
        spread: one row per condition and model, with the columns of SPREAD.
    """
    spreads = {(row["condition"], row["model"]): row for row in spread.to_dict("records")}
    per_replicate = by_cell(values)
    per_run = by_cell(runs)
    per_epoch = by_cell(history)
    return MODELS.frame(
        _identity(study, pair, per_run[pair].iloc[0])
        | _accuracy(study, per_replicate[pair])
        | _loss(per_replicate[pair])
        | _learned(study, per_replicate[pair])
        | _dead(study, per_replicate[pair], per_epoch[pair])
        | spreads[pair]
        | _folds(study, per_run[pair])
        for pair in study.pairs
        if pair in per_replicate
    )


def _identity(study: Study, pair: tuple[str, str], run: Any) -> dict[Any, Any]:
    condition, model = pair
    shared = ("activation", "layers", "parameters", "loss_function", "epochs", "batch_size")
    return {
        "condition": condition,
        "model": model,
        "report_name": study.models[model].report_name,
        "nodes": "+".join(str(n) for n in study.fields(condition, model)["nodes"]),
        **{name: run[name] for name in shared},
    }


def _accuracy(study: Study, values: pd.DataFrame) -> dict[str, Any]:
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


def _described(name: str, values: pd.Series[float]) -> dict[str, Any]:
    """Return median, mean, sd, least, greatest and the interval of the median."""
    array = values.to_numpy(dtype=np.float64)
    mean, variance = moments(array)
    median = median_interval(array)
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


def _loss(values: pd.DataFrame) -> dict[str, Any]:
    """Summarise the losses that are finite, and count those that are not."""
    loss = values["test_loss"]
    kept = loss[np.isfinite(loss)]
    return {
        **_described("test_loss", kept),
        "test_loss_lost": len(loss) - len(kept),
        "train_accuracy_median": values["train_accuracy"].median(),
        "train_loss_median": values["train_loss"].median(),
    }


def _learned(study: Study, values: pd.DataFrame) -> dict[str, Any]:
    """Summarise the replicates that did not fail; NaN where all did."""
    accuracy = values["test_accuracy"]
    kept = accuracy[accuracy >= study.medium]
    return {"learned": len(kept), **_described("learned", kept)}


def _dead(study: Study, values: pd.DataFrame, history: pd.DataFrame) -> dict[str, int]:
    """Count the replicates, and those that failed, with a dead hidden layer in any fold.

    A layer is dead if the activation of each of its units has a slope below 1e-3 for each of 1,000
    training images at the end of the last epoch.
    """
    layers = history.columns.str.fullmatch(r"dead_layer_\d+")
    last = history[history["epoch"] == history["epoch"].max()]
    dead = (last.loc[:, layers] == 1).any(axis="columns").groupby(last["replicate"]).any()
    accuracy = values.set_index("replicate")["test_accuracy"]
    return {"dead": int(dead.sum()), "dead_failures": failures(study, accuracy[dead[dead].index])}


def failures(study: Study, accuracy: pd.Series[float]) -> int:
    """Count what is below the Medium threshold, or has no accuracy."""
    return int((~(accuracy >= study.medium)).sum())


def _folds(study: Study, runs: pd.DataFrame) -> dict[str, Any]:
    """Return how many runs of folds there are, how many failed, and their sd within a replicate.

    The sd is the root of the mean variance; without folds there are 0 runs and no sd. It combines
    the effects of seeds, of the fold's other training images and of its own test images.
    """
    if runs["fold"].nunique() < 2:
        return {"fold_runs": 0, "fold_failures": 0, "fold_sd": math.nan}
    variances = runs.groupby("replicate")["test_accuracy"].var()
    return {
        "fold_runs": len(runs),
        "fold_failures": failures(study, runs["test_accuracy"]),
        "fold_sd": math.sqrt(variances.mean()),
    }


def activation_groups(study: Study, models: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return activation_groups.csv, the report's tables by activation with our figures.

    The reported figures are those of the grouped lists and tables, which differ in places from the
    details and from the final table.
    """

    def printed(quantity: str) -> list[float]:
        return [reported.number("group", model, quantity) for model in models["model"]]

    frame = models.assign(
        reported_layers=printed("layers"),
        reported_epochs=printed("epochs"),
        reported_loss=printed("test_loss"),
        reported_accuracy=printed("test_accuracy"),
    )
    others = sorted(set(models["activation"]) - set(GROUP_ORDER))
    orders = {"activation": [*GROUP_ORDER, *others]}
    return _sorted(frame, study, orders)[ACTIVATION_GROUPS.names]


def final_inference(study: Study, models: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return final_inference.csv, the report's final table with our figures."""
    frame = models.assign(
        reported_accuracy=[reported.number("final", m, "test_accuracy") for m in models["model"]],
        reported_class=[reported.text("final", m, "class").lower() for m in models["model"]],
    )
    return _sorted(frame, study, {})[FINAL_INFERENCE.names]


def _sorted(frame: pd.DataFrame, study: Study, first: Mapping[str, list[str]]) -> pd.DataFrame:
    """Sort by the columns of `first` in the orders given, then by model and condition."""
    orders = {**first, "model": list(study.models), "condition": list(study.conditions)}
    ranks = pd.DataFrame({key: frame[key].map(order.index) for key, order in orders.items()})
    return frame.loc[ranks.sort_values(list(orders)).index].reset_index(drop=True)
