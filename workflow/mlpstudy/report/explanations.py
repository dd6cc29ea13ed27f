"""What explains the results: why models fail, and which assumptions fit the printed values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpstudy.analysis.failures import cell_rows, square_rows
from mlpstudy.analysis.results import Results
from mlpstudy.analysis.sensitivity import likelihoods
from mlpstudy.formats import DASH, NONE, heading, loss, missing, setting, span, word
from mlpstudy.report.contrasts import parsed
from mlpstudy.report.models import assumed
from mlpstudy.report.sources import numbered

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
        _ends(both["stuck_last_failed"]),
        _ends(both["stuck_last_learned"]),
        _ends(pd.Series([row["share_below"] for row in steep], dtype="float64")),
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


def _ends(values: pd.Series[float]) -> tuple[float, float] | None:
    known = values.dropna()
    return (float(known.min()), float(known.max())) if len(known) else None


def likelihood_rows(results: Results) -> list[Row]:
    """Return how well each condition explains all printed values together, the best first.

    `inside` says for how many models the printed accuracy is in our range under the condition.
    """
    inside: dict[Any, str] = {}
    if results.has("sensitivity"):
        frame = results.table("sensitivity")
        frame = frame[(frame["quantity"] == "test_accuracy") & (frame["n"] > 0)]
        groups = frame.drop_duplicates(["condition", "model"]).groupby("condition")["inside"]
        inside = {name: f"{int(found.sum())} of {len(found)}" for name, found in groups}
    frame = likelihoods(results.study, results.table("runs"), results.reported)
    return [
        {**row, "inside": inside.get(row["condition"], NONE)} for row in frame.to_dict("records")
    ]


def reproduced(results: Results, condition: str) -> tuple[int, int]:
    """Return for how many models the printed accuracy is in our range, and how many to expect.

    One more run of a model is between the extremes of n others with probability (n - 1) / (n + 1).
    """
    inside = sum(results.covers(condition, m, value) for m, value in results.printed.items())
    sizes = [len(results.accuracies(condition, model)) for model in results.printed]
    return inside, round(sum((n - 1) / (n + 1) for n in sizes if n))


def printed_rows(results: Results, quantity: str) -> list[Row]:
    """Return the rows of sensitivity.csv about one quantity, model by model.

    `changes` is what the condition changes, and `range` that of our replicates, in words.
    """
    if not results.has("sensitivity"):
        return []
    frame = results.table("sensitivity")
    order = {model: at for at, model in enumerate(results.study.models)}
    frame = frame.loc[frame["model"].map(order).sort_values(kind="stable").index]
    rows = numbered(frame[frame["quantity"] == quantity], "sensitivity.csv")
    return [{**row, "changes": _changes(row), "range": _range(row)} for row in rows]


def _changes(row: Row) -> str:
    if missing(row["field"]):
        return NONE
    pairs = zip(row["field"].split("; "), row["value"].split("; "), strict=True)
    return ", ".join(setting(name, parsed(value)) for name, value in pairs)


def _range(row: Row) -> str:
    if missing(row["low"]):
        return NONE
    if row["quantity"] == "test_accuracy":
        return span(row["low"], row["high"])
    return f"{loss(row['low'])}{DASH}{loss(row['high'])}"


def assumptions(results: Results) -> list[dict[str, Any]]:
    """Return all that the models' source leaves open: `name`, `value`, `why`, and the `models`."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for key in results.models:
        fields = results.study.models[key].fields
        for name, why in assumed(results, key).items():
            found.setdefault((name, word(fields.get(name)), why), []).append(key)
    order = list(dict.fromkeys(name for name, _, _ in found))
    return [
        {"name": heading(word(name)), "value": value, "models": models, "why": why}
        for (name, value, why), models in sorted(found.items(), key=lambda i: order.index(i[0][0]))
    ]
