"""A matplotlib figure → SVG and PNG files that are the same bytes again."""

from __future__ import annotations

import io
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure

from mlpstudy.files import write_bytes, write_text
from mlpstudy.report.drawing.leansvg import lean_svg
from mlpstudy.report.drawing.style import STYLE
from mlpstudy.report.palette import ALL

# Text stays text, in a family that every system has. DejaVu, which comes with matplotlib and
# measures it, is wider than the others, so that nothing overlaps; it stands in the list for
# readers of SVG that have only the fonts they are given.
FAMILY = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

# Twice the 96 pixels an inch of a web page.
PNG_DPI = 192
# Pixels; matplotlib draws at most 65,536. A figure of hundreds of models is coarser instead.
PNG_HIGHEST = 30_000


def save_figure(figure: Figure, folder: Path, name: str, alt: str) -> None:
    """Write NAME.svg and NAME.png into `folder`; `alt` is the text in the picture's place.

    Raises:
        StudyError: one of the files cannot be written.
    """
    with mpl.rc_context(STYLE):
        write_text(folder / f"{name}.svg", svg_text(figure, alt))
        write_bytes(folder / f"{name}.png", _png_bytes(figure))


def _png_bytes(figure: Figure) -> bytes:
    """Return the figure as PNG; in memory, as Pillow's words for a full disk do not name it."""
    with io.BytesIO() as buffer:
        dpi = min(PNG_DPI, PNG_HIGHEST / float(figure.get_size_inches()[1]))
        # Without `Software`, which names the version of matplotlib.
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
        return buffer.getvalue()


def svg_text(figure: Figure, alt: str) -> str:
    """Return the figure as SVG without a date, coordinates to a hundredth of a point.

    Opened by itself it follows the reader's light or dark scheme.
    """
    with io.StringIO() as buffer:
        nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
        figure.savefig(buffer, format="svg", metadata=nothing)
        text = buffer.getvalue()
    text = lean_svg(text[text.index("<svg") :])
    text = text.replace("</style>", f"{_dark_scheme(text)}</style>", 1)
    # A `>` as well, at the first of which inlining.py takes the root's tag to end.
    label = escape(alt, {'"': "&quot;"})
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" font-family="{FAMILY}" ', 1)


def _dark_scheme(text: str) -> str:
    """Return the rules that put a dark ground's colours in the place of those in use."""
    rules = [
        f'[style*="{name}: {colour.light}"]{{{name}:{colour.dark}!important}}'
        for colour in ALL
        for name in ("fill", "stroke")
        if f"{name}: {colour.light}" in text
    ]
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"
