"""The courses that a claim can say a curve takes: pure functions on the values of its epochs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]  # shape (epochs,)

FLAT = 0.02  # of its mean: what a flat curve may move by after its first epoch


def rises(values: Values) -> bool:
    """Tell whether the last value is above the first."""
    return bool(values[-1] > values[0])


def falls(values: Values) -> bool:
    """Tell whether the last value is below the first."""
    return bool(values[-1] < values[0])


def always_rises(values: Values) -> bool:
    """Tell whether every value is above the one before it."""
    return bool((np.diff(values) > 0).all())


def always_falls(values: Values) -> bool:
    """Tell whether every value is below the one before it."""
    return bool((np.diff(values) < 0).all())


def turns(values: Values) -> bool:
    """Tell whether the values both rise and fall."""
    steps = np.diff(values)
    return bool((steps > 0).any() and (steps < 0).any())


def choppy(values: Values) -> bool:
    """Tell whether half of the inner values or more are turning points.

    Of values drawn independently two thirds are, in the mean (Bienaymé 1874); of a curve that
    settles few or none.
    """
    steps = np.diff(values)
    turning = int((steps[:-1] * steps[1:] < 0).sum())
    return len(values) > 2 and turning >= (len(values) - 2) / 2


def flat(values: Values) -> bool:
    """Tell whether the values move by less than FLAT of their mean after the first.

    The first epoch's training figures are means over batches of which the early ones come before
    anything could be learnt or lost.
    """
    later = values[1:]
    return len(later) > 1 and bool(np.ptp(later) < FLAT * abs(later.mean()))


COURSES = {
    course.__name__: course
    for course in (rises, falls, always_rises, always_falls, turns, choppy, flat)
}


def takes(values: Values, course: str, last: int | None = None) -> bool:
    """Tell whether a curve takes a course, over all epochs or over the `last` so many.

    A curve that is not there, or lacks a value, takes none; nor does one of a single epoch.
    """
    part = values if last is None else values[-(last + 1) :]
    if len(part) < 2 or not np.isfinite(part).all():
        return False
    return COURSES[course](part)
