"""Findings in the printed numbers that need more than an expression; checks.yaml has the sentences.

Two printings of one quantity are either one number, perhaps rounded, cut or padded, or they
contradict each other. They are compared as `decimal.Decimal`: exactly as they are printed.

With p the probability of an image's own class, an image that is classified rightly has
p >= 1/classes and one that is classified wrongly has p <= 1/2. Keras 2's KL divergence clips p to
[1e-7, 1]. Of a share `a` classified rightly, therefore,

    loss >= (1 - a) log 2                                       for any loss
    loss <= (1 - a) 16.118 + a log(classes)                     for the clipped KL divergence
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np

from mlpstudy.analysis.reported import UNITS, Value
from mlpstudy.audit.expressions import TEST_IMAGES
from mlpstudy.audit.printed import Found, Report

ALL_IMAGES = 70_000  # training and test images together
CEILING = -math.log(1e-7)
# Digits after the point (of a percentage) from which on a program, not a person, printed it.
FULL_PRECISION = 6
# How far an approximate value ("about 90 s") may be from the exact one, as a share of it.
APPROXIMATELY = 0.2
HALVES_EITHER_WAY, CUTTING = (ROUND_HALF_EVEN, ROUND_HALF_UP), (ROUND_DOWN,)
# Contradictions with a sentence of their own; those of other quantities share one.
DISTINGUISHED = ("layers", "test_accuracy", "test_loss")


def contradictions(report: Report) -> Iterator[Found]:
    """Find values of one quantity that are not one number, rounded or cut.

    A loss that its accuracy rules out is found by `impossible` instead.
    """
    impossible_losses = {found.models[0] for found in impossible(report)}
    for (model, quantity), values in report.groups.items():
        if any(math.isnan(value.number) for value in values):
            apart = list({value.value: value.printed for value in values}.values())
        else:
            apart = [short(group[0]) for group in groups(values)]
        if len(apart) < 2 or (quantity == "test_loss" and model in impossible_losses):
            continue
        rule = f"contradiction-{quantity}" if quantity in DISTINGUISHED else "contradiction"
        nodes = report.text(model, "nodes")
        numbers = {
            "model": model, "quantity": quantity, "values": apart,
            "nodes": nodes, "depth": nodes.count("+") + 1,
        }  # fmt: skip
        yield Found(rule, f"{model}-{quantity}", (model,), values, numbers)


def padded(report: Report) -> Iterator[Found]:
    """Find values that are shortened and have a zero added, which was not measured."""
    for best, others in _related(report):
        for value in [value for how, value in others if how == "padded"][:1]:
            model, quantity = value.model, value.quantity
            numbers = {"quantity": quantity, "model": model}
            numbers |= {"value": short(best), "padded": value.printed}
            yield Found("padded", f"{model}-{quantity}", (model,), [best, value], numbers)


def shortened(report: Report) -> Iterator[Found]:
    """Find values that are cut where others of the same quantity are rounded up."""
    values_cut: dict[str, list[Value]] = defaultdict(list)
    models_rounded: dict[str, list[str]] = defaultdict(list)
    for best, others in _related(report):
        if shown := [value for how, value in others if how == "cut"]:
            values_cut[best.quantity] += [best, *shown]
        if any(how == "rounded" and value.number > best.number for how, value in others):
            models_rounded[best.quantity].append(best.model)
    for quantity, values in values_cut.items():
        if models_rounded[quantity]:
            models = tuple(dict.fromkeys(value.model for value in values))
            numbers = {"quantity": quantity, "models": models, "rounded": models_rounded[quantity]}
            yield Found("cut", quantity, models, values, numbers)


def impossible(report: Report) -> Iterator[Found]:
    """Find losses that no network of the accuracy beside them, in the same section, can have."""
    for loss in (v for model in report.models for v in report.printings(model, "test_loss")):
        model, half = loss.model, loss.resolution / 2
        printed = report.printings(model, "test_accuracy")
        accuracy = next((value for value in printed if value.section == loss.section), None)
        if accuracy is None or not report.text(model, "nodes"):
            continue
        step = accuracy.resolution / 2
        low, high = accuracy.number - step, accuracy.number + step
        least = (1 - high) * math.log(2)
        most = CEILING * (1 - low) + low * math.log(report.widths(model)[-1])
        clipped = report.text(model, "loss_function") == "kl_divergence"
        numbers = {
            "model": model, "loss": loss.printed, "accuracy": accuracy.number,
            "least": least, "most": most, "implied": 1 - loss.number / CEILING,
        }  # fmt: skip
        values = [accuracy, *report.printings(model, "test_loss")]
        key = f"{model}-{loss.printed}"
        if clipped and loss.number - half > most:
            yield Found("impossible", key, (model,), values, numbers)
        elif loss.number + half < least:
            yield Found("impossible_low", key, (model,), values, numbers)


def other_images(report: Report) -> Iterator[Found]:
    """Find accuracies printed in full that are no count of the test images.

    Keras gives an accuracy as a single-precision fraction, and Python prints 100 times that: of
    10,000 images only 10,001 texts are possible. A text that lost its last digits is one of them.
    The mean of the folds of a cross-validation may be a count of all images.
    """
    accuracies = [value for value in report.values if value.quantity == "test_accuracy"]
    full = [value for value in accuracies if value.decimals >= FULL_PRECISION]
    other = [value for value in full if not _is_count(value)]
    for value in other:
        model, right = value.model, round(value.number * ALL_IMAGES)
        folds = report.find(model, "folds")
        error = float(np.spacing(np.float32(value.number))) / 2
        fits = folds is not None and abs(value.number - right / ALL_IMAGES) <= error
        numbers = {
            "model": model, "printed": value.printed, "images": TEST_IMAGES, "right": right,
            "others": len(full) - len(other), "all": ALL_IMAGES,
            "folds": folds.number if folds else 1,
        }  # fmt: skip
        rule = "other_images" if fits else "no_count"
        shown = [value, *([folds] if folds else [])]
        yield Found(rule, f"{model}-{value.quantity}", (model,), shown, numbers)


RULES = (contradictions, padded, shortened, impossible, other_images)


def _is_count(value: Value) -> bool:
    """Return whether an accuracy is what the nearest count of the test images prints as."""
    expected = as_keras_prints(round(value.number * TEST_IMAGES) / TEST_IMAGES)
    return expected.startswith(value.printed.rstrip(" %"))


def as_keras_prints(fraction: float) -> str:
    """Return the digits of 100 times a fraction held in single precision, as Python prints them."""
    return repr(float(np.float32(fraction)) * 100)


def _related(report: Report) -> Iterator[tuple[Value, list[tuple[str, Value]]]]:
    """Yield each precise printing, and the other printings of the same number by `relation`."""
    for values in report.groups.values():
        for best, *others in groups([v for v in values if not math.isnan(v.number)]):
            yield best, [(relation(best, value), value) for value in others]


def groups(values: Sequence[Value]) -> list[list[Value]]:
    """Put the printings together that one number explains; the most precise one comes first.

    A second group is of another run, or a mistake.
    """
    found, left = [], list(values)
    while left:
        finest = min((value.approximate, value.resolution) for value in left)
        candidates = [v for v in left if (v.approximate, v.resolution) == finest]
        explained = [[v for v in left if relation(best, v) != "other"] for best in candidates]
        most = max(explained, key=len)
        best = candidates[explained.index(most)]
        found.append([best, *(value for value in most if value is not best)])
        left = [value for value in left if value not in most]
    return found


def relation(precise: Value, other: Value) -> str:
    """Return how `other` comes from `precise`, of the same quantity with as many digits or more.

    One of same, rounded, cut, padded (19.0 for 19.41: cut or rounded, and a zero added) and other.
    An accuracy is also taken for what a program holds of it, a number in single precision: 26.95 %
    is 26.949998..., which cut to two decimals is 26.94.
    """
    number, printed = in_unit(precise, other.unit), in_unit(other, other.unit)
    apart = abs(precise.number - other.number)
    near = apart <= APPROXIMATELY * max(precise.number, other.number)
    if number == printed or ((precise.approximate or other.approximate) and near):
        return "same"
    if printed in shorter(number, other.decimals, HALVES_EITHER_WAY):
        return "rounded"
    held = [number]
    if precise.quantity == "test_accuracy" and precise.decimals < FULL_PRECISION:
        held.append(Decimal(as_keras_prints(float(precise.value))))
    if any(printed in shorter(value, other.decimals, CUTTING) for value in held):
        return "cut"
    places = max(0, -int(printed.normalize().as_tuple().exponent))
    either = shorter(number, places, (*HALVES_EITHER_WAY, *CUTTING))
    return "padded" if places < other.decimals and printed in either else "other"


def in_unit(value: Value, unit: str) -> Decimal:
    """Return a printed number in `unit`, one of UNITS, without rounding: 81 s is 1.35 min."""
    return Decimal(value.value) / Decimal(str(UNITS[unit]))


def shorter(number: Decimal, decimals: int, ways: Sequence[str]) -> set[Decimal]:
    """Return the number with fewer decimals, in each of some ways to round it."""
    return {number.quantize(Decimal(1).scaleb(-decimals), way) for way in ways}


def short(value: Value) -> str:
    """Return a printed number with two decimals at most and its unit."""
    number = in_unit(value, value.unit)
    rounded = min(shorter(number, min(value.decimals, 2), HALVES_EITHER_WAY))
    return f"{rounded} {value.unit}".strip()
