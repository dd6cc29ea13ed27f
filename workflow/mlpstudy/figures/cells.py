"""The colours of cells whose number has to be read on a light and on a dark ground."""

from __future__ import annotations

import math
from typing import NamedTuple

from mlpstudy.figures.palette import INK, PAPER


class Shade(NamedTuple):
    """A cell's opacity over the ground, and the colour of what is written on it."""

    alpha: float
    ink: str


def shade(part: float) -> Shade:
    """Return the shade of a value of 0 to 1 and beyond; below 1 it grows with the root.

    There is nothing between half and 0.85: there neither ink nor paper stands out from any of the
    colours by the 4.5 to 1 that small text needs (WCAG 2.2, 1.4.3). So 1, where the strong shades
    begin, should be a value that means something.
    """
    if not part >= 1:
        return Shade(round(0.5 * math.sqrt(max(part, 0.0)) if part == part else 0.0, 2), INK.light)
    return Shade(round(0.85 + 0.15 * min((part - 1) / 2, 1.0), 2), PAPER.light)
