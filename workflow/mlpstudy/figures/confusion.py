"""What a model takes each class for: the mean confusion matrix, with the recall of each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mlpstudy.analysis.results import Results
from mlpstudy.figures.palette import MUTED, RULE
from mlpstudy.figures.style import (
    WIDTH,
    axes_at,
    bare,
    colour_of,
    condition_name,
    new_figure,
    shade,
    shortened,
)
from mlpstudy.formats import percent

# Inches: the space for the classes' names, between matrices, below a matrix, and for the recalls.
NAMES, GAP, FOOT, RECALL = 0.86, 0.16, 0.10, 0.62
# The share from which a cell is coloured, the per cent from which it has its number, and the
# share from which it is most of the class.
COLOURED, WRITTEN, MOST = 0.001, 1, 0.5
COLUMNS = 2
LONGEST, LEAST_FONT = 14, 3.5


def confusion_figure(m: Results, model: str, conditions: Sequence[str]) -> Figure:
    """Draw a matrix per condition, true classes down and predicted ones across, and the recalls."""
    classes = m.study.labels
    across = min(COLUMNS, len(conditions))
    down = -(-len(conditions) // across)
    # One matrix alone is as wide as one of COLUMNS.
    width = (WIDTH - NAMES - GAP * COLUMNS) / COLUMNS
    cell = min((width - RECALL) / len(classes), 0.26)
    side = cell * len(classes)
    names = [shortened(name, LONGEST) for name in classes]
    head = 0.38 + 0.034 * max(map(len, names))  # for the slanted names
    figure = new_figure(WIDTH, down * (head + side) + FOOT)
    for at, condition in enumerate(conditions):
        left = NAMES + (at % across) * (width + GAP)
        top = head + (at // across) * (head + side)
        axes = bare(axes_at(figure, left, top, side, side), len(classes), len(classes))
        colour = colour_of(m.study, condition)
        _cells(axes, matrix(m, condition, model), colour, cell)
        _names(axes, names, cell, down_too=at % across == 0)
        axes.annotate(
            condition_name(m.study, condition, int(13 * side)), (0, 1), xycoords="axes fraction",
            xytext=(-2, 72 * head - 14), textcoords="offset points", color=colour, weight="bold",
            fontsize=8.5,
        )  # fmt: skip
        recalls = m.rows("recalls", [model], [condition]).set_index("class").reindex(classes)
        _recalls(axes, recalls, colour, cell)
    return figure


def matrix(m: Results, condition: str, model: str) -> NDArray[np.float64]:
    """Return shares of shape (true, predicted); NaN where the table has none."""
    rows = m.rows("confusions", [model], [condition])
    table = rows.pivot_table("share", "true", "predicted", dropna=False, observed=True)
    found: NDArray[np.float64] = table.reindex(
        index=m.study.labels, columns=m.study.labels
    ).to_numpy(np.float64, copy=True)
    return found


def _cells(axes: Axes, shares: NDArray[np.float64], colour: str, cell: float) -> None:
    """Fill each cell by the root of its share, so that rare mistakes are seen, and number it.

    What most of the images of a class are taken for is filled strongly.
    """
    size, known = len(shares), np.nan_to_num(shares)
    squares, strengths = [], []
    for i, j in zip(*np.nonzero(known >= COLOURED), strict=True):
        squares.append([(j, i), (j + 1, i), (j + 1, i + 1), (j, i + 1)])
        strengths.append((colour, shade(shares[i, j] / MOST).alpha))
    axes.add_collection(PolyCollection(squares, facecolors=strengths, edgecolors="none"))
    rules = [[(0, at), (size, at)] for at in range(size + 1)]
    rules += [[(at, 0), (at, size)] for at in range(size + 1)]
    axes.add_collection(LineCollection(rules, colors=RULE.light, lw=0.4, clip_on=False))
    font = min(6.2, 26 * cell)
    if font < LEAST_FONT:
        return
    for i, j in zip(*np.nonzero(np.rint(100 * known) >= WRITTEN), strict=True):
        axes.text(
            j + 0.5, i + 0.52, percent(shares[i, j], 0), ha="center", va="center_baseline",
            fontsize=font, color=shade(shares[i, j] / MOST).ink,
        )  # fmt: skip


def _names(axes: Axes, names: Sequence[str], cell: float, down_too: bool) -> None:
    """Write the classes above and, if they are the first of a row, left of a matrix."""
    style: dict[str, Any] = {
        "textcoords": "offset points", "annotation_clip": False, "color": MUTED.light,
        "fontsize": max(min(6.8, 34 * cell), LEAST_FONT),
    }  # fmt: skip
    # Of many classes every second, every third … is named.
    step = max(round(LEAST_FONT / (34 * cell)), 1)
    for at, name in list(enumerate(names))[::step]:
        axes.annotate(name, (at + 0.5, 0), xytext=(0, 3), va="bottom", rotation=45,
                      rotation_mode="anchor", **style)  # fmt: skip
        if down_too:
            axes.annotate(name, (0, at + 0.5), xytext=(-4, 0), ha="right", va="center", **style)


def _recalls(axes: Axes, recalls: pd.DataFrame, colour: str, cell: float) -> None:
    """Draw each class's recall beside its row: the mean a tick, the replicates' range a line."""
    start, length = len(recalls) + 0.35, RECALL / cell - 0.7
    axes.annotate(
        "recall", (start + length / 2, 0), xytext=(0, 4), textcoords="offset points", ha="center",
        fontsize=min(6.2, 34 * cell), color=MUTED.light, annotation_clip=False,
    )  # fmt: skip
    spans = recalls[["recall_min", "recall_mean", "recall_max"]].to_numpy(np.float64)
    butt: dict[str, Any] = {"solid_capstyle": "butt", "clip_on": False}
    for at, (low, mean, high) in enumerate(start + length * spans):
        y = at + 0.5
        axes.plot([start, start + length], [y, y], color=RULE.light, lw=0.6, clip_on=False)
        if np.isfinite(mean):
            axes.plot([low, high], [y, y], color=colour, lw=2.4, alpha=0.45, **butt)
            axes.plot([mean, mean], [y - 0.28, y + 0.28], color=colour, lw=1.6, **butt)


def confusion_values(m: Results, model: str, conditions: Sequence[str]) -> dict[str, Any]:
    """Return what the caption says: the commonest mistake and the mean recalls."""
    classes, told = m.study.labels, []
    for condition in conditions:
        shares = matrix(m, condition, model)
        np.fill_diagonal(shares, np.nan)
        worst = None
        if np.isfinite(shares).any():
            i, j = np.unravel_index(np.nanargmax(shares), shares.shape)
            worst = classes[i], classes[j], float(shares[i, j])
        recalls = m.rows("recalls", [model], [condition])
        told.append({
            "label": m.study.condition_label(condition),
            "worst": worst,
            "recalls": list(zip(recalls["class"], recalls["recall_mean"], strict=True)),
        })  # fmt: skip
    return {
        "whose": m.names([model]),
        "replicates": m.replicate_numbers([model], conditions),
        "conditions": told,
    }
