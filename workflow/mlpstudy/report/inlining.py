"""SVG files as parts of an HTML page: no names that clash, colours that follow the page."""

from __future__ import annotations

import re

from markupsafe import Markup

from mlpstudy.report.palette import ALL

LIGHT = {colour.light: f"var(--{colour.variable})" for colour in ALL}


def inline_svg(text: str, prefix: str) -> Markup:
    """Return a figure of ours as an element of an HTML page.

    Names within it start with `prefix`; its style sheet, which would hold for the whole page,
    becomes properties of its root; its size is left to the page.
    """
    body = text[text.index("<svg") :]
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    head, rest = body.split(">", 1)
    head = re.sub(r' (xmlns(:\w+)?|version|width|height)="[^"]*"', "", head)
    head += ' style="stroke-linejoin: round; stroke-linecap: butt"'
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', rest))
    names = {name for pair in used for name in pair if name}
    rest = re.sub(r' id="([^"]*)"', lambda m: _named(m[1], names, prefix), rest)
    rest = re.sub(r'xlink:href="#', f'href="#{prefix}-', rest)
    rest = re.sub(r"url\(#", f"url(#{prefix}-", rest)
    rest = re.sub(r"#[0-9a-f]{6}", lambda m: LIGHT.get(m[0], m[0]), rest)
    rest = re.sub(r"<!--.*?-->", "", rest, flags=re.DOTALL)
    return Markup(re.sub(r">\s+<", "><", f"{head}>{rest.strip()}"))


def _named(name: str, used: set[str], prefix: str) -> str:
    """Keep a name only if something refers to it."""
    return f' id="{prefix}-{name}"' if name in used else ""
