"""A model's architecture: one bar per layer, its height by the logarithm of its nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

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


@dataclass(frozen=True)
class Layer:
    """One layer as it is drawn: nodes, what follows their sums, parameters that lead to it."""

    nodes: int
    parameters: int
    activation: str
    normalised: bool
    dropout: float


def layers(fields: Mapping[str, Any], inputs: int) -> list[Layer]:
    """Return the dense layers of a model on `inputs` pixels, the last one its output.

    `parameters` are those of the dense layer and of the batch normalisation behind it: a scale
    and a shift for each node, which are trained, and the moving mean and variance, which Keras
    counts as well, left out.
    """
    *hidden, output = pairwise([inputs, *fields["nodes"]])
    normalised, dropout = bool(fields["batch_norm"]), float(fields["dropout"])
    scaled = 2 if normalised else 0
    found = [
        Layer(nodes, (before + 1 + scaled) * nodes, fields["activation"], normalised, dropout)
        for before, nodes in hidden
    ]
    before, nodes = output
    return [*found, Layer(nodes, (before + 1) * nodes, "softmax", False, 0.0)]


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
    sizes = [inputs, *(layer.nodes for layer in found)]
    tallest = _height(max(sizes))
    figure, axes = canvas(HEAD + tallest + FOOT)
    step = min((WIDTH - LEFT - RIGHT) / deepest, 1.1)
    middle = HEAD + tallest / 2
    for at, layer in enumerate(found):
        x = LEFT + step * at
        _connection(axes, x, x + step, sizes[at], layer.nodes, middle)
        if step >= NUMBERED:
            text = count(layer.parameters)
            write(axes, x + step / 2, middle, text, fontsize=6, ha="center")
    for at, (size, bar) in enumerate(zip(sizes, [None, *found], strict=True)):
        x, y = LEFT + step * at, middle - _height(size) / 2 - 0.09
        _bar(axes, x, middle, size, bar)
        if step >= SIZED:
            look: dict[str, Any] = {"ha": "center", "color": INK.light, "weight": "bold"}
            write(axes, x, y, count(size), fontsize=7.5, **look)
    _labels(axes, step, found, fields, HEAD + tallest + 0.14)
    return figure


def _height(nodes: int) -> float:
    return LEAST + DOUBLING * math.log2(max(nodes, 2))


def _connection(axes: Axes, x: float, end: float, one: int, other: int, middle: float) -> None:
    """Draw the dense connection between two layers as the area between their bars."""
    a, b = _height(one) / 2, _height(other) / 2
    corners = [
        (x + BAR / 2, middle - a), (end - BAR / 2, middle - b),
        (end - BAR / 2, middle + b), (x + BAR / 2, middle + a),
    ]  # fmt: skip
    axes.add_patch(Polygon(corners, facecolor=FAINT.light, edgecolor=RULE.light, lw=0.5))


def _bar(axes: Axes, x: float, middle: float, nodes: int, layer: Layer | None) -> None:
    """Draw a layer: its bar, a line where it is normalised, gaps where nodes are dropped."""
    height = _height(nodes)
    top = middle - height / 2
    hidden = layer is not None and layer.activation != "softmax"
    rounded = "round,pad=0,rounding_size=0.03"
    look: dict[str, Any] = {"edgecolor": INK.light, "boxstyle": rounded, "lw": 1.0}
    fill = INK.light if hidden else PAPER.light
    axes.add_patch(FancyBboxPatch((x - BAR / 2, top), BAR, height, facecolor=fill, **look))
    if layer is not None and layer.normalised:
        side = [x + BAR / 2 + 0.035] * 2
        axes.plot(side, [top, top + height], color=ACCENT.light, lw=2.0, solid_capstyle="butt")
    if layer is not None and layer.dropout:
        # As many of the ten marks are missing as nodes are dropped.
        kept = [n for n in range(10) if (n * 7) % 10 >= round(layer.dropout * 10)]
        dot: dict[str, Any] = {"marker": "o", "markersize": 1.8, "markeredgewidth": 0}
        heights = [top + height * (n + 0.5) / 10 for n in kept]
        axes.plot([x] * len(kept), heights, ls="", color=PAPER.light, **dot)


def _labels(
    axes: Axes, step: float, found: Sequence[Layer], fields: Mapping[str, Any], y: float
) -> None:
    """Write below the bars what each part is, and at the foot how many parameters there are."""
    write(axes, LEFT, y, "pixels", ha="center")
    write(axes, LEFT + step * len(found), y, "softmax", ha="center")
    if len(found) > 1:
        parts = [word(fields["activation"])]
        if fields["batch_norm"]:
            parts.append("batch normalisation")
        if fields["dropout"]:
            parts.append(f"dropout {given_percent(fields['dropout'])} %")
        ends = [LEFT + step - BAR / 2, LEFT + step * (len(found) - 1) + BAR / 2]
        axes.plot(ends, [y - 0.09] * 2, color=RULE.light, lw=1)
        write(axes, ends[0], y, ", then ".join(parts), color=INK.light)
    total = count(sum(layer.parameters for layer in found))
    text = f"{total} trained parameters; between the bars, those of each layer"
    write(axes, LEFT - BAR / 2, y + 0.25, text)


def values(results: Results, model: str) -> dict[str, Any]:
    """Return what the caption says: sizes, activation, normalisation, dropout, parameters."""
    fields, pixels = results.study.models[model].fields, inputs_of(results)
    found = layers(fields, pixels)
    return {
        "whose": results.names([model]),
        "label": results.study.model_label(model),
        "pixels": pixels,
        "hidden": [layer.nodes for layer in found[:-1]],
        "outputs": found[-1].nodes,
        "parameters": sum(layer.parameters for layer in found),
        **{name: fields[name] for name in ("activation", "batch_norm", "dropout")},
    }
