"""Each model under every condition that covers it, against the value that the report prints."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpstudy.analysis.results import Results
from mlpstudy.figures.lanes import (
    accuracy_axes,
    lane,
    per_cents,
    printed_bar,
    separator,
    thresholds,
)
from mlpstudy.figures.palette import INK, MUTED
from mlpstudy.figures.style import (
    MARGIN,
    WIDTH,
    condition_name,
    key,
    line,
    new_figure,
    printed_mark,
    shortened,
    write_beside,
)

# Inches: a condition's lane, the head of a model's block, the gap to the next, the space above and
# below, left of each column, right of the last and between columns.
LANE, NAME, BETWEEN, HEAD, FOOT = 0.135, 0.20, 0.06, 0.34, 0.40
LEFT, RIGHT, GAP, COLUMNS = 1.06, 0.12, 0.26, 2

OTHER: dict[str, Any] = {"lw": 0.9, "ls": (0, (2, 1))}  # values printed elsewhere in the report


def sensitivity_figure(m: Results) -> Figure:
    """Draw a block per model and in it a lane per condition, in columns on one axis."""
    covered = {k: [c for c in m.study.conditions if len(m.accuracies(c, k))] for k in m.models}
    heights = {k: NAME + LANE * len(own) + BETWEEN for k, own in covered.items()}
    columns = _columns(heights)
    tallest = max(sum(heights[k] for k in column) for column in columns)
    printed = printed_anywhere(m)
    figure = new_figure(WIDTH, HEAD + tallest + FOOT)
    width = (WIDTH - RIGHT - LEFT * COLUMNS - GAP * (COLUMNS - 1)) / COLUMNS
    for at, column in enumerate(columns):
        left = LEFT + at * (width + GAP + LEFT)
        axes = accuracy_axes(figure, left, HEAD, width, sum(heights[k] for k in column))
        thresholds(axes, m.study)
        top = 0.0
        for model in column:
            _block(axes, m, model, covered[model], top, printed.get(model, []))
            top += heights[model]
    marks = [printed_mark()] if printed else []
    if any(len(values) > 1 for values in printed.values()):
        # A dashed tick is too short to be seen as such.
        marks.append(line("printed elsewhere in it", **OTHER))
    key(figure, marks)
    return figure


def printed_anywhere(m: Results) -> dict[str, list[float]]:
    """Return all test accuracies that the report prints of a model, the final one first."""
    found = {model: [value] for model, value in m.printed.items()}
    if m.has("sensitivity"):
        rows = m.table("sensitivity")
        rows = rows[rows["quantity"] == "test_accuracy"].drop_duplicates(["model", "reported"])
        for model, value in zip(rows["model"], rows["reported"], strict=True):
            known = found.setdefault(model, [])
            # The same value to fewer digits is no other.
            if all(abs(value - other) >= 0.005 for other in known):
                known.append(float(value))
    return found


def _columns(heights: dict[str, float]) -> list[list[str]]:
    """Distribute the models, in their order, to columns of about the same height."""
    whole = sum(heights.values())
    columns: list[list[str]] = [[] for _ in range(COLUMNS)]
    used = 0.0
    for model, height in heights.items():
        middle = used + height / 2
        columns[min(int(COLUMNS * middle / whole), COLUMNS - 1)].append(model)
        used += height
    return [column for column in columns if column]


def _block(
    axes: Axes, m: Results, model: str, conditions: list[str], top: float, printed: list[float]
) -> None:
    """Draw one block: the model's name, its lanes, and the printed values across them."""
    left = LEFT - MARGIN
    separator(axes, left, top + 0.02)
    name = shortened(m.study.model_label(model), 22)
    write_beside(axes, -per_cents(axes, left), top + 0.12, name, weight="bold", color=INK.light)
    ends = top + NAME - 0.03, top + NAME + LANE * len(conditions) + 0.03
    for at, value in enumerate(printed):
        printed_bar(axes, value, *ends, **(OTHER if at else {"lw": 1.4}))
    for place, condition in enumerate(conditions):
        middle = top + NAME + LANE * (place + 0.5)
        lane(axes, m, condition, model, middle, LANE, size=3.4)
        label = condition_name(m.study, condition, 17)
        write_beside(axes, -3, middle, label, ha="right", fontsize=7, color=MUTED.light)


def sensitivity_values(m: Results) -> dict[str, Any]:
    """Return what the caption says: the models whose printed value no condition reaches."""
    printed = m.printed
    never = [k for k, v in printed.items() if not any(m.covers(c, k, v) for c in m.conditions)]
    return {
        "conditions": len(m.conditions),
        "printed": bool(printed),
        "never": m.names(never) if never else "",
    }
