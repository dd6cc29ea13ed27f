"""Rounded, cut, or another number: two decimals of the same quantity, digit by digit.

Pure functions on `decimal.Decimal`, so that a printed number is the number that is printed.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np

from mlpstudy.evidence.audit.printed import Printed
from mlpstudy.evidence.reported import UNITS

SAME, ROUNDED, CUT, OTHER = "same", "rounded", "cut", "contradiction"

# Digits after the point (of a percentage) from which on a program, not a person, printed it.
FULL_PRECISION = 6


def in_unit(value: Printed, unit: str) -> Decimal:
    """Return a printed number in `unit`, one of UNITS, without rounding: 81 s is 1.35 min."""
    return Decimal(value.value) / Decimal(str(UNITS[unit]))


def rounded(number: Decimal, decimals: int) -> set[Decimal]:
    """Return the correct roundings: two where the rest is exactly half a step."""
    step = Decimal(1).scaleb(-decimals)
    return {number.quantize(step, rule) for rule in (ROUND_HALF_EVEN, ROUND_HALF_UP)}


def cut(number: Decimal, decimals: int) -> Decimal:
    """Return the number without the digits after `decimals`."""
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)


def relation(precise: Printed, other: Printed) -> str:
    """Say how `other` comes from `precise`, of the same quantity with as many digits or more.

    SAME, ROUNDED, CUT or OTHER. An accuracy is also taken for what a program holds of it, a
    number in single precision: 26.95 % is 26.949998..., which cut to two decimals is 26.94.
    """
    number, printed = in_unit(precise, other.unit), in_unit(other, other.unit)
    if number == printed:
        return SAME
    if printed in rounded(number, other.decimals):
        return ROUNDED
    held = [number, *([single_precision(precise)] if precise.quantity == "test_accuracy" else [])]
    return CUT if any(printed == cut(value, other.decimals) for value in held) else OTHER


def single_precision(accuracy: Printed) -> Decimal:
    """Return a printed accuracy as Keras prints it: 100 times the single-precision fraction."""
    if accuracy.decimals >= FULL_PRECISION:
        return in_unit(accuracy, "%")
    return Decimal(as_keras_prints(float(accuracy.value)))


def as_keras_prints(fraction: float) -> str:
    """Return the digits of 100 times a fraction held in single precision, as Python prints them."""
    return repr(float(np.float32(fraction)) * 100)


def whole_with_zeros(precise: Printed, other: Printed) -> str | None:
    """Return the shorter number that `other` pads with zeros, if that one is rounded or cut.

    19.0 may stand for 19, which is 19.41 rounded; as printed it claims a digit that is not so.
    """
    text = str(in_unit(other, other.unit).normalize())
    places = len(text.partition(".")[2])
    if other.decimals == 0 or places >= other.decimals or "E" in text:
        return None
    number = in_unit(precise, other.unit)
    short = Decimal(text)
    return text if short in rounded(number, places) | {cut(number, places)} else None


def short(value: Printed) -> str:
    """Return a printed number for a sentence: two decimals at most, with its unit."""
    number = min(rounded(in_unit(value, value.unit), min(value.decimals, 2)))
    return f"{number} {value.unit}".strip()
