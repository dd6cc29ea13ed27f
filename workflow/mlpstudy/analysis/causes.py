"""The two-by-two of the cause: pixels raw or scaled, KL divergence clipped or exact: causes.csv.

Keras 2 clips the softmax at 1e-7 in its KL divergence. Where p(true class) is below, the gradient
is gone; raw pixels put it there from the first step on (saturation.csv). So a model fails if the
cause is there, and does not once either half of it is taken away.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from mlpstudy.analysis.conditions import Cell, baselines, changes, joined, text_of
from mlpstudy.analysis.statistics.intervals import share_interval
from mlpstudy.config.study import Study

CAUSES = ("pixels", "kl")
SPLIT = ("failed", "learned")

COLUMNS = [
    "condition", "model", "pixels", "kl", "also", "n", "failures", "failure_share",
    "failures_low", "failures_high", "median_accuracy", "stuck_first", "stuck_last",
    *(f"stuck_last_{name}" for name in SPLIT),
    "dead_last", "dead_last_max", *(f"dead_last_{name}" for name in SPLIT), "dead_layers",
]  # fmt: skip


def causes(study: Study, values: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return a row per condition and model whose loss is KL divergence, by model.

    `also` names what else the condition changes against the model's baseline: rows in which it is
    empty are the four cells of the table. All shares but `failure_share` are medians over the
    replicates. `stuck_*`: of the training examples, those misclassified with p(true class) < 1e-7,
    in the first and in the last epoch; `dead_*`: of the hidden units, at the end of the last
    epoch, those whose activation has a slope below 1e-3 for each of 1,000 training images, as the
    mean over layers, `dead_last_max` of the worst layer, `dead_layers` layer by layer. `*_failed`
    and `*_learned` are over the replicates that did and did not fail, empty where there are none.

    Args:
        study: the resolved study.
        values: a row per condition, model and replicate, with `test_accuracy`, of `replicates`.
        history: history.csv, a row a run and epoch.
    """
    accuracies = dict(list(values.groupby(["condition", "model"], sort=False)))
    records = dict(list(history.groupby(["condition", "model"], sort=False)))
    own = baselines(study)
    rows = [
        _row(study, (condition, model), own[model], accuracies[cell], records[cell])
        for model in study.models
        for condition in study.conditions
        if (cell := (condition, model)) in accuracies
        and study.fields(condition, model)["loss"] == "kl_divergence"
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(
    study: Study, cell: Cell, baseline: str, values: pd.DataFrame, history: pd.DataFrame
) -> dict[str, Any]:
    condition, model = cell
    fields = study.fields(condition, model)
    accuracy = values.set_index("replicate")["test_accuracy"]
    learned = accuracy >= study.medium
    failed = int((~learned).sum())
    share = share_interval(failed, len(accuracy))
    return {
        "condition": condition,
        "model": model,
        **{name: fields[name] for name in CAUSES},
        "also": _also(changes(study.fields(baseline, model), fields)),
        "n": len(accuracy),
        "failures": failed,
        "failure_share": share.estimate,
        "failures_low": share.low,
        "failures_high": share.high,
        "median_accuracy": accuracy.median(),
        **_stuck(history, learned),
        **_dead(history, learned),
    }


def _also(found: dict[str, tuple[Any, Any]]) -> str:
    return joined(
        f"{name}={text_of(new)}" for name, (_, new) in found.items() if name not in CAUSES
    )


def _stuck(history: pd.DataFrame, learned: pd.Series[bool]) -> dict[str, float]:
    first, last = (
        history[history["epoch"] == epoch].groupby("replicate")["stuck"].mean()
        for epoch in (history["epoch"].min(), history["epoch"].max())
    )
    return {
        "stuck_first": first.median(),
        "stuck_last": last.median(),
        **_split("stuck_last", last, learned),
    }


def _dead(history: pd.DataFrame, learned: pd.Series[bool]) -> dict[str, Any]:
    layers = [name for name in map(str, history) if re.fullmatch(r"dead_layer_\d+", name)]
    last = history[history["epoch"] == history["epoch"].max()]
    # Columns of layers that only larger models have are empty.
    shares = last.groupby("replicate")[layers].mean().dropna(axis="columns", how="all")
    mean = shares.mean(axis="columns")
    return {
        "dead_last": mean.median(),
        "dead_last_max": shares.max(axis="columns").median(),
        **_split("dead_last", mean, learned),
        "dead_layers": joined(round(float(share), 4) for share in shares.median()),
    }


def _split(name: str, shares: pd.Series[float], learned: pd.Series[bool]) -> dict[str, float]:
    flags = learned.reindex(shares.index).to_numpy(dtype=bool)
    return {
        f"{name}_{part}": float(np.median(chosen)) if len(chosen) else float("nan")
        for part, chosen in zip(SPLIT, (shares[~flags], shares[flags]), strict=True)
    }
