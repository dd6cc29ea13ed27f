"""Every pair of models under one condition: by how much one is better than the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.labels import condition_style, shortened
from mlpstudy.report.drawing.shades import shade
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.formats import number_of, percent
from mlpstudy.report.palette import INK, MUTED, PAPER, RULE

# Inches: room for the first row's name, for numbers or slanted names above the columns, below
# the triangle, and the largest cell.
LEFT, TOP, SLANTED, FOOT, LARGEST = 1.22, 0.30, 0.62, 0.12, 0.37
# Letters that a column's name may have and stand upright.
NUMBER = 3
# Cells smaller than this have no room for numbers.
ROOM = 0.22
# The difference from which a cell is filled strongly.
LARGE = 0.10


def pairs_figure(study: Study, rows: pd.DataFrame, condition: str) -> Figure:
    """Draw a cell a pair; models stand in the order of their median accuracy, the best first.

    A cell compares its row's model with its column's, whose median is not higher: the number is
    their difference in percentage points. A cell is grey where the 95 % interval includes 0.

    Args:
        study: the study, for names and colours.
        rows: the rows of contrasts.csv of this condition.
        condition: key of the condition.
    """
    order = ranked(rows)
    size = len(order) - 1
    slanted = any(len(_short(study, model)) > NUMBER for model in order)
    # A slanted name reaches beyond its column.
    cell = min((WIDTH - LEFT - (0.42 if slanted else 0.06)) / size, LARGEST)
    # A legend needs some height, however few the models are.
    side = max(cell * size, 1.3)
    top = SLANTED if slanted else TOP
    height = top + side + FOOT
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes(
        (LEFT / WIDTH, 1 - (top + cell * size) / height, cell * size / WIDTH, cell * size / height)
    )
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    axes.axis("off")
    colour, _ = condition_style(study, condition)
    ranks = {model: rank for rank, model in enumerate(order)}
    for row in rows.to_dict("records"):
        better, worse = sorted((ranks[row["first_model"]], ranks[row["second_model"]]))
        _cell(axes, worse - 1, better, row, colour, cell)
    medians = median_of(rows)
    for model, rank in ranks.items():
        _names(axes, study, model, rank, size, medians[model], cell)
    _key(figure, height, colour)
    return figure


def median_of(rows: pd.DataFrame) -> dict[str, float]:
    """Return each model's median accuracy, a fraction, in the order of the table."""
    first = dict(zip(rows["first_model"], rows["first_median"], strict=True))
    return first | dict(zip(rows["second_model"], rows["second_median"], strict=True))


def ranked(rows: pd.DataFrame) -> list[str]:
    """Return the models from the highest median to the lowest, those without one last."""
    medians = median_of(rows)
    return sorted(medians, key=lambda model: -np.nan_to_num(medians[model], nan=-1.0))


def _cell(axes: Axes, x: float, y: float, row: Mapping[Any, Any], colour: str, size: float) -> None:
    difference = abs(row["shift"])
    fill: Any = RULE.light
    ink, text = MUTED.light, percent(difference, 0)
    if row["shift_low"] > 0 or row["shift_high"] < 0:
        alpha, ink = shade(difference / LARGE)
        fill = (colour, max(alpha, 0.1))
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=fill, edgecolor=PAPER.light, lw=1.0))
    if size >= ROOM:
        axes.text(x + 0.5, y + 0.52, text, ha="center", va="center_baseline", color=ink,
                  fontsize=min(6.8, 24 * size))  # fmt: skip


def _names(
    axes: Axes, study: Study, model: str, rank: int, size: int, median: float, cell: float
) -> None:
    """Name a model left of its row, which begins at the diagonal, and above its column."""
    font = min(7.5, 30 * cell)
    name = shortened(study.model_label(model), 16)
    if rank < size:
        axes.annotate(
            f"{name}  {percent(median, 1)}", (rank, rank + 0.5), xytext=(-4, 0),
            textcoords="offset points", ha="right", va="center", fontsize=font,
            color=INK.light, annotation_clip=False,
        )  # fmt: skip
    if rank:
        short = _short(study, model)
        number = len(short) <= NUMBER
        turn: dict[str, Any] = (
            {"ha": "center"} if number else {"rotation": 45, "rotation_mode": "anchor"}
        )
        axes.annotate(
            short, (rank - 0.5, 0), xytext=(0, 4), textcoords="offset points", va="bottom",
            fontsize=font, color=INK.light, annotation_clip=False, **turn,
        )  # fmt: skip


def _short(study: Study, model: str) -> str:
    """Return what a column is called: a number where the model has one."""
    return shortened(number_of(study.model_label(model)), 12)


def _key(figure: Figure, height: float, colour: str) -> None:
    """Explain the cells in the empty half, from the lower left up."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, height)
    axes.axis("off")
    samples: tuple[tuple[str, Any, str, str], ...] = (
        ("the 95 % interval includes 0", RULE.light, "3", MUTED.light),
        ("the row's model is better by so many points", (colour, 0.4), "6", INK.light),
    )
    for at, (label, fill, text, ink) in enumerate(samples):
        y = FOOT + 0.27 * at
        axes.add_patch(Rectangle((0.06, y), 0.22, 0.22, facecolor=fill, lw=0))
        axes.text(0.17, y + 0.105, text, ha="center", va="center_baseline", fontsize=6.5, color=ink)
        axes.text(0.36, y + 0.11, label, va="center", fontsize=7, color=MUTED.light)
