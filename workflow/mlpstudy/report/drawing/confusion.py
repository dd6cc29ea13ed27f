"""What a model takes each class for: the mean confusion matrix, with the recall of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.labels import condition_name, condition_style, shortened
from mlpstudy.report.drawing.shades import shade
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.formats import percent
from mlpstudy.report.palette import MUTED, RULE

# Inches: room for the classes' names, gap between matrices, what is below a matrix, and the
# scales of recall.
NAMES, GAP, FOOT, RECALL = 0.86, 0.16, 0.10, 0.62
# The share from which a cell is coloured, the per cent from which it has its number, and the
# share from which it is most of the class.
COLOURED, WRITTEN, MOST = 0.001, 1, 0.5
COLUMNS = 2
LONGEST, LEAST_FONT = 14, 3.5


def confusion_figure(
    study: Study,
    confusions: pd.DataFrame,
    recalls: pd.DataFrame,
    model: str,
    conditions: Sequence[str],
) -> Figure:
    """Draw a matrix a condition: true classes down, predicted ones across, recall at the right.

    Args:
        study: the study, for the classes and the colours.
        confusions: condition, model, true, predicted, share: the mean over replicates.
        recalls: condition, model, class, recall_min, recall_mean, recall_max.
        model: key of the model.
        conditions: those of the model that are drawn.
    """
    classes = study.labels
    across = min(COLUMNS, len(conditions))
    down = -(-len(conditions) // across)
    # As wide as if there were COLUMNS of them, so that one alone looks like one of several.
    width = (WIDTH - NAMES - GAP * COLUMNS) / COLUMNS
    cell = min((width - RECALL) / len(classes), 0.26)
    side = cell * len(classes)
    letters = max(len(shortened(name, LONGEST)) for name in classes)
    head = 0.38 + 0.034 * letters  # slanted names
    height = down * (head + side) + FOOT
    figure = new_figure(WIDTH, height)
    for at, condition in enumerate(conditions):
        left = NAMES + (at % across) * (width + GAP)
        top = head + (at // across) * (head + side)
        box = (left / WIDTH, 1 - (top + side) / height, side / WIDTH, side / height)
        axes = figure.add_axes(box)
        colour, _ = condition_style(study, condition)
        shares = matrix(confusions, condition, model, classes)
        _cells(axes, shares, colour, cell)
        _names(axes, classes, cell, down_too=at % across == 0)
        axes.annotate(
            condition_name(study, condition, int(13 * side)), (0, 1), xycoords="axes fraction",
            xytext=(-2, 72 * head - 14), textcoords="offset points", color=colour, weight="bold",
            fontsize=8.5,
        )  # fmt: skip
        chosen = recalls[(recalls["condition"] == condition) & (recalls["model"] == model)]
        _recalls(axes, chosen.set_index("class").reindex(classes), colour, cell)
    return figure


def matrix(
    confusions: pd.DataFrame, condition: str, model: str, classes: list[str]
) -> NDArray[np.float64]:
    """Return shares of shape (true, predicted); NaN where the table has none."""
    rows = confusions[(confusions["condition"] == condition) & (confusions["model"] == model)]
    table = rows.pivot_table("share", "true", "predicted", dropna=False, observed=True)
    found: NDArray[np.float64] = table.reindex(index=classes, columns=classes).to_numpy(
        np.float64, copy=True
    )
    return found


def _cells(axes: Axes, shares: NDArray[np.float64], colour: str, cell: float) -> None:
    """Fill each cell by the root of its share, so that rare mistakes are seen, and number it.

    What most of the images of a class are taken for is filled strongly.
    """
    size = len(shares)
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    axes.axis("off")
    squares, strengths = [], []
    for i, j in zip(*np.nonzero(np.nan_to_num(shares) >= COLOURED), strict=True):
        squares.append([(j, i), (j + 1, i), (j + 1, i + 1), (j, i + 1)])
        strengths.append(shade(shares[i, j] / MOST).alpha)
    axes.add_collection(
        PolyCollection(squares, facecolors=[(colour, s) for s in strengths], edgecolors="none")
    )
    for at in range(size + 1):
        axes.plot([0, size], [at, at], color=RULE.light, lw=0.4, clip_on=False)
        axes.plot([at, at], [0, size], color=RULE.light, lw=0.4, clip_on=False)
    font = min(6.2, 26 * cell)
    if font < LEAST_FONT:
        return
    for i, j in zip(*np.nonzero(np.rint(100 * np.nan_to_num(shares)) >= WRITTEN), strict=True):
        axes.text(
            j + 0.5, i + 0.52, percent(shares[i, j], 0), ha="center", va="center_baseline",
            fontsize=font, color=shade(shares[i, j] / MOST).ink,
        )  # fmt: skip


def _names(axes: Axes, classes: Sequence[str], cell: float, down_too: bool) -> None:
    font = max(min(6.8, 34 * cell), LEAST_FONT)
    # Of many classes every second, every third … is named.
    step = max(round(LEAST_FONT / (34 * cell)), 1)
    for at, name in list(enumerate(classes))[::step]:
        if down_too:
            axes.annotate(
                shortened(name, LONGEST), (0, at + 0.5), xytext=(-4, 0), textcoords="offset points",
                ha="right", va="center", fontsize=font, color=MUTED.light, annotation_clip=False,
            )  # fmt: skip
        axes.annotate(
            shortened(name, LONGEST), (at + 0.5, 0), xytext=(0, 3), textcoords="offset points",
            ha="left", va="bottom", rotation=45, rotation_mode="anchor", fontsize=font,
            color=MUTED.light, annotation_clip=False,
        )  # fmt: skip


def _recalls(axes: Axes, recalls: pd.DataFrame, colour: str, cell: float) -> None:
    """Draw each class's recall beside its row: the mean a tick, the replicates' range a line."""
    size = len(recalls)
    start, length = size + 0.35, RECALL / cell - 0.7
    font = min(6.2, 34 * cell)
    axes.annotate(
        "recall", (start + length / 2, 0), xytext=(0, 4), textcoords="offset points", ha="center",
        fontsize=font, color=MUTED.light, annotation_clip=False,
    )  # fmt: skip
    spans = recalls[["recall_min", "recall_mean", "recall_max"]].to_numpy(np.float64)
    for at, (low, mean, high) in enumerate(spans):
        y = at + 0.5
        axes.plot([start, start + length], [y, y], color=RULE.light, lw=0.6, clip_on=False)
        if np.isfinite(mean):
            axes.plot([start + length * low, start + length * high], [y, y], color=colour, lw=2.4,
                      alpha=0.45, solid_capstyle="butt", clip_on=False)  # fmt: skip
            axes.plot([start + length * mean] * 2, [y - 0.28, y + 0.28], color=colour, lw=1.6,
                      solid_capstyle="butt", clip_on=False)  # fmt: skip
