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
from mlpstudy.figures.palette import INK, MUTED, PAPER, RULE, look_of
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
    study, shape, top = results.study, BY_MODEL, 0.46
    blocks = [Block("", [Lane(model, condition) for condition in results.main]) for model in models]
    figure = style.new_figure(WIDTH, top + shape.height(blocks) + FOOT)
    printed = {model: [results.printed[model]] for model in models if model in results.printed}
    place = shape.left, top, 4.74
    axes, middles = draw_blocks(figure, results, blocks, shape, place, printed, END)
    _name_classes(axes, results)
    for model, middle in zip(models, middles, strict=True):
        fields = study.models[model].fields
        detail = f"{word(fields['activation'])}, {len(fields['nodes'])} layers"
        style.name_row(axes, study, model, detail, float(np.mean(middle)), shape.left)
        for condition, y in zip(results.main, middle, strict=True):
            failed, number = results.failures(condition, [model])
            if failed:
                look: dict[str, Any] = {"ha": "right", "color": style.colour_of(study, condition)}
                write(axes, END, y, f"{failed} of {number} failed", fontsize=6.5, **look)
    marks = []
    for condition in results.main:
        marker = look_of(study, condition).marker
        label, colour = study.condition_label(condition), style.colour_of(study, condition)
        marks.append(style.mark(label, color=colour, marker=marker, markersize=4.6))
    style.key(figure, [*marks, *([style.printed_mark()] if printed else [])])
    return figure


def groups_figure(results: Results) -> Figure:
    """Draw a panel per main condition; in it a block per activation, and a lane per model.

    A band through a block is the mean of all replicates of its models. Panels with the same groups
    have their names only once.
    """
    study, shape, top, gap = results.study, BY_ACTIVATION, 0.66, 0.24
    groups = {condition: groups_of(results, condition) for condition in results.main}
    alike = all(own == groups[results.main[0]] for own in groups.values())
    names = {model: style.shortened(study.model_label(model), 14) for model in results.models}
    columns = {
        condition: [
            Block(
                "" if alike and condition != results.main[0] else word(activation),
                [Lane(model, condition, names[model]) for model in models],
            )
            for activation, models in own.items()
        ]
        for condition, own in groups.items()
    }
    figure = style.new_figure(WIDTH, top + max(map(shape.height, columns.values())) + FOOT)
    between = gap + (0 if alike else shape.left)
    width = (WIDTH - 0.12 - shape.left - between * (len(columns) - 1)) / len(columns)
    printed = {model: [value] for model, value in results.printed.items()}
    for at, (condition, blocks) in enumerate(columns.items()):
        place = shape.left + at * (width + between), top, width
        axes, middles = draw_blocks(figure, results, blocks, shape, place, printed)
        axes.tick_params(labelleft=not (at and alike))
        title = style.condition_name(study, condition, int(13 * width))
        axes.set_title(title, color=style.colour_of(study, condition))
        for block, middle in zip(blocks, middles, strict=True):
            _mean(axes, results, block, middle[0] - shape.lane / 2, middle[-1] + shape.lane / 2)
    style.key(figure, [style.printed_mark()] if results.printed else [])
    return figure


def sensitivity_figure(results: Results) -> Figure:
    """Draw a block per model and in it a lane per condition, in columns of about one height."""
    study, shape, top, gap = results.study, BY_CONDITION, 0.34, 0.26
    names = {c: style.condition_name(study, c, 17) for c in study.conditions}
    blocks = []
    for model in results.models:
        run = [c for c in study.conditions if len(results.accuracies(c, model))]
        label = style.shortened(study.model_label(model), 22)
        blocks.append(Block(label, [Lane(model, c, names[c]) for c in run]))
    columns: list[list[Block]] = [[] for _ in range(COLUMNS)]
    for at, block in enumerate(blocks):
        middle = shape.height(blocks[:at]) + shape.height([block]) / 2
        columns[int(COLUMNS * middle / shape.height(blocks))].append(block)
    figure = style.new_figure(WIDTH, top + max(map(shape.height, columns)) + FOOT)
    width = (WIDTH - 0.12 - shape.left * COLUMNS - gap * (COLUMNS - 1)) / COLUMNS
    printed = printed_anywhere(results)
    for at, column in enumerate(filter(None, columns)):
        place = shape.left + at * (width + gap + shape.left), top, width
        draw_blocks(figure, results, column, shape, place, printed)
    marks = [style.printed_mark()] if printed else []
    if any(len(values) > 1 for values in printed.values()):
        # A dashed tick is too short to be seen as such.
        marks.append(style.line("printed elsewhere in it", **ELSEWHERE))
    style.key(figure, marks)
    return figure


