"""The models of one comparison side by side: their curves on shared axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mlpstudy.evidence.study_file import Study
from mlpstudy.report.drawing.curves import (
    by_epoch,
    draw_curves,
    scale,
    scale_epochs,
    single_lines,
)
from mlpstudy.report.drawing.labels import condition_lines, condition_style, key, shortened
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.formats import heading, short_name
from mlpstudy.report.palette import INK

# Inches: above and below the panels, a panel's height, and the gaps between rows and columns.
HEAD, FOOT, PANEL, BETWEEN, GAP, LEFT, RIGHT = 0.54, 0.42, 1.25, 0.16, 0.16, 0.62, 0.10
VALIDATION: Any = (0, (2.2, 1.3))


def comparison_curves_figure(
    study: Study, history: pd.DataFrame, models: Sequence[str], conditions: Sequence[str]
) -> Figure:
    """Draw loss above accuracy, a column a model, all rows and columns on the same axes.

    Training: every replicate thin, their median strong. Validation: the median, dashed.

    Args:
        study: the study, for names and colours.
        history: rows of history.csv.
        models: keys of the models, from left to right.
        conditions: keys of the conditions to draw.
    """
    rows = history[history["model"].isin(models) & history["condition"].isin(conditions)]
    height = HEAD + 2 * PANEL + BETWEEN + FOOT
    figure = new_figure(WIDTH, height)
    width = (WIDTH - LEFT - RIGHT - GAP * (len(models) - 1)) / len(models)
    single = single_lines(rows, 2)
    for down, quantity in enumerate(("loss", "accuracy")):
        panels = []
        for at, model in enumerate(models):
            left = LEFT + at * (width + GAP)
            bottom = FOOT + (1 - down) * (PANEL + BETWEEN)
            box = (left / WIDTH, bottom / height, width / WIDTH, PANEL / height)
            axes = figure.add_axes(box)
            chosen = rows[rows["model"] == model]
            for condition in conditions:
                _model(axes, study, chosen[chosen["condition"] == condition], quantity, condition,
                       single)  # fmt: skip
            scale_epochs(axes, max(int(chosen["epoch"].max()), 1))
            if down == 0:
                axes.set_title(shortened(short_name(model), int(width * 14)))
                axes.tick_params(axis="x", labelbottom=False)
                axes.set_xlabel("")
            panels.append(axes)
        scale(panels, quantity, study)
        panels[0].set_ylabel(heading(quantity))
        panels[0].yaxis.set_label_coords(-0.42 / width, 0.5)
    _key(figure, study, conditions, single, bool(rows["validation_loss"].notna().any()))
    return figure


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
