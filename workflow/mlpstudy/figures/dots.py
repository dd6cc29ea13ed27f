"""Test accuracy of every replicate as dots, one row per model, with the reported value marked."""

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
    condition_marks,
    key,
    new_figure,
    printed_mark,
    shortened,
    write_beside,
)
from mlpstudy.formats import word

# Inches: a condition's lane in a model's row, the gap between rows, the space above and below, and
# the left end and the width of the axes.
LANE, GAP, HEAD, FOOT, LEFT, ACROSS = 0.15, 0.08, 0.46, 0.40, 1.86, 4.74
LONGEST = 24
END = 114  # right end of rows, in per cent


def dots_figure(m: Results, models: Sequence[str]) -> Figure:
    """Draw one row per model and, in it, one lane per main condition."""
    row = LANE * len(m.main) + GAP
    printed = {k: v for k, v in m.printed.items() if k in models}
    figure = new_figure(WIDTH, HEAD + row * len(models) + FOOT)
    axes = accuracy_axes(figure, LEFT, HEAD, ACROSS, row * len(models))
    thresholds(axes, m.study, named=True)
    for place, model in enumerate(models):
        top = row * place
        if place:
            separator(axes, LEFT - MARGIN, top, END)
        _name(axes, m, model, top + row / 2)
        if model in printed:
            printed_bar(axes, printed[model], top + 0.03, top + row - 0.03)
        for at, condition in enumerate(m.main):
            _lane(axes, m, condition, model, top + GAP / 2 + LANE * (at + 0.5))
    key(figure, [*condition_marks(m.study, m.main), *([printed_mark()] if printed else [])])
    return figure


def _lane(axes: Axes, m: Results, condition: str, model: str, middle: float) -> None:
    """Draw one lane and, at its right, how many of its replicates failed."""
    lane(axes, m, condition, model, middle, LANE)
    failed, all_ = m.failures(condition, [model])
    if failed:
        text, colour = f"{failed} of {all_} failed", colour_of(m.study, condition)
        write_beside(axes, END, middle, text, ha="right", fontsize=6.5, color=colour)


def _name(axes: Axes, m: Results, model: str, middle: float) -> None:
    """Name a row, with what tells the models apart: activation and number of layers."""
    fields = m.study.models[model].fields
    name = shortened(m.study.model_label(model), LONGEST)
    left = -per_cents(axes, LEFT - MARGIN)
    write_beside(axes, left, middle, name, color=INK.light)
    # The details do not fit beside a long name.
    if len(name) <= 9:
        detail = f"{word(fields['activation'])}, {len(fields['nodes'])} layers"
        right = -per_cents(axes, 0.10)
        write_beside(axes, right, middle, detail, ha="right", color=MUTED.light, fontsize=7.5)


def dots_values(m: Results, models: Sequence[str]) -> dict[str, Any]:
    """Return what the caption says: failures, printed values in our range, medians and ranges."""
    printed = {k: v for k, v in m.printed.items() if k in models}
    return {
        "whose": "every model" if list(models) == m.models else m.names(models),
        "replicates": m.replicate_numbers(models, m.main),
        "medium": m.study.medium,
        "printed": bool(printed),
        "conditions": [_under(m, condition, models, printed) for condition in m.main],
    }


def _under(
    m: Results, condition: str, models: Sequence[str], printed: dict[str, float]
) -> dict[str, Any]:
    """Return what the caption says of one condition; `medians` lists (model, low, median, high)."""
    failed, number = m.failures(condition, models)
    run = [model for model in printed if len(m.accuracies(condition, model))]
    medians = []
    for model in models:
        known = m.accuracies(condition, model).dropna()
        if len(known):
            low, middle, high = np.quantile(known, [0, 0.5, 1])
            medians.append((m.names([model]), low, middle, high))
    return {
        "label": m.study.condition_label(condition),
        "failed": failed,
        "number": number,
        "run": len(run),
        "inside": sum(m.covers(condition, model, printed[model]) for model in run),
        "medians": medians,
    }
