"""What came of a model under a condition, in the columns and cells that several tables share.

The distribution is drawn in a strip that fits into a cell: one dot per replicate on an axis of 0 to
100 %. All strips share one scale and one width, so that a column of them can be read down. The
classes divide the axis: each has a fixed part of it, the highest the largest, as that is where most
models differ by little. Here is where everything stands; the page's template draws it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import CLASSES
from mlpstudy.figures.palette import look_of
from mlpstudy.figures.swarm import swarm
from mlpstudy.formats import NONE, heading, missing, percent, plural, span
from mlpstudy.report.layout import Cell, Column

DISTRIBUTION = "Test accuracy of every replicate, %"
# Units of the drawing, which the template knows too.
WIDTH, MARGIN, HEIGHT, RADIUS = 240.0, 6.0, 38.0, 2.6
# Where failures end and where the highest class begins, as shares of the axis.
PARTS = (0.0, 0.24, 0.48, 1.0)


def tone(results: Results, condition: str) -> str:
    """Return the CSS variable of a condition's colour."""
    return look_of(results.study, condition).colour.variable


def condition_columns(results: Results, condition: str, *labels: str) -> list[Column]:
    """Return columns of numbers under the condition's label."""
    group, colour = results.study.condition_label(condition), tone(results, condition)
    return [Column(label, group=group, tone=colour) for label in labels]


def outcome_columns(results: Results, conditions: Sequence[str] | None = None) -> list[Column]:
    """Return the columns of `outcome_cells`, under the labels of the conditions.

    Columns of a condition without a name stand under no label.
    """
    axis = Scale(results.study.medium, results.study.superior).axis()
    found = []
    for condition in results.main if conditions is None else conditions:
        group = results.study.condition_label(condition) if condition else ""
        colour = tone(results, condition) if condition else ""
        found += [
            Column(DISTRIBUTION, False, group, colour, axis),
            Column("median, %", True, group, colour),
            Column("failed", True, group, colour),
            Column("class", False, group, colour),
        ]
    return found


def outcome_cells(
    results: Results, model: str, conditions: Sequence[str] | None = None
) -> list[Cell]:
    """Return what came of a model under some conditions, under the main ones for None.

    These are a strip of all replicates, the median with its interval, failures, and the class, with
    the number of replicates that have it if not all do.
    """
    chosen = results.main if conditions is None else conditions
    return [cell for condition in chosen for cell in _cells(results, condition, model)]


def _cells(results: Results, condition: str, model: str) -> list[Cell]:
    row = results.summaries.get((condition, model))
    if row is None:
        return [Cell(NONE, order=-1.0)] * 3 + [Cell(NONE, order=-9.0)]
    median, low, high = (row[f"test_accuracy_{name}"] for name in ("median", "low", "high"))
    strip = Scale(results.study.medium, results.study.superior).strip(
        results.accuracies(condition, model),
        median=median,
        low=low,
        high=high,
        printed=results.reported.number("final", model, "test_accuracy"),
    )
    strip |= {"tone": tone(results, condition), "spoken": _spoken(results, condition, model)}
    interval = "" if missing(low) or missing(high) else span(low, high)
    size = row["replicates"]
    alike = round(row[f"{row['class']}_share"] * size) if row["class"] else size
    return [
        Cell(percent(median, 1), drawing=strip),
        Cell(percent(median, 1), note=interval, order=-1.0 if missing(median) else float(median)),
        Cell(f"{row['failures']} of {size}", order=float(row["failure_share"])),
        class_cell(row["class"], f"{alike} of {size}" if alike < size else ""),
    ]


def class_cell(name: str, note: str = "") -> Cell:
    """Return a class as a cell; a model without one gets an empty cell."""
    if not name:
        return Cell(NONE, order=-9.0)
    return Cell(name.capitalize(), name, note=note, order=-float(CLASSES.index(name)))


def condition_cell(results: Results, condition: str, note: str = "") -> Cell:
    """Return the condition's label in its colour, with a note that says more than the label."""
    label = heading(results.study.condition_label(condition))
    note = "" if note.lower() == label.lower() else note
    return Cell(label, note=note, tone=tone(results, condition))


def model_cell(results: Results, model: str, note: str = "") -> Cell:
    """Return the model's label with a link to its section."""
    return Cell(results.study.model_label(model), href=f"#{model}", note=note)


def _spoken(results: Results, condition: str, model: str) -> str:
    """Say in words what a strip shows."""
    values = results.accuracies(condition, model)
    shown = ", ".join(percent(value, 1) for value in values.dropna())
    who = f"{results.study.model_label(model)}, {results.study.condition_label(condition)}"
    return f"{who}: test accuracy of {plural(len(values), 'replicate')} in %: {shown or 'none'}"


@dataclass(frozen=True)
class Scale:
    """The axis of the strips: it is linear within each class; `medium` < `superior`."""

    medium: float
    superior: float

    def x(self, accuracy: float) -> float:
        """Return where an accuracy, a fraction, stands in a drawing."""
        ends = (0.0, self.medium, self.superior, 1.0)
        value = min(max(float(accuracy), 0.0), 1.0)
        at = min(bisect_right(ends, value), len(ends) - 1) - 1
        inside = (value - ends[at]) / (ends[at + 1] - ends[at]) if ends[at + 1] > ends[at] else 0.0
        return MARGIN + (WIDTH - 2 * MARGIN) * (PARTS[at] + inside * (PARTS[at + 1] - PARTS[at]))

    def axis(self) -> list[tuple[float, str]]:
        """Return the marks of the axis: its ends, the classes, and the middle of the highest."""
        marks = sorted({0.0, self.medium, self.superior, (self.superior + 1) / 2, 1.0})
        return [(self.x(mark), f"{100 * mark:.3g}") for mark in marks]

    def strip(self, values: pd.Series[float], **marks: float) -> dict[str, Any]:
        """Return where everything stands in a strip.

        Args:
            values: test accuracies, fractions, by replicate; without an accuracy there is no dot.
            marks: accuracies that have a mark of their own, NaN for none.

        Returns:
            `dots`, each as x, y, replicate and accuracy; `rules`, where the classes end; and the
            place of each mark, None for none.
        """
        known = values.dropna()
        places = [self.x(value) for value in known]
        shifts = swarm(places, 2 * RADIUS, HEIGHT / 2 - RADIUS - 2.5)
        return {
            "dots": list(zip(places, shifts, known.index, known, strict=True)),
            "rules": [self.x(self.medium), self.x(self.superior)],
            **{name: None if missing(at) else self.x(at) for name, at in marks.items()},
        }
