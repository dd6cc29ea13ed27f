"""Names on figures: keys of colours, labels at the ends of lines, names cut to their room."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.swarm import spread
from mlpstudy.report.palette import INK, MUTED, SERIES, series

# A condition is told by its shape as well as by its colour; when the colours begin again, the
# shapes have moved on by one.
MARKERS = ("o", "D", "s", "^", "v", "P")


def condition_style(study: Study, condition: str) -> tuple[str, str]:
    """Return colour and marker of a condition, the same in every figure of the study."""
    index = list(study.conditions).index(condition)
    return series(index).light, MARKERS[(index + index // len(SERIES)) % len(MARKERS)]


def shortened(name: str, longest: int) -> str:
    """Return a name of at most `longest` letters, its middle left out where it is longer."""
    if len(name) <= longest:
        return name
    tail = longest // 3
    return f"{name[: longest - tail - 1]}\N{HORIZONTAL ELLIPSIS}{name[len(name) - tail :]}"


def condition_name(study: Study, condition: str, longest: int) -> str:
    """Return a condition's label of at most `longest` letters.

    Of a longer one, what stands in brackets at its end is left out first, unless another
    condition would be called the same.
    """
    brief = {
        key: re.sub(r" \([^()]*\)$", "", study.condition_label(key)) for key in study.conditions
    }
    label = study.condition_label(condition)
    if len(label) > longest and list(brief.values()).count(brief[condition]) == 1:
        label = brief[condition]
    return shortened(label, longest)


def key(figure: Figure, handles: Sequence[Line2D], x: float, top: float) -> Legend:
    """Say in one line what marks mean, `x` and `top` in inches from the figure's upper left.

    Where the line would be too long, the longest labels are cut.
    """
    width, height = figure.get_size_inches()
    longest = _fitting([str(handle.get_label()) for handle in handles], width - 2 * x)
    for handle in handles:
        handle.set_label(shortened(str(handle.get_label()), longest))
    legend = figure.legend(
        handles=list(handles), loc="upper left", bbox_to_anchor=(x / width, 1 - top / height),
        ncols=max(len(handles), 1), frameon=False, handletextpad=0.4, columnspacing=1.5,
        borderpad=0, borderaxespad=0, handlelength=1.3,
    )  # fmt: skip
    for text, handle in zip(legend.get_texts(), handles, strict=True):
        text.set_color(str(handle.get_color()))
    return legend


def _fitting(labels: Sequence[str], width: float) -> int:
    """Return how many letters a label may have for all to fit into so many inches."""
    longest = max(map(len, labels), default=1)
    # A letter of 8 points is 0.065 inches wide, a mark with the space around it 0.37.
    while longest > 6 and sum(0.37 + 0.065 * min(len(t), longest) for t in labels) > width:
        longest -= 1
    return longest


def condition_marks(study: Study, conditions: Sequence[str]) -> list[Line2D]:
    """Return a dot for each condition, for `key`."""
    marks = []
    for condition in conditions:
        colour, marker = condition_style(study, condition)
        label = study.condition_label(condition)
        marks.append(mark(label, color=colour, marker=marker, markersize=4.6))
    return marks


def condition_lines(study: Study, conditions: Sequence[str]) -> list[Line2D]:
    """Return a line for each condition, for `key`."""
    return [
        Line2D([], [], color=condition_style(study, c)[0], lw=1.8, label=study.condition_label(c))
        for c in conditions
    ]


def mark(label: str, **style: Any) -> Line2D:
    """Return a mark without a line, for `key`."""
    return Line2D([], [], ls="", label=label, **{"markeredgewidth": 0, **style})


def note(label: str) -> Line2D:
    """Return a text without a mark, for `key`."""
    return Line2D([], [], ls="", color=MUTED.light, label=label)


PRINTED: dict[str, Any] = {"color": INK.light, "lw": 1.6, "solid_capstyle": "butt", "zorder": 4}


def printed_mark() -> Line2D:
    """Return the tick of a value that the report prints, for `key`."""
    return mark(
        "printed in the report", marker="|", markersize=8, markeredgewidth=1.6, color=INK.light
    )


def label_ends(axes: Axes, ends: list[tuple[str, str, tuple[float, float] | None]]) -> None:
    """Write each (label, colour, end of its line) right of the axes, moved apart if they touch."""
    figure = axes.figure
    height = axes.get_window_extent().height / figure.dpi * 72
    to_axes = axes.transData + axes.transAxes.inverted()
    known = [(to_axes.transform(end)[1], name, colour) for name, colour, end in ends if end]
    heights = spread([y for y, _, _ in known], 9.5 / height)
    for at, (_, name, colour) in zip(heights, known, strict=True):
        axes.annotate(
            name, (1, at), xycoords="axes fraction", xytext=(5, 0), textcoords="offset points",
            va="center", color=colour, fontsize=7.5, annotation_clip=False,
        )  # fmt: skip
