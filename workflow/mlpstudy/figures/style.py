"""What all figures share: size and style, colours of conditions, names, keys, cells and saving."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from mlpstudy.config.study import Study
from mlpstudy.figures.palette import INK, MUTED, PAPER, RULE, look_of
from mlpstudy.figures.svg import finished
from mlpstudy.files import write_bytes, write_text

# Inches: the width of a page's column, in which every figure is placed, and of its margin.
WIDTH, MARGIN = 7.4, 0.06
KEY = 0.26  # height of the line that explains marks
ACROSS = 8  # panels of models side by side

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

# Twice the 96 pixels per inch of a web page.
PNG_DPI = 192
# Pixels; matplotlib draws at most 65,536. A figure of hundreds of models is coarser instead.
PNG_HIGHEST = 30_000


def new_figure(width: float, height: float, **options: Any) -> Figure:
    """Return an empty figure, in inches; to be used within `mpl.rc_context(STYLE)`."""
    return Figure(figsize=(width, height), **options)


def axes_at(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes placed in inches from the figure's upper left."""
    high = figure.get_size_inches()[1]
    return figure.add_axes((left / WIDTH, 1 - (top + height) / high, width / WIDTH, height / high))


def panels(rows: int, columns: int, height: float) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure with a grid of axes, rows `height` inches high with titles and labels.

    Matplotlib's constrained layout gives labels and titles the space that they need, below a line
    for the key.
    """
    whole = KEY + rows * height
    rect = (0, 0, 1, 1 - KEY / whole)
    engine = ConstrainedLayoutEngine(rect=rect, w_pad=0.05, h_pad=0.05)
    figure = new_figure(WIDTH, whole, layout=engine)
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def model_panels(
    study: Study, models: Sequence[str], labels: Sequence[str], height: float
) -> tuple[Figure, list[dict[str, Axes]]]:
    """Return a figure with a column per model and a row per label, and each row's axes by model.

    At most ACROSS models stand side by side; the others follow below, with all rows again. Only the
    first axes of a row have its label and numbers at the left, and only the last row has epochs.
    """
    rows = len(labels)
    bands = [part.tolist() for part in np.array_split(list(models), -(-len(models) // ACROSS))]
    across = len(bands[0])
    figure, grid = panels(len(bands) * rows, across, height)
    found: list[dict[str, Axes]] = [{} for _ in range(rows)]
    for at, row in enumerate(grid):
        band, down = bands[at // rows], at % rows
        for axes in row[len(band) :]:
            axes.remove()
        for model, axes in zip(band, row, strict=False):
            first, last = model == band[0], down == rows - 1
            axes.tick_params(labelbottom=last, labelleft=first)
            axes.set_ylabel(labels[down] if first else "")
            axes.set_xlabel("Epoch" if last else "")
            if not down:
                axes.set_title(shortened(study.model_label(model), 64 // across))
            found[down][model] = axes
    figure.align_ylabels()
    return figure, found


def canvas(height: float) -> tuple[Figure, Axes]:
    """Return a figure and axes all over it, whose data are inches from the upper left."""
    figure = new_figure(WIDTH, height)
    return figure, bare(axes_at(figure, 0, 0, WIDTH, height), WIDTH, height)


def bare(axes: Axes, width: float, height: float) -> Axes:
    """Give axes the limits 0 to `width` and, downwards, 0 to `height`; draw none of their parts."""
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    return axes


def colour_of(study: Study, condition: str) -> str:
    """Return the colour of a condition, the same in every figure of the study."""
    return look_of(study, condition).colour.light


def shortened(name: str, longest: int) -> str:
    """Return a name of at most `longest` letters, its middle left out where it is longer."""
    if len(name) <= longest:
        return name
    tail = longest // 3
    return f"{name[: longest - tail - 1]}\N{HORIZONTAL ELLIPSIS}{name[len(name) - tail :]}"


def condition_name(study: Study, condition: str, longest: int) -> str:
    """Return a condition's label of at most `longest` letters.

    A longer label first loses the brackets at its end, unless another condition would be called
    the same.
    """
    brief = {
        key: re.sub(r" \([^()]*\)$", "", study.condition_label(key)) for key in study.conditions
    }
    label = study.condition_label(condition)
    if len(label) > longest and list(brief.values()).count(brief[condition]) == 1:
        label = brief[condition]
    return shortened(label, longest)


def shade(part: float) -> tuple[float, str]:
    """Return the opacity of a cell for a value of 0 to 1 and beyond, and the colour of text on it.

    Below 1 the opacity grows with the root. There is nothing between half and 0.85: there neither
    ink nor paper stands out from any of the colours by the 4.5 to 1 that small text needs (WCAG
    2.2, 1.4.3). So 1, where the strong shades begin, should be a value that means something.
    """
    if not part >= 1:
        return round(0.5 * math.sqrt(max(part, 0.0)) if part == part else 0.0, 2), INK.light
    return round(0.85 + 0.15 * min((part - 1) / 2, 1.0), 2), PAPER.light


def write(axes: Axes, x: float, y: float, text: str, **style: Any) -> Text:
    """Write a small text, muted and centred on `y` unless `style` says otherwise."""
    return axes.text(x, y, text, **{"va": "center", "fontsize": 7, "color": MUTED.light, **style})


def name_row(
    axes: Axes, study: Study, model: str, detail: str, y: float, left: float, **style: Any
) -> None:
    """Write a model's name at the left end of its row, and details beside the axes.

    `left` is where the axes begin, in inches. The details do not fit beside a long name.
    """
    inch = (axes.get_xlim()[1] - axes.get_xlim()[0]) / (axes.get_position().width * WIDTH)
    name, start = shortened(study.model_label(model), 24), axes.get_xlim()[0]
    look = {"fontsize": 8, "color": INK.light, **style}
    write(axes, start - (left - MARGIN) * inch, y, name, **look)
    if len(name) <= 9:
        write(axes, start - 0.10 * inch, y, detail, ha="right", fontsize=7.5)


def fill_cell(axes: Axes, x: float, y: float, fill: Any, text: str, **style: Any) -> None:
    """Fill the square of side 1 right of `x` and below `y`, and write a number into it."""
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=fill, edgecolor=PAPER.light, lw=1.0))
    if text:
        middle = {"ha": "center", "va": "center_baseline"}
        write(axes, x + 0.5, y + 0.52, text, **middle, **style)


def mark(label: str, **style: Any) -> Line2D:
    """Return a mark without a line, for `key`."""
    return Line2D([], [], ls="", label=label, **{"markeredgewidth": 0, **style})


def line(label: str, **style: Any) -> Line2D:
    """Return a line, for `key`."""
    return Line2D([], [], label=label, **{"color": INK.light, **style})


def printed_mark() -> Line2D:
    """Return the tick of a value that the report prints, for `key`."""
    style: Any = {"marker": "|", "markersize": 8, "markeredgewidth": 1.6, "color": INK.light}
    return mark("printed in the report", **style)


def key(figure: Figure, handles: Sequence[Line2D]) -> None:
    """Explain marks in one line at the top of a figure; too long a line has its labels cut."""
    height = figure.get_size_inches()[1]
    longest = _fitting([str(handle.get_label()) for handle in handles], WIDTH - 2 * MARGIN)
    for handle in handles:
        handle.set_label(shortened(str(handle.get_label()), longest))
    legend = figure.legend(
        handles=list(handles), loc="upper left", bbox_to_anchor=(MARGIN / WIDTH, 1 - 0.04 / height),
        ncols=max(len(handles), 1), frameon=False, handletextpad=0.4, columnspacing=1.5,
        borderpad=0, borderaxespad=0, handlelength=1.3,
    )  # fmt: skip
    for text, handle in zip(legend.get_texts(), handles, strict=True):
        text.set_color(str(handle.get_color()))


def _fitting(labels: Sequence[str], width: float) -> int:
    """Return how many letters a label may have for all to fit into `width` inches."""
    longest = max(map(len, labels), default=1)
    # A letter of 8 points is 0.065 inches wide, a mark with the space around it 0.37.
    while longest > 6 and sum(0.37 + 0.065 * min(len(t), longest) for t in labels) > width:
        longest -= 1
    return longest


def save_figure(figure: Figure, folder: Path, name: str, alt: str) -> None:
    """Write NAME.svg and NAME.png into `folder`; `alt` is the text alternative.

    Raises:
        StudyError: one of the files cannot be written.
    """
    with mpl.rc_context(STYLE), io.StringIO() as text, io.BytesIO() as pixels:
        nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
        figure.savefig(text, format="svg", metadata=nothing)
        write_text(folder / f"{name}.svg", finished(text.getvalue(), alt))
        dpi = min(PNG_DPI, PNG_HIGHEST / float(figure.get_size_inches()[1]))
        # `Software` names the version of matplotlib. Pillow's message for a full disk does not
        # name the file, so the image is made in memory first.
        figure.savefig(pixels, format="png", dpi=dpi, metadata={"Software": None})
        write_bytes(folder / f"{name}.png", pixels.getvalue())
