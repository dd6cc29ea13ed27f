"""Accuracies as counts of images: of the test images, or of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from mlpstudy.evidence.audit.counts import number_finding
from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.precision import FULL_PRECISION, as_keras_prints
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.wording import counted, listing

# Images of the MNIST family, to which the report's data belong: training, test.
TRAINING, TEST = 60_000, 10_000


def accuracy_counts(report: Report) -> Iterator[Finding]:
    """Find accuracies printed to every digit that are no count of the test images.

    Keras gives an accuracy as a single-precision fraction, and Python prints 100 times that: of
    10,000 images only 10,001 texts are possible.
    """
    usual = [v for v in _full(report) if Decimal(v.printed) == Decimal(_expected(v))]
    for value in _full(report):
        if value in usual:
            continue
        if _expected(value).startswith(value.printed):
            yield _digits_lost(value, usual)
        else:
            yield _other_images(report, value, usual)


def _full(report: Report) -> list[Printed]:
    """Return the accuracies with so many digits that a program printed them."""
    return [
        value
        for value in report.values
        if value.quantity == "test_accuracy"
        and value.decimals >= FULL_PRECISION
        and re.fullmatch(r"\d+\.\d+", value.printed)
    ]


def _expected(value: Printed) -> str:
    """Return what the nearest count of the test images would print as."""
    return as_keras_prints(round(value.number * TEST) / TEST)


def _digits_lost(value: Printed, usual: Sequence[Printed]) -> Finding:
    count = round(value.number * TEST)
    lost = counted(len(_expected(value)) - len(value.printed), "digit")
    text = (
        f"{count:,} of {TEST:,} images print as {_expected(value)}, and {lost} of that is missing "
        f"at the end. The "
        f"other {len(usual)} full accuracies are complete. Read kindly, it was lost in copying."
    )
    matters = (
        "Little: it shows that the numbers were carried over by hand, which is how they differ."
    )
    return number_finding("digits_lost", f"{value.model}-{value.quantity}", [value], text, matters)


def _other_images(report: Report, value: Printed, usual: Sequence[Printed]) -> Finding:
    """Explain an accuracy by other numbers of images: the folds of a cross-validation."""
    folds = report.find(value.model, "folds")
    number = 1 if folds is None else int(folds.number)
    pools = {
        f"the mean of {number} folds over training and test images together": TRAINING + TEST,
        f"the mean of {number} folds over the training images": TRAINING,
        f"the mean over {number} folds, each tested on all test images": TEST * number,
    }
    fitting = {name: images for name, images in pools.items() if _fits(value.number, images)}
    text = f"{value.printed} % is no count of {TEST:,} images, as the other {len(usual)} are"
    if number > 1 and fitting:
        reading = [
            f"{round(value.number * images):,} of {images:,}, {name}"
            for name, images in fitting.items()
        ]
        others = [f"{images:,}" for images in pools.values() if images not in fitting.values()]
        text += f". It is {listing(reading, 'or')}"
        text += f" (a count of {listing(others, 'or')} it is not)" if others else ""
    text += ". Read kindly, it is a sound estimate, but of another quantity."
    return number_finding(
        "other_images",
        f"{value.model}-{value.quantity}",
        [value, *([] if folds is None else [folds])],
        text,
        "The report sets it beside accuracies on the test images alone, from one network each, and "
        "ranks them together.",
    )


def _fits(fraction: float, images: int) -> bool:
    """Say whether a mean of single-precision fractions may be a count of so many images."""
    error = float(np.spacing(np.float32(fraction))) / 2
    return abs(fraction * images - round(fraction * images)) <= error * images
