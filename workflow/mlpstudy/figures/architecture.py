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
from mlpstudy.figures.palette import ACCENT, FAINT, INK, MUTED, PAPER, RULE
from mlpstudy.figures.style import WIDTH, canvas
from mlpstudy.formats import count, given_percent, word

# Inches: the height of the bar of 2 nodes and what each doubling adds, a bar's width, the space
# above and below the tallest for text, and left and right of all.
LEAST, DOUBLING, BAR, HEAD, FOOT, LEFT, RIGHT = 0.10, 0.085, 0.15, 0.24, 0.62, 0.28, 0.32
# Numbers of parameters do not fit into columns narrower than this.
NUMBERED = 0.42


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
    nodes = list(fields["nodes"])
    found = []
    for at, (before, here) in enumerate(zip([inputs, *nodes], nodes, strict=False)):
        last = at == len(nodes) - 1
        normalised = bool(fields["batch_norm"]) and not last
        found.append(
            Layer(
                here,
                (before + 1) * here + (2 * here if normalised else 0),
                "softmax" if last else str(fields["activation"]),
                normalised,
                0.0 if last else float(fields["dropout"]),
            )
        )
    return found


def inputs_of(m: Results) -> int:
    """Return the pixels of an image, from the number of parameters of a model."""
    row = m.table("models").iloc[0]
    without = layers(m.study.fields(row["condition"], row["model"]), 0)
    weights = int(row["parameters"]) - sum(layer.parameters for layer in without)
    return weights // without[0].nodes


def architecture_figure(m: Results, model: str) -> Figure:
    """Draw a model from left to right: pixels, hidden layers, output.

    Layers stand where they would in every other model of the study, so that depth is seen at once.
    """
    fields, inputs = m.study.models[model].fields, inputs_of(m)
    deepest = max(len(m.study.models[key].fields["nodes"]) for key in m.models)
    found = layers(fields, inputs)
    sizes = [inputs, *(layer.nodes for layer in found)]
    tallest = _height(max(sizes))
    figure, axes = canvas(HEAD + tallest + FOOT)
    step = min((WIDTH - LEFT - RIGHT) / max(deepest, 1), 1.1)
    places = [LEFT + step * at for at in range(len(sizes))]
    middle = HEAD + tallest / 2
    for (start, end), (one, other), layer in zip(
        pairwise(places), pairwise(sizes), found, strict=True
    ):
        _connection(axes, start, end, one, other, middle)
        if step >= NUMBERED:
            _text(axes, (start + end) / 2, middle, count(layer.parameters), 6)
    for x, size, bar in zip(places, sizes, [None, *found], strict=True):
        _bar(axes, x, middle, size, bar)
        if step >= 0.2:
            y = middle - _height(size) / 2 - 0.09
            _text(axes, x, y, count(size), 7.5, color=INK.light, weight="bold")
    _labels(axes, places, found, fields, HEAD + tallest + 0.14)
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
    """Draw a layer: its bar, a cap where it is normalised, gaps where nodes are dropped."""
    height = _height(nodes)
    inner = layer is not None and layer.activation != "softmax"
    fill = INK.light if inner else PAPER.light
    axes.add_patch(
        FancyBboxPatch(
            (x - BAR / 2, middle - height / 2), BAR, height, facecolor=fill, edgecolor=INK.light,
            boxstyle="round,pad=0,rounding_size=0.03", lw=1.0,
        )
    )  # fmt: skip
    if layer is None:
        return
    if layer.normalised:
        axes.plot([x + BAR / 2 + 0.035] * 2, [middle - height / 2, middle + height / 2],
                  color=ACCENT.light, lw=2.0, solid_capstyle="butt")  # fmt: skip
    if layer.dropout:
        # As many of the ten marks are missing as nodes are dropped.
        marks = 10
        kept = [n for n in range(marks) if (n * 7) % marks >= round(layer.dropout * marks)]
        heights = [middle - height / 2 + height * (n + 0.5) / marks for n in range(marks)]
        axes.plot([x] * len(kept), [heights[n] for n in kept], ls="", marker="o", markersize=1.8,
                  color=PAPER.light, markeredgewidth=0)  # fmt: skip


def _labels(
    axes: Axes, places: Sequence[float], found: Sequence[Layer], fields: Mapping[str, Any], y: float
) -> None:
    """Write below the bars what each part is, and at the foot how many parameters there are."""
    _text(axes, places[0], y, "pixels", 7)
    _text(axes, places[-1], y, "softmax", 7)
    if len(found) > 1:
        parts = [word(fields["activation"])]
        if fields["batch_norm"]:
            parts.append("batch normalisation")
        if fields["dropout"]:
            parts.append(f"dropout {given_percent(fields['dropout'])} %")
        ends = [places[1] - BAR / 2, places[-2] + BAR / 2]
        axes.plot(ends, [y - 0.09] * 2, color=RULE.light, lw=1)
        _text(axes, ends[0], y, ", then ".join(parts), 7, color=INK.light, ha="left")
    total = sum(layer.parameters for layer in found)
    text = f"{count(total)} trained parameters; between the bars, those of each layer"
    _text(axes, places[0] - BAR / 2, y + 0.25, text, 7, ha="left")


def _text(axes: Axes, x: float, y: float, text: str, size: float, **style: Any) -> None:
    standard: dict[str, Any] = {"color": MUTED.light, "ha": "center", "va": "center"}
    axes.text(x, y, text, fontsize=size, **{**standard, **style})


def architecture_values(m: Results, model: str) -> dict[str, Any]:
    """Return what the caption says: sizes, activation, normalisation, dropout, parameters."""
    fields = m.study.models[model].fields
    *hidden, output = layers(fields, inputs_of(m))
    return {
        "whose": m.names([model]),
        "label": m.study.model_label(model),
        "pixels": inputs_of(m),
        "hidden": [layer.nodes for layer in hidden],
        "outputs": output.nodes,
        "parameters": sum(layer.parameters for layer in (*hidden, output)),
        **{name: fields[name] for name in ("activation", "batch_norm", "dropout")},
    }
