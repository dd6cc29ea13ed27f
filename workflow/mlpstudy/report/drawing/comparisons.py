"""The models of one comparison side by side: their curves on shared axes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.curves import (
    by_epoch,
    draw_curves,
    scale,
    scale_epochs,
    single_lines,
)
from mlpstudy.report.drawing.labels import condition_lines, condition_style, key, shortened
from mlpstudy.report.drawing.style import WIDTH, in_rows, new_figure
from mlpstudy.report.formats import heading
from mlpstudy.report.palette import INK

# Inches: above and below the panels, a panel's height, and the gaps between rows and columns.
HEAD, FOOT, PANEL, BETWEEN, GAP, LEFT, RIGHT = 0.54, 0.42, 1.25, 0.16, 0.16, 0.62, 0.10
# Models side by side; of more of them there are several bands, each with a title's height above.
ACROSS, TITLE = 8, 0.32
BAND = 2 * PANEL + BETWEEN
VALIDATION: Any = (0, (2.2, 1.3))


def comparison_curves_figure(
    study: Study, history: pd.DataFrame, models: Sequence[str], conditions: Sequence[str]
) -> Figure:
    """Draw loss above accuracy, a column a model, all rows and columns on the same axes.

    Training: every replicate thin, their median strong. Validation: the median, dashed.

    Args:
        study: the study, for names and colours.
        history: rows of history.csv.
        models: keys of the models, from left to right, then band by band.
        conditions: keys of the conditions to draw.
    """
    rows = history[history["model"].isin(models) & history["condition"].isin(conditions)]
    bands = in_rows(models, ACROSS)
    figure = new_figure(WIDTH, HEAD + len(bands) * (BAND + FOOT + TITLE) - TITLE)
    single = single_lines(rows, 2)
    for down, quantity in enumerate(("loss", "accuracy")):
        panels = []
        for at, band in enumerate(bands):
            top = HEAD + at * (BAND + FOOT + TITLE) + down * (PANEL + BETWEEN)
            panels.append(_row(figure, study, band, top, len(bands[0]), named=down == 0))
        for model, axes in zip(models, chain(*panels), strict=True):
            chosen = rows[rows["model"] == model]
            for condition in conditions:
                _model(axes, study, chosen[chosen["condition"] == condition], quantity, condition,
                       single)  # fmt: skip
            scale_epochs(axes, max(int(chosen["epoch"].max()) if len(chosen) else 1, 1))
            axes.set_xlabel("Epoch" if down else "")
        scale(list(chain(*panels)), quantity, study)
        for first, *_ in panels:
            first.tick_params(axis="y", labelleft=True)
            first.set_ylabel(heading(quantity))
            first.yaxis.set_label_coords(-0.42 / _width(len(bands[0])), 0.5)
    _key(figure, study, conditions, single, bool(rows["validation_loss"].notna().any()))
    return figure


def _row(
    figure: Figure, study: Study, models: Sequence[str], top: float, across: int, named: bool
) -> list[Axes]:
    """Return a row of axes, a model each, `top` inches below the figure's upper edge.

    Where they are `named` others stand below them, which number the epochs.
    """
    width, height = _width(across), float(figure.get_size_inches()[1])
    panels = []
    for at, model in enumerate(models):
        left, bottom = LEFT + at * (width + GAP), height - top - PANEL
        box = (left / WIDTH, bottom / height, width / WIDTH, PANEL / height)
        axes = figure.add_axes(box)
        if named:
            axes.set_title(shortened(study.model_label(model), int(width * 14)))
            axes.tick_params(axis="x", labelbottom=False)
        panels.append(axes)
    return panels


def _width(across: int) -> float:
    """Return how wide a panel is if so many stand side by side."""
    return (WIDTH - LEFT - RIGHT - GAP * (across - 1)) / across


def _model(
    axes: Axes, study: Study, rows: pd.DataFrame, quantity: str, condition: str, single: bool
) -> None:
    if rows.empty:
        return
    colour, _ = condition_style(study, condition)
    draw_curves(axes, by_epoch(rows, "train", quantity), colour, single)
    median = by_epoch(rows, "validation", quantity).median(axis=1).dropna()
    if len(median) > 1:
        axes.plot(median.index, median, color=colour, lw=1.1, ls=VALIDATION, zorder=3)


def _key(
    figure: Figure, study: Study, conditions: Sequence[str], single: bool, validated: bool
) -> None:
    lines: list[tuple[str, dict[str, Any]]] = [
        ("training: median", {"lw": 1.8}),
        ("one replicate", {"lw": 0.55})
        if single
        else ("range of the replicates", {"lw": 6.0, "alpha": 0.18}),
    ]
    if validated:
        lines.append(("validation: median", {"lw": 1.1, "ls": VALIDATION}))
    handles = [Line2D([], [], color=INK.light, label=name, **style) for name, style in lines]
    key(figure, [*condition_lines(study, conditions), *handles], 0.06, 0.04)
