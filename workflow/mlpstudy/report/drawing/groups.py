"""Models grouped by their activation function: every replicate, and what the report prints."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
from mlpstudy.report.formats import word
from mlpstudy.report.palette import INK, MUTED, RULE

# Inches: a model's lane, the head of a group, what is above and below all, and above a further
# band of panels.
LANE, GROUP, HEAD, FOOT, TITLE = 0.155, 0.20, 0.66, 0.40, 0.34
LEFT, GAP, RIGHT = 1.12, 0.24, 0.12

Groups = dict[str, list[str]]  # models by activation, in the order in which they are drawn


def groups_figure(
    study: Study,
    replicates: pd.DataFrame,
    groups: dict[str, Groups],
    reported: dict[str, float],
) -> Figure:
    """Draw a panel a condition on one axis; in it a block an activation, a lane a model.

    A line through a block is the mean of all replicates of its models. Conditions with the same
    groups stand side by side.

    Args:
        study: the study, for names, thresholds and colours.
        replicates: condition, model, replicate, test_accuracy (fractions).
        groups: by condition, the models by activation.
        reported: test accuracies that the report prints, by model, fractions.
    """
    bands = _bands(groups)
    heights = [_height(groups[band[0]]) for band in bands]
    whole = HEAD + sum(heights) + (len(bands) - 1) * (FOOT + TITLE) + FOOT
    figure = new_figure(WIDTH, whole)
    across = max(len(band) for band in bands)
    width = (WIDTH - LEFT - RIGHT - GAP * (across - 1)) / across
    top = HEAD
    for band, height in zip(bands, heights, strict=True):
        for at, condition in enumerate(band):
            axes = accuracy_axes(figure, LEFT + at * (width + GAP), top, width, height)
            _panel(axes, study, condition, width)
            chosen = replicates[replicates["condition"] == condition]
            starts = _tops(groups[condition])
            for activation, models in groups[condition].items():
                _block(axes, study, condition, chosen, models, starts[activation], reported)
                if at == 0:
                    _names(axes, study, activation, models, starts[activation], LEFT / width)
        top += height + FOOT + TITLE
    key(figure, [printed_mark()] if reported else [], 0.06, 0.04)
    return figure


def _bands(groups: dict[str, Groups]) -> list[list[str]]:
    """Return the one or two conditions side by side if they have the same groups, else apart."""
    conditions = list(groups)
    alike = all(own == groups[conditions[0]] for own in groups.values())
    return [conditions] if alike else [[condition] for condition in conditions]


def _panel(axes: Axes, study: Study, condition: str, width: float) -> None:
    """Name a panel, `width` inches wide, and its axis."""
    axes.set_xlabel("Test accuracy, %")
    thresholds(axes, study, named=False)
    title = condition_name(study, condition, int(13 * width))
    axes.set_title(title, color=condition_style(study, condition)[0])


def _height(groups: Groups) -> float:
    """Return how high a panel is, in inches: to the end of its last block."""
    return max(_tops(groups).values()) + LANE * len(list(groups.values())[-1])


def _tops(groups: Groups) -> dict[str, float]:
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


def _names(
    axes: Axes, study: Study, activation: str, models: Sequence[str], top: float, left: float
) -> None:
    axes.annotate(
        word(activation), (-100 * left + 1, top - 0.06), va="center", weight="bold", fontsize=8,
        color=INK.light, annotation_clip=False,
    )  # fmt: skip
    axes.plot([-100 * left + 1, 100], [top - 0.15] * 2, color=RULE.light, lw=0.5, clip_on=False,
              zorder=0)  # fmt: skip
    for place, model in enumerate(models):
        axes.annotate(
            shortened(study.model_label(model), 14), (-3, top + LANE * (place + 0.5)), va="center",
            ha="right", fontsize=7.5, color=MUTED.light, annotation_clip=False,
        )  # fmt: skip
