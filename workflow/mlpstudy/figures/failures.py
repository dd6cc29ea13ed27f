"""Failures of models with KL divergence: by their two causes, and epoch by epoch.

The causes are raw pixels and the clip of the divergence, which leaves examples without a gradient.
"""

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

from mlpstudy.analysis.failures import cell_rows
from mlpstudy.analysis.results import Results
from mlpstudy.figures import style
from mlpstudy.figures.curves import joined, scale_epochs
from mlpstudy.figures.palette import INK, RULE
from mlpstudy.figures.style import MARGIN, WIDTH, write
from mlpstudy.formats import heading

PIXELS = {"raw": "raw pixels", "unit": "pixels divided by 255"}
FORMS = {"clipped": "clipped KL divergence", "exact": "exact KL divergence"}

# Inches: the space at the left and above, a model's row, the head of a cell, and the gap between
# cells.
LEFT, HEAD, ROW, PAD, GAP = 1.02, 0.64, 0.20, 0.34, 0.12
HOLLOW: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 0.9}
# Lines of replicates by their outcome.
FAILED: dict[str, Any] = {"lw": 1.3, "alpha": 0.9, "ls": "-"}
LEARNED: dict[str, Any] = {"lw": 0.7, "alpha": 0.8, "ls": (0, (2.0, 1.2))}


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
                conditions = dict(zip(rows["model"], rows["condition"], strict=True))
                failed, n = int(rows["failures"].sum()), int(rows["n"].sum())
                found.append(Cell(pixels, form, conditions, failed, n))
    return found


def causes_figure(results: Results) -> Figure:
    """Draw the cells; in each a row per model, every replicate a dot, filled where it failed."""
    found = cells(results.table("causes"))
    models = [k for k in results.study.models if any(k in cell.conditions for cell in found)]
    rows = [p for p in PIXELS if any(cell.pixels == p for cell in found)]
    columns = [k for k in FORMS if any(cell.kl == k for cell in found)]
    height = PAD + ROW * len(models) + 0.06
    width = (WIDTH - LEFT - MARGIN - GAP * (len(columns) - 1)) / len(columns)
    figure, axes = style.canvas(HEAD + len(rows) * (height + GAP) + 0.06)
    bold: dict[str, Any] = {"weight": "bold", "fontsize": 8.5, "color": INK.light}
    for at, form in enumerate(columns):
        write(axes, LEFT + at * (width + GAP), HEAD - 0.12, FORMS[form], **bold)
    for at, pixels in enumerate(rows):
        name = fill(PIXELS[pixels], 12)
        y = HEAD + at * (height + GAP) + 0.06
        write(axes, MARGIN, y, name, **{**bold, "va": "top"}, linespacing=1.4)
    for cell in found:
        x = LEFT + columns.index(cell.kl) * (width + GAP)
        y = HEAD + rows.index(cell.pixels) * (height + GAP)
        box = Rectangle((x, y), width, height, facecolor="none", edgecolor=RULE.light, lw=0.8)
        axes.add_patch(box)
        _title(axes, results, cell, x, y + 0.17, width)
        _dots(axes, results, cell, models, x, y + PAD, width)
    dot: dict[str, Any] = {"marker": "o", "markersize": 5, "color": INK.light}
    style.key(figure, [style.mark("failed", **dot), style.mark("learned", **dot, **HOLLOW)])
    return figure


def _title(axes: Axes, results: Results, cell: Cell, x: float, y: float, width: float) -> None:
    """Write how many failed, and under which condition, in its colour if there is only one."""
    conditions = list(dict.fromkeys(cell.conditions.values()))
    colour = style.colour_of(results.study, conditions[0]) if len(conditions) == 1 else INK.light
    text = f"{cell.failures} of {cell.n} failed"
    write(axes, x + 0.09, y, text, color=colour, weight="bold", fontsize=9)
    longest = int(15 * (width - 1.5))
    names = ", ".join(style.condition_name(results.study, name, longest) for name in conditions)
    write(axes, x + width - 0.09, y, style.shortened(names, longest), color=colour, ha="right")


def _dots(
    axes: Axes,
    results: Results,
    cell: Cell,
    models: Sequence[str],
    x: float,
    top: float,
    width: float,
) -> None:
    """Draw the replicates of each model in a row, those that failed first and filled."""
    _, most = results.replicate_numbers(models, results.conditions)
    step = min(0.155, (width - 0.9) / max(most, 1))
    for place, model in enumerate(models):
        y = top + ROW * (place + 0.5)
        name = style.shortened(results.study.model_label(model), 11)
        write(axes, x + 0.09, y, name, fontsize=7.5)
        if condition := cell.conditions.get(model):
            failed, n = results.failures(condition, [model])
            places = x + 0.84 + step * np.arange(n)
            dot: dict[str, Any] = {
                "marker": "o",
                "color": style.colour_of(results.study, condition),
            }
            filled: dict[str, Any] = {"markersize": min(5.2, 52 * step), "markeredgewidth": 0}
            hollow: dict[str, Any] = {"markersize": min(4.6, 46 * step), **HOLLOW}
            axes.plot(places[:failed], [y] * failed, ls="", **dot, **filled)
            axes.plot(places[failed:], [y] * (n - failed), ls="", **dot, **hollow)


