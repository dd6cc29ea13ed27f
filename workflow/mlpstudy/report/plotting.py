"""What all figures share: style, labels at the ends of lines, and an SVG that is the same again."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from mlpstudy.files import write_text
from mlpstudy.report.palette import INK, MUTED, PAPER, RULE

# Text stays text, in a family that every system has; DejaVu, which measures it, is wider than
# these, so that nothing overlaps.
FAMILY = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"

STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "mlpstudy", "font.family": "DejaVu Sans",
    "font.size": 8.0, "text.color": INK.light, "figure.facecolor": PAPER.light,
    "axes.facecolor": "none", "axes.edgecolor": RULE.light, "axes.linewidth": 0.8,
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 8.5,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.titlepad": 8.0,
    "axes.labelcolor": MUTED.light, "axes.labelsize": 8.0, "axes.grid": True,
    "axes.grid.axis": "y", "grid.color": RULE.light, "grid.linewidth": 0.6,
    "xtick.color": RULE.light, "ytick.color": RULE.light, "xtick.labelcolor": MUTED.light,
    "ytick.labelcolor": MUTED.light, "xtick.labelsize": 8.0, "ytick.labelsize": 8.0,
    "ytick.major.size": 0.0, "xtick.major.size": 3.0, "axes.axisbelow": True,
    "legend.fontsize": 8.0, "path.simplify": True, "path.simplify_threshold": 0.2,
    "lines.solid_capstyle": "round", "lines.dash_capstyle": "butt",
}  # fmt: skip


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches; to be used within `mpl.rc_context(STYLE)`."""
    figure = Figure(figsize=(width, height))
    FigureCanvasSVG(figure)
    return figure


def label_ends(axes: Axes, ends: list[tuple[str, str, tuple[float, float] | None]]) -> None:
    """Write each (label, colour, end of its line) right of the axes, moved apart if they touch."""
    figure = axes.figure
    height = axes.get_window_extent().height / figure.dpi * 72
    gap = 10.0 / height
    to_axes = axes.transData + axes.transAxes.inverted()
    known = [(to_axes.transform(end)[1], name, colour) for name, colour, end in ends if end]
    for at, (_, name, colour) in zip(
        spread([y for y, _, _ in known], gap), known, strict=True
    ):  # fmt: skip
        axes.annotate(
            name, (1, at), xycoords="axes fraction", xytext=(5, 0), textcoords="offset points",
            va="center", color=colour, fontsize=8, annotation_clip=False,
        )  # fmt: skip


def spread(positions: list[float], gap: float) -> list[float]:
    """Move positions so that neighbours are `gap` apart, and near where they were.

    Neighbours that are too close form a block that is centred on the mean of its members.
    """
    order = sorted(range(len(positions)), key=positions.__getitem__)
    blocks: list[list[int]] = []
    for index in order:
        blocks.append([index])
        while len(blocks) > 1 and _top(blocks[-2], positions, gap) + gap > _bottom(
            blocks[-1], positions, gap
        ):
            last = blocks.pop()
            blocks[-1].extend(last)
    moved = list(positions)
    for block in blocks:
        start = _bottom(block, positions, gap)
        for place, index in enumerate(block):
            moved[index] = start + place * gap
    return moved


def _bottom(block: list[int], positions: list[float], gap: float) -> float:
    return sum(positions[i] for i in block) / len(block) - gap * (len(block) - 1) / 2


def _top(block: list[int], positions: list[float], gap: float) -> float:
    return _bottom(block, positions, gap) + gap * (len(block) - 1)


def save_svg(figure: Figure, path: Path, title: str) -> None:
    """Write `figure` as SVG without a date, coordinates to a hundredth of a point.

    `title` says in words what the figure shows, for those who do not see it.
    """
    with io.StringIO() as buffer:
        nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
        with mpl.rc_context(STYLE):
            figure.savefig(buffer, format="svg", metadata=nothing)
        text = buffer.getvalue()
    text = re.sub(r' d="[^"]*"', lambda found: _rounded(found[0]), text)
    text = text.replace("'DejaVu Sans'", FAMILY)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    label = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    text = text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    write_text(path, text)


def _rounded(data: str) -> str:
    """Shorten the numbers of a path's data, and the white space between them."""
    short = re.sub(
        r"-?\d+\.\d+", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), data
    )
    return re.sub(r"\s+", " ", short)
