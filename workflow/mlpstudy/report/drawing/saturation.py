"""The softmax before training: how much of it raw pixels leave to the true class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.labels import key, shortened
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.formats import percent, word
from mlpstudy.report.palette import FAINT, INK, MUTED, RULE, series

# Inches: a row, what is above and below the rows, the axes' left end and width.
ROW, HEAD, FOOT, LEFT, ACROSS = 0.25, 0.72, 0.46, 1.90, 4.60
NAMES = {"raw": "raw pixels, 0 to 255", "unit": "pixels divided by 255"}
CLIP = -7
QUANTILES = tuple(f"log10_p_true_q{q:02}" for q in (5, 25, 50, 75, 95))


def saturation_figure(study: Study, saturation: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Draw a row a model: the middle of p(true class) at initialisation, raw and scaled pixels.

    A thin line spans 5 to 95 % of the images, a thick one 25 to 75 %, a tick is the median. The
    axis runs over the root of the decades, so that both 1e-7 and 1e-100 have their place.

    Args:
        study: the study, for names and colours.
        saturation: model, pixels, QUANTILES, share_below.
        models: keys of the models, from top to bottom.
    """
    rows = saturation[saturation["model"].isin(models)]
    lowest = max(-float(rows[QUANTILES[0]].min()), 10.0) * 1.02
    height = HEAD + ROW * len(models) + FOOT
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes(
        (LEFT / WIDTH, FOOT / height, ACROSS / WIDTH, ROW * len(models) / height)
    )
    axes.set_xlim(-math.sqrt(lowest), 0)
    axes.set_ylim(len(models), 0)
    _ground(axes, lowest)
    for place, model in enumerate(models):
        _name(axes, study, model, place)
        for pixels in NAMES:
            chosen = rows[(rows["model"] == model) & (rows["pixels"] == pixels)]
            for row in chosen.to_dict("records"):
                y = place + (0.32 if pixels == "raw" else 0.68)
                _strip(axes, row, y, colour_of(study, pixels))
    _below(axes, rows, models)
    lines = [
        Line2D([], [], color=colour_of(study, pixels), lw=3.2, label=name)
        for pixels, name in NAMES.items()
    ]
    key(figure, lines, 0.06, 0.04)
    return figure


def place_of(decades: float) -> float:
    """Return where log10 of a probability stands on the axis."""
    return -math.sqrt(max(-decades, 0.0))


def colour_of(study: Study, pixels: str) -> str:
    """Return the colour of the first condition with these pixels, so that it means the same."""
    for at, condition in enumerate(study.conditions.values()):
        model = next(iter(condition.models), None)
        if model is not None and study.fields(condition.key, model)["pixels"] == pixels:
            return series(at).light
    return series(len(study.conditions) + list(NAMES).index(pixels)).light


def _ground(axes: Axes, lowest: float) -> None:
    """Shade where the clip leaves no gradient, and mark the decades."""
    end = place_of(CLIP)
    axes.axvspan(-math.sqrt(lowest), end, color=FAINT.light, lw=0, zorder=0)
    axes.axvline(end, color=INK.light, lw=1.0, zorder=4)
    axes.annotate(
        "below 1e-7 the clipped KL divergence has no gradient", (end, 1),
        xycoords=("data", "axes fraction"), xytext=(-4, 5), textcoords="offset points", ha="right",
        fontsize=7.5, color=INK.light,
    )  # fmt: skip
    marks = [m for m in (0, 1, 7, 15, 30, 60, 100, 150, 200, 300) if m <= lowest]
    axes.set_xticks([place_of(-m) for m in marks], ["1", *(f"1e-{m}" for m in marks[1:])])
    axes.set_xlabel("p(true class) before training")
    axes.set_yticks([])
    axes.grid(False)
    axes.grid(True, axis="x", color=RULE.light, lw=0.5)
    axes.spines["left"].set_visible(False)


def _strip(axes: Axes, row: dict[Any, Any], y: float, colour: str) -> None:
    low, lower, middle, upper, high = (place_of(float(row[name])) for name in QUANTILES)
    line: dict[str, Any] = {"color": colour, "solid_capstyle": "butt", "zorder": 3}
    axes.plot([low, high], [y, y], lw=0.9, **line)
    axes.plot([lower, upper], [y, y], lw=3.2, alpha=0.55, **line)
    axes.plot([middle, middle], [y - 0.14, y + 0.14], lw=1.8, **line)


def _name(axes: Axes, study: Study, model: str, place: int) -> None:
    """Name a row; the models that the clip concerns stand out."""
    fields = study.models[model].fields
    clipped = fields["loss"] == "kl_divergence"
    name = shortened(study.model_label(model), 26)
    style: dict[str, Any] = {"va": "center", "fontsize": 8, "annotation_clip": False}
    x = axes.get_xlim()[0]
    inch = -x / ACROSS
    axes.annotate(name, (x - (LEFT - 0.06) * inch, place + 0.5), color=INK.light,
                  weight="bold" if clipped else "normal", **style)  # fmt: skip
    if len(name) <= 9:
        detail = f"{word(fields['activation'])}, {'KL' if clipped else 'CE'}"
        axes.annotate(detail, (x - 0.10 * inch, place + 0.5), ha="right", color=MUTED.light,
                      **{**style, "fontsize": 7.5})  # fmt: skip
    if place:
        axes.axhline(place, color=RULE.light, lw=0.4, zorder=0)


def _below(axes: Axes, rows: pd.DataFrame, models: Sequence[str]) -> None:
    """Write right of each row which share of images raw pixels put below the clip."""
    inch = -axes.get_xlim()[0] / ACROSS
    axes.annotate(
        "share below,\nraw pixels", (0.80 * inch, 0), xytext=(0, 5),
        textcoords="offset points", ha="right", ma="right", fontsize=7, color=MUTED.light,
        annotation_clip=False,
    )  # fmt: skip
    raw = rows[rows["pixels"] == "raw"].set_index("model")["share_below"]
    for place, model in enumerate(models):
        if model in raw.index:
            share = float(raw[model])
            axes.add_patch(
                Rectangle((0.10 * inch, place + 0.38), 0.30 * inch * share, 0.24,
                          color=MUTED.light, lw=0, clip_on=False)
            )  # fmt: skip
            axes.annotate(
                f"{percent(share, 0)} %", (0.80 * inch, place + 0.5), ha="right", va="center",
                fontsize=7.5, color=INK.light, annotation_clip=False,
            )  # fmt: skip
