"""Models grouped by their activation function: every replicate, and what the report prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpstudy.analysis.results import Results
from mlpstudy.figures.lanes import (
    accuracy_axes,
    lane,
    per_cents,
    printed_bar,
    separator,
    thresholds,
)
from mlpstudy.figures.palette import INK, MUTED
from mlpstudy.figures.style import (
    MARGIN,
    WIDTH,
    colour_of,
    condition_name,
    key,
    new_figure,
    printed_mark,
    shortened,
    write_beside,
)
from mlpstudy.formats import word

# Inches: a model's lane, the head of a group, the space above and below all panels, above a further
# row of panels, left of the panels, between them and right of them.
LANE, GROUP, HEAD, FOOT, TITLE = 0.155, 0.20, 0.66, 0.40, 0.34
LEFT, GAP, RIGHT = 1.12, 0.24, 0.12

Groups = dict[str, list[str]]  # models by activation, in the order in which they are drawn


def groups_figure(m: Results) -> Figure:
    """Draw a panel per main condition; in it a block per activation, and a lane per model.

    A band through a block is the mean of all replicates of its models. Conditions with the same
    groups stand side by side.
    """
    groups = {condition: groups_of(m, condition) for condition in m.main}
    rows = _rows(groups)
    heights = [_height(groups[row[0]]) for row in rows]
    figure = new_figure(WIDTH, HEAD + sum(heights) + (len(rows) - 1) * (FOOT + TITLE) + FOOT)
    across = max(len(row) for row in rows)
    width = (WIDTH - LEFT - RIGHT - GAP * (across - 1)) / across
    top = HEAD
    for row, height in zip(rows, heights, strict=True):
        for at, condition in enumerate(row):
            axes = accuracy_axes(figure, LEFT + at * (width + GAP), top, width, height)
            thresholds(axes, m.study)
            title = condition_name(m.study, condition, int(13 * width))
            axes.set_title(title, color=colour_of(m.study, condition))
            starts = _tops(groups[condition])
            for activation, models in groups[condition].items():
                _block(axes, m, condition, models, starts[activation])
                if at == 0:
                    _names(axes, m, activation, models, starts[activation])
        top += height + FOOT + TITLE
    key(figure, [printed_mark()] if m.printed else [])
    return figure


def groups_of(m: Results, condition: str) -> Groups:
    """Return the models by the activation that they have under a condition."""
    found: Groups = {}
    for model in m.models:
        activation = m.study.fields(condition, model)["activation"]
        found.setdefault(str(activation), []).append(model)
    return found


def _rows(groups: dict[str, Groups]) -> list[list[str]]:
    """Return the one or two conditions side by side if they have the same groups, else apart."""
    conditions = list(groups)
    alike = all(own == groups[conditions[0]] for own in groups.values())
    return [conditions] if alike else [[condition] for condition in conditions]


def _tops(groups: Groups) -> dict[str, float]:
    """Return where each block of lanes begins, in inches from the top of the axes."""
    tops, y = {}, 0.0
    for activation, models in groups.items():
        tops[activation] = y + GROUP
        y += GROUP + LANE * len(models) + 0.06
    return tops


def _height(groups: Groups) -> float:
    """Return how high a panel is, in inches: to the end of its last block."""
    return max(_tops(groups).values()) + LANE * len(list(groups.values())[-1])


def _block(axes: Axes, m: Results, condition: str, models: Sequence[str], top: float) -> None:
    """Draw the lanes of one group, and the mean of all of its replicates."""
    colour = colour_of(m.study, condition)
    mean = 100 * m.replicates_of(condition, models)["test_accuracy"].mean()
    if np.isfinite(mean):
        axes.plot([mean] * 2, [top, top + LANE * len(models)], color=colour, lw=5, alpha=0.16,
                  solid_capstyle="butt", zorder=1)  # fmt: skip
        axes.annotate(
            f"mean {mean:.1f}", (mean, top), xytext=(0, 2), textcoords="offset points",
            ha="center", color=colour, fontsize=6.5,
        )  # fmt: skip
    printed = m.printed
    for place, model in enumerate(models):
        middle = top + LANE * (place + 0.5)
        if model in printed:
            printed_bar(axes, printed[model], middle - 0.06, middle + 0.06, lw=1.4)
        lane(axes, m, condition, model, middle, LANE, size=3.8)


def _names(axes: Axes, m: Results, activation: str, models: Sequence[str], top: float) -> None:
    left = LEFT - MARGIN
    separator(axes, left, top - 0.15)
    x = -per_cents(axes, left)
    write_beside(axes, x, top - 0.06, word(activation), weight="bold", color=INK.light)
    for place, model in enumerate(models):
        name = shortened(m.study.model_label(model), 14)
        write_beside(axes, -3, top + LANE * (place + 0.5), name, ha="right", fontsize=7.5,
                     color=MUTED.light)  # fmt: skip


def groups_values(m: Results) -> dict[str, Any]:
    """Return what the caption says: the mean of each group, the highest first."""
    conditions = []
    for condition in m.main:
        means = {
            a: m.replicates_of(condition, models)["test_accuracy"].mean()
            for a, models in groups_of(m, condition).items()
        }
        known = sorted((-mean, activation) for activation, mean in means.items() if mean == mean)
        label = m.study.condition_label(condition)
        conditions.append({"label": label, "means": [(word(a), -mean) for mean, a in known]})
    return {"replicates": m.replicate_numbers(m.models, m.main), "conditions": conditions}
