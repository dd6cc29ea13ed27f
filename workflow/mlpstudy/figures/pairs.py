"""Every pair of models under one condition: by how much one is better than the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Study
from mlpstudy.figures.palette import INK, MUTED, PAPER, RULE
from mlpstudy.figures.style import MARGIN, WIDTH, axes_at, bare, canvas, colour_of, shade, shortened
from mlpstudy.formats import number_of, percent

# Inches: the space for the first row's name, for numbers or slanted names above the columns, and
# below the triangle; the largest cell, and the smallest that has room for a number.
LEFT, TOP, SLANTED, FOOT, LARGEST, NUMBERED = 1.22, 0.30, 0.62, 0.12, 0.37, 0.22
# Letters of the longest name of a column that stands upright.
UPRIGHT = 3
# The difference from which a cell is filled strongly.
LARGE = 0.10


def pairs_figure(m: Results, condition: str) -> Figure:
    """Draw a cell per pair; models stand in the order of their median accuracy, the best first.

    A cell compares its row's model with its column's, whose median is not higher: the number is
    their difference in percentage points. A cell is grey where the 95 % interval includes 0.
    """
    rows = m.contrasts_under(condition)
    medians = ranked(rows)
    size = len(medians) - 1
    slanted = any(len(_short(m.study, model)) > UPRIGHT for model in medians)
    # A slanted name reaches beyond its column.
    cell = min((WIDTH - LEFT - (0.42 if slanted else MARGIN)) / size, LARGEST)
    top = SLANTED if slanted else TOP
    # The key needs some height, however few the models are.
    height = top + max(cell * size, 1.3) + FOOT
    figure, page = canvas(height)
    axes = bare(axes_at(figure, LEFT, top, cell * size, cell * size), size, size)
    colour = colour_of(m.study, condition)
    ranks = {model: rank for rank, model in enumerate(medians)}
    for row in rows.to_dict("records"):
        better, worse = sorted((ranks[row["first_model"]], ranks[row["second_model"]]))
        _cell(axes, worse - 1, better, row, colour, cell)
    for model, rank in ranks.items():
        _names(axes, m.study, model, rank, medians[model], cell)
    _key(page, height, colour)
    return figure


def ranked(rows: pd.DataFrame) -> dict[str, float]:
    """Return each model's median accuracy, from the highest to the lowest, those without last."""
    medians = dict(zip(rows["first_model"], rows["first_median"], strict=True))
    medians |= dict(zip(rows["second_model"], rows["second_median"], strict=True))
    return dict(sorted(medians.items(), key=lambda pair: -np.nan_to_num(pair[1], nan=-1.0)))


def _cell(axes: Axes, x: float, y: float, row: Mapping[Any, Any], colour: str, size: float) -> None:
    difference = abs(row["shift"])
    fill: Any = RULE.light
    ink = MUTED.light
    if row["shift_low"] > 0 or row["shift_high"] < 0:
        alpha, ink = shade(difference / LARGE)
        fill = (colour, max(alpha, 0.1))
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=fill, edgecolor=PAPER.light, lw=1.0))
    if size >= NUMBERED:
        axes.text(x + 0.5, y + 0.52, percent(difference, 0), ha="center", va="center_baseline",
                  color=ink, fontsize=min(6.8, 24 * size))  # fmt: skip


def _names(axes: Axes, study: Study, model: str, rank: int, median: float, cell: float) -> None:
    """Name a model left of its row, which begins at the diagonal, and above its column."""
    style: dict[str, Any] = {
        "textcoords": "offset points", "annotation_clip": False, "color": INK.light,
        "fontsize": min(7.5, 30 * cell),
    }  # fmt: skip
    if rank < axes.get_xlim()[1]:
        name = f"{shortened(study.model_label(model), 16)}  {percent(median, 1)}"
        axes.annotate(name, (rank, rank + 0.5), xytext=(-4, 0), ha="right", va="center", **style)
    if rank:
        short = _short(study, model)
        turned = {"rotation": 45, "rotation_mode": "anchor"}
        turn: dict[str, Any] = {"ha": "center"} if len(short) <= UPRIGHT else turned
        axes.annotate(short, (rank - 0.5, 0), xytext=(0, 4), va="bottom", **turn, **style)


def _short(study: Study, model: str) -> str:
    """Return what a column is called: a number where the model has one."""
    return shortened(number_of(study.model_label(model)), 12)


def _key(page: Axes, height: float, colour: str) -> None:
    """Explain the cells in the empty half, from the lower left up."""
    samples: tuple[tuple[str, Any, str, str], ...] = (
        ("the 95 % interval includes 0", RULE.light, "3", MUTED.light),
        ("the row's model is better by so many points", (colour, 0.4), "6", INK.light),
    )
    for at, (label, fill, text, ink) in enumerate(samples):
        y = height - FOOT - 0.22 - 0.27 * at
        page.add_patch(Rectangle((MARGIN, y), 0.22, 0.22, facecolor=fill, lw=0))
        page.text(MARGIN + 0.11, y + 0.115, text, ha="center", va="center_baseline", fontsize=6.5,
                  color=ink)  # fmt: skip
        page.text(MARGIN + 0.30, y + 0.11, label, va="center", fontsize=7, color=MUTED.light)


def pairs_values(m: Results, condition: str) -> dict[str, Any]:
    """Return what the caption says: how many pairs the intervals tell apart, and the order."""
    rows = m.contrasts_under(condition)
    return {
        "label": m.study.condition_label(condition),
        "apart": int(((rows["shift_low"] > 0) | (rows["shift_high"] < 0)).sum()),
        "pairs": len(rows),
        "order": m.study.model_labels(ranked(rows)),
    }
