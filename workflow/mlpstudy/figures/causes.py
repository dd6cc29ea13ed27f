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

from mlpstudy.analysis.results import Results
from mlpstudy.analysis.two_by_two import cell_rows
from mlpstudy.figures.palette import INK, MUTED, RULE
from mlpstudy.figures.style import (
    MARGIN,
    WIDTH,
    canvas,
    colour_of,
    condition_name,
    key,
    mark,
    shortened,
)

PIXELS = {"raw": "raw pixels", "unit": "pixels divided by 255"}
FORMS = {"clipped": "clipped KL divergence", "exact": "exact KL divergence"}

# Inches: the space at the left, above and below, a model's row, the head of a cell, and the gap
# between cells.
LEFT, HEAD, FOOT, ROW, PAD, GAP = 1.02, 0.64, 0.06, 0.20, 0.34, 0.12


@dataclass(frozen=True)
class Cell:
    """One cell of the two by two.

    Attributes:
        pixels, kl: keys of PIXELS and FORMS.
        conditions: for each of its models, the condition that has these pixels and this form.
        failures, n: failed and all replicates of its models.
    """

    pixels: str
    kl: str
    conditions: dict[str, str]
    failures: int
    n: int


def cells(causes: pd.DataFrame) -> list[Cell]:
    """Return the cells that have a model, changed in nothing else."""
    found = []
    for pixels in PIXELS:
        for form in FORMS:
            rows = cell_rows(causes, pixels, form)
            if len(rows):
                made = dict(zip(rows["model"], rows["condition"], strict=True))
                failed, n = int(rows["failures"].sum()), int(rows["n"].sum())
                found.append(Cell(pixels, form, made, failed, n))
    return found


def causes_figure(m: Results, causes: pd.DataFrame) -> Figure:
    """Draw the cells; in each a row per model, every replicate a dot, filled where it failed."""
    found = cells(causes)
    models = [k for k in m.study.models if any(k in cell.conditions for cell in found)]
    rows = [p for p in PIXELS if any(cell.pixels == p for cell in found)]
    columns = [k for k in FORMS if any(cell.kl == k for cell in found)]
    inner = PAD + ROW * len(models) + 0.06
    figure, axes = canvas(HEAD + len(rows) * (inner + GAP) + FOOT)
    width = (WIDTH - LEFT - MARGIN - GAP * (len(columns) - 1)) / len(columns)
    lefts = {form: LEFT + at * (width + GAP) for at, form in enumerate(columns)}
    tops = {pixels: HEAD + at * (inner + GAP) for at, pixels in enumerate(rows)}
    bold: dict[str, Any] = {"weight": "bold", "fontsize": 8.5}
    for form, x in lefts.items():
        axes.text(x, HEAD - 0.12, FORMS[form], va="center", **bold)
    for pixels, y in tops.items():
        name = fill(PIXELS[pixels], 12)
        axes.text(MARGIN, y + 0.06, name, va="top", linespacing=1.4, **bold)
    for cell in found:
        x, y = lefts[cell.kl], tops[cell.pixels]
        box = Rectangle((x, y), width, inner, facecolor="none", edgecolor=RULE.light, lw=0.8)
        axes.add_patch(box)
        _heading(axes, m, cell, x, y + 0.17, width)
        _dots(axes, m, cell, models, x, y + PAD, width)
    hollow: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 0.9}
    key(figure, [mark("failed", marker="o", markersize=5, color=INK.light),
                 mark("learned", marker="o", markersize=5, color=INK.light, **hollow)])  # fmt: skip
    return figure


def _heading(axes: Axes, m: Results, cell: Cell, x: float, y: float, width: float) -> None:
    """Write how many failed, and under which condition, in its colour if there is only one."""
    made = list(dict.fromkeys(cell.conditions.values()))
    colour = colour_of(m.study, made[0]) if len(made) == 1 else INK.light
    axes.text(x + 0.09, y, f"{cell.failures} of {cell.n} failed", color=colour, weight="bold",
              fontsize=9, va="center")  # fmt: skip
    longest = int(15 * (width - 1.5))
    names = ", ".join(condition_name(m.study, name, longest) for name in made)
    axes.text(x + width - 0.09, y, shortened(names, longest), color=colour, ha="right", fontsize=7,
              va="center")  # fmt: skip


def _dots(
    axes: Axes, m: Results, cell: Cell, models: Sequence[str], x: float, top: float, width: float
) -> None:
    """Draw the replicates of each model in a row, those that failed first and filled."""
    _, most = m.replicate_numbers(models, m.conditions)
    step = min(0.155, (width - 0.9) / max(most, 1))
    for place, model in enumerate(models):
        y = top + ROW * (place + 0.5)
        name = shortened(m.study.model_label(model), 11)
        axes.text(x + 0.09, y, name, color=MUTED.light, fontsize=7.5, va="center")
        if condition := cell.conditions.get(model):
            failed, n = m.failures(condition, [model])
            places = x + 0.84 + step * np.arange(n)
            dot: dict[str, Any] = {"ls": "", "marker": "o", "color": colour_of(m.study, condition)}
            axes.plot(places[:failed], [y] * failed, **dot, markersize=min(5.2, 52 * step),
                      markeredgewidth=0)  # fmt: skip
            axes.plot(places[failed:], [y] * (n - failed), **dot, markersize=min(4.6, 46 * step),
                      markerfacecolor="none", markeredgewidth=0.9)  # fmt: skip


def causes_values(causes: pd.DataFrame) -> dict[str, Any]:
    """Return what the caption says: failures in each cell, as (pixels, form, failed, all)."""
    return {
        "models": causes["model"].nunique(),
        "cells": [(PIXELS[c.pixels], FORMS[c.kl], c.failures, c.n) for c in cells(causes)],
    }
