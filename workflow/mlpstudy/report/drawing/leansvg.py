"""matplotlib's SVG, half as long: nothing said twice, no digits that nobody sees."""

from __future__ import annotations

import base64
import io
import re

from PIL import Image

# Letters from which a path is that of many replicates.
LONG = 1500
NUMBER = re.compile(r"-?\d+\.\d+")


def lean_svg(text: str) -> str:
    """Return the same picture: shorter numbers, fewer groups, no metadata."""
    text = re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"\n\s*", "\n", text)
    text = re.sub(r">[^<]+</text>", _plain_text, text)
    text = re.sub(r' d="[^"]*"', _lean_path, text)
    text = re.sub(r' (?:x|y|width|height)="[^"]*"', lambda found: _rounded(found[0], 2), text)
    text = re.sub(r"data:image/png;base64,([^\"]*)", _lean_image, text)
    text = _without_names(_lean_texts(text))
    # The grounds of axes, which have no colour.
    text = re.sub(r'<path d="[^"]*" style="fill: none"/>\n', "", text)
    # A group of one.
    text = re.sub(r"<g>\n(<(?:path|text|use)\b[^>]*(?:/>|>[^<]*</text>)\n)</g>\n", r"\1", text)
    text = re.sub(r"<g>\n</g>\n|<g/>\n", "", text)
    return re.sub(r"<g>\n((?:<use [^>]*/>\n){2,})</g>", _shared_style, text)


def _plain_text(found: re.Match[str]) -> str:
    """Keep what a user has named from being taken for an attribute or a colour, here or later."""
    return found[0].replace('"', "&quot;").replace("#", "&#35;")


def _lean_path(found: re.Match[str]) -> str:
    """Round a path to hundredths of a point, one of many corners to tenths, which nobody sees."""
    return re.sub(r"\s+", " ", _rounded(found[0], 2 if len(found[0]) < LONG else 1))


def _rounded(text: str, decimals: int) -> str:
    """Shorten every number."""
    return NUMBER.sub(lambda found: f"{float(found[0]):.{decimals}f}".rstrip("0").rstrip("."), text)


def _lean_texts(text: str) -> str:
    """Leave the family to the root, and out turns by no angle."""
    text = re.sub(r" font-family: 'DejaVu Sans';?", "", text)
    return re.sub(r' transform="rotate\(-0 [^"]*\)"', "", text)


def _without_names(text: str) -> str:
    """Keep a name only if something refers to it."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    return re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", text)


def _shared_style(found: re.Match[str]) -> str:
    """Say once, at the group, how all the marks in it look."""
    styles = set(re.findall(r' style="([^"]*)"', found[1]))
    if len(styles) != 1 or found[1].count(" style=") != found[1].count("<use "):
        return found[0]
    style = styles.pop()
    marks = found[1].replace(f' style="{style}"', "")
    return f'<g style="{style}">\n{marks}</g>'


def _lean_image(found: re.Match[str]) -> str:
    """Keep one grey value a pixel of an image that matplotlib has written in four channels."""
    with io.BytesIO() as buffer:
        Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("L").save(
            buffer, format="png", optimize=True
        )
        data = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/png;base64,{data}"