def causes_values(results: Results) -> dict[str, Any]:
    """Return what the caption says: failures in each cell, as (pixels, form, failed, all)."""
    causes = results.table("causes")
    return {
        "models": causes["model"].nunique(),
        "cells": [(PIXELS[c.pixels], FORMS[c.kl], c.failures, c.n) for c in cells(causes)],
    }


def stuck_figure(results: Results, models: Sequence[str], conditions: Sequence[str]) -> Figure:
    """Draw a row per condition, a column per model; every replicate a line, by its outcome."""
    labels = [
        fill(heading(style.condition_name(results.study, condition, 24)), 13)
        for condition in conditions
    ]
    figure, grid = style.model_panels(results.study, models, labels, 1.06)
    for condition, row in zip(conditions, grid, strict=True):
        colour = style.colour_of(results.study, condition)
        for model, axes in row.items():
            _stuck_panel(axes, results, model, condition)
            look: dict[str, Any] = {"ha": "right", "va": "center", "weight": "bold"}
            axes.yaxis.label.set(rotation=0, color=colour, **look)
    failed, learned = "a replicate that failed in the end", "one that learned"
    style.key(figure, [style.line(failed, **FAILED), style.line(learned, **LEARNED)])
    return figure


def _stuck_panel(axes: Axes, results: Results, model: str, condition: str) -> None:
    """Draw one model under one condition."""
    rows = results.rows("history", [model], [condition])
    table = 100 * rows.pivot_table("stuck", "epoch", "replicate", dropna=False)
    learned = results.accuracies(condition, model).reindex(table.columns) >= results.study.medium
    for chosen, look in ((~learned, FAILED), (learned, LEARNED)):
        if chosen.any():
            colour = style.colour_of(results.study, condition)
            lines = joined(table.loc[:, chosen])
            axes.plot(*lines, color=colour, clip_on=False, zorder=3, **look)
    if rows.empty:
        write(axes, 0.5, 0.5, "not run", transform=axes.transAxes, ha="center")
    scale_epochs(axes, rows)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])


def grid(results: Results, models: Sequence[str]) -> list[str]:
    """Return the conditions that change nothing of `models` but pixels and the form of KL.

    For each combination the first one, and those with models that the ones before do not have;
    the faults of the report before what mends them.
    """
    found: dict[tuple[bool, bool], list[str]] = {}
    for condition in results.conditions:
        covered = [k for k in models if k in results.study.conditions[condition].models]
        if not covered or not _changed(results, condition, covered) <= {"pixels", "kl"}:
            continue
        fields = results.study.fields(condition, covered[0])
        same = found.setdefault((fields["pixels"] != "raw", fields["kl"] != "clipped"), [])
        known = {model for other in same for model in results.study.conditions[other].models}
        if not known.issuperset(covered):
            same.append(condition)
    return [condition for key in sorted(found) for condition in found[key]]


def _changed(results: Results, condition: str, models: Sequence[str]) -> set[str]:
    """Return the fields in which a condition differs from the first for some of `models`."""
    return {
        name
        for model in models
        for name, value in results.study.fields(results.main[0], model).items()
        if results.study.fields(condition, model)[name] != value
    }


def stuck_values(
    results: Results, models: Sequence[str], conditions: Sequence[str]
) -> dict[str, Any]:
    """Return what the caption says: the median share after the last epoch, by outcome."""
    keys = ["condition", "model"]
    rows = results.rows("history", models, results.conditions)
    last = rows[rows["epoch"] == rows.groupby(keys)["epoch"].transform("max")]
    ends = last.groupby([*keys, "replicate"])["stuck"].mean().reset_index()
    ends = ends.merge(results.replicates, on=[*keys, "replicate"]).dropna(subset="stuck")
    ends["outcome"] = np.where(ends["test_accuracy"] >= results.study.medium, "learned", "failed")
    found = ends.groupby(["condition", "outcome"])["stuck"].agg(["median", "size"])
    told = []
    for condition in conditions:
        if condition in found.index:
            shares = [(outcome, *row) for outcome, *row in found.loc[condition].itertuples()]
            told.append({"label": results.study.condition_label(condition), "shares": shares})
    return {"conditions": told}
