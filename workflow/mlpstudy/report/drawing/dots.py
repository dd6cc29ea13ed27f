"""Test accuracy of every replicate as dots, a row a model, with the reported value marked."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.labels import (
    PRINTED,
    condition_marks,
    condition_style,
    key,
    printed_mark,
    shortened,
)
from mlpstudy.report.drawing.lanes import accuracy_axes, lane, thresholds
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.formats import word
from mlpstudy.report.palette import INK, MUTED, RULE

# Inches: a condition's lane in a model's row, the gap between rows, what is above and below, and
# the left end and the width of the axes.
LANE, GAP, HEAD, FOOT, LEFT, ACROSS = 0.15, 0.08, 0.46, 0.40, 1.86, 4.74
LONGEST = 24


def dots_figure(
    study: Study,
    replicates: pd.DataFrame,
    models: list[str],
    conditions: list[str],
    reported: dict[str, float],
) -> Figure:
    """Draw one row a model and, in it, one lane a condition.

    Args:
        study: the study, for names, thresholds and the order of conditions.
        replicates: condition, model, replicate, test_accuracy (fractions).
        models: keys of the models, from top to bottom.
        conditions: keys of the conditions, from top to bottom of a row.
        reported: test accuracies that the report prints, by model, fractions.
    """
    row = LANE * len(conditions) + GAP
    figure = new_figure(WIDTH, HEAD + row * len(models) + FOOT)
    axes = accuracy_axes(figure, LEFT, HEAD, ACROSS, row * len(models))
    axes.set_xlabel("Test accuracy, %")
    thresholds(axes, study)
    for place, model in enumerate(models):
        top = row * place
        if place:
            axes.plot([100 * (0.06 - LEFT) / ACROSS, 114], [top, top], color=RULE.light, lw=0.5,
                      clip_on=False, zorder=0)  # fmt: skip
        _name(axes, study, model, top + row / 2)
        if model in reported:
            axes.plot([100 * reported[model]] * 2, [top + 0.03, top + row - 0.03], **PRINTED)
        for at, condition in enumerate(conditions):
            chosen = (replicates["model"] == model) & (replicates["condition"] == condition)
            middle = top + GAP / 2 + LANE * (at + 0.5)
            _lane(axes, study, condition, list(replicates.loc[chosen, "test_accuracy"]), middle)
    marks = condition_marks(study, conditions)
    key(figure, [*marks, printed_mark()] if reported else marks, 0.06, 0.04)
    return figure


def _lane(axes: Axes, study: Study, condition: str, values: list[float], middle: float) -> None:
    """Draw one lane, and say right of it how many of its replicates failed."""
    colour, marker = condition_style(study, condition)
    lane(axes, values, middle, LANE, colour, marker)
    failed = sum(not value >= study.medium for value in values)
    if failed:
        axes.annotate(
            f"{failed} of {len(values)} failed", (114, middle), va="center", ha="right",
            fontsize=6.5, color=colour, annotation_clip=False,
        )  # fmt: skip


def _name(axes: Axes, study: Study, model: str, middle: float) -> None:
    """Name a row, with what tells the models apart: activation and number of layers."""
    fields = study.models[model].fields
    name = shortened(study.model_label(model), LONGEST)
    _write(axes, -LEFT + 0.06, middle, name, color=INK.light, ha="left")
    # A name that is long leaves no room for the details.
    if len(name) <= 9:
        detail = f"{word(fields['activation'])}, {len(fields['nodes'])} layers"
        _write(axes, -0.10, middle, detail, color=MUTED.light, ha="right", size=7.5)


def _write(axes: Axes, x: float, y: float, text: str, size: float = 8, **style: Any) -> None:
    """Write at `x` inches from the axes' left end."""
    axes.annotate(
        text, (100 * x / ACROSS, y), va="center", fontsize=size, annotation_clip=False, **style
    )
