"""Matrices of filled cells: the confusions of a model's classes, and every pair of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from mlpstudy.analysis.results import Results
from mlpstudy.figures import style
from mlpstudy.figures.palette import INK, MUTED, RULE
from mlpstudy.figures.style import MARGIN, WIDTH, write
from mlpstudy.formats import number_of, percent

# Inches in a figure of confusions: for the classes' names, between matrices, for the recalls, and
# for the numbers below these.
NAMES, GAP, RECALL, BELOW = 0.98, 0.10, 0.82, 0.17
# Points, at most. On paper, where a figure of confusions is three quarters as large, 8 become 6.
FONT = 8.0
# The share from which a cell is filled, the per cent from which it has its number, and the share
# from which it is most of the class and filled strongly.
FILLED, WRITTEN, MOST = 0.001, 1, 0.5
COLUMNS = 2  # matrices side by side
LEAST_FONT = 3.5  # points
# Inches in a matrix of pairs: left of the cells; the smallest cell that has room for a number.
LEFT, NUMBERED = 1.22, 0.22
UPRIGHT = 3  # letters of the longest name of a column that stands upright
LARGE = 0.10  # the difference from which a cell of a pair is filled strongly


def confusion_figure(results: Results, model: str, conditions: Sequence[str]) -> Figure:
    """Draw a matrix per condition, true classes down and predicted ones across, and the recalls."""
    classes = results.study.labels
    across = min(COLUMNS, len(conditions))
    down = -(-len(conditions) // across)
    # One matrix alone is as wide as one of COLUMNS.
    width = (WIDTH - NAMES - GAP * COLUMNS) / COLUMNS
    cell = min((width - RECALL) / len(classes), 0.26)
    side = cell * len(classes)
    names = [style.shortened(name, 14) for name in classes]
    head = 0.38 + 0.046 * max(map(len, names))  # for the slanted names
    figure = style.new_figure(WIDTH, down * (head + side + BELOW) + 0.06)
    for at, condition in enumerate(conditions):
        left = NAMES + (at % across) * (width + GAP)
        top = head + (at // across) * (head + side + BELOW)
        axes = style.axes_at(figure, left, top, side, side)
        style.bare(axes, len(classes), len(classes))
        colour = style.colour_of(results.study, condition)
        _confusions(axes, matrix(results, condition, model), colour, cell)
        _name_classes(axes, names, cell, rows=at % across == 0)
        title = style.condition_name(results.study, condition, int(13 * side))
        bold: dict[str, Any] = {"color": colour, "weight": "bold", "fontsize": 8.5}
        write(axes, -0.03 / cell, (0.15 - head) / cell, title, **bold)
        recalls = results.rows("recalls", [model], [condition]).set_index("class").reindex(classes)
        _recalls(axes, recalls, colour, cell)
    return figure


def matrix(results: Results, condition: str, model: str) -> NDArray[np.float64]:
    """Return shares of shape (true, predicted); NaN where the table has none."""
    rows, classes = results.rows("confusions", [model], [condition]), results.study.labels
    table = rows.pivot_table("share", "true", "predicted", dropna=False, observed=True)
    return table.reindex(index=classes, columns=classes).to_numpy(np.float64, copy=True)


def _confusions(axes: Axes, shares: NDArray[np.float64], colour: str, cell: float) -> None:
    """Fill each cell by the root of its share, so that rare mistakes are seen, and number it.

    What most of the images of a class are taken for is filled strongly.
    """
    size, font = len(shares), min(FONT, 35 * cell)
    for (i, j), share in np.ndenumerate(shares):
        if share >= FILLED:
            alpha, ink = style.shade(share / MOST)
            written = round(100 * share) >= WRITTEN and font >= LEAST_FONT
            text = percent(share, 0) if written else ""
            style.fill_cell(axes, j, i, (colour, alpha), text, color=ink, fontsize=font)
    rules: dict[str, Any] = {"color": RULE.light, "lw": 0.4, "clip_on": False, "zorder": 2}
    axes.hlines(range(size + 1), 0, size, **rules)
    axes.vlines(range(size + 1), 0, size, **rules)


def _name_classes(axes: Axes, names: Sequence[str], cell: float, rows: bool) -> None:
    """Write the classes above the columns of a matrix and, with `rows`, left of its rows."""
    font = max(min(FONT, 35 * cell), LEAST_FONT)
    # Of many classes every second, every third … is named.
    step = max(round(LEAST_FONT / (35 * cell)), 1)
    for at, name in list(enumerate(names))[::step]:
        _name_column(axes, at, name, cell, slanted=True, fontsize=font)
        if rows:
            write(axes, -0.055 / cell, at + 0.5, name, ha="right", fontsize=font)


def _name_column(axes: Axes, at: int, name: str, cell: float, slanted: bool, **look: Any) -> None:
    turn: dict[str, Any] = {"ha": "center"}
    if slanted:
        turn = {"rotation": 45, "rotation_mode": "anchor"}
    write(axes, at + 0.5, -0.05 / cell, name, va="bottom", **turn, **look)


def _recalls(axes: Axes, recalls: pd.DataFrame, colour: str, cell: float) -> None:
    """Draw each class's recall beside its row: the mean a tick, the replicates' range a line.

    They have an axis of 0 to 100 %, with its numbers below the matrix.
    """
    size = len(recalls)
    start, length = size + 0.10 / cell, (RECALL - 0.26) / cell
    write(axes, start + length / 2, -0.1 / cell, "recall, %", ha="center", fontsize=FONT)
    for share in (0, 0.5, 1):
        x = start + length * share
        axes.vlines(x, 0, size, color=RULE.light, lw=0.6, clip_on=False)
        write(axes, x, size + 0.09 / cell, percent(share, 0), ha="center", fontsize=FONT)
    y = np.arange(size) + 0.5
    known = recalls["recall_mean"].notna().to_numpy()
    names = ["recall_min", "recall_mean", "recall_max"]
    low, mean, high = start + length * recalls.loc[known, names].to_numpy(np.float64).T
    axes.hlines(y[known], low, high, color=colour, lw=2.4, alpha=0.45, clip_on=False)
    axes.vlines(mean, y[known] - 0.28, y[known] + 0.28, color=colour, lw=1.6, clip_on=False)


def confusion_values(results: Results, model: str, conditions: Sequence[str]) -> dict[str, Any]:
    """Return the commonest error by condition, as a row of confusions.csv; none without errors."""
    errors = {}
    for condition in conditions:
        rows = results.rows("confusions", [model], [condition])
        wrong = rows[rows["true"].astype(str) != rows["predicted"].astype(str)]
        for row in wrong.nlargest(1, "share").to_dict("records"):
            errors[condition] = row
    return {"errors": errors}


def pairs_figure(results: Results, condition: str) -> Figure:
    """Draw a cell per pair; models stand in the order of their median accuracy, the best first.

    A cell compares its row's model with its column's, whose median is not higher: the number is
    their difference in percentage points. A cell is grey where the 95 % interval includes 0.
    """
    rows = results.contrasts_under(condition)
    medians = ranked(rows)
    size = len(medians) - 1
    labels = {model: results.study.model_label(model) for model in medians}
    short = {model: style.shortened(number_of(label), 12) for model, label in labels.items()}
    slanted = max(map(len, short.values())) > UPRIGHT
    # A slanted name reaches beyond its column.
    cell = min((WIDTH - LEFT - (0.42 if slanted else MARGIN)) / size, 0.37)
    top = 0.66 if slanted else 0.30
    # The key needs some height, however few the models are.
    figure = style.new_figure(WIDTH, top + max(cell * size, 1.3) + 0.12)
    axes = style.axes_at(figure, LEFT, top, cell * size, cell * size)
    style.bare(axes, size, size)
    colour = style.colour_of(results.study, condition)
    ranks = {model: rank for rank, model in enumerate(medians)}
    for row in rows.to_dict("records"):
        better, worse = sorted((ranks[row["first_model"]], ranks[row["second_model"]]))
        _pair(axes, worse - 1, better, row, colour, cell)
    look: dict[str, Any] = {"color": INK.light, "fontsize": min(7.5, 30 * cell)}
    for rank, model in enumerate(medians):
        if rank < size:  # left of its row, which begins at the diagonal
            name = f"{style.shortened(labels[model], 14)}  {percent(medians[model], 1)}"
            write(axes, rank - 0.055 / cell, rank + 0.5, name, ha="right", **look)
        if rank:
            slant = len(short[model]) > UPRIGHT
            _name_column(axes, rank - 1, short[model], cell, slant, **look)
    figure.legend(
        handles=[
            Patch(facecolor=(colour, 0.4), label="points by which the row's model is better"),
            Patch(facecolor=RULE.light, label="the 95 % interval includes 0"),
        ],
        loc="lower left", bbox_to_anchor=(0, 0), frameon=False, borderaxespad=0.4,
        handlelength=2.2, handleheight=2.2, labelcolor=MUTED.light, fontsize=7,
        title=style.shortened(results.study.condition_label(condition), 40), alignment="left",
        title_fontproperties={"weight": "bold", "size": 8.5},
    ).get_title().set_color(colour)  # fmt: skip
    return figure


def ranked(rows: pd.DataFrame) -> dict[str, float]:
    """Return each model's median accuracy, from the highest to the lowest, those without last."""
    medians = dict(zip(rows["first_model"], rows["first_median"], strict=True))
    medians |= dict(zip(rows["second_model"], rows["second_median"], strict=True))
    return dict(sorted(medians.items(), key=lambda pair: -np.nan_to_num(pair[1], nan=-1.0)))


def _pair(axes: Axes, x: float, y: float, row: Any, colour: str, cell: float) -> None:
    """Fill the cell of a pair by its difference, or grey, and number it if there is room."""
    difference = abs(row["shift"])
    fill: Any = RULE.light
    ink = MUTED.light
    if row["shift_low"] > 0 or row["shift_high"] < 0:
        alpha, ink = style.shade(difference / LARGE)
        fill = (colour, max(alpha, 0.1))
    text = percent(difference, 0) if cell >= NUMBERED else ""
    style.fill_cell(axes, x, y, fill, text, color=ink, fontsize=min(6.8, 24 * cell))


def pairs_values(results: Results, condition: str) -> dict[str, Any]:
    """Return the number of pairs, how many the intervals tell apart, and the models' order."""
    rows = results.contrasts_under(condition)
    apart = (rows["shift_low"] > 0) | (rows["shift_high"] < 0)
    return {"pairs": len(rows), "apart": int(apart.sum()), "order": list(ranked(rows))}
