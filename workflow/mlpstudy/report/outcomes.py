"""What came of a model under a condition, in the cells that several tables share."""

from __future__ import annotations

from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import CLASSES
from mlpstudy.figures.palette import look_of
from mlpstudy.formats import NONE, missing, percent, plural, span, word
from mlpstudy.report.layout import Cell, Column
from mlpstudy.report.strips import Scale

DISTRIBUTION = "Test accuracy of every replicate, %"


def scale_of(results: Results) -> Scale:
    """Return the axis of the study's strips."""
    return Scale(results.study.medium, results.study.superior)


def tone(results: Results, condition: str) -> str:
    """Return the CSS variable of a condition's colour."""
    return look_of(results.study, condition).colour.variable


def condition_columns(results: Results, condition: str, *labels: str) -> list[Column]:
    """Return columns of numbers under the condition's label."""
    group, colour = results.study.condition_label(condition), tone(results, condition)
    return [Column(label, group=group, tone=colour) for label in labels]


def outcome_columns(results: Results, condition: str | None = None) -> list[Column]:
    """Return the columns of `outcome_cells`, under the condition's label if it is given."""
    group = results.study.condition_label(condition) if condition else ""
    colour = tone(results, condition) if condition else ""
    return [
        Column(DISTRIBUTION, False, group, colour, scale_of(results).axis()),
        Column("median, %", True, group, colour),
        Column("failed", True, group, colour),
        Column("class", False, group, colour),
    ]


def outcome_cells(results: Results, condition: str, model: str) -> list[Cell]:
    """Return a strip of all replicates, the median with its interval, failures, and the class."""
    row = results.summaries.get((condition, model))
    if row is None:
        return [Cell(NONE, order=-1.0)] * 3 + [Cell(NONE, order=-9.0)]
    median, low, high = (row[f"test_accuracy_{name}"] for name in ("median", "low", "high"))
    strip = scale_of(results).strip(
        results.accuracies(condition, model),
        median,
        (low, high),
        results.reported.number("final", model, "test_accuracy"),
        tone(results, condition),
        _spoken(results, condition, model),
    )
    interval = "" if missing(low) or missing(high) else span(low, high)
    return [
        Cell(percent(median, 1), drawing=strip),
        Cell(percent(median, 1), note=interval, order=-1.0 if missing(median) else float(median)),
        Cell(f"{row['failures']} of {row['replicates']}", order=float(row["failure_share"])),
        class_cell(row["class"]),
    ]


def class_cell(name: Any) -> Cell:
    """Return a class as a cell; a model without one gets an empty cell."""
    text = str(name or "")
    if not text:
        return Cell(word(None), order=-9.0)
    return Cell(text.capitalize(), text, order=-float(CLASSES.index(text)))


def model_cell(results: Results, model: str) -> Cell:
    """Return the model's label with a link to its section."""
    return Cell(results.study.model_label(model), href=f"#{model}")


def _spoken(results: Results, condition: str, model: str) -> str:
    """Say in words what a strip shows."""
    values = results.accuracies(condition, model)
    shown = ", ".join(percent(value, 1) for value in values.dropna())
    who = f"{results.study.model_label(model)}, {results.study.condition_label(condition)}"
    return f"{who}: test accuracy of {plural(len(values), 'replicate')} in %: {shown or 'none'}"
