"""What each further condition does to the models it covers, beside the same models without it."""

from __future__ import annotations

from mlpstudy.report.evidence import Evidence
from mlpstudy.report.formats import (
    NONE,
    heading,
    missing,
    points,
    setting,
    short_name,
    supported_decimals,
    word,
)
from mlpstudy.report.inference_view import Outcome, outcome
from mlpstudy.report.layout import Cell, Column, Table
from mlpstudy.report.sources import model_lines


def effects(evidence: Evidence) -> Table:
    """Return a row per further condition and model: both distributions, medians, failures.

    The models are set beside themselves under the study's first condition.
    """
    base = evidence.leading[0]
    before, after = word(base), "changed"
    tone = evidence.tone(base)
    table = Table(
        "Test accuracy in per cent. The change is that of the median, in points.",
        [
            Column("Change", False), Column("Model", False),
            Column("distribution", False, before, tone), Column("median", True, before, tone),
            Column("failed", True, before, tone),
            Column("distribution", False, after), Column("median", True, after),
            Column("failed", True, after), Column("Change of median"),
        ],
    )  # fmt: skip
    for condition in evidence.conditions:
        if condition in evidence.leading:
            continue
        for model in evidence.keys:
            sides = [outcome(evidence, c, model) for c in (base, condition)]
            if sides[1] is not None:
                table.add(
                    _change(evidence, condition),
                    Cell(short_name(model), href=f"#{model}"),
                    [cell for side in sides for cell in _cells(side)],
                    _shift(evidence, base, condition, model),
                    sources=[model_lines(evidence, model, [base, condition])],
                )
    return table


def _change(evidence: Evidence, condition: str) -> Cell:
    """Return what a condition changes, its name below where that says something else."""
    overrides = evidence.study.conditions[condition].overrides
    said = heading("; ".join(setting(*item) for item in overrides.items())) or word(condition)
    name = word(condition)
    return Cell(said, note="" if name.lower() == said.lower() else name)


def _cells(side: Outcome | None) -> list[Cell | str]:
    if side is None:
        return [NONE, NONE, NONE]
    return [
        Cell(side.median, drawing=side.drawing),
        Cell(side.median, note=side.interval, order=side.order["median"]),
        Cell(side.failures, order=side.order["failures"]),
    ]


def _shift(evidence: Evidence, base: str, condition: str, model: str) -> Cell | str:
    """Return the difference of the medians, rounded to what the wider interval supports."""
    rows = [evidence.rows.get((name, model)) for name in (base, condition)]
    if rows[0] is None or rows[1] is None:
        return NONE
    decimals = min(
        supported_decimals(row["test_accuracy_low"], row["test_accuracy_high"])
        for row in rows
        if row is not None
    )
    shift = rows[1]["test_accuracy_median"] - rows[0]["test_accuracy_median"]
    return NONE if missing(shift) else Cell(points(shift, decimals), order=float(shift))
