"""The cause of failures, causes.csv: raw or scaled pixels, clipped or exact KL divergence.

Keras 2 clips the softmax at 1e-7 in its KL divergence. Where p(true class) is below that value, the
gradient vanishes; raw pixels put it there from the first step on (saturation.csv). The table
counts the failures with both faults, with each alone and with neither.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from mlpstudy.analysis.conditions import Cell, baselines, changes, joined, text_of
from mlpstudy.analysis.runs import by_cell
from mlpstudy.analysis.schemas import CAUSES
from mlpstudy.analysis.statistics.intervals import share_interval
from mlpstudy.config.study import Study

FIELDS = ("pixels", "kl")


def causes(study: Study, values: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return causes.csv: one row per model with KL divergence and condition.

    `also` names what else the condition changes relative to the model's baseline: rows in which it
    is empty are the four cells of the two-by-two table. All shares but `failure_share` are medians
    over the replicates. `stuck_*` is the share of training examples that are misclassified with
    p(true class) < 1e-7, in the first and in the last epoch. `dead_*` is the share of hidden units
    whose activation has a slope below 1e-3 for each of 1,000 training images, at the end of the
    last epoch: the mean over layers, `dead_last_max` of the worst layer, `dead_layers` layer by
    layer. `*_failed` and `*_learned` are over the replicates that did and did not fail, empty where
    there are none.

    Args:
        study: the resolved study.
        values: what `replicates` returned.
        history: history.csv.
    """
    outcomes, histories = by_cell(values), by_cell(history)
    baseline = baselines(study)
    return CAUSES.frame(
        _row(study, cell, baseline[model], outcomes[cell], histories[cell])
        for model in study.models
        for condition in study.conditions
        if (cell := (condition, model)) in outcomes
        and study.fields(condition, model)["loss"] == "kl_divergence"
    )


def _row(
    study: Study, cell: Cell, baseline: str, values: pd.DataFrame, history: pd.DataFrame
) -> dict[str, Any]:
    condition, model = cell
    fields = study.fields(condition, model)
    others = changes(study.fields(baseline, model), fields).items()
    accuracy = values.set_index("replicate")["test_accuracy"]
    learned = accuracy >= study.medium
    failed = int((~learned).sum())
    share = share_interval(failed, len(accuracy))
    return {
        "condition": condition,
        "model": model,
        **{name: fields[name] for name in FIELDS},
        "also": joined(f"{name}={text_of(new)}" for name, (_, new) in others if name not in FIELDS),
        "n": len(accuracy),
        "failures": failed,
        "failure_share": share.estimate,
        "failures_low": share.low,
        "failures_high": share.high,
        "median_accuracy": accuracy.median(),
        **_stuck(history, learned),
        **_dead(history, learned),
    }


def _stuck(history: pd.DataFrame, learned: pd.Series[bool]) -> dict[str, float]:
    first, last = (
        history[history["epoch"] == epoch].groupby("replicate")["stuck"].mean()
        for epoch in (history["epoch"].min(), history["epoch"].max())
    )
    return {
        "stuck_first": first.median(),
        "stuck_last": last.median(),
        **_by_outcome("stuck_last", last, learned),
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
        **_by_outcome("dead_last", mean, learned),
        "dead_layers": joined(round(float(share), 4) for share in shares.median()),
    }


def _by_outcome(name: str, shares: pd.Series[float], learned: pd.Series[bool]) -> dict[str, float]:
    """Return the medians over the replicates that failed and that learned; NaN for none."""
    flags = learned.reindex(shares.index).to_numpy(dtype=bool)
    return {
        f"{name}_failed": shares[~flags].median(),
        f"{name}_learned": shares[flags].median(),
    }


def square_rows(causes: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of causes.csv for the two-by-two table, one per model, pixels and loss.

    They are those that change nothing else. Of several conditions that make the same of a model the
    first one counts, so a cell has models of several conditions where none has them all.
    """
    return causes[causes["also"] == ""].drop_duplicates(["model", "pixels", "kl"])


def cell_rows(causes: pd.DataFrame, pixels: str, kl: str) -> pd.DataFrame:
    """Return the rows of one cell of the two-by-two table, one per model."""
    rows = square_rows(causes)
    return rows[(rows["pixels"] == pixels) & (rows["kl"] == kl)]
