"""Results of a model under a condition, as columns and cells that several tables share.

The distribution is drawn in a strip that fits into a cell: one dot per replicate on an axis of 0 to
100 %. All strips share one scale and one width, so that a column of them can be read down. The
classes divide the axis: each has a fixed part of it, the highest the largest, as that is where most
models differ by little. Here is where everything stands; the page's template draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlpstudy.analysis.results import Results, Row
from mlpstudy.config.study import CLASSES, Study
from mlpstudy.figures.palette import look_of
from mlpstudy.figures.swarm import swarm
from mlpstudy.formats import NONE, heading, missing, percent, span
from mlpstudy.report.layout import Cell, Column

DISTRIBUTION = "Test accuracy of every replicate, %"
# Units of the drawing, which the template knows too.
WIDTH, MARGIN, HEIGHT, RADIUS = 240.0, 6.0, 38.0, 2.6
# Where the classes end, as shares of the axis.
PARTS = (0.0, 0.24, 0.48, 1.0)


def tone(results: Results, condition: str) -> str:
    """Return the CSS variable of a condition's colour."""
    return look_of(results.study, condition).colour.variable


def outcome_columns(results: Results, conditions: Sequence[str] | None = None) -> list[Column]:
    """Return the columns of `outcome_cells`, under the labels of the conditions.

    Columns of a condition without a name stand under no label.
    """
    study = results.study
    marks = sorted({0.0, study.medium, study.superior, (study.superior + 1) / 2, 1.0})
    axis = [(_place(study, mark), f"{100 * mark:.3g}") for mark in marks]
    found = []
    for condition in results.main if conditions is None else conditions:
        group = study.condition_label(condition) if condition else ""
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
    interval = "" if missing(low) or missing(high) else span(low, high)
    size = row["replicates"]
    alike = round(row[f"{row['class']}_share"] * size) if row["class"] else size
    return [
        Cell(percent(median, 1), drawing=_strip(results, row)),
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


def _strip(results: Results, row: Row) -> dict[str, Any]:
    """Return where everything stands in the strip of a row of models.csv.

    `dots` has x, y, replicate and accuracy of each replicate with an accuracy, of all `runs`, and
    `rules` where the classes end. The other places are None for what there is not.
    """
    study, condition, model = results.study, row["condition"], row["model"]
    values = results.accuracies(condition, model)
    known = values.dropna()
    places = [_place(study, value) for value in known]
    shifts = swarm(places, 2 * RADIUS, HEIGHT / 2 - RADIUS - 2.5)
    marks = {name: row[f"test_accuracy_{name}"] for name in ("median", "low", "high")}
    marks["printed"] = results.reported.number("final", model, "test_accuracy")
    return {
        "dots": list(zip(places, shifts, known.index, known, strict=True)),
        "runs": len(values),
        "rules": [_place(study, study.medium), _place(study, study.superior)],
        **{name: None if missing(at) else _place(study, at) for name, at in marks.items()},
        "tone": tone(results, condition),
        "label": f"{study.model_label(model)}, {study.condition_label(condition)}",
    }


def _place(study: Study, accuracy: float) -> float:
    """Return where an accuracy, a fraction, stands in a drawing: linear within each class."""
    ends = (0.0, study.medium, study.superior, 1 + 1e-9)  # three classes, even if Superior is 100 %
    return MARGIN + (WIDTH - 2 * MARGIN) * float(np.interp(accuracy, ends, PARTS))
