"""A model's learning curves: loss and accuracy, training and validation, every replicate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.labels import condition_lines, condition_style, key
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.formats import heading
from mlpstudy.report.palette import INK, MUTED

PARTS = {"train": "training", "validation": "validation"}

# Points of single replicates in a figure, beyond which a band from the lowest to the highest
# replicate takes their place: keeps a figure small and readable.
POINTS = 5000

# Inches above and below the panels, and their height.
HEAD, FOOT, PANEL = 0.52, 0.42, 1.5


def curves_figure(
    study: Study, history: pd.DataFrame, model: str, conditions: Sequence[str]
) -> Figure:
    """Draw the curves of one model, its conditions on the same axes.

    Loss and accuracy stand in panels of training and, where there is one, validation, which share
    an axis. In the panel of validation the median of training is dotted.

    Args:
        study: the study, for the order and so the colours of conditions.
        history: rows of history.csv; a k-fold model's folds are averaged by replicate.
        model: key of the model.
        conditions: keys of the conditions to draw.
    """
    rows = history[(history["model"] == model) & history["condition"].isin(conditions)]
    conditions = [c for c in conditions if (rows["condition"] == c).any()]
    parts = [p for p in PARTS if rows[f"{p}_loss"].notna().any()] or ["train"]
    figure = new_figure(WIDTH, HEAD + PANEL + FOOT)
    panels = _panels(figure, len(parts))
    single = single_lines(rows, 2 * len(parts))
    for quantity, row in zip(("loss", "accuracy"), panels, strict=True):
        for part, axes in zip(parts, row, strict=True):
            for condition in conditions:
                chosen = rows[rows["condition"] == condition]
                colour, _ = condition_style(study, condition)
                draw_curves(axes, by_epoch(chosen, part, quantity), colour, single)
                if part == "validation":
                    _dotted(axes, by_epoch(chosen, "train", quantity).median(axis=1), colour)
            scale_epochs(axes, int(rows["epoch"].max()))
            axes.set_title(f"{heading(quantity)}, {PARTS[part]}")
        scale(row, quantity, study)
    _key(figure, study, conditions, single, dotted=len(parts) > 1)
    return figure


def _panels(figure: Figure, columns: int) -> list[list[Axes]]:
    """Return the axes of loss and of accuracy, each one for training and one for validation."""
    height = HEAD + PANEL + FOOT
    gap, between, left, right = 0.20, 0.58, 0.40, 0.10
    width = (WIDTH - left - right - between - 2 * gap * (columns - 1)) / (2 * columns)
    row, x = [], left
    for place in range(2 * columns):
        row.append(figure.add_axes((x / WIDTH, FOOT / height, width / WIDTH, PANEL / height)))
        x += width + (between if place == columns - 1 else gap)
    return [row[:columns], row[columns:]]


def single_lines(rows: pd.DataFrame, panels: int) -> bool:
    """Say whether every replicate can have its own line."""
    points = rows[["condition", "model", "replicate", "epoch"]].drop_duplicates()
    return len(points) * panels <= POINTS


def by_epoch(rows: pd.DataFrame, part: str, quantity: str) -> pd.DataFrame:
    """Return epoch by replicate, folds averaged; infinities are missing, accuracies per cent."""
    finite = rows.assign(value=rows[f"{part}_{quantity}"].replace([np.inf, -np.inf], np.nan))
    table = finite.pivot_table("value", "epoch", "replicate", aggfunc="mean", dropna=False)
    return table * (100 if quantity == "accuracy" else 1)


def draw_curves(axes: Axes, table: pd.DataFrame, colour: str, single: bool) -> None:
    """Draw every replicate thin, or their range as a band, and their median strong."""
    if table.isna().all(axis=None):
        return
    marker: dict[str, Any] = {"marker": "o", "markersize": 3.0} if len(table) == 1 else {}
    if single:
        epochs, values = together(table)
        axes.plot(epochs, values, color=colour, lw=0.55, alpha=0.55, zorder=2, **marker)
    else:
        low, high = table.min(axis=1), table.max(axis=1)
        axes.fill_between(table.index, low, high, color=colour, alpha=0.14, lw=0)
    median = table.median(axis=1)
    axes.plot(median.index, median, color=colour, lw=1.8, zorder=3, **marker)


def together(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of all columns as one line with gaps, which is drawn in half the bytes."""
    gap = np.full((1, table.shape[1]), np.nan)
    y = np.concatenate([table.to_numpy(dtype=np.float64), gap]).T.ravel()
    return np.tile([*table.index, np.nan], table.shape[1]), y


