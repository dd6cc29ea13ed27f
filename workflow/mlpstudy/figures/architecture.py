"""A model's architecture: one bar per layer, its height by the logarithm of its nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon

from mlpstudy.analysis.results import Results
from mlpstudy.figures.palette import ACCENT, FAINT, INK, PAPER, RULE
from mlpstudy.figures.style import WIDTH, canvas, write
from mlpstudy.formats import count, given_percent, word

# Inches: the height of the bar of 2 nodes and what each doubling adds, a bar's width, the space
# above and below the tallest for text, and left and right of all.
LEAST, DOUBLING, BAR, HEAD, FOOT, LEFT, RIGHT = 0.10, 0.085, 0.15, 0.24, 0.62, 0.28, 0.32
# Numbers of parameters, and of nodes, do not fit into columns narrower than these.
NUMBERED, SIZED = 0.42, 0.2


class Layer(NamedTuple):
    """One dense layer: its nodes, and the parameters that lead to it."""

    nodes: int
    parameters: int


def layers(fields: Mapping[str, Any], inputs: int) -> list[Layer]:
    """Return the dense layers of a model on `inputs` pixels, the last one its output.

    `parameters` are those of the dense layer and of the batch normalisation behind it: a scale
    and a shift for each node, which are trained, and the moving mean and variance, which Keras
    counts as well, left out. The output is not normalised.
    """
    *hidden, (before, outputs) = pairwise([inputs, *fields["nodes"]])
    each = 3 if fields["batch_norm"] else 1  # parameters of a node that are not weights
    found = [Layer(nodes, (before + each) * nodes) for before, nodes in hidden]
    return [*found, Layer(outputs, (before + 1) * outputs)]


def inputs_of(results: Results) -> int:
    """Return the pixels of an image, from the number of parameters of a model."""
    row = results.table("models").iloc[0]
    without = layers(results.study.fields(row["condition"], row["model"]), 0)
    weights = int(row["parameters"]) - sum(layer.parameters for layer in without)
    return weights // without[0].nodes


def draw(results: Results, model: str) -> Figure:
    """Draw a model from left to right: pixels, hidden layers, output.

    Layers stand where they would in every other model of the study, so that depth is seen at once.
    """
    fields, inputs = results.study.models[model].fields, inputs_of(results)
    deepest = max(len(results.study.models[key].fields["nodes"]) for key in results.models)
    found = layers(fields, inputs)
    sizes = [inputs, *fields["nodes"]]
    tallest = _height(max(sizes))
    figure, axes = canvas(HEAD + tallest + FOOT)
    step = min((WIDTH - LEFT - RIGHT) / deepest, 1.1)
    middle, places = HEAD + tallest / 2, [LEFT + step * at for at in range(len(sizes))]
    for layer, ends, nodes in zip(found, pairwise(places), pairwise(sizes), strict=True):
        _connection(axes, ends, nodes, middle)
        if step >= NUMBERED:
            write(axes, sum(ends) / 2, middle, count(layer.parameters), fontsize=6, ha="center")
    look: dict[str, Any] = {"fontsize": 7.5, "ha": "center", "color": INK.light, "weight": "bold"}
    for at, (x, size) in enumerate(zip(places, sizes, strict=True)):
        _bar(axes, x, middle, size, fields if 0 < at < len(found) else None)
        if step >= SIZED:
            write(axes, x, middle - _height(size) / 2 - 0.09, count(size), **look)
    y = HEAD + tallest + 0.14
    write(axes, places[0], y, "pixels", ha="center")
    write(axes, places[-1], y, "softmax", ha="center")
    if len(found) > 1:
        ends = places[1] - BAR / 2, places[-2] + BAR / 2
        axes.plot(ends, [y - 0.09] * 2, color=RULE.light, lw=1)
        write(axes, ends[0], y, _hidden(fields), color=INK.light)
    total = count(sum(layer.parameters for layer in found))
    text = f"{total} trained parameters; between the bars, those of each layer"
    write(axes, LEFT - BAR / 2, y + 0.25, text)
    return figure


def _height(nodes: int) -> float:
    return LEAST + DOUBLING * math.log2(max(nodes, 2))


def _connection(
    axes: Axes, ends: tuple[float, float], nodes: tuple[int, int], middle: float
) -> None:
    """Draw the dense connection between two layers as the area between their bars."""
    left, right = ends[0] + BAR / 2, ends[1] - BAR / 2
    one, other = (_height(number) / 2 for number in nodes)
    corners = [
        (left, middle - one), (right, middle - other), (right, middle + other), (left, middle + one)
    ]  # fmt: skip
    axes.add_patch(Polygon(corners, facecolor=FAINT.light, edgecolor=RULE.light, lw=0.5))


def _bar(axes: Axes, x: float, middle: float, nodes: int, fields: Mapping[str, Any] | None) -> None:
    """Draw a bar, filled if it is a hidden layer, which has `fields`.

    Beside it is a line where the layer is normalised, and in it are gaps where nodes are dropped.
    """
    height = _height(nodes)
    top = middle - height / 2
    rounded = "round,pad=0,rounding_size=0.03"
    look: dict[str, Any] = {"edgecolor": INK.light, "boxstyle": rounded, "lw": 1.0}
    fill = PAPER.light if fields is None else INK.light
    axes.add_patch(FancyBboxPatch((x - BAR / 2, top), BAR, height, facecolor=fill, **look))
    if fields and fields["batch_norm"]:
        side = [x + BAR / 2 + 0.035] * 2
        axes.plot(side, [top, top + height], color=ACCENT.light, lw=2.0, solid_capstyle="butt")
    if fields and fields["dropout"]:
        # As many of the ten marks are missing as nodes are dropped.
        kept = [n for n in range(10) if (n * 7) % 10 >= round(fields["dropout"] * 10)]
        dot: dict[str, Any] = {"marker": "o", "markersize": 1.8, "markeredgewidth": 0}
        heights = [top + height * (n + 0.5) / 10 for n in kept]
        axes.plot([x] * len(kept), heights, ls="", color=PAPER.light, **dot)


def _hidden(fields: Mapping[str, Any]) -> str:
    """Return what follows the sums of the hidden layers."""
    parts = [word(fields["activation"])]
    if fields["batch_norm"]:
        parts.append("batch normalisation")
    if fields["dropout"]:
        parts.append(f"dropout {given_percent(fields['dropout'])} %")
    return ", then ".join(parts)


def values(results: Results, model: str) -> dict[str, Any]:
    """Return the model's fields, its pixels and its layers."""
    fields, pixels = results.study.models[model].fields, inputs_of(results)
    return {"fields": fields, "pixels": pixels, "layers": layers(fields, pixels)}
