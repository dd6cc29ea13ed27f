"""Which assumption explains the printed values, and what each further condition changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpstudy.analysis.results import Results
from mlpstudy.analysis.sensitivity import likelihoods
from mlpstudy.formats import (
    DASH,
    NONE,
    heading,
    listing,
    loss,
    missing,
    p_value,
    percent,
    points,
    setting,
    span,
)
from mlpstudy.report.contrasts import parsed
from mlpstudy.report.layout import Cell, Column, Source, Table
from mlpstudy.report.outcomes import model_cell, outcome_cells, outcome_columns, tone
from mlpstudy.report.sources import model_lines, numbered

Row = dict[Any, Any]


def _changes_cell(results: Results, condition: str) -> Cell:
    """Return a condition's label, and what it changes in the models."""
    overrides = results.study.conditions[condition].overrides
    said = listing([setting(*item) for item in overrides.items()]) if overrides else ""
    label = heading(results.study.condition_label(condition))
    note = "" if said.lower() == label.lower() else said
    return Cell(label, note=note, tone=tone(results, condition))


def likelihood_table(results: Results) -> Table | None:
    """Return how well each condition explains all printed values together, the best first."""
    if not results.has_report:
        return None
    frame = likelihoods(results.study, results.table("runs"), results.reported)
    table = Table(
        "Log-likelihood of the printed values under the condition, minus that under the assumed "
        "settings: summed over the models, and per model. Above 0 the printed values are more "
        "likely under the condition. Totals over different models are not comparable.",
        [
            Column("Condition", False), Column("models"), Column("accuracy"),
            Column("accuracy and loss"), Column("per model"), Column("accuracies in range"),
        ],
        title="How well each condition explains the printed values",
    )  # fmt: skip
    inside = _in_range(results)
    for row in frame.to_dict("records"):
        table.add(
            _changes_cell(results, row["condition"]),
            str(row["models"]),
            _signed(row["accuracy"]),
            _signed(row["joint"]),
            _signed(row["joint"] / row["models"]),
            inside.get(row["condition"], NONE),
        )
    return table


def _signed(value: float) -> str:
    return points(value / 100, 1)


def _in_range(results: Results) -> dict[str, str]:
    """Return, by condition, for how many models the printed accuracy is in our range."""
    if not results.has("sensitivity"):
        return {}
    frame = results.table("sensitivity")
    frame = frame[(frame["quantity"] == "test_accuracy") & (frame["n"] > 0)]
    final = frame.drop_duplicates(["condition", "model"])
    groups = final.groupby("condition")["inside"]
    return {str(name): f"{int(inside.sum())} of {len(inside)}" for name, inside in groups}


def reproduced(results: Results, condition: str) -> tuple[int, int]:
    """Return for how many models the printed accuracy is in our range, and how many to expect.

    One more run of a model is between the extremes of n others with probability (n - 1) / (n + 1).
    """
    inside = sum(results.covers(condition, m, value) for m, value in results.printed.items())
    sizes = [len(results.accuracies(condition, model)) for model in results.printed]
    return inside, round(sum((n - 1) / (n + 1) for n in sizes if n))


def printed_tables(results: Results) -> list[Table]:
    """Return where each printed accuracy and loss falls among the replicates of each condition."""
    if not results.has("sensitivity"):
        return []
    frame = results.table("sensitivity")
    order = {model: at for at, model in enumerate(results.study.models)}
    frame = frame.loc[frame["model"].map(order).sort_values(kind="stable").index]
    found = [
        _printed_table(results, frame[frame["quantity"] == quantity], quantity, title)
        for quantity, title in (("test_accuracy", "Test accuracy, %"), ("test_loss", "Test loss"))
    ]
    return [table for table in found if table.rows]


def _printed_table(results: Results, frame: pd.DataFrame, quantity: str, title: str) -> Table:
    words = [Column("condition", False), Column("changes", False)]
    labels = ("median", "range", "runs below", "distance", "p of rank", "p of distance")
    table = Table(
        f"{title}: as printed, and our replicates under each condition. The distance is that to "
        "the nearest replicate. The p values are those of a rank as extreme and of a distance as "
        "large, if the printed run were one more of ours.",
        [Column("Model", False), Column("printed"), *words, *(Column(each) for each in labels)],
        title=title,
    )
    for row in numbered(frame):
        table.add(
            model_cell(results, row["model"]),
            _shown(row["reported"], quantity),
            results.study.condition_label(row["condition"]),
            _changed(row),
            _shown(row["median"], quantity),
            _range(row, quantity),
            f"{row['below']} of {row['n']}",
            _shown(row["gap"], quantity),
            p_value(row["p_position"]),
            p_value(row["p_gap"]),
            sources=[Source("sensitivity.csv", (row["line"],))],
        )
    return table


def _changed(row: Row) -> str:
    if missing(row["field"]):
        return NONE
    pairs = zip(row["field"].split("; "), row["value"].split("; "), strict=True)
    return ", ".join(setting(name, parsed(value)) for name, value in pairs)


def _shown(value: Any, quantity: str) -> str:
    return percent(value) if quantity == "test_accuracy" else loss(value)


def _range(row: Row, quantity: str) -> str:
    if missing(row["low"]):
        return NONE
    if quantity == "test_accuracy":
        return span(row["low"], row["high"])
    return f"{loss(row['low'])}{DASH}{loss(row['high'])}"


@dataclass(frozen=True)
class Change:
    """A further condition: what it changes, and its models with it and without."""

    key: str
    title: str
    table: Table


def changes(results: Results) -> Iterable[Change]:
    """Return the conditions beside the main ones, each with a table.

    The models are compared with themselves under the study's first condition.
    """
    for condition in results.conditions:
        if condition not in results.main:
            overrides = results.changes(condition)
            title = heading("; ".join(setting(*item) for item in overrides.items()))
            title = title or heading(results.study.condition_label(condition))
            yield Change(condition, title, _change_table(results, condition, title))


def _change_table(results: Results, condition: str, title: str) -> Table:
    base = results.main[0]
    columns = [Column("Model", False)]
    for name in (base, condition):
        columns += outcome_columns(results, name)[1:3]
    table = Table("", [*columns, Column("change of median, points")], title=title)
    for model in results.models:
        if (condition, model) in results.summaries:
            sides = [outcome_cells(results, c, model)[1:3] for c in (base, condition)]
            table.add(
                model_cell(results, model),
                [cell for side in sides for cell in side],
                _shift(results, base, condition, model),
                sources=[model_lines(results, model, [base, condition])],
            )
    return table


def _shift(results: Results, base: str, condition: str, model: str) -> Cell | str:
    """Return the difference of the medians."""
    rows = [results.summaries.get((name, model)) for name in (base, condition)]
    if rows[0] is None or rows[1] is None:
        return NONE
    shift = rows[1]["test_accuracy_median"] - rows[0]["test_accuracy_median"]
    return NONE if missing(shift) else Cell(points(shift, 1), order=float(shift))
