"""Rounded, cut, padded, or another number: two printings of one quantity, digit by digit.

Numbers are `decimal.Decimal`, so that a printed number is the number that is printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np

from mlpstudy.analysis.reported import UNITS
from mlpstudy.audit.printed import Value

# Digits after the point (of a percentage) from which on a program, not a person, printed it.
FULL_PRECISION = 6
# How far an approximate value ("about 90 s") may be from the exact one, as a share of it.
APPROXIMATELY = 0.2


def in_unit(value: Value, unit: str) -> Decimal:
    """Return a printed number in `unit`, one of UNITS, without rounding: 81 s is 1.35 min."""
    return Decimal(value.value) / Decimal(str(UNITS[unit]))


def rounded(number: Decimal, decimals: int) -> set[Decimal]:
    """Return the correct roundings: two where the rest is exactly half a step."""
    step = Decimal(1).scaleb(-decimals)
    return {number.quantize(step, rule) for rule in (ROUND_HALF_EVEN, ROUND_HALF_UP)}


def cut(number: Decimal, decimals: int) -> Decimal:
    """Return the number without the digits after `decimals`."""
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)


def as_keras_prints(fraction: float) -> str:
    """Return the digits of 100 times a fraction held in single precision, as Python prints them."""
    return repr(float(np.float32(fraction)) * 100)


def relation(precise: Value, other: Value) -> str:
    """Say how `other` comes from `precise`, of the same quantity with as many digits or more.

    One of same, rounded, cut, padded (19.0 for 19.41: cut or rounded, and a zero added) and other.
    An accuracy is also taken for what a program holds of it, a number in single precision: 26.95 %
    is 26.949998..., which cut to two decimals is 26.94.
    """
    number, printed = in_unit(precise, other.unit), in_unit(other, other.unit)
    apart = abs(precise.number - other.number)
    near = apart <= APPROXIMATELY * max(precise.number, other.number)
    if number == printed or ((precise.approximate or other.approximate) and near):
        return "same"
    if printed in rounded(number, other.decimals):
        return "rounded"
    held = [number]
    if precise.quantity == "test_accuracy" and precise.decimals < FULL_PRECISION:
        held.append(Decimal(as_keras_prints(float(precise.value))))
    if any(printed == cut(value, other.decimals) for value in held):
        return "cut"
    places = max(0, -int(printed.normalize().as_tuple().exponent))
    padded = places < other.decimals and printed in {*rounded(number, places), cut(number, places)}
    return "padded" if padded else "other"


def groups(values: Sequence[Value]) -> list[list[Value]]:
    """Put the printings together that one number explains; the most precise one comes first.

    A second group is of another run, or a mistake.
    """
    found, left = [], list(values)
    while left:
        finest = min((value.approximate, value.resolution) for value in left)
        candidates = [v for v in left if (v.approximate, v.resolution) == finest]
        best = max(candidates, key=lambda value: len(_explained(value, left)))
        agreeing = _explained(best, left)
        found.append([best, *(value for value in agreeing if value is not best)])
        left = [value for value in left if value not in agreeing]
    return found


def _explained(best: Value, values: Sequence[Value]) -> list[Value]:
    return [value for value in values if relation(best, value) != "other"]


def short(value: Value) -> str:
    """Return a printed number with two decimals at most and its unit."""
    number = min(rounded(in_unit(value, value.unit), min(value.decimals, 2)))
    return f"{number} {value.unit}".strip()
