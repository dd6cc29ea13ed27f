"""Why models fail: failures with and without each fault, and the softmax before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpstudy.analysis.failures import cell_rows, square_rows
from mlpstudy.analysis.results import Results

Row = dict[Any, Any]
# Pixels and the form of the KL divergence.
SQUARE = (("raw", "clipped"), ("raw", "exact"), ("unit", "clipped"), ("unit", "exact"))


@dataclass(frozen=True)
class Failures:
    """`failed` of `runs` runs failed; `models` are those with a failure."""

    failed: int
    runs: int
    models: list[str]


@dataclass(frozen=True)
class Cause:
    """The numbers that the text on the cause of the failures is made of.

    Attributes:
        cells: the failures under each combination in SQUARE; None for one that was not trained.
        models: the rows of causes.csv by model, one or None for each combination in SQUARE.
        untrained: the rows of saturation.csv by model, for raw pixels and for scaled ones, with the
            share `saturated` of the first layer.
        stuck_failed: least and greatest share of training images without a gradient in the last
            epoch, among the median failed run of each model; None if no run failed.
        stuck_learned: the same of the runs that did not fail.
        impossible: least and greatest share of images whose true class has a probability below
            1e-7 before training, with raw pixels, among the models that have any; None if none.
        activations: the activations of these models.
    """

    cells: dict[tuple[str, str], Failures | None]
    models: dict[str, list[Row | None]]
    untrained: dict[str, list[Row]]
    stuck_failed: tuple[float, float] | None
    stuck_learned: tuple[float, float] | None
    impossible: tuple[float, float] | None
    activations: list[str]
    square = SQUARE


def cause_of_failures(results: Results) -> Cause | None:
    """Return what the tables say about the cause; None where no model has a KL divergence."""
    if not results.has("causes"):
        return None
    causes = results.table("causes")
    models: dict[str, list[Row | None]] = {}
    for model, rows in square_rows(causes).groupby("model", sort=False):
        found = {(row["pixels"], row["kl"]): row for row in rows.to_dict("records")}
        models[str(model)] = [found.get(cell) for cell in SQUARE]
    both = cell_rows(causes, "raw", "clipped")
    untrained = _untrained(results)
    steep = [raw for raw, _ in untrained.values() if raw["share_below"] > 0]
    return Cause(
        {cell: _total(cell_rows(causes, *cell)) for cell in SQUARE},
        models,
        untrained,
        _range(both["stuck_last_failed"]),
        _range(both["stuck_last_learned"]),
        _range(pd.Series([row["share_below"] for row in steep], dtype="float64")),
        list(dict.fromkeys(row["activation"] for row in steep)),
    )


def unexplained_failures(results: Results) -> Failures:
    """Return the failures of models without a KL divergence under the first condition."""
    base = results.main[0]
    rows = {m: row for (c, m), row in results.summaries.items() if c == base}
    others = [m for m in rows if results.study.fields(base, m)["loss"] != "kl_divergence"]
    return Failures(*results.failures(base, others), [m for m in others if rows[m]["failures"]])


def _total(rows: pd.DataFrame) -> Failures | None:
    if rows.empty:
        return None
    failed = rows[rows["failures"] > 0]["model"].tolist()
    return Failures(int(rows["failures"].sum()), int(rows["n"].sum()), failed)


def _untrained(results: Results) -> dict[str, list[Row]]:
    if not results.has("saturation"):
        return {}
    first = results.table("saturation_layers").query("layer == 1")
    frame = results.table("saturation").merge(
        first[["model", "pixels", "saturated"]], on=["model", "pixels"], how="left"
    )
    groups = frame.sort_values("pixels", kind="stable").groupby("model", sort=False)
    return {str(model): rows.to_dict("records") for model, rows in groups}


def _range(values: pd.Series[float]) -> tuple[float, float] | None:
    known = values.dropna()
    return (float(known.min()), float(known.max())) if len(known) else None