def _dotted(axes: Axes, median: pd.Series[float], colour: str) -> None:
    if len(median) > 1:
        axes.plot(median.index, median, color=colour, lw=0.9, ls=(0, (1, 1.6)), zorder=3)


def scale_epochs(axes: Axes, epochs: int) -> None:
    """Run the axis over all epochs, at whole numbers."""
    axes.set_xlim(1, epochs) if epochs > 1 else axes.set_xlim(0.5, 1.5)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    axes.set_xlabel("Epoch")


def scale(row: Sequence[Axes], quantity: str, study: Study) -> None:
    """Give panels one axis, with its numbers at the first."""
    if quantity == "loss":
        _scale_losses(row)
    else:
        for axes in row:
            _scale_accuracy(axes, study)
    for axes in row[1:]:
        axes.tick_params(axis="y", labelleft=False)


def _scale_accuracy(axes: Axes, study: Study) -> None:
    """Show all of 0 to 100 % in every figure, so that figures can be compared."""
    axes.set_ylim(0, 100)
    axes.set_yticks(range(0, 101, 20), ["0", "20", "40", "60", "80", "100 %"])
    chance = 100 / len(study.labels)
    axes.axhline(chance, color=MUTED.light, lw=0.7, ls=(0, (1, 2)), zorder=1)
    # Where no curve ends: below chance.
    axes.annotate(
        "chance", (0.99, chance), xycoords=("axes fraction", "data"), xytext=(0, -2),
        textcoords="offset points", va="top", ha="right", color=MUTED.light, fontsize=6.5,
    )  # fmt: skip


def _scale_losses(row: Sequence[Axes]) -> None:
    """Use a log scale with plain numbers: failing models' losses are a hundred times others'."""
    values = [
        y for axes in row for line in axes.lines for y in np.asarray(line.get_ydata(), dtype=float)
    ]
    positive = [y for y in values if np.isfinite(y) and y > 0]
    if not positive:
        for axes in row:
            axes.set_ylim(0, 1)
            axes.yaxis.set_major_locator(NullLocator())
            axes.text(0.5, 0.5, "no finite loss", transform=axes.transAxes, ha="center")
        return
    low, high = max(min(positive) / 1.15, 1e-4), max(max(positive) * 1.15, 2e-4)
    for axes in row:
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        axes.yaxis.set_major_locator(FixedLocator(loss_ticks(low, high)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())


def loss_ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two positive ones: three or more where there are as many."""
    marks: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        marks = [s * 10.0**e for e in range(-5, 9) for s in steps]
        marks = [m for m in marks if low <= m <= high]
        if len(marks) >= 3:
            break
    return marks


def _key(
    figure: Figure, study: Study, conditions: Sequence[str], single: bool, dotted: bool
) -> None:
    """Say once, above the panels, what colours, thin, thick and dotted lines are."""
    entries: list[tuple[str, dict[str, Any]]] = [("median", {"lw": 1.8})]
    if single:
        entries.append(("one replicate", {"lw": 0.55}))
    else:
        entries.append(("range of the replicates", {"lw": 6.0, "alpha": 0.18}))
    if dotted:
        entries.append(("median of training", {"lw": 0.9, "ls": (0, (1, 1.6))}))
    lines = [Line2D([], [], color=INK.light, label=name, **style) for name, style in entries]
    key(figure, [*condition_lines(study, conditions), *lines], 0.06, 0.04)
