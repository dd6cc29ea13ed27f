"""Distributions small enough for a table's cell: every replicate a dot on an axis of 0 to 100 %.

All strips share one scale and one width, so that a column of them can be read down; the colours
are the page's CSS variables, so that they follow its scheme.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup, escape

from mlpstudy.figures.swarm import swarm
from mlpstudy.formats import missing, percent

# Units of the drawing: a per cent is two wide, the ends have room for half a dot.
MARGIN, SCALE, HEIGHT, RADIUS = 5.0, 2.0, 38.0, 2.6
WIDTH = 2 * MARGIN + 100 * SCALE


def strip(
    values: pd.Series[float],
    median: float,
    interval: tuple[float, float],
    reported: float,
    thresholds: Sequence[float],
    tone: str,
    label: str,
) -> Markup:
    """Return an SVG element: dots, median a tick, its interval a bar, the report's value a flag.

    Args:
        values: test accuracy, a fraction or NaN, by replicate; missing ones are not drawn.
        median: of the values, NaN for none.
        interval: of the median, NaN where there is none.
        reported: what the report prints, NaN for nothing.
        thresholds: accuracies to rule as hairlines.
        tone: the CSS variable of the dots' colour, without its dashes.
        label: what the strip shows, for those who do not see it.
    """
    known = values.dropna()
    places = [_x(value) for value in known]
    shifts = swarm(places, 2 * RADIUS, HEIGHT / 2 - RADIUS - 2.5)
    parts = [_rules(thresholds)]
    if not any(missing(end) for end in interval):
        low, high = (_x(end) for end in interval)
        parts.append(f'<path class="span" d="M{low:.1f} {HEIGHT - 1.5}H{high:.1f}"/>')
    if not missing(reported):
        parts.append(_flag(_x(reported)))
    for (replicate, value), x, y in zip(known.items(), places, shifts, strict=True):
        parts.append(
            f'<circle cx="{x:.1f}" cy="{HEIGHT / 2 + y:.1f}" r="{RADIUS}">'
            f"<title>replicate {replicate}: {percent(value)} %</title></circle>"
        )
    if not missing(median):
        parts.append(f'<path class="tick" d="M{_x(median):.1f} 3V{HEIGHT - 1.5}"/>')
    return _svg(parts, HEIGHT, tone, label)


def axis(thresholds: Sequence[float]) -> Markup:
    """Return the axis that the strips of a column share: 0, the thresholds and 100 per cent."""
    marks = sorted({0.0, *thresholds, 1.0})
    texts = "".join(f'<text x="{_x(mark):.1f}" y="10">{percent(mark, 0)}</text>' for mark in marks)
    ticks = "".join(f"M{_x(mark):.1f} 13v4" for mark in marks)
    return _svg([texts, f'<path class="rule" d="{ticks}"/>'], 17.0, "muted", "")


def _x(fraction: float) -> float:
    return MARGIN + 100 * SCALE * min(max(float(fraction), 0.0), 1.0)


def _rules(thresholds: Sequence[float]) -> str:
    lines = "".join(f"M{_x(value):.1f} 0V{HEIGHT:.0f}" for value in thresholds)
    return f'<path class="rule" d="{lines}"/>'


def _flag(x: float) -> str:
    """Return a small triangle on a line: what the report prints."""
    return f'<path class="flag" d="M{x:.1f} 5V{HEIGHT - 1.5}M{x - 3.2:.1f} 0h6.4l-3.2 5.4z"/>'


def _svg(parts: Sequence[str], height: float, tone: str, label: str) -> Markup:
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(
        f'<svg class="strip" viewBox="0 0 {WIDTH:.0f} {height:.0f}" style="color:var(--{tone})" '
        f"{spoken}>{''.join(parts)}</svg>"
    )
