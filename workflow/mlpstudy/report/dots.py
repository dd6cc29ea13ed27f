"""Test accuracy of every replicate as dots, a row a model, with the reported value marked."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from mlpstudy.evidence.study_file import Study
from mlpstudy.report.formats import short_name, word
from mlpstudy.report.palette import INK, MUTED, RULE, series
from mlpstudy.report.plotting import new_figure

# Inches: a condition's lane within a model's row, the gap between rows, what is above and below.
LANE, GAP, HEAD, FOOT = 0.15, 0.10, 0.50, 0.42
MARKERS = ("o", "D", "s", "^", "v", "P")
LONGEST = 30


def dots_figure(
    study: Study, replicates: pd.DataFrame, models: list[str], reported: dict[str, float]
) -> Figure:
    """Draw one row a model and, in it, one lane a condition.

    Args:
        study: the study, for names, thresholds and the order of conditions.
        replicates: condition, model, replicate, test_accuracy (fractions).
        models: keys of the models, from top to bottom.
        reported: test accuracies that the report prints, by model, fractions.
    """
    rows = replicates[replicates["model"].isin(models)]
    conditions = [c for c in study.conditions if (rows["condition"] == c).any()]
    row = LANE * len(conditions) + GAP
    height = HEAD + row * len(models) + FOOT
    figure = new_figure(7.4, height)
    axes = figure.add_axes((0.27, FOOT / height, 0.70, row * len(models) / height))
    axes.set_ylim(len(models), 0)
    axes.set_xlim(0, 100)
    _thresholds(axes, study)
    for place, model in enumerate(models):
        _row(axes, study, rows[rows["model"] == model], conditions, place, row)
        if not math.isnan(value := reported.get(model, math.nan)):
            half = (row - GAP) / row / 2 + 0.06
            axes.plot([100 * value] * 2, [place + 0.5 - half, place + 0.5 + half], **TICK)
    _names(axes, study, models)
    _legend(figure, study, conditions, any(not math.isnan(v) for v in reported.values()), height)
    return figure


TICK: dict[str, Any] = {"color": INK.light, "lw": 1.6, "solid_capstyle": "butt", "zorder": 4}


def _row(
    axes: Axes, study: Study, rows: pd.DataFrame, conditions: list[str], place: int, height: float
) -> None:
    """Draw the lanes of one model."""
    for lane, condition in enumerate(conditions):
        values = rows.loc[rows["condition"] == condition, "test_accuracy"].dropna() * 100
        index = list(study.conditions).index(condition)
        at = place + (GAP / 2 + LANE * (lane + 0.5)) / height
        heights = [at + LANE / height * shift for shift in stagger(list(values))]
        axes.plot(
            values, heights, ls="", marker=MARKERS[index % len(MARKERS)],
            markersize=4.4, markeredgewidth=0, alpha=0.62, color=series(index).light,
            clip_on=False, zorder=3,
        )  # fmt: skip


def stagger(values: list[float], near: float = 0.8) -> list[float]:
    """Return shifts, in heights of a lane, that part dots closer than `near` points.

    Of a crowd the first stays in the middle, the others go above and below it by turns; a crowd
    of many is spread over the lane more closely.
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    crowds: list[list[int]] = []
    for index in order:
        if crowds and values[index] - values[crowds[-1][0]] < near:
            crowds[-1].append(index)
        else:
            crowds.append([index])
    shifts = [0.0] * len(values)
    for crowd in crowds:
        step = min(0.24, 0.8 / len(crowd))
        for place, index in enumerate(crowd):
            shifts[index] = step * ((place + 1) // 2) * (-1) ** place
    return shifts


def _thresholds(axes: Axes, study: Study) -> None:
    """Rule the classes' lowest accuracies, named at the foot of the axes."""
    for name, value in (("Medium", study.medium), ("Superior", study.superior)):
        axes.axvline(100 * value, color=MUTED.light, lw=0.7, ls=(0, (1, 2)), zorder=1)
        axes.annotate(
            f"{name} \N{RIGHTWARDS ARROW}", (100 * value, 1), xycoords=("data", "axes fraction"),
            xytext=(2, 2), textcoords="offset points", color=MUTED.light, fontsize=7,
        )  # fmt: skip
    axes.grid(False)
    for edge in ("left", "bottom"):
        axes.spines[edge].set_visible(False)
    axes.xaxis.set_major_locator(FixedLocator(range(0, 101, 20)))
    axes.set_xlabel("Test accuracy, %")
    axes.grid(True, axis="x", color=RULE.light, lw=0.6, zorder=0)


def _names(axes: Axes, study: Study, models: list[str]) -> None:
    """Name the rows, with what tells the models apart: activation and number of layers."""
    axes.yaxis.set_major_locator(FixedLocator([place + 0.5 for place in range(len(models))]))
    axes.set_yticklabels([""] * len(models))
    for place, model in enumerate(models):
        fields = study.models[model].fields
        name = short_name(model)
        name = name if len(name) <= LONGEST else f"{name[:17]}\N{HORIZONTAL ELLIPSIS}{name[-12:]}"
        detail = f"{word(fields['activation'])}, {len(fields['nodes'])} layers"
        _name(axes, place, name, -0.375, color=INK.light, ha="left")
        # A name that is long leaves no room for the details.
        if len(name) <= 14:
            _name(axes, place, detail, -0.018, color=MUTED.light, ha="right")
        if place:
            axes.axhline(place, color=RULE.light, lw=0.4, zorder=0)


def _name(axes: Axes, place: int, text: str, x: float, **style: Any) -> None:
    """Write left of the row at `place`, `x` in widths of the axes."""
    axes.annotate(
        text, (x, place + 0.5), xycoords=("axes fraction", "data"), va="center", fontsize=8,
        annotation_clip=False, **style,
    )  # fmt: skip


def _legend(
    figure: Figure, study: Study, conditions: list[str], marked: bool, height: float
) -> None:
    handles = [
        Line2D(
            [], [], ls="", marker=MARKERS[index % len(MARKERS)], markersize=4.8,
            markeredgewidth=0, color=series(index).light, label=word(condition),
        )
        for index, condition in enumerate(study.conditions)
        if condition in conditions
    ]  # fmt: skip
    colours = [str(handle.get_color()) for handle in handles]
    if marked:
        handles.append(
            Line2D(
                [], [], ls="", marker="|", markersize=8, markeredgewidth=1.6, color=INK.light,
                label="as the report prints it",
            )
        )  # fmt: skip
    legend = figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1 - 0.02 / height), ncols=7,
        frameon=False, handletextpad=0.3, columnspacing=1.6, borderpad=0.2, handlelength=1.2,
    )  # fmt: skip
    for text, colour in zip(legend.get_texts(), [*colours, INK.light], strict=False):
        text.set_color(colour)
