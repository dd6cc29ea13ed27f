"""Findings in the printed numbers that need more than an expression; checks.yaml has the sentences.

With p the probability of an image's own class, an image that is classified rightly has
p >= 1/classes and one that is classified wrongly has p <= 1/2. Keras 2's KL divergence clips p to
[1e-7, 1]. Of a share `a` classified rightly, therefore,

    loss >= (1 - a) log 2                                       for any loss
    loss <= (1 - a) 16.118 + a log(classes)                     for the clipped KL divergence
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from mlpstudy.audit.digits import FULL_PRECISION, as_keras_prints, groups, relation, short
from mlpstudy.audit.expressions import TEST_IMAGES
from mlpstudy.audit.printed import Found, Report, Value

ALL_IMAGES = 70_000  # training and test images together
CEILING = -math.log(1e-7)
# Contradictions with a sentence of their own; those of other quantities share one.
DISTINGUISHED = ("layers", "test_accuracy", "test_loss")


def contradictions(report: Report) -> Iterator[Found]:
    """Find values of one quantity that neither rounding nor cutting makes one.

    A loss that its accuracy rules out is found by `impossible` instead.
    """
    impossible_losses = {found.models[0] for found in impossible(report)}
    for (model, quantity), values in report.groups.items():
        apart = _apart(values)
        if len(apart) < 2 or (quantity == "test_loss" and model in impossible_losses):
            continue
        rule = f"contradiction-{quantity}" if quantity in DISTINGUISHED else "contradiction"
        nodes = report.text(model, "nodes")
        numbers = {
            "model": model, "quantity": quantity, "nodes": nodes, "depth": nodes.count("+") + 1,
            "values": [v.printed if math.isnan(v.number) else short(v) for v in apart],
        }  # fmt: skip
        yield Found(rule, f"{model}-{quantity}", (model,), values, numbers)


def _apart(values: list[Value]) -> list[Value]:
    """Return one value for each number, or text, that the others come from."""
    if any(math.isnan(value.number) for value in values):
        return list({value.value: value for value in values}.values())
    return [group[0] for group in groups(values)]


def shortened(report: Report) -> Iterator[Found]:
    """Find values that are cut where others of the quantity are rounded up, and padded ones."""
    cut: dict[str, list[Value]] = defaultdict(list)
    rounded: dict[str, list[str]] = defaultdict(list)
    for (model, quantity), values in report.groups.items():
        for best, *others in groups([v for v in values if not math.isnan(v.number)]):
            related = [(relation(best, value), value) for value in others]
            shorter = [value for how, value in related if how == "cut"]
            cut[quantity] += [best, *shorter] if shorter else []
            if any(how == "rounded" and v.number > best.number for how, v in related):
                rounded[quantity].append(model)
            for value in [value for how, value in related if how == "padded"][:1]:
                said = {"quantity": quantity, "model": model}
                said |= {"value": short(best), "padded": value.printed}
                yield Found("padded", f"{model}-{quantity}", (model,), [best, value], said)
    for quantity, values in cut.items():
        if values and rounded[quantity]:
            models = tuple(dict.fromkeys(value.model for value in values))
            numbers = {"quantity": quantity, "models": models, "rounded": rounded[quantity]}
            yield Found("cut", quantity, models, values, numbers)


def impossible(report: Report) -> Iterator[Found]:
    """Find losses that no network of the accuracy beside them, in the same section, can have."""
    for loss, accuracy in _pairs(report):
        half, model = loss.resolution / 2, loss.model
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


def _pairs(report: Report) -> Iterator[tuple[Value, Value]]:
    """Yield every loss of a model whose nodes are printed with the first accuracy beside it."""
    for (model, quantity), losses in report.groups.items():
        if quantity == "test_loss" and report.text(model, "nodes"):
            accuracies = {v.section: v for v in reversed(report.printings(model, "test_accuracy"))}
            yield from ((v, accuracies[v.section]) for v in losses if v.section in accuracies)


def other_images(report: Report) -> Iterator[Found]:
    """Find accuracies printed in full that are no count of the test images.

    Keras gives an accuracy as a single-precision fraction, and Python prints 100 times that: of
    10,000 images only 10,001 texts are possible. A text that lost its last digits is one of them.
    The mean of the folds of a cross-validation may be a count of all images.
    """
    full = [
        value
        for value in report.values
        if value.quantity == "test_accuracy" and value.decimals >= FULL_PRECISION
    ]
    other = [value for value in full if not _is_count(value)]
    for value in other:
        model, right = value.model, round(value.number * ALL_IMAGES)
        folds = report.find(model, "folds")
        error = float(np.spacing(np.float32(value.number))) / 2
        fits = folds is not None and abs(value.number - right / ALL_IMAGES) <= error
        numbers = {
            "model": model, "printed": value.printed, "images": TEST_IMAGES, "right": right,
            "others": len(full) - len(other), "all": ALL_IMAGES,
        }  # fmt: skip
        numbers["folds"] = folds.number if folds else 1
        rule = "other_images" if fits else "no_count"
        shown = [value, *([folds] if folds else [])]
        yield Found(rule, f"{model}-{value.quantity}", (model,), shown, numbers)


def _is_count(value: Value) -> bool:
    """Say whether an accuracy is what the nearest count of the test images prints as."""
    expected = as_keras_prints(round(value.number * TEST_IMAGES) / TEST_IMAGES)
    return expected.startswith(value.printed.rstrip(" %"))


RULES = (contradictions, shortened, impossible, other_images)
