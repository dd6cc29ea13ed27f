"""Models grouped by their activation function: every replicate, and what the report prints."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpstudy.evidence.study_file import Study
from mlpstudy.report.drawing.labels import PRINTED, condition_style, key, printed_mark, shortened
from mlpstudy.report.drawing.lanes import accuracy_axes, lane, thresholds
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.formats import short_name, word
from mlpstudy.report.palette import INK, MUTED, RULE

# Inches: a model's lane, the head and foot of a group, what is above and below all.
LANE, GROUP, HEAD, FOOT = 0.155, 0.20, 0.66, 0.40
LEFT, GAP, RIGHT = 1.12, 0.24, 0.12


def groups_figure(
    study: Study,
    replicates: pd.DataFrame,
    groups: dict[str, list[str]],
    conditions: Sequence[str],
    reported: dict[str, float],
) -> Figure:
    """Draw a panel a condition on one axis; in it a block an activation, a lane a model.

    A line through a block is the mean of all replicates of its models.

    Args:
        study: the study, for names, thresholds and colours.
        replicates: condition, model, replicate, test_accuracy (fractions).
        groups: models by activation, in the order in which they are drawn.
        conditions: keys of the conditions, from left to right.
        reported: test accuracies that the report prints, by model, fractions.
    """
    tops = _tops(groups)
    height = max(tops.values()) + LANE * len(list(groups.values())[-1])
    figure = new_figure(WIDTH, HEAD + height + FOOT)
    width = (WIDTH - LEFT - RIGHT - GAP * (len(conditions) - 1)) / len(conditions)
    for at, condition in enumerate(conditions):
        axes = accuracy_axes(figure, LEFT + at * (width + GAP), HEAD, width, height)
        axes.set_xlabel("Test accuracy, %")
        thresholds(axes, study, named=False)
        axes.set_title(
            shortened(word(condition), int(13 * width)), color=condition_style(study, condition)[0]
        )
        chosen = replicates[replicates["condition"] == condition]
        for activation, models in groups.items():
            _block(axes, study, condition, chosen, models, tops[activation], reported)
            if at == 0:
                _names(axes, activation, models, tops[activation], LEFT / width)
    shown = {model for models in groups.values() for model in models} & set(reported)
    marks = [printed_mark()] if shown else []
    key(figure, marks, 0.06, 0.04)
    return figure


def _tops(groups: dict[str, list[str]]) -> dict[str, float]:
    """Return where each block of lanes begins, in inches from the top of the axes."""
    tops, y = {}, 0.0
    for activation, models in groups.items():
        tops[activation] = y + GROUP
        y += GROUP + LANE * len(models) + 0.06
    return tops


def _block(
    axes: Axes, study: Study, condition: str, rows: pd.DataFrame, models: Sequence[str],
    top: float, reported: dict[str, float],
) -> None:  # fmt: skip
    """Draw the lanes of one group, and the mean of all of its replicates."""
    colour, marker = condition_style(study, condition)
    values = rows[rows["model"].isin(models)]["test_accuracy"].dropna()
    if len(values):
        mean = 100 * float(values.mean())
        axes.plot([mean] * 2, [top, top + LANE * len(models)], color=colour, lw=5, alpha=0.16,
                  solid_capstyle="butt", zorder=1)  # fmt: skip
        axes.annotate(
            f"mean {mean:.1f}", (mean, top), xytext=(0, 2), textcoords="offset points",
            ha="center", color=colour, fontsize=6.5,
        )  # fmt: skip
    for place, model in enumerate(models):
        middle = top + LANE * (place + 0.5)
        if model in reported:
            ends = [middle - 0.06, middle + 0.06]
            axes.plot([100 * reported[model]] * 2, ends, **{**PRINTED, "lw": 1.4})
        chosen = rows.loc[rows["model"] == model, "test_accuracy"]
        lane(axes, list(chosen), middle, LANE, colour, marker, size=3.8)


def _names(axes: Axes, activation: str, models: Sequence[str], top: float, left: float) -> None:
    axes.annotate(
        word(activation), (-100 * left + 1, top - 0.06), va="center", weight="bold", fontsize=8,
        color=INK.light, annotation_clip=False,
    )  # fmt: skip
    axes.plot([-100 * left + 1, 100], [top - 0.15] * 2, color=RULE.light, lw=0.5, clip_on=False,
              zorder=0)  # fmt: skip
    for place, model in enumerate(models):
        axes.annotate(
            shortened(short_name(model), 14), (-3, top + LANE * (place + 0.5)), va="center",
            ha="right", fontsize=7.5, color=MUTED.light, annotation_clip=False,
        )  # fmt: skip
