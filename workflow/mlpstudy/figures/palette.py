"""The colours of figures and pages, for a light and a dark ground, and which condition has which.

Figures are drawn in the light colours, as plain values that every reader of SVG knows; a page
replaces each by its CSS variable, so that the figures follow the page's scheme.
"""

from __future__ import annotations

from typing import NamedTuple

from mlpstudy.config.study import Study


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
# The first two are those of the main conditions.
SERIES = (
    Colour("series-1", "#b84300", "#ff9a5c"),
    Colour("series-2", "#7e0063", "#eb459a"),
    Colour("series-3", "#0a62a5", "#74baf2"),
    Colour("series-4", "#065328", "#2f9e6a"),
    Colour("series-5", "#634202", "#d5a91a"),
    Colour("series-6", "#3f38c0", "#9a7cf0"),
    Colour("series-7", "#8003ff", "#a56cc4"),
    Colour("series-8", "#2b8523", "#a9f5ab"),
)
MAIN = 2  # colours, and markers, of main conditions
OTHERS = SERIES[MAIN:]
MARKERS = ("o", "D", "s", "^", "v", "P")

ALL = (PAPER, INK, MUTED, RULE, FAINT, ACCENT, *SERIES)


def variable_of(light: str) -> str:
    """Return the CSS variable of a colour of the light scheme, without its dashes."""
    return next(colour.variable for colour in ALL if colour.light == light)


class Look(NamedTuple):
    """The colour and the marker of a condition, the same in every figure and table of a study."""

    colour: Colour
    marker: str


def look_of(study: Study, condition: str) -> Look:
    """Return the look of a condition.

    The main conditions have the first two colours: the models as they are configured the first, a
    condition that changes them the second. The others share the remaining colours and markers;
    when the colours begin again, the markers have moved on by one, so that 24 of them differ.
    """
    main = sorted(study.main_conditions, key=lambda key: bool(study.conditions[key].overrides))
    if condition in main:
        changed = bool(study.conditions[condition].overrides)
        index = main.index(condition) if len(main) == MAIN else int(changed)
        return Look(SERIES[index], MARKERS[index])
    index = [key for key in study.conditions if key not in main].index(condition)
    repeats, at = divmod(index, len(OTHERS))
    markers = MARKERS[MAIN:]
    return Look(OTHERS[at], markers[(index + repeats) % len(markers)])
