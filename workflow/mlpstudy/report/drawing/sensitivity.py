"""Each model under every condition that covers it, against the value that the report prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.labels import (
    PRINTED,
    condition_name,
    condition_style,
    key,
    printed_mark,
    shortened,
)
from mlpstudy.report.drawing.lanes import accuracy_axes, lane, thresholds
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.palette import INK, MUTED, RULE

# Inches: a condition's lane, the head of a model's block, the gaps, what is above and below.
LANE, NAME, BETWEEN, HEAD, FOOT = 0.135, 0.20, 0.06, 0.34, 0.40
LEFT, RIGHT, GAP, COLUMNS = 1.06, 0.12, 0.26, 2

OTHER: dict[str, Any] = {"lw": 0.9, "ls": (0, (2, 1))}

Printed = dict[str, list[float]]


def sensitivity_figure(
    study: Study, replicates: pd.DataFrame, models: Sequence[str], reported: Printed
) -> Figure:
    """Draw a block a model and in it a lane a condition, in columns on one axis.

    Args:
        study: the study, for names, thresholds and colours.
        replicates: condition, model, replicate, test_accuracy (fractions).
        models: keys of the models.
        reported: every test accuracy that the report prints, by model, fractions; the first one of
            a model is the strongest mark.
    """
    run = set(zip(replicates["condition"], replicates["model"], strict=True))
    covered = {m: [c for c in study.conditions if (c, m) in run] for m in models}
    columns = _columns(covered)
    tallest = max(sum(_block(covered[m]) for m in column) for column in columns)
    figure = new_figure(WIDTH, HEAD + tallest + FOOT)
    width = (WIDTH - RIGHT - LEFT * COLUMNS - GAP * (COLUMNS - 1)) / COLUMNS
    for at, column in enumerate(columns):
        left = LEFT + at * (width + GAP + LEFT)
        height = sum(_block(covered[m]) for m in column)
        axes = accuracy_axes(figure, left, HEAD, width, height)
        axes.set_xlabel("Test accuracy, %")
        thresholds(axes, study, named=False)
        top = 0.0
        for model in column:
            _model(axes, study, replicates, model, covered[model], top, reported, LEFT / width)
            top += _block(covered[model])
    marks = [printed_mark()] if reported else []
    if any(len(values) > 1 for values in reported.values()):
        # A dashed tick is too short to be seen as such.
        marks.append(Line2D([], [], color=INK.light, label="printed elsewhere in it", **OTHER))
    key(figure, marks, 0.06, 0.04)
    return figure


def _block(conditions: Sequence[str]) -> float:
    return NAME + LANE * len(conditions) + BETWEEN


def _columns(covered: dict[str, list[str]]) -> list[list[str]]:
    """Deal the models out to columns of about the same height, in their order."""
    whole = sum(_block(conditions) for conditions in covered.values())
    columns: list[list[str]] = [[] for _ in range(COLUMNS)]
    used = 0.0
    for model, conditions in covered.items():
        middle = used + _block(conditions) / 2
        columns[min(int(COLUMNS * middle / whole), COLUMNS - 1)].append(model)
        used += _block(conditions)
    return [column for column in columns if column]


def _model(
    axes: Axes, study: Study, replicates: pd.DataFrame, model: str, conditions: Sequence[str],
    top: float, reported: Printed, left: float,
) -> None:  # fmt: skip
    """Draw one block: the model's name, its lanes, and the printed value across them."""
    axes.plot([-100 * left + 2, 100], [top + 0.02] * 2, color=RULE.light, lw=0.5, clip_on=False,
              zorder=0)  # fmt: skip
    name = shortened(study.model_label(model), 22)
    axes.annotate(name, (-100 * left + 2, top + 0.12), va="center",
                  weight="bold", fontsize=8, color=INK.light, annotation_clip=False)  # fmt: skip
    ends = [top + NAME - 0.03, top + NAME + LANE * len(conditions) + 0.03]
    for at, value in enumerate(reported.get(model, [])):
        axes.plot([100 * value] * 2, ends, **{**PRINTED, "lw": 1.4, **(OTHER if at else {})})
    for place, condition in enumerate(conditions):
        middle = top + NAME + LANE * (place + 0.5)
        colour, marker = condition_style(study, condition)
        chosen = (replicates["model"] == model) & (replicates["condition"] == condition)
        lane(axes, list(replicates.loc[chosen, "test_accuracy"]), middle, LANE, colour, marker,
             size=3.4)  # fmt: skip
        axes.annotate(condition_name(study, condition, 17), (-3, middle), va="center", ha="right",
                      fontsize=7, color=MUTED.light, annotation_clip=False)  # fmt: skip
