"""An axis of test accuracy from 0 to 100 %, and the lanes in which replicates are dots."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.swarm import swarm
from mlpstudy.report.formats import heading
from mlpstudy.report.palette import MUTED, PAPER, RULE

# Replicates from which dots are smaller.
CROWD = 8


def accuracy_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes of 0 to 100 % whose y runs downwards in inches; all arguments in inches."""
    whole, high = figure.get_size_inches()
    axes = figure.add_axes((left / whole, 1 - (top + height) / high, width / whole, height / high))
    axes.set_xlim(0, 100)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.grid(False)
    for edge in ("left", "bottom"):
        axes.spines[edge].set_visible(False)
    axes.xaxis.set_major_locator(FixedLocator(range(0, 101, 20)))
    axes.grid(True, axis="x", color=RULE.light, lw=0.6, zorder=0)
    axes.tick_params(axis="x", length=0, pad=4)
    return axes


def thresholds(axes: Axes, study: Study, named: bool = True) -> None:
    """Rule the lowest accuracy of each class, and name the classes above where there is room."""
    edges = [0.0, 100 * study.medium, 100 * study.superior, 100.0]
    for edge in edges[1:-1]:
        axes.axvline(edge, color=MUTED.light, lw=0.7, ls=(0, (1, 2)), zorder=1)
    inches = _inches(axes)
    for (low, high), name in zip(pairwise(edges), ("inferior", "medium", "superior"), strict=True):
        if named and (high - low) / 100 * inches > 0.55:
            axes.annotate(
                heading(name), ((low + high) / 2, 1), xycoords=("data", "axes fraction"),
                xytext=(0, 3), textcoords="offset points", ha="center", color=MUTED.light,
                fontsize=7,
            )  # fmt: skip


def lane(
    axes: Axes, values: Sequence[float], middle: float, height: float, colour: str, marker: str,
    size: float = 0.0,
) -> None:  # fmt: skip
    """Draw accuracies, fractions, as dots in the lane around `middle`, which is in inches.

    A light line joins the lowest and the highest; dots that would hide each other are shifted.
    `size` is a dot's in points; a crowd has smaller ones unless it is given.
    """
    known = np.sort(100 * np.array([v for v in values if v == v], dtype=np.float64))
    if not len(known):
        return
    if len(known) > 1:
        axes.plot([known[0], known[-1]], [middle, middle], color=colour, lw=0.8, alpha=0.3,
                  zorder=2)  # fmt: skip
    size = size or (4.2 if len(known) <= CROWD else 3.3)
    points = 0.72 * _inches(axes)  # of one per cent
    reach = max(height * 36 - size / 2, 0.0)
    shifts = np.array(swarm([float(v) * points for v in known], size * 0.9, reach)) / 72
    axes.plot(
        known, middle + shifts, ls="", marker=marker, markersize=size, color=colour,
        markeredgewidth=0.35, markeredgecolor=PAPER.light, clip_on=False, zorder=3,
    )  # fmt: skip


def _inches(axes: Axes) -> float:
    """Return how wide the axes are."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return float(axes.get_position().width * figure.get_size_inches()[0])
