"""The share of examples whose gradient the clip has switched off, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.curves import scale_epochs, together
from mlpstudy.report.drawing.labels import condition_name, condition_style, key, shortened
from mlpstudy.report.drawing.style import WIDTH, in_rows, new_figure
from mlpstudy.report.formats import heading
from mlpstudy.report.palette import INK, MUTED

# Inches: room at the left and right, above and below, a panel's height, the gaps.
LEFT, RIGHT, HEAD, FOOT, PANEL, GAP = 1.22, 0.12, 0.54, 0.42, 0.80, 0.20
# Models side by side; of more of them there are several bands, each with a title's height above.
ACROSS, TITLE = 8, 0.32
FAILED: dict[str, Any] = {"lw": 1.3, "alpha": 0.9, "ls": "-"}
LEARNED: dict[str, Any] = {"lw": 0.7, "alpha": 0.8, "ls": (0, (2.0, 1.2))}


def stuck_figure(
    study: Study,
    history: pd.DataFrame,
    replicates: pd.DataFrame,
    models: Sequence[str],
    conditions: Sequence[str],
) -> Figure:
    """Draw a row a condition, a column a model; every replicate a line, by what became of it.

    Args:
        study: the study, for names and colours.
        history: condition, model, fold, replicate, epoch, stuck (a share of training examples).
        replicates: condition, model, replicate, test_accuracy (fractions).
        models: keys of the models, from left to right, then band by band.
        conditions: keys of the conditions, from top to bottom.
    """
    bands = in_rows(models, ACROSS)
    whole = len(conditions) * (PANEL + GAP) - GAP + FOOT + TITLE
    figure = new_figure(WIDTH, HEAD + len(bands) * whole - TITLE)
    width = (WIDTH - LEFT - RIGHT - GAP * (len(bands[0]) - 1)) / len(bands[0])
    for at, band in enumerate(bands):
        for down, condition in enumerate(conditions):
            top = HEAD + at * whole + down * (PANEL + GAP)
            _name(figure, study, condition, top + PANEL / 2)
            panels = []
            for across, model in enumerate(band):
                axes = _axes(figure, LEFT + across * (width + GAP), top, width)
                rows, runs = (
                    frame[(frame["model"] == model) & (frame["condition"] == condition)]
                    for frame in (history, replicates)
                )
                _panel(axes, study, rows, runs.set_index("replicate")["test_accuracy"], condition)
                if down == 0:
                    axes.set_title(shortened(study.model_label(model), int(width * 14)))
                panels.append(axes)
            _scales(panels, last=down == len(conditions) - 1)
    lines = [
        Line2D([], [], color=INK.light, label="a replicate that failed in the end", **FAILED),
        Line2D([], [], color=INK.light, label="one that learned", **LEARNED),
    ]
    key(figure, lines, 0.06, 0.04)
    return figure


def _axes(figure: Figure, left: float, top: float, width: float) -> Axes:
    """Return the axes of a panel, its place in inches from the figure's upper left."""
    height = float(figure.get_size_inches()[1])
    box = (left / WIDTH, 1 - (top + PANEL) / height, width / WIDTH, PANEL / height)
    return figure.add_axes(box)


def _name(figure: Figure, study: Study, condition: str, middle: float) -> None:
    height = float(figure.get_size_inches()[1])
    name = fill(heading(condition_name(study, condition, 24)), 13)
    figure.text(0.06 / WIDTH, 1 - middle / height, name,
                va="center", weight="bold", color=condition_style(study, condition)[0])  # fmt: skip


def _scales(row: Sequence[Axes], last: bool) -> None:
    """Leave the shares to the first panel of a row, and the epochs to the last row of a band."""
    for at, axes in enumerate(row):
        axes.tick_params(labelbottom=last, labelleft=at == 0)
        axes.set_xlabel("Epoch" if last else "")


def _panel(
    axes: Axes, study: Study, rows: pd.DataFrame, accuracy: pd.Series[float], condition: str
) -> None:
    """Draw one model under one condition; `accuracy` by replicate tells what became of each."""
    colour, _ = condition_style(study, condition)
    table = 100 * rows.pivot_table("stuck", "epoch", "replicate", dropna=False)
    learned = accuracy.reindex(table.columns) >= study.medium
    for chosen, style in ((~learned, FAILED), (learned, LEARNED)):
        if chosen.any():
            epochs, shares = together(table.loc[:, chosen])
            axes.plot(epochs, shares, color=colour, clip_on=False, zorder=3, **style)
    if rows.empty:
        axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", va="center",
                  color=MUTED.light, fontsize=7)  # fmt: skip
    scale_epochs(axes, max(int(rows["epoch"].max()) if len(rows) else 1, 1))
    axes.set_ylim(0, 100)
    axes.yaxis.set_major_locator(FixedLocator([0, 50, 100]))
    axes.yaxis.set_major_formatter("{x:.0f} %")
