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

from mlpstudy.analysis.failures import cell_rows
from mlpstudy.analysis.results import Results
from mlpstudy.figures import style
from mlpstudy.figures.curves import joined, scale_epochs
from mlpstudy.figures.palette import INK, RULE
from mlpstudy.figures.style import WIDTH, write
from mlpstudy.formats import heading

PIXELS = {"raw": "raw pixels", "unit": "pixels divided by 255"}
FORMS = {"clipped": "clipped KL divergence", "exact": "exact KL divergence"}

# Inches: a model's row in a cell, what a cell has above and below its rows, and the space between
# two replicates.
ROW, PAD, STEP = 0.20, 0.56, 0.155
HOLLOW: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 0.9}
# Lines of replicates by their outcome.
FAILED: dict[str, Any] = {"lw": 1.3, "alpha": 0.9, "ls": "-"}
LEARNED: dict[str, Any] = {"lw": 0.7, "alpha": 0.8, "ls": (0, (2.0, 1.2))}


@dataclass(frozen=True)
class Cell:
    """One cell of the two by two.

    Attributes:
        pixels, kl: values of PIXELS and FORMS.
        conditions: for each of its models, the condition that has these pixels and this form.
        failures, n: failed and all replicates of its models.
    """

    pixels: str
    kl: str
    conditions: dict[str, str]
    failures: int
    n: int


def cells_of(causes: pd.DataFrame) -> list[Cell]:
    """Return the cells that have a model, changed in nothing else."""
    found = []
    for pixels, pixels_name in PIXELS.items():
        for form, form_name in FORMS.items():
            rows = cell_rows(causes, pixels, form)
            if len(rows):
                conditions = dict(zip(rows["model"], rows["condition"], strict=True))
                failed, n = int(rows["failures"].sum()), int(rows["n"].sum())
                found.append(Cell(pixels_name, form_name, conditions, failed, n))
    return found


def causes_figure(results: Results, cells: Sequence[Cell], models: Sequence[str]) -> Figure:
    """Draw the cells; in each a row per model, every replicate a dot, filled where it failed."""
    rows = list(dict.fromkeys(cell.pixels for cell in cells))
    columns = sorted({cell.kl for cell in cells})
    figure, grid = style.panels(len(rows), len(columns), PAD + ROW * len(models))
    by_place = {(cell.pixels, cell.kl): cell for cell in cells}
    labels = [style.shortened(label, 11) for label in results.study.model_labels(models)]
    bold: dict[str, Any] = {"weight": "bold", "color": INK.light}
    for pixels, row in zip(rows, grid, strict=True):
        row[0].set_ylabel(fill(pixels, 12), rotation=0, ha="right", va="center", **bold)
        for form, axes in zip(columns, row, strict=True):
            axes.set(xticks=[], ylim=(len(models) - 0.5, -0.5))
            axes.set_yticks(range(len(models)), labels)
            axes.tick_params(labelleft=axes is row[0])
            axes.set_xlabel(form if pixels == rows[-1] else "", **bold)
            axes.grid(False)
            axes.spines[:].set(visible=True, color=RULE.light)
            if cell := by_place.get((pixels, form)):
                _draw_cell(axes, results, cell, models, len(columns))
            else:
                write(axes, 0.5, 0.5, "not run", transform=axes.transAxes, ha="center")
    dot: dict[str, Any] = {"marker": "o", "markersize": 5, "color": INK.light}
    style.key(figure, [style.mark("failed", **dot), style.mark("learned", **dot, **HOLLOW)])
    return figure


def _draw_cell(
    axes: Axes, results: Results, cell: Cell, models: Sequence[str], columns: int
) -> None:
    """Draw the replicates of each model in a row, those that failed first and filled.

    Above them stand how many failed, and the conditions, in their colour if there is only one.
    """
    study, width = results.study, (WIDTH - 1.8) / columns
    conditions = list(dict.fromkeys(cell.conditions.values()))
    colour = style.colour_of(study, conditions[0]) if len(conditions) == 1 else INK.light
    axes.set_title(f"{cell.failures} of {cell.n} failed", color=colour)
    longest = int(15 * (width - 1.2))
    names = ", ".join(style.condition_name(study, name, longest) for name in conditions)
    small: dict[str, Any] = {"fontsize": 7, "weight": "normal", "color": colour}
    axes.set_title(style.shortened(names, longest), loc="right", **small)
    _, most = results.replicate_numbers(models, results.conditions)
    step = min(STEP, width / max(most, 1))
    axes.set_xlim(-0.8, width / step - 0.8)
    for y, model in enumerate(models):
        if condition := cell.conditions.get(model):
            failed, n = results.failures(condition, [model])
            dot: dict[str, Any] = {
                "ls": "",
                "marker": "o",
                "color": style.colour_of(study, condition),
            }
            filled: dict[str, Any] = {"markersize": min(5.2, 52 * step), "markeredgewidth": 0}
            hollow: dict[str, Any] = {"markersize": min(4.6, 46 * step), **HOLLOW}
            axes.plot(np.arange(failed), [y] * failed, **dot, **filled)
            axes.plot(np.arange(failed, n), [y] * (n - failed), **dot, **hollow)


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


def stuck_values(
    results: Results, models: Sequence[str], conditions: Sequence[str]
) -> dict[str, Any]:
    """Return, by condition, (outcome, median share after the last epoch, replicates)."""
    keys = ["condition", "model"]
    rows = results.rows("history", models, conditions)
    last = rows[rows["epoch"] == rows.groupby(keys)["epoch"].transform("max")]
    ends = last.groupby([*keys, "replicate"])["stuck"].mean().reset_index()
    ends = ends.merge(results.replicates, on=[*keys, "replicate"]).dropna(subset="stuck")
    ends["outcome"] = np.where(ends["test_accuracy"] >= results.study.medium, "learned", "failed")
    found = ends.groupby(["condition", "outcome"])["stuck"].agg(["median", "size"])
    known = [condition for condition in conditions if condition in found.index]
    return {"ends": {c: list(found.loc[c].itertuples()) for c in known}}
