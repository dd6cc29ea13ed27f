"""What each further condition does to the models it covers, beside the same models without it."""

from __future__ import annotations

from dataclasses import dataclass

from mlpstudy.analysis.results import Results
from mlpstudy.formats import (
    NONE,
    heading,
    missing,
    points,
    setting,
    supported_decimals,
)
from mlpstudy.report.by_condition import condition_columns, tone
from mlpstudy.report.layout import Cell, Column, Table
from mlpstudy.report.views.inference import Outcome, outcome, thresholds
from mlpstudy.report.views.sources import model_lines
from mlpstudy.report.views.strips import axis
from mlpstudy.report.views.tables import model_cell


@dataclass(frozen=True)
class Change:
    """A further condition: its name, what it changes, and its models with it and without."""

    key: str
    title: str
    name: str
    table: Table


def changes(results: Results) -> list[Change]:
    """Return the conditions beside those that lead the study, each with a table.

    The models are set beside themselves under the study's first condition.
    """
    found = []
    for condition in results.conditions:
        if condition not in results.main:
            name = heading(results.study.condition_label(condition))
            said = heading("; ".join(setting(*i) for i in results.changes(condition).items()))
            title = said or name
            found.append(Change(condition, title, name, _table(results, condition, title)))
    return found


def _table(results: Results, condition: str, title: str) -> Table:
    base = results.main[0]
    drawing = axis(thresholds(results))
    columns = [Column("Model", False)]
    for name in (base, condition):
        label, colour = results.study.condition_label(name), tone(results.study, name)
        columns += [
            Column("distribution", False, label, colour, drawing),
            *condition_columns(results.study, name, "median", "failed"),
        ]
    table = Table("", [*columns, Column("Change of median")], title=title)
    for model in results.models:
        sides = [outcome(results, c, model) for c in (base, condition)]
        if sides[1] is not None:
            table.add(
                model_cell(results.study, model),
                [cell for side in sides for cell in _cells(side)],
                _shift(results, base, condition, model),
                sources=[model_lines(results, model, [base, condition])],
            )
    return table


def _cells(side: Outcome | None) -> list[Cell | str]:
    if side is None:
        return [NONE, NONE, NONE]
    return [
        Cell(side.median, drawing=side.drawing),
        Cell(side.median, note=side.interval, order=side.order["median"]),
        Cell(side.failures, order=side.order["failures"]),
    ]


def _shift(results: Results, base: str, condition: str, model: str) -> Cell | str:
    """Return the difference of the medians, rounded to what the wider interval supports."""
    rows = [results.summaries.get((name, model)) for name in (base, condition)]
    if rows[0] is None or rows[1] is None:
        return NONE
    decimals = min(
        supported_decimals(row["test_accuracy_low"], row["test_accuracy_high"])
        for row in rows
        if row is not None
    )
    shift = rows[1]["test_accuracy_median"] - rows[0]["test_accuracy_median"]
    return NONE if missing(shift) else Cell(points(shift, decimals), order=float(shift))
