"""From runs to models: pure functions on frames, no files.

A k-fold model's replicate is the mean of its folds, so that every model has one figure per
replicate; a replicate below the Medium threshold is a failure. Accuracies are fractions.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from mlpstudy.evidence.reported_values import Reported
from mlpstudy.evidence.study_file import CLASSES, Study

KEYS = ["condition", "model"]

# The order of the report's own groups; any other activation follows in alphabetical order.
GROUP_ORDER = ("sigmoid", "tanh", "leaky_relu", "relu")

# A column's name after "reported_", and the quantity's name among the report's values.
REPORTED = {
    "layers": "layers", "epochs": "epochs", "loss": "test_loss", "accuracy": "test_accuracy",
}  # fmt: skip


def replicates(runs: pd.DataFrame, timings: pd.DataFrame) -> pd.DataFrame:
    """Return a row per condition, model, replicate: accuracies, losses, and the folds' seconds.

    Accuracies and losses are means over folds, seconds their sum. Order is that of `runs`.
    """
    keys = [*KEYS, "replicate"]
    means = ["test_accuracy", "test_loss", "train_accuracy", "train_loss"]
    frame = runs.groupby(keys, sort=False)[means].mean()
    seconds = timings.groupby(keys, sort=False)["seconds"].sum(min_count=1)
    return frame.join(seconds).reset_index()


def models_table(study: Study, runs: pd.DataFrame, timings: pd.DataFrame) -> pd.DataFrame:
    """Return a row per condition and model that has runs."""
    per_replicate = dict(list(replicates(runs, timings).groupby(KEYS)))
    first_runs = runs.drop_duplicates(KEYS).set_index(KEYS)
    rows = [
        _model_row(study, pair, first_runs.loc[pair], per_replicate[pair])
        for pair in study.pairs
        if pair in per_replicate
    ]
    return pd.DataFrame(rows)


def _model_row(
    study: Study, pair: tuple[str, str], run: Any, values: pd.DataFrame
) -> dict[Hashable, Any]:
    """Summarise the replicates of one model under one condition."""
    condition, model = pair
    accuracy = values["test_accuracy"]
    classes = accuracy.map(study.class_of)
    median = accuracy.median()
    return {
        "condition": condition,
        "model": model,
        "report_name": study.models[model].report_name,
        "activation": run["activation"],
        "layers": run["layers"],
        "nodes": "+".join(str(n) for n in study.fields(condition, model)["nodes"]),
        "parameters": run["parameters"],
        "loss_function": run["loss_function"],
        "epochs": run["epochs"],
        "batch_size": run["batch_size"],
        "replicates": len(values),
        "failures": int((~(accuracy >= study.medium)).sum()),
        **{f"{name}_share": (classes == name).mean() for name in CLASSES},
        "test_accuracy_median": median,
        "test_accuracy_mean": accuracy.mean(),
        "test_accuracy_sd": accuracy.std(),
        "test_accuracy_min": accuracy.min(),
        "test_accuracy_max": accuracy.max(),
        "test_loss_median": values["test_loss"].median(),
        "train_accuracy_median": values["train_accuracy"].median(),
        "train_loss_median": values["train_loss"].median(),
        "class": study.class_of(median),
        "seconds_median": values["seconds"].median(),
    }


def activation_groups(study: Study, models: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return the report's tables by activation, a row per activation, model and condition.

    Reported figures are those of the grouped lists and tables, which differ in places from the
    details and from the final table.
    """
    columns = [
        "replicates", "failures", "test_accuracy_median", "test_accuracy_min",
        "test_accuracy_max", "test_loss_median", "class",
    ]  # fmt: skip
    frame = models[["activation", "model", "report_name", "layers", "epochs", "loss_function"]]
    frame = frame.assign(
        **{
            f"reported_{name}": [
                reported.number("group", model, quantity) for model in models["model"]
            ]
            for name, quantity in REPORTED.items()
        },
        condition=models["condition"],
    ).join(models[columns])
    others = sorted(set(models["activation"]) - set(GROUP_ORDER))
    return _sorted(frame, study, {"activation": [*GROUP_ORDER, *others]})


def final_inference(study: Study, models: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return the report's final table with ours beside it, a row per model and condition."""
    frame = models[["model", "report_name", "activation", "layers"]].assign(
        reported_accuracy=[reported.number("final", m, "test_accuracy") for m in models["model"]],
        reported_class=[reported.text("final", m, "class").lower() for m in models["model"]],
    )
    columns = [
        "condition", "replicates", "test_accuracy_median", "test_accuracy_min",
        "test_accuracy_max", "class", *(f"{name}_share" for name in CLASSES),
    ]  # fmt: skip
    frame = frame.join(models[columns])
    frame["failure_share"] = models["failures"] / models["replicates"]
    return _sorted(frame, study, {})


def _sorted(frame: pd.DataFrame, study: Study, first: dict[str, list[str]]) -> pd.DataFrame:
    """Sort by the columns of `first` in the orders given, then by model and condition."""
    orders = {**first, "model": list(study.models), "condition": list(study.conditions)}
    ranks = pd.DataFrame({key: frame[key].map(order.index) for key, order in orders.items()})
    return frame.loc[ranks.sort_values(list(orders)).index].reset_index(drop=True)
