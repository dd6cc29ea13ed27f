"""A matplotlib figure → SVG and PNG files that are the same bytes again."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from mlpstudy.files import replacing, write_text
from mlpstudy.report.drawing.style import STYLE
from mlpstudy.report.palette import ALL

# Text stays text, in a family that every system has. DejaVu, which comes with matplotlib and
# measures it, is wider than the others, so that nothing overlaps; it stands in the list for
# readers of SVG that have only the fonts they are given.
FAMILY = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

# Twice the 96 pixels an inch of a web page.
PNG_DPI = 192


def save_figure(figure: Figure, folder: Path, name: str, alt: str) -> None:
    """Write NAME.svg and NAME.png into `folder`; `alt` is the text in the picture's place."""
    with mpl.rc_context(STYLE):
        write_text(folder / f"{name}.svg", svg_text(figure, alt))
        with replacing(folder / f"{name}.png") as temporary:
            # Without `Software`, which names the version of matplotlib.
            figure.savefig(temporary, format="png", dpi=PNG_DPI, metadata={"Software": None})


def svg_text(figure: Figure, alt: str) -> str:
    """Return the figure as SVG without a date, coordinates to a hundredth of a point.

    Opened by itself it follows the reader's light or dark scheme.
    """
    with io.StringIO() as buffer:
        nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
        figure.savefig(buffer, format="svg", metadata=nothing)
        text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r' d="[^"]*"', lambda found: _rounded(found[0]), text)
    text = re.sub(r"data:image/png;base64,([^\"]*)", _lean_image, _lean_texts(text))
    text = re.sub(r"\n\s*", "\n", text)
    text = text.replace("</style>", f"{_dark_scheme(text)}</style>", 1)
    label = alt.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" font-family="{FAMILY}" ', 1)


def _lean_texts(text: str) -> str:
    """Say the family once, at the root, and leave out turns by no angle."""
    text = re.sub(r"(font: [^;\"]*?px) 'DejaVu Sans'", r"\1 inherit", text)
    text = re.sub(r" font-family: 'DejaVu Sans';?", "", text)
    return re.sub(r' transform="rotate\(-0 [^"]*\)"', "", text)


def _lean_image(found: re.Match[str]) -> str:
    """Keep one grey value a pixel of an image that matplotlib has written in four channels."""
    with io.BytesIO() as buffer:
        Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("L").save(
            buffer, format="png", optimize=True
        )
        data = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/png;base64,{data}"


def _dark_scheme(text: str) -> str:
    """Return the rules that put a dark ground's colours in the place of those in use."""
    rules = [
        f'[style*="{name}: {colour.light}"]{{{name}:{colour.dark}!important}}'
        for colour in ALL
        for name in ("fill", "stroke")
        if f"{name}: {colour.light}" in text
    ]
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"


def _rounded(data: str) -> str:
    """Shorten the numbers of a path's data, and the white space between them."""
    short = re.sub(
        r"-?\d+\.\d+", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), data
    )
    return re.sub(r"\s+", " ", short)
