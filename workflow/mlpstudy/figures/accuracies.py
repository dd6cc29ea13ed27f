"""Test accuracy of every replicate as dots in lanes: by model, by activation, by condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import CLASSES
from mlpstudy.figures import style
from mlpstudy.figures.palette import INK, MUTED, PAPER, RULE
from mlpstudy.figures.style import MARGIN, WIDTH, write
from mlpstudy.figures.swarm import swarm
from mlpstudy.formats import heading, word

END = 114  # right end of the rows in the figure of all models, in per cent
FOOT = 0.40  # inches below the axes, for numbers and label
COLUMNS = 2  # of models in the figure of all conditions

PRINTED: dict[str, Any] = {"color": INK.light, "lw": 1.6, "solid_capstyle": "butt", "zorder": 4}
# Values printed elsewhere in the report than in its final table.
ELSEWHERE: dict[str, Any] = {"color": INK.light, "lw": 0.9, "ls": (0, (2, 1))}


class Lane(NamedTuple):
    """The replicates of a model under a condition, with what is written beside them."""

    model: str
    condition: str
    label: str = ""


class Block(NamedTuple):
    """Lanes that stand together, with a title above them if there is room for one."""

    title: str
    lanes: Sequence[Lane]


class Shape(NamedTuple):
    """Sizes of blocks, in inches: left of the axes, a lane, above the first and below the last.

    `size` is the diameter of a dot in points; 0 chooses one by the number of replicates.
    """

    left: float
    lane: float
    head: float
    foot: float
    size: float

    def height(self, blocks: Sequence[Block]) -> float:
        """Return how high some blocks are."""
        lanes = sum(len(block.lanes) for block in blocks)
        return lanes * self.lane + len(blocks) * (self.head + self.foot)


BY_MODEL = Shape(left=1.86, lane=0.15, head=0.04, foot=0.04, size=0)
BY_ACTIVATION = Shape(left=1.12, lane=0.155, head=0.20, foot=0.06, size=3.8)
BY_CONDITION = Shape(left=1.06, lane=0.135, head=0.20, foot=0.06, size=3.4)


def dots_figure(results: Results, models: Sequence[str]) -> Figure:
    """Draw a block per model and, in it, a lane per main condition."""
    shape, top = BY_MODEL, 0.46
    blocks = [Block("", [Lane(model, condition) for condition in results.main]) for model in models]
    figure = style.new_figure(WIDTH, top + shape.height(blocks) + FOOT)
    axes = accuracy_axes(figure, results, shape.left, top, 4.74, shape.height(blocks))
    printed = {model: [results.printed[model]] for model in models if model in results.printed}
    middles = draw_blocks(axes, results, blocks, shape, printed, END)
    _name_classes(axes, results)
    for block, middle in zip(blocks, middles, strict=True):
        model = block.lanes[0].model
        fields = results.study.models[model].fields
        detail = f"{word(fields['activation'])}, {len(fields['nodes'])} layers"
        style.name_row(axes, results.study, model, detail, float(np.mean(middle)), shape.left)
        for lane, y in zip(block.lanes, middle, strict=True):
            failed, number = results.failures(lane.condition, [lane.model])
            if failed:
                colour = style.colour_of(results.study, lane.condition)
                text = f"{failed} of {number} failed"
                write(axes, END, y, text, ha="right", fontsize=6.5, color=colour)
    marks = style.condition_marks(results.study, results.main)
    style.key(figure, [*marks, *([style.printed_mark()] if printed else [])])
    return figure


def groups_figure(results: Results) -> Figure:
    """Draw a panel per main condition; in it a block per activation, and a lane per model.

    A band through a block is the mean of all replicates of its models. Conditions with the same
    groups stand side by side.
    """
    shape, head, gap = BY_ACTIVATION, 0.66, 0.24
    groups = {condition: groups_of(results, condition) for condition in results.main}
    alike = all(own == groups[results.main[0]] for own in groups.values())
    rows = [results.main] if alike else [[condition] for condition in results.main]
    blocks = {
        condition: _group_blocks(results, condition, own) for condition, own in groups.items()
    }
    heights = [shape.height(blocks[row[0]]) for row in rows]
    between = FOOT + 0.34  # for the title of a further row
    figure = style.new_figure(WIDTH, head + sum(heights) + between * (len(rows) - 1) + FOOT)
    width = (WIDTH - shape.left - 0.12 + gap) / len(rows[0]) - gap
    for down, (row, height) in enumerate(zip(rows, heights, strict=True)):
        top = head + sum(heights[:down]) + between * down
        for at, condition in enumerate(row):
            left = shape.left + at * (width + gap)
            axes = accuracy_axes(figure, results, left, top, width, height)
            title = style.condition_name(results.study, condition, int(13 * width))
            axes.set_title(title, color=style.colour_of(results.study, condition))
            own = blocks[condition]
            if at:  # names stand beside the first panel only
                own = [block._replace(title="") for block in own]
            printed = {model: [value] for model, value in results.printed.items()}
            middles = draw_blocks(axes, results, own, shape, printed)
            axes.tick_params(labelleft=at == 0)
            for block, middle in zip(own, middles, strict=True):
                _mean(axes, results, block, middle[0] - shape.lane / 2, middle[-1] + shape.lane / 2)
    style.key(figure, [style.printed_mark()] if results.printed else [])
    return figure


def sensitivity_figure(results: Results) -> Figure:
    """Draw a block per model and in it a lane per condition, in columns on one axis."""
    shape, top, gap = BY_CONDITION, 0.34, 0.26
    blocks = []
    for model in results.models:
        run = [c for c in results.study.conditions if len(results.accuracies(c, model))]
        lanes = [Lane(model, c, style.condition_name(results.study, c, 17)) for c in run]
        blocks.append(Block(style.shortened(results.study.model_label(model), 22), lanes))
    columns = _columns(blocks, shape)
    printed = printed_anywhere(results)
    figure = style.new_figure(WIDTH, top + max(map(shape.height, columns)) + FOOT)
    width = (WIDTH - 0.12 - shape.left * COLUMNS - gap * (COLUMNS - 1)) / COLUMNS
    for at, column in enumerate(columns):
        left = shape.left + at * (width + gap + shape.left)
        axes = accuracy_axes(figure, results, left, top, width, shape.height(column))
        draw_blocks(axes, results, column, shape, printed)
    marks = [style.printed_mark()] if printed else []
    if any(len(values) > 1 for values in printed.values()):
        # A dashed tick is too short to be seen as such.
        marks.append(style.line("printed elsewhere in it", **ELSEWHERE))
    style.key(figure, marks)
    return figure


def accuracy_axes(
    figure: Figure, results: Results, left: float, top: float, width: float, height: float
) -> Axes:
    """Return axes of 0 to 100 % whose y runs downwards in inches; all lengths in inches.

    The lowest accuracy of each class is ruled.
    """
    axes = style.axes_at(figure, left, top, width, height)
    axes.set_xlim(0, 100)
    axes.set_ylim(height, 0)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("Test accuracy, %")
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x", color=RULE.light, lw=0.6)
    axes.tick_params(axis="x", length=0, pad=4)
    for edge in (results.study.medium, results.study.superior):
        axes.axvline(100 * edge, color=MUTED.light, lw=0.7, ls=(0, (1, 2)), zorder=1)
    return axes


def draw_blocks(
    axes: Axes,
    results: Results,
    blocks: Sequence[Block],
    shape: Shape,
    printed: Mapping[str, Sequence[float]],
    end: float = 100,
) -> list[list[float]]:
    """Draw blocks of lanes below each other; return the middle of each lane, by block.

    Args:
        axes: of `accuracy_axes`.
        results: the results.
        blocks: from the top to the bottom.
        shape: their sizes.
        printed: values that the report prints of a model, drawn across its lanes; the first one
            stands in its final table.
        end: where the lines between blocks end, in per cent.
    """
    start = -100 * (shape.left - MARGIN) / _inches(axes)
    middles: list[list[float]] = []
    for at, block in enumerate(blocks):
        top = shape.height(blocks[:at])
        first = top + shape.head + shape.lane / 2
        middles.append([first + shape.lane * place for place in range(len(block.lanes))])
        if block.title:
            write(axes, start, top + 0.12, block.title, weight="bold", color=INK.light, fontsize=8)
        if at or block.title:
            axes.plot([start, end], [top, top], color=RULE.light, lw=0.5, clip_on=False, zorder=0)
        for lane, middle in zip(block.lanes, middles[-1], strict=True):
            _draw_lane(axes, results, lane, middle, shape)
        lanes = zip(block.lanes, middles[-1], strict=True)
        for model, own in groupby(lanes, key=lambda pair: pair[0].model):
            places = [middle for _, middle in own]
            ends = places[0] - 0.45 * shape.lane, places[-1] + 0.45 * shape.lane
            for number, value in enumerate(printed.get(model, ())):
                axes.plot([100 * value] * 2, ends, **(ELSEWHERE if number else PRINTED))
    labels = [lane.label for block in blocks for lane in block.lanes]
    axes.set_yticks(np.concatenate(middles), labels, fontsize=7)
    return middles


def _draw_lane(axes: Axes, results: Results, lane: Lane, middle: float, shape: Shape) -> None:
    """Draw every replicate as a dot, shifted where dots would hide each other.

    A light line joins the lowest and the highest.
    """
    colour = style.colour_of(results.study, lane.condition)
    known = 100 * results.accuracies(lane.condition, lane.model).dropna().sort_values().to_numpy()
    if not len(known):
        return
    if len(known) > 1:
        axes.plot(known[[0, -1]], [middle] * 2, color=colour, lw=0.8, alpha=0.3, zorder=2)
    size = shape.size or (4.2 if len(known) <= 8 else 3.3)
    points = known * 0.72 * _inches(axes)  # along the lane
    reach = max(shape.lane * 36 - size / 2, 0.0)
    shifts = np.array(swarm(points.tolist(), size * 0.9, reach)) / 72
    axes.plot(
        known, middle + shifts, ls="", marker=style.marker_of(results.study, lane.condition),
        markersize=size, color=colour, markeredgewidth=0.35, markeredgecolor=PAPER.light,
        clip_on=False, zorder=3,
    )  # fmt: skip


def _inches(axes: Axes) -> float:
    return float(axes.get_position().width * WIDTH)


def _name_classes(axes: Axes, results: Results) -> None:
    """Write the names of the classes above their ranges, where they fit."""
    edges = [0, 100 * results.study.medium, 100 * results.study.superior, 100]
    for (low, high), name in zip(pairwise(edges), reversed(CLASSES), strict=True):
        if (high - low) / 100 * _inches(axes) > 0.55:
            write(axes, (low + high) / 2, -0.08, heading(name), ha="center")


def _mean(axes: Axes, results: Results, block: Block, top: float, bottom: float) -> None:
    """Draw the mean of all replicates of a block, which is of one condition, as a band."""
    condition = block.lanes[0].condition
    models = [lane.model for lane in block.lanes]
    mean = 100 * results.replicates_of(condition, models)["test_accuracy"].mean()
    if np.isfinite(mean):
        colour = style.colour_of(results.study, condition)
        band: dict[str, Any] = {"lw": 5, "alpha": 0.16, "solid_capstyle": "butt", "zorder": 1}
        axes.plot([mean, mean], [top, bottom], color=colour, **band)
        write(axes, mean, top - 0.07, f"mean {mean:.1f}", ha="center", color=colour, fontsize=6.5)


def groups_of(results: Results, condition: str) -> dict[str, list[str]]:
    """Return the models by the activation that they have under a condition."""
    found: dict[str, list[str]] = {}
    for model in results.models:
        activation = results.study.fields(condition, model)["activation"]
        found.setdefault(str(activation), []).append(model)
    return found


def _group_blocks(
    results: Results, condition: str, groups: Mapping[str, Sequence[str]]
) -> list[Block]:
    names = {
        model: style.shortened(results.study.model_label(model), 14) for model in results.models
    }
    return [
        Block(word(activation), [Lane(model, condition, names[model]) for model in models])
        for activation, models in groups.items()
    ]


def _columns(blocks: Sequence[Block], shape: Shape) -> list[list[Block]]:
    """Distribute blocks, in their order, to columns of about the same height."""
    columns: list[list[Block]] = [[] for _ in range(COLUMNS)]
    for at, block in enumerate(blocks):
        middle = shape.height(blocks[:at]) + shape.height([block]) / 2
        columns[int(COLUMNS * middle / shape.height(blocks))].append(block)
    return [column for column in columns if column]


def printed_anywhere(results: Results) -> dict[str, list[float]]:
    """Return all test accuracies that the report prints of a model, the final one first."""
    found = {model: [value] for model, value in results.printed.items()}
    if results.has("sensitivity"):
        rows = results.table("sensitivity")
        rows = rows[rows["quantity"] == "test_accuracy"].drop_duplicates(["model", "reported"])
        for model, value in zip(rows["model"], rows["reported"], strict=True):
            known = found.setdefault(model, [])
            # The same value to fewer digits is no other.
            if all(abs(value - other) >= 0.005 for other in known):
                known.append(float(value))
    return found


def dots_values(results: Results, models: Sequence[str]) -> dict[str, Any]:
    """Return what the caption says: failures, printed values in our range, medians and ranges.

    `medians` lists (model, lowest, median, highest) of the models that have an accuracy.
    """
    printed = [model for model in models if model in results.printed]
    told = []
    for condition in results.main:
        failed, number = results.failures(condition, models)
        run = [model for model in printed if len(results.accuracies(condition, model))]
        inside = [k for k in run if results.covers(condition, k, results.printed[k])]
        accuracies = {model: results.accuracies(condition, model).dropna() for model in models}
        told.append({
            "label": results.study.condition_label(condition),
            "failed": failed,
            "number": number,
            "run": len(run),
            "inside": len(inside),
            "medians": [
                (results.names([model]), *np.quantile(values, [0, 0.5, 1]))
                for model, values in accuracies.items()
                if len(values)
            ],
        })  # fmt: skip
    return {
        "whose": "every model" if list(models) == results.models else results.names(models),
        "replicates": results.replicate_numbers(models, results.main),
        "medium": results.study.medium,
        "printed": bool(printed),
        "conditions": told,
    }


def groups_values(results: Results) -> dict[str, Any]:
    """Return what the caption says: the mean of each group, the highest first."""
    told = []
    for condition in results.main:
        means = [
            (results.replicates_of(condition, models)["test_accuracy"].mean(), activation)
            for activation, models in groups_of(results, condition).items()
        ]
        known = sorted((-mean, activation) for mean, activation in means if mean == mean)
        label = results.study.condition_label(condition)
        told.append({"label": label, "means": [(word(a), -mean) for mean, a in known]})
    return {
        "replicates": results.replicate_numbers(results.models, results.main),
        "conditions": told,
    }


def sensitivity_values(results: Results) -> dict[str, Any]:
    """Return what the caption says: the models whose printed value no condition reaches."""
    never = [
        model
        for model, value in results.printed.items()
        if not any(results.covers(condition, model, value) for condition in results.conditions)
    ]
    return {
        "conditions": len(results.conditions),
        "printed": bool(results.printed),
        "never": results.names(never) if never else "",
    }
