"""The two causes of failure: pixels raw or scaled, KL divergence clipped or exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.labels import (
    condition_name,
    condition_style,
    key,
    mark,
    shortened,
)
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.palette import INK, MUTED, RULE
from mlpstudy.report.two_by_two import cell_rows

PIXELS = {"raw": "raw pixels", "unit": "pixels divided by 255"}
FORMS = {"clipped": "clipped KL divergence", "exact": "exact KL divergence"}

# Inches: room at the left and above, a model's row, what frames a square.
LEFT, HEAD, ROW, PAD, GAP, FOOT = 1.02, 0.64, 0.20, 0.34, 0.12, 0.06


@dataclass(frozen=True)
class Square:
    """One cell of the two by two.

    Attributes:
        pixels, kl: keys of PIXELS and FORMS.
        conditions: for each of its models, the condition that makes it so.
        failures, n: how many of their replicates failed, and of how many.
    """

    pixels: str
    kl: str
    conditions: dict[str, str]
    failures: int
    n: int


def squares(causes: pd.DataFrame) -> list[Square]:
    """Return the cells that have a model, changed in nothing else."""
    found = []
    for pixels in PIXELS:
        for form in FORMS:
            rows = cell_rows(causes, pixels, form)
            if len(rows):
                made = dict(zip(rows["model"], rows["condition"], strict=True))
                failed, n = int(rows["failures"].sum()), int(rows["n"].sum())
                found.append(Square(pixels, form, made, failed, n))
    return found


def causes_figure(study: Study, causes: pd.DataFrame, replicates: pd.DataFrame) -> Figure:
    """Draw the squares; in each a row a model, every replicate a dot, filled where it failed.

    Args:
        study: the study, for names and colours.
        causes: condition, model, pixels, kl, also, n, failures.
        replicates: condition, model, replicate, test_accuracy (fractions).
    """
    cells = squares(causes)
    models = [m for m in study.models if any(m in cell.conditions for cell in cells)]
    rows = [p for p in PIXELS if any(cell.pixels == p for cell in cells)]
    columns = [k for k in FORMS if any(cell.kl == k for cell in cells)]
    inner = PAD + ROW * len(models) + 0.06
    height = HEAD + len(rows) * (inner + GAP) + FOOT
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.axis("off")
    width = (WIDTH - LEFT - 0.06 - GAP * (len(columns) - 1)) / len(columns)
    for column, form in enumerate(columns):
        x = LEFT + column * (width + GAP)
        axes.text(x, HEAD - 0.12, FORMS[form], weight="bold", fontsize=8.5, va="center")
    for down, pixels in enumerate(rows):
        top = HEAD + down * (inner + GAP)
        axes.text(0.06, top + 0.06, fill(PIXELS[pixels], 12), weight="bold", fontsize=8.5, va="top",
                  linespacing=1.4)  # fmt: skip
        for cell in (cell for cell in cells if cell.pixels == pixels):
            x = LEFT + columns.index(cell.kl) * (width + GAP)
            _cell(axes, study, cell, replicates, models, (x, top, width, inner))
    dots = [
        mark("failed", marker="o", markersize=5, color=INK.light),
        mark("learned", marker="o", markersize=5, markerfacecolor="none", markeredgewidth=0.9,
             markeredgecolor=INK.light, color=INK.light),
    ]  # fmt: skip
    key(figure, dots, 0.06, 0.04)
    return figure


def _cell(
    axes: Axes, study: Study, cell: Square, replicates: pd.DataFrame, models: Sequence[str],
    box: tuple[float, float, float, float],
) -> None:  # fmt: skip
    x, top, width, height = box
    axes.add_patch(
        Rectangle((x, top), width, height, facecolor="none", edgecolor=RULE.light, lw=0.8)
    )
    _heading(axes, study, cell, x, top + 0.17, width)
    most = int(replicates.groupby(["condition", "model"]).size().max())
    step = min(0.155, (width - 0.9) / max(most, 1))
    for place, model in enumerate(models):
        y = top + PAD + ROW * (place + 0.5)
        name = shortened(study.model_label(model), 11)
        axes.text(x + 0.09, y, name, color=MUTED.light, fontsize=7.5, va="center")
        if condition := cell.conditions.get(model):
            chosen = (replicates["condition"] == condition) & (replicates["model"] == model)
            values = replicates.loc[chosen, "test_accuracy"].to_numpy(np.float64)
            lost = ~(np.sort(values) >= study.medium)
            _dots(axes, condition_style(study, condition)[0], x + 0.84, y, step, lost)


def _heading(axes: Axes, study: Study, cell: Square, x: float, y: float, width: float) -> None:
    """Say how many failed, and under which condition, in its colour if it is but one."""
    made = list(dict.fromkeys(cell.conditions.values()))
    colour = condition_style(study, made[0])[0] if len(made) == 1 else INK.light
    axes.text(x + 0.09, y, f"{cell.failures} of {cell.n} failed", color=colour, weight="bold",
              fontsize=9, va="center")  # fmt: skip
    room = int(15 * (width - 1.5))
    whose = shortened(", ".join(condition_name(study, name, room) for name in made), room)
    axes.text(x + width - 0.09, y, whose, color=colour, ha="right", fontsize=7, va="center")


def _dots(
    axes: Axes, colour: str, x: float, y: float, step: float, lost: NDArray[np.bool_]
) -> None:
    """Draw a model's replicates from `x` on, those that failed filled."""
    places = x + step * np.arange(len(lost))
    dot: dict[str, Any] = {"ls": "", "marker": "o", "color": colour}
    axes.plot(places[lost], np.full(lost.sum(), y), **dot, markersize=min(5.2, 52 * step),
              markeredgewidth=0)  # fmt: skip
    axes.plot(places[~lost], np.full((~lost).sum(), y), **dot, markersize=min(4.6, 46 * step),
              markerfacecolor="none", markeredgewidth=0.9)  # fmt: skip
