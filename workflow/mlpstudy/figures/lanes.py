"""An axis of test accuracy from 0 to 100 %, and the lanes in which replicates are dots."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import CLASSES, Study
from mlpstudy.figures.palette import MUTED, PAPER, RULE
from mlpstudy.figures.style import PRINTED, WIDTH, axes_at, colour_of, marker_of
from mlpstudy.figures.swarm import swarm
from mlpstudy.formats import heading

# Replicates from which dots are smaller.
CROWD = 8


def accuracy_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes of 0 to 100 % whose y runs downwards in inches; all arguments in inches."""
    axes = axes_at(figure, left, top, width, height)
    axes.set_xlim(0, 100)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.xaxis.set_major_locator(FixedLocator(range(0, 101, 20)))
    axes.grid(True, axis="x", color=RULE.light, lw=0.6, zorder=0)
    axes.tick_params(axis="x", length=0, pad=4)
    axes.set_xlabel("Test accuracy, %")
    return axes


def thresholds(axes: Axes, study: Study, named: bool = False) -> None:
    """Rule the lowest accuracy of each class, and name the classes above where they fit."""
    edges = [0.0, 100 * study.medium, 100 * study.superior, 100.0]
    for edge in edges[1:-1]:
        axes.axvline(edge, color=MUTED.light, lw=0.7, ls=(0, (1, 2)), zorder=1)
    for (low, high), name in zip(pairwise(edges), reversed(CLASSES), strict=True):
        if named and (high - low) / 100 * inches(axes) > 0.55:
            axes.annotate(
                heading(name), ((low + high) / 2, 1), xycoords=("data", "axes fraction"),
                xytext=(0, 3), textcoords="offset points", ha="center", color=MUTED.light,
                fontsize=7,
            )  # fmt: skip


def lane(
    axes: Axes, m: Results, condition: str, model: str, middle: float, height: float,
    size: float = 0.0,
) -> None:  # fmt: skip
    """Draw every replicate as a dot in the lane around `middle`; lengths in inches.

    A light line joins the lowest and the highest; dots that would hide each other are shifted.
    `size` is a dot's in points; by default it depends on the number of dots.
    """
    colour = colour_of(m.study, condition)
    known = np.sort(100 * m.accuracies(condition, model).dropna().to_numpy())
    if not len(known):
        return
    if len(known) > 1:
        axes.plot([known[0], known[-1]], [middle, middle], color=colour, lw=0.8, alpha=0.3,
                  zorder=2)  # fmt: skip
    size = size or (4.2 if len(known) <= CROWD else 3.3)
    points = 0.72 * inches(axes)  # of one per cent
    reach = max(height * 36 - size / 2, 0.0)
    shifts = np.array(swarm([float(v) * points for v in known], size * 0.9, reach)) / 72
    axes.plot(
        known, middle + shifts, ls="", marker=marker_of(m.study, condition), markersize=size,
        color=colour, markeredgewidth=0.35, markeredgecolor=PAPER.light, clip_on=False, zorder=3,
    )  # fmt: skip


def printed_bar(axes: Axes, value: float, top: float, bottom: float, **style: Any) -> None:
    """Draw a value that the report prints, a fraction, across lanes; ends in inches."""
    axes.plot([100 * value] * 2, [top, bottom], **{**PRINTED, **style})


def separator(axes: Axes, start: float, y: float, end: float = 100) -> None:
    """Draw a line between blocks, from `start` inches left of the axes to `end` per cent."""
    axes.plot([-per_cents(axes, start), end], [y, y], color=RULE.light, lw=0.5, clip_on=False,
              zorder=0)  # fmt: skip


def per_cents(axes: Axes, length: float) -> float:
    """Return inches in per cents of the axis."""
    return 100 * length / inches(axes)


def inches(axes: Axes) -> float:
    """Return how wide axes are; all figures are `WIDTH` wide."""
    return float(axes.get_position().width * WIDTH)
