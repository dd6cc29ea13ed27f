"""SVG files as parts of an HTML page: no names that clash, colours that follow it, and lean."""

from __future__ import annotations

import re

from markupsafe import Markup

from mlpstudy.report.palette import ALL

LIGHT = {colour.light: f"var(--{colour.variable})" for colour in ALL}


class Styles:
    """The styles that the figures of a page share, each a class that is defined where first met.

    Drawing libraries write a style out on every mark: half of a figure's bytes.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def shared(self, text: str) -> str:
        """Return the elements of a figure with classes for styles, the new ones defined before."""
        new: list[str] = []

        def named(found: re.Match[str]) -> str:
            style = _lean_style(found[1])
            if style not in self._names:
                self._names[style] = f"f{len(self._names)}"
                new.append(f".{self._names[style]}{{{style}}}")
            return f' class="{self._names[style]}"'

        body = re.sub(r' style="([^"]*)"', named, text)
        return f"<style>{''.join(new)}</style>{body}" if new else body


def inline_svg(text: str, prefix: str, styles: Styles | None = None) -> Markup:
    """Return a figure of ours as an element of an HTML page.

    Names within it start with `prefix`; its style sheet, which would hold for the whole page,
    becomes properties of its root; its size is left to the page. With `styles`, those of its marks
    are shared with the page's other figures.
    """
    body = text[text.index("<svg") :]
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    head, rest = body.split(">", 1)
    head = re.sub(r' (xmlns(:\w+)?|version|width|height|font-family)="[^"]*"', "", head)
    head += ' style="stroke-linejoin: round; stroke-linecap: butt"'
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', rest))
    names = {name for pair in used for name in pair if name}
    rest = re.sub(r' id="([^"]*)"', lambda m: _named(m[1], names, prefix), rest)
    rest = re.sub(r'xlink:href="#', f'href="#{prefix}-', rest)
    rest = re.sub(r"url\(#", f"url(#{prefix}-", rest)
    rest = re.sub(r"#[0-9a-f]{6}", lambda m: LIGHT.get(m[0], m[0]), rest)
    rest = re.sub(r"<!--.*?-->", "", rest, flags=re.DOTALL)
    rest = re.sub(r' d="([^"]*)"', lambda m: f' d="{_lean_path(m[1])}"', rest)
    rest = re.sub(r">\s+<", "><", rest.strip())
    return Markup(f"{head}>{styles.shared(rest) if styles else rest}")


def _named(name: str, used: set[str], prefix: str) -> str:
    """Keep a name only if something refers to it."""
    return f' id="{prefix}-{name}"' if name in used else ""


def _lean_path(data: str) -> str:
    """Leave out the white space that the commands of a path do without."""
    return re.sub(r" ?([A-Za-z]) ?", r"\1", data.strip())


def _lean_style(style: str) -> str:
    return re.sub(r"\s*([:;])\s*", r"\1", style.strip().rstrip(";"))
