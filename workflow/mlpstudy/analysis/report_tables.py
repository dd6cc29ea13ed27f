"""The report's own tables with our replicates beside its figures: by activation, and the final one.

Pure functions on frames, no files. Accuracies are fractions.
"""

from __future__ import annotations

import pandas as pd

from mlpstudy.analysis.reported_values import Reported
from mlpstudy.config.study import CLASSES, Study

# The order of the report's own groups; any other activation follows in alphabetical order.
GROUP_ORDER = ("sigmoid", "tanh", "leaky_relu", "relu")

# A column's name after "reported_", and the quantity's name among the report's values.
REPORTED = {
    "layers": "layers", "epochs": "epochs", "loss": "test_loss", "accuracy": "test_accuracy",
}  # fmt: skip


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
