"""The softmax before training: the probability that networks give the true class."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Study
from mlpstudy.figures import style
from mlpstudy.figures.palette import FAINT, INK, MUTED, RULE
from mlpstudy.figures.style import WIDTH, write
from mlpstudy.formats import percent, word

# Inches: a row, the space above and below the rows, the axes' left end and width.
ROW, HEAD, FOOT, LEFT, ACROSS = 0.25, 0.72, 0.46, 1.90, 4.60
NAMES = {"raw": "raw pixels, 0 to 255", "unit": "pixels divided by 255"}
CLIP = -7  # log10 of the probability at which the KL divergence is clipped
DECADES = (0, 1, 7, 15, 30, 60, 100, 150, 200, 300)  # marked on the axis, below 1
QUANTILES = [f"log10_p_true_q{q:02}" for q in (5, 25, 50, 75, 95)]


def draw(results: Results) -> Figure:
    """Draw a row per model: quantiles of p(true class) at initialisation, raw and scaled pixels.

    A thin line spans 5 to 95 % of the images, a thick one 25 to 75 %, a tick is the median. The
    axis is linear in the root of the decades, which shows both 1e-7 and 1e-100.
    """
    rows = results.table("saturation")
    rows = rows[rows["model"].isin(results.models)]
    models = [model for model in results.models if model in set(rows["model"])]
    lowest = max(-float(rows[QUANTILES[0]].min()), 10.0) * 1.02
    figure = style.new_figure(WIDTH, HEAD + ROW * len(models) + FOOT)
    axes = style.axes_at(figure, LEFT, HEAD, ACROSS, ROW * len(models))
    axes.set_xlim(-math.sqrt(lowest), 0)
    axes.set_ylim(len(models), 0)
    _ground(axes, lowest)
    for row in rows.to_dict("records"):
        y = models.index(row["model"]) + (0.32 if row["pixels"] == "raw" else 0.68)
        _strip(axes, row, y, _colour(results.study, row["pixels"]))
    for place, model in enumerate(models):
        fields = results.study.models[model].fields
        # The models that the clip concerns stand out.
        clipped = fields["loss"] == "kl_divergence"
        detail = f"{word(fields['activation'])}, {'KL' if clipped else 'CE'}"
        weight = "bold" if clipped else "normal"
        style.name_row(axes, results.study, model, detail, place + 0.5, LEFT, weight=weight)
        if place:
            axes.axhline(place, color=RULE.light, lw=0.4, zorder=0)
    _shares(figure, rows[rows["pixels"] == "raw"], models)
    marks = [style.line(text, color=_colour(results.study, p), lw=3.2) for p, text in NAMES.items()]
    style.key(figure, marks)
    return figure


def _place(decades: float) -> float:
    """Return where log10 of a probability stands on the axis."""
    return -math.sqrt(max(-decades, 0.0))


def _colour(study: Study, pixels: str) -> str:
    """Return the colour of the first condition with these pixels; grey if no condition has them."""
    for condition in study.conditions.values():
        model = next(iter(condition.models), None)
        if model is not None and study.fields(condition.key, model)["pixels"] == pixels:
            return style.colour_of(study, condition.key)
    return MUTED.light


def _ground(axes: Axes, lowest: float) -> None:
    """Shade where the clip leaves no gradient, and mark the decades."""
    end = _place(CLIP)
    axes.axvspan(-math.sqrt(lowest), end, color=FAINT.light, lw=0, zorder=0)
    axes.axvline(end, color=INK.light, lw=1.0, zorder=4)
    text = "below 1e-7 the clipped KL divergence has no gradient"
    x, y = end + 0.06 * axes.get_xlim()[0] / ACROSS, -0.11 / ROW
    write(axes, x, y, text, ha="right", fontsize=7.5, color=INK.light)
    marks = [decades for decades in DECADES if decades <= lowest]
    axes.set_xticks([_place(-at) for at in marks], ["1", *(f"1e-{at}" for at in marks[1:])])
    axes.set_xlabel("p(true class) before training")
    axes.set_yticks([])
    axes.grid(True, axis="x", color=RULE.light, lw=0.5)
    axes.spines["left"].set_visible(False)


def _strip(axes: Axes, row: dict[Any, Any], y: float, colour: str) -> None:
    low, lower, middle, upper, high = (_place(float(row[name])) for name in QUANTILES)
    look: dict[str, Any] = {"color": colour, "solid_capstyle": "butt", "zorder": 3}
    axes.plot([low, high], [y, y], lw=0.9, **look)
    axes.plot([lower, upper], [y, y], lw=3.2, alpha=0.55, **look)
    axes.plot([middle, middle], [y - 0.14, y + 0.14], lw=1.8, **look)


def _shares(figure: Figure, raw: pd.DataFrame, models: list[str]) -> None:
    """Write right of each row which share of images raw pixels put below the clip."""
    height = ROW * len(models)
    axes = style.axes_at(figure, LEFT + ACROSS, HEAD, 0.80, height)
    style.bare(axes, 0.80, len(models))
    write(axes, 0.80, -0.20 / ROW, "share below,\nraw pixels", ha="right", ma="right")
    for model, share in zip(raw["model"], raw["share_below"], strict=True):
        y = models.index(model) + 0.5
        bar = (0.10, y - 0.12), 0.30 * share, 0.24
        axes.add_patch(Rectangle(*bar, color=MUTED.light, lw=0))
        look: dict[str, Any] = {"ha": "right", "fontsize": 7.5, "color": INK.light}
        write(axes, 0.80, y, f"{percent(share, 0)} %", **look)


def values(results: Results) -> dict[str, Any]:
    """Return the models that raw pixels saturate, and how far scaled ones do at most."""
    rows = results.table("saturation")
    raw, unit = (rows[rows["pixels"] == pixels] for pixels in NAMES)
    most = raw.loc[raw["share_below"] > 0.5, "model"].tolist()
    return {"most": most, "unit": unit["share_below"].max() if len(unit) else None}
