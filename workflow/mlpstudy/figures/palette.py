"""The colours of figures and pages, for a light and a dark ground.

Figures are drawn in the light colours, as plain values that every reader of SVG knows; a page
replaces each by its CSS variable, so that the figures follow the page's scheme.
"""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """One role in both schemes, as #rrggbb, with the name of its CSS variable."""

    variable: str
    light: str
    dark: str


PAPER = Colour("paper", "#fefefd", "#15181c")
INK = Colour("ink", "#1d2125", "#e8e6e1")
MUTED = Colour("muted", "#5a626b", "#a3abb5")
RULE = Colour("rule", "#d9dcdf", "#343a41")
FAINT = Colour("faint", "#f4f4f1", "#1d2126")
ACCENT = Colour("accent", "#7a4a12", "#e0b878")

# Told apart by people with any common form of colour blindness, by hue or by lightness: tested by
# simulation. Each is dark (or light) enough on its ground to be read as small text, 4.5 to 1.
SERIES = (
    Colour("series-1", "#b84300", "#ff9a5c"),
    Colour("series-2", "#0a62a5", "#74baf2"),
    Colour("series-3", "#065328", "#2f9e6a"),
    Colour("series-4", "#960061", "#e0559f"),
    Colour("series-5", "#634202", "#d5a91a"),
    Colour("series-6", "#3f38c0", "#9a7cf0"),
)

ALL = (PAPER, INK, MUTED, RULE, FAINT, ACCENT, *SERIES)


def series(index: int) -> Colour:
    """Return the colour of the condition at `index`; past the last they begin again."""
    return SERIES[index % len(SERIES)]
