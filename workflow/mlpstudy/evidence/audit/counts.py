"""Accuracies as counts of images, layers as counts of nodes, models as counts of models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.precision import FULL_PRECISION, as_keras_prints
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.wording import counted, listing, models, quantity, sentence

KIND = "arithmetic"

# What the note of a value in values.csv says where the report calls a first layer the input.
CALLED_INPUT = "called the input layer"

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


def _finding(
    rule: str, key: str, shown: Sequence[Printed], text: str, matters: str, name: str = ""
) -> Finding:
    keys = tuple(dict.fromkeys(value.model for value in shown if value.model))
    return Finding(KIND, rule, key, keys, name or shown[0].quantity, showing(shown), text, matters)


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
    return _finding("digits_lost", f"{value.model}-{value.quantity}", [value], text, matters)


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
    return _finding(
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


def layer_counts(report: Report) -> Iterator[Finding]:
    """Find numbers of layers that the list of nodes does not have, where all places agree on them.

    Where places disagree, that is a finding of its own, which says what the nodes say to it.
    """
    for model in report.models:
        nodes, layers = report.find(model, "nodes"), report.of(model, "layers")
        size = len(report.nodes(model))
        stated = {value.number for value in layers if value.printed}
        if nodes is not None and len(stated) == 1 and stated != {float(size)}:
            text = (
                f"{sentence(models([model]))} is given {layers[0].printed} layers, and lists "
                f"{counted(size, 'number')} of nodes, {nodes.printed}."
            )
            yield _finding("layers", model, [layers[0], nodes], text, _LAYERS)
        for hidden in report.of(model, "hidden_layers"):
            if nodes is not None and hidden.number != size - 1:
                yield _hidden(hidden, nodes, size)


_LAYERS = "Depth is one of the things that the report draws conclusions about."


def _hidden(hidden: Printed, nodes: Printed, size: int) -> Finding:
    text = (
        f"{hidden.printed} hidden layers, where {counted(size, 'number')} of nodes are listed: "
        f"{size - 1} before the output."
    )
    if hidden.number == size - 2:
        first = nodes.value.partition("+")[0]
        text += f" Read kindly, the first of them, {first}, is taken for the input layer."
    return _finding("hidden_layers", hidden.model, [hidden, nodes], text, _LAYERS)


def input_layer(report: Report) -> Iterator[Finding]:
    """Find first layers called the input layer, as a note says, that have not the input's size."""
    sizes = [value for value in report.values if value.quantity == "input_size"]
    called = [
        value
        for value in report.values
        if value.quantity == "first_layer_nodes" and CALLED_INPUT in value.note
    ]
    wrong = [value for value in called if sizes and value.number != sizes[0].number]
    if wrong:
        keys = dict.fromkeys(value.model for value in wrong)
        text = (
            f"The input layer of {models(keys)} is said to have "
            f"{listing(value.printed for value in wrong)} units, where the input has "
            f"{sizes[0].printed}: what is meant is the first hidden layer. Read kindly, only the "
            "word is wrong."
        )
        yield _finding("input_layer", "-".join(keys), [*wrong, sizes[0]], text, _LAYERS)


def series(report: Report) -> Iterator[Finding]:
    """Find a gap in the names: series 1, 2 and 4 without a 3, or 4_1 and 4_3 without a 4_2."""
    named = [v for v in report.values if v.quantity == "report_name"]
    pairs = {v.value: v for v in reversed(named) if re.fullmatch(r"\d+_\d+", v.value)}
    numbers: dict[int, set[int]] = {}
    for name in pairs:
        first, second = (int(part) for part in name.split("_"))
        numbers.setdefault(first, set()).add(second)
    absent = [f"{n}_x" for n in _missing(numbers)]
    absent += [f"{n}_{m}" for n, members in sorted(numbers.items()) for m in _missing(members)]
    if absent:
        last = {int(name.split("_")[0]): value for name, value in sorted(pairs.items())}
        text = (
            f"The models are numbered {listing(sorted(_spans(numbers)))}; there is no "
            f"{listing(absent, 'or')}. Read kindly, the series was given up or only misnumbered."
        )
        matters = (
            "Models that were built and left out are selection: the ones that are shown may be the "
            "ones that went well."
        )
        yield Finding(
            KIND, "series", "-".join(absent), (), "report_name",
            showing(last[n] for n in sorted(last)), text, matters,
        )  # fmt: skip


def _missing(numbers: dict[int, set[int]] | set[int]) -> list[int]:
    """Return what is missing between 1 and the greatest."""
    return [n for n in range(1, max(numbers, default=0) + 1) if n not in numbers]


def _spans(numbers: dict[int, set[int]]) -> list[str]:
    return [f"{n}_{min(m)} to {n}_{max(m)}" for n, m in numbers.items()]


def bounds(report: Report) -> Iterator[Finding]:
    """Find accuracies said to be above a bound that the printed accuracy is not above."""
    for bound in (v for v in report.values if v.quantity == "test_accuracy_above"):
        value = report.find(bound.model, "test_accuracy")
        if value is not None and value.number <= bound.number:
            text = f"{bound.printed} is said of {models([bound.model])}, which has {value.printed}."
            matters = f"The {quantity(value.quantity)} is given as better than it is printed."
            yield _finding("bound", bound.model, [bound, value], text, matters)
