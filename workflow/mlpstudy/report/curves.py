"""A model's learning curves: loss and accuracy, training and validation, every replicate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from mlpstudy.evidence.study_file import Study
from mlpstudy.report.formats import word
from mlpstudy.report.palette import INK, MUTED, PAPER, RULE, series
from mlpstudy.report.plotting import label_ends, new_figure

STYLES = {"train": "-", "validation": (0, (2.4, 1.4))}

# Points of single replicates in a figure, beyond which a band from the lowest to the highest
# replicate takes their place: keeps a figure below 60 kB.
POINTS = 3000


def curves_figure(study: Study, history: pd.DataFrame, model: str) -> Figure:
    """Draw the curves of one model under every condition that has it.

    Args:
        study: the study, for the order and so the colours of conditions.
        history: rows of history.csv; a k-fold model's folds are averaged by replicate.
        model: key of the model.
    """
    rows = history[history["model"] == model]
    # One colour a condition, the same in every figure of the study.
    conditions = [c for c in study.conditions if (rows["condition"] == c).any()]
    figure = new_figure(7.4, 2.75)
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.055, right=0.885, bottom=0.155, top=0.80, wspace=0.40)
    single = _single_lines(rows, len(conditions))
    for axes, quantity in ((left, "loss"), (right, "accuracy")):
        ends = []
        for condition in conditions:
            table = _by_epoch(rows[rows["condition"] == condition], quantity)
            colour = series(list(study.conditions).index(condition)).light
            ends.append((word(condition), colour, _draw(axes, table, colour, single)))
        _scale_x(axes, int(rows["epoch"].max()))
        (_scale_loss if quantity == "loss" else _scale_accuracy)(axes, study)
        label_ends(axes, ends)
    names = list(dict.fromkeys(word(study.fields(c, model)["loss"]) for c in conditions))
    left.set_title(f"Loss, {' or '.join(names)} (log scale)")
    right.set_title("Accuracy, %")
    _legend(figure, validated=bool(rows["validation_loss"].notna().any()), single=single)
    return figure


def _single_lines(rows: pd.DataFrame, conditions: int) -> bool:
    """Say whether every replicate can have its own line."""
    replicates = rows["replicate"].nunique()
    return replicates * rows["epoch"].nunique() * 4 * conditions <= POINTS


def _by_epoch(rows: pd.DataFrame, quantity: str) -> dict[str, pd.DataFrame]:
    """Return epoch by replicate for train and validation; folds averaged, infinities dropped."""
    tables = {}
    for part in STYLES:
        finite = rows.assign(value=rows[f"{part}_{quantity}"].replace([np.inf, -np.inf], np.nan))
        table = finite.pivot_table("value", "epoch", "replicate", aggfunc="mean", dropna=False)
        if table.notna().any(axis=None):
            tables[part] = table * (100 if quantity == "accuracy" else 1)
    return tables


def _draw(
    axes: Axes, tables: dict[str, pd.DataFrame], colour: str, single: bool
) -> tuple[float, float] | None:
    """Draw one condition; return where its training median ends, None if nowhere."""
    end = None
    for part, table in tables.items():
        style: Any = STYLES[part]
        marker: dict[str, Any] = {"marker": "o", "markersize": 3.0} if len(table) == 1 else {}
        if single:
            lines = axes.plot(table.index, table, color=colour, lw=0.75, ls=style, alpha=0.5)
            for line in lines:
                line.set(**marker)
        else:
            low, high = table.min(axis=1), table.max(axis=1)
            axes.fill_between(table.index, low, high, color=colour, alpha=0.12, lw=0)
        median = table.median(axis=1)
        axes.plot(median.index, median, color=colour, lw=1.7, ls=style, **marker)
        known = median.dropna()
        if end is None and len(known):
            end = (float(known.index[-1]), float(known.iloc[-1]))
    return end


def _scale_x(axes: Axes, epochs: int) -> None:
    axes.set_xlim(1, epochs) if epochs > 1 else axes.set_xlim(0.5, 1.5)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.set_xlabel("Epoch")


def _scale_accuracy(axes: Axes, study: Study) -> None:
    """Show all of 0 to 100 % in every figure, so that figures can be compared."""
    axes.set_ylim(0, 100)
    axes.yaxis.set_major_locator(FixedLocator([0, 20, 40, 60, 80, 100]))
    chance = 100 / len(study.raw["dataset"]["classes"])
    axes.axhline(chance, color=MUTED.light, lw=0.6, ls=(0, (1, 2)), zorder=0)
    # Where no curve ends: below chance.
    axes.annotate(
        "chance", (0.99, chance), xycoords=("axes fraction", "data"), xytext=(0, -2),
        textcoords="offset points", va="top", ha="right", color=MUTED.light, fontsize=7,
    )  # fmt: skip


def _scale_loss(axes: Axes, _: Study) -> None:
    """Use a log scale with plain numbers: failing models' losses are a hundred times others'."""
    values = [y for line in axes.lines for y in np.asarray(line.get_ydata(), dtype=float)]
    positive = [y for y in values if np.isfinite(y) and y > 0]
    if not positive:
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_locator(NullLocator())
        axes.text(0.5, 0.5, "no finite loss", transform=axes.transAxes, ha="center")
        return
    low, high = max(min(positive) / 1.15, 1e-4), max(positive) * 1.15
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        marks = [s * 10.0**e for e in range(-5, 9) for s in steps]
        inside = [mark for mark in marks if low <= mark <= high]
        if len(inside) >= 3:
            break
    axes.yaxis.set_major_locator(FixedLocator(inside))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _legend(figure: Figure, validated: bool, single: bool) -> None:
    """Say once, above the panels, what solid and dashed, thin and thick lines are."""
    entries: list[tuple[str, dict[str, Any]]] = []
    if validated:
        entries.append(("training", {"ls": "-", "lw": 1.7}))
        entries.append(("validation", {"ls": STYLES["validation"], "lw": 1.7}))
    entries.append(("median of the replicates", {"ls": "-", "lw": 1.7}))
    if single:
        entries.append(("one replicate", {"ls": "-", "lw": 0.6}))
    else:
        entries.append(("all replicates", {"ls": "-", "lw": 7.0, "alpha": 0.15}))
    handles = [Line2D([], [], color=INK.light, **style) for _, style in entries]
    figure.legend(
        handles, [name for name, _ in entries], loc="upper left", bbox_to_anchor=(0.045, 1.0),
        ncols=len(entries), frameon=False, handlelength=2.1, columnspacing=1.6, borderpad=0.2,
        labelcolor=MUTED.light, edgecolor=RULE.light, facecolor=PAPER.light,
    )  # fmt: skip
