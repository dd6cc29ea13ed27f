"""The softmax before training: the probability that networks give the true class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Study
from mlpstudy.figures.palette import FAINT, INK, MUTED, RULE, series
from mlpstudy.figures.style import (
    MARGIN,
    WIDTH,
    axes_at,
    key,
    line,
    new_figure,
    shortened,
    write_beside,
)
from mlpstudy.formats import percent, word

# Inches: a row, the space above and below the rows, the axes' left end and width.
ROW, HEAD, FOOT, LEFT, ACROSS = 0.25, 0.72, 0.46, 1.90, 4.60
NAMES = {"raw": "raw pixels, 0 to 255", "unit": "pixels divided by 255"}
CLIP = -7
QUANTILES = tuple(f"log10_p_true_q{q:02}" for q in (5, 25, 50, 75, 95))


def saturation_figure(m: Results, saturation: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Draw a row per model: quantiles of p(true class) at initialisation, raw and scaled pixels.

    A thin line spans 5 to 95 % of the images, a thick one 25 to 75 %, a tick is the median. The
    axis is linear in the root of the decades, which shows both 1e-7 and 1e-100.
    """
    rows = saturation[saturation["model"].isin(models)]
    lowest = max(-float(rows[QUANTILES[0]].min()), 10.0) * 1.02
    figure = new_figure(WIDTH, HEAD + ROW * len(models) + FOOT)
    axes = axes_at(figure, LEFT, HEAD, ACROSS, ROW * len(models))
    axes.set_xlim(-math.sqrt(lowest), 0)
    axes.set_ylim(len(models), 0)
    _ground(axes, lowest)
    for place, model in enumerate(models):
        _name(axes, m.study, model, place)
        for row in rows[rows["model"] == model].to_dict("records"):
            y = place + (0.32 if row["pixels"] == "raw" else 0.68)
            _strip(axes, row, y, _colour(m.study, row["pixels"]))
    _shares(axes, rows[rows["pixels"] == "raw"].set_index("model")["share_below"], models)
    key(figure, [line(name, color=_colour(m.study, pixels), lw=3.2)
                 for pixels, name in NAMES.items()])  # fmt: skip
    return figure


def _place(decades: float) -> float:
    """Return where log10 of a probability stands on the axis."""
    return -math.sqrt(max(-decades, 0.0))


def _inch(axes: Axes) -> float:
    """Return the length of an inch on the axis."""
    return -axes.get_xlim()[0] / ACROSS


def _colour(study: Study, pixels: str) -> str:
    """Return the colour of the first condition with these pixels, so that it means the same."""
    for at, condition in enumerate(study.conditions.values()):
        model = next(iter(condition.models), None)
        if model is not None and study.fields(condition.key, model)["pixels"] == pixels:
            return series(at).light
    return series(len(study.conditions) + list(NAMES).index(pixels)).light


def _ground(axes: Axes, lowest: float) -> None:
    """Shade where the clip leaves no gradient, and mark the decades."""
    end = _place(CLIP)
    axes.axvspan(-math.sqrt(lowest), end, color=FAINT.light, lw=0, zorder=0)
    axes.axvline(end, color=INK.light, lw=1.0, zorder=4)
    axes.annotate(
        "below 1e-7 the clipped KL divergence has no gradient", (end, 1),
        xycoords=("data", "axes fraction"), xytext=(-4, 5), textcoords="offset points", ha="right",
        fontsize=7.5, color=INK.light,
    )  # fmt: skip
    marks = [m for m in (0, 1, 7, 15, 30, 60, 100, 150, 200, 300) if m <= lowest]
    axes.set_xticks([_place(-m) for m in marks], ["1", *(f"1e-{m}" for m in marks[1:])])
    axes.set_xlabel("p(true class) before training")
    axes.set_yticks([])
    axes.grid(True, axis="x", color=RULE.light, lw=0.5)
    axes.spines["left"].set_visible(False)


def _strip(axes: Axes, row: dict[Any, Any], y: float, colour: str) -> None:
    low, lower, middle, upper, high = (_place(float(row[name])) for name in QUANTILES)
    style: dict[str, Any] = {"color": colour, "solid_capstyle": "butt", "zorder": 3}
    axes.plot([low, high], [y, y], lw=0.9, **style)
    axes.plot([lower, upper], [y, y], lw=3.2, alpha=0.55, **style)
    axes.plot([middle, middle], [y - 0.14, y + 0.14], lw=1.8, **style)


def _name(axes: Axes, study: Study, model: str, place: int) -> None:
    """Name a row; the models that the clip concerns stand out."""
    fields = study.models[model].fields
    clipped = fields["loss"] == "kl_divergence"
    name = shortened(study.model_label(model), 26)
    left, y = axes.get_xlim()[0], place + 0.5
    weight = "bold" if clipped else "normal"
    write_beside(
        axes, left - (LEFT - MARGIN) * _inch(axes), y, name, color=INK.light, weight=weight
    )
    if len(name) <= 9:
        detail = f"{word(fields['activation'])}, {'KL' if clipped else 'CE'}"
        write_beside(axes, left - 0.10 * _inch(axes), y, detail, ha="right", color=MUTED.light,
                     fontsize=7.5)  # fmt: skip
    if place:
        axes.axhline(place, color=RULE.light, lw=0.4, zorder=0)


def _shares(axes: Axes, below: pd.Series[float], models: Sequence[str]) -> None:
    """Write right of each row which share of images raw pixels put below the clip."""
    inch = _inch(axes)
    axes.annotate(
        "share below,\nraw pixels", (0.80 * inch, 0), xytext=(0, 5),
        textcoords="offset points", ha="right", ma="right", fontsize=7, color=MUTED.light,
        annotation_clip=False,
    )  # fmt: skip
    for place, model in enumerate(models):
        if model in below.index:
            share = float(below[model])
            bar = (0.10 * inch, place + 0.38), 0.30 * inch * share, 0.24
            axes.add_patch(Rectangle(*bar, color=MUTED.light, lw=0, clip_on=False))
            write_beside(axes, 0.80 * inch, place + 0.5, f"{percent(share, 0)} %", ha="right",
                         fontsize=7.5, color=INK.light)  # fmt: skip


def saturation_values(m: Results, saturation: pd.DataFrame) -> dict[str, Any]:
    """Return what the caption says: which models raw pixels saturate, and how far scaled ones."""
    raw, unit = (saturation[saturation["pixels"] == pixels] for pixels in NAMES)
    most = [str(model) for model in raw.loc[raw["share_below"] > 0.5, "model"]]
    return {
        "most": m.names(most) if most else "",
        "unit": float(unit["share_below"].max()) if len(unit) else None,
    }