def draw_blocks(
    figure: Figure,
    results: Results,
    blocks: Sequence[Block],
    shape: Shape,
    place: tuple[float, float, float],
    printed: Mapping[str, Sequence[float]],
    end: float = 100,
) -> tuple[Axes, list[list[float]]]:
    """Draw blocks of lanes below each other; return their axes and the middle of lanes, by block.

    The axes are of 0 to 100 %, and their y runs downwards in inches. The lowest accuracy of each
    class is ruled.

    Args:
        figure: of the width WIDTH.
        results: the results.
        blocks: from the top to the bottom.
        shape: their sizes.
        place: left, top and width of the axes, in inches.
        printed: values that the report prints of a model, drawn across its lanes; the first one
            stands in its final table.
        end: where the lines between blocks end, in per cent.
    """
    axes = style.axes_at(figure, *place, shape.height(blocks))
    axes.set(xlim=(0, 100), ylim=(shape.height(blocks), 0), xticks=range(0, 101, 20))
    axes.set_xlabel("Test accuracy, %")
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x", color=RULE.light, lw=0.6)
    axes.tick_params(axis="x", length=0, pad=4)
    for edge in (results.study.medium, results.study.superior):
        axes.axvline(100 * edge, color=MUTED.light, lw=0.7, ls=(0, (1, 2)), zorder=1)
    start = -100 * (shape.left - MARGIN) / _inches(axes)
    middles: list[list[float]] = []
    for at, block in enumerate(blocks):
        top = shape.height(blocks[:at])
        first = top + shape.head + shape.lane / 2
        middles.append([first + shape.lane * n for n in range(len(block.lanes))])
        if block.title:
            write(axes, start, top + 0.12, block.title, weight="bold", color=INK.light, fontsize=8)
        if at or block.title:
            axes.plot([start, end], [top, top], color=RULE.light, lw=0.5, clip_on=False, zorder=0)
        lanes = list(zip(block.lanes, middles[-1], strict=True))
        for lane, middle in lanes:
            _draw_lane(axes, results, lane, middle, shape)
        for model, own in groupby(lanes, key=lambda pair: pair[0].model):
            places = [middle for _, middle in own]
            ends = places[0] - 0.45 * shape.lane, places[-1] + 0.45 * shape.lane
            for number, value in enumerate(printed.get(model, ())):
                axes.plot([100 * value] * 2, ends, **(ELSEWHERE if number else PRINTED))
    labels = [lane.label for block in blocks for lane in block.lanes]
    axes.set_yticks(np.concatenate(middles), labels, fontsize=7)
    return axes, middles


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
        known, middle + shifts, ls="", marker=look_of(results.study, lane.condition).marker,
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
    """Return, by main condition, whether printed values are in our range, and the medians.

    `medians` lists (model, lowest, median, highest) of the models that have an accuracy.
    """
    inside: dict[str, list[bool]] = {}
    medians: dict[str, list[Any]] = {}
    printed = {model: results.printed[model] for model in models if model in results.printed}
    for c in results.main:
        accuracies = results.replicates_of(c, models).groupby("model")["test_accuracy"]
        known = accuracies.agg(["min", "median", "max"]).reindex(list(models)).dropna()
        medians[c] = list(known.itertuples())
        run = {model: value for model, value in printed.items() if model in accuracies.groups}
        inside[c] = [results.covers(c, model, value) for model, value in run.items()]
    return {"printed": printed, "inside": inside, "medians": medians}


def groups_values(results: Results) -> dict[str, Any]:
    """Return, by main condition, the mean of each activation's replicates, the highest first."""
    means = {}
    for condition in results.main:
        own = groups_of(results, condition)
        activation = {model: name for name, models in own.items() for model in models}
        rows = results.replicates_of(condition, results.models)
        found = rows.groupby(rows["model"].map(activation))["test_accuracy"].mean().dropna()
        means[condition] = found.sort_values(ascending=False, kind="stable")
    return {"means": means}


def sensitivity_values(results: Results) -> dict[str, Any]:
    """Return the models whose printed value no condition reaches."""
    never = [
        model
        for model, value in results.printed.items()
        if not any(results.covers(condition, model, value) for condition in results.conditions)
    ]
    return {"never": never}
