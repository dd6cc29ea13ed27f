"""What all figures share: size and style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from mlpstudy.report.palette import INK, MUTED, PAPER, RULE

# Inches: the width of a page's column, in which every figure is placed.
WIDTH = 7.4

# Over the defaults, as a matplotlibrc in the working directory is read whatever MATPLOTLIBRC says.
STYLE: Any = {
    **{key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"},
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
    # A class may be called A$B$C.
    "text.parse_math": False,
}  # fmt: skip


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches; to be used within `mpl.rc_context(STYLE)`."""
    figure = Figure(figsize=(width, height))
    FigureCanvasSVG(figure)
    return figure


def in_rows(keys: Sequence[str], most: int) -> list[list[str]]:
    """Deal keys out, in their order, to rows of at most `most`, as few and as even as can be."""
    rows = -(-len(keys) // most)
    each = -(-len(keys) // rows)
    return [list(keys[at : at + each]) for at in range(0, len(keys), each)]
