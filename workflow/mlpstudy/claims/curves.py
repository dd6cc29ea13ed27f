"""The courses that a claim can say a curve takes: pure functions on the values of its epochs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]  # shape (epochs,)

FLAT = 0.02  # of its mean: how much a flat curve may change after its first epoch


def _turns(values: Values) -> bool:
    steps = np.diff(values)
    return bool((steps > 0).any() and (steps < 0).any())


def _choppy(values: Values) -> bool:
    """Tell whether at least half of the inner values are turning points.

    Of values drawn independently two thirds are on average (Bienaymé 1874); of a curve that settles
    few or none.
    """
    steps = np.diff(values)
    turning = int((steps[:-1] * steps[1:] < 0).sum())
    return len(values) > 2 and turning >= (len(values) - 2) / 2


def _flat(values: Values) -> bool:
    """Tell whether the values after the first change by less than FLAT of their mean.

    The first epoch's training figures are means over batches, the early ones of an untrained
    network.
    """
    later = values[1:]
    return len(later) > 1 and bool(np.ptp(later) < FLAT * abs(later.mean()))


COURSES: dict[str, Callable[[Values], bool]] = {
    "rises": lambda values: bool(values[-1] > values[0]),
    "falls": lambda values: bool(values[-1] < values[0]),
    "always_rises": lambda values: bool((np.diff(values) > 0).all()),
    "always_falls": lambda values: bool((np.diff(values) < 0).all()),
    "turns": _turns,
    "choppy": _choppy,
    "flat": _flat,
}


def takes(values: Values, course: str, last: int | None = None) -> bool:
    """Tell whether a curve takes a course, over all epochs or over the `last` so many.

    A curve that is missing, lacks a value or has a single epoch takes no course.
    """
    part = values if last is None else values[-(last + 1) :]
    if len(part) < 2 or not np.isfinite(part).all():
        return False
    return COURSES[course](part)
