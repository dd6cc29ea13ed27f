"""Layers as counts of nodes, names as a series, bounds against what they bound."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.wording import counted, listing, models, quantity, sentence

KIND = "arithmetic"

# What the note of a value in values.csv says where the report calls a first layer the input.
CALLED_INPUT = "called the input layer"


def number_finding(
    rule: str, key: str, shown: Sequence[Printed], text: str, matters: str, name: str = ""
) -> Finding:
    """Return a finding about printed numbers alone."""
    keys = tuple(dict.fromkeys(value.model for value in shown if value.model))
    return Finding(KIND, rule, key, keys, name or shown[0].quantity, showing(shown), text, matters)


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
            yield number_finding("layers", model, [layers[0], nodes], text, _LAYERS)
        for hidden in report.of(model, "hidden_layers"):
            if nodes is not None and hidden.number != size - 1:
                yield _hidden(hidden, nodes, size)


_LAYERS = "Depth is one of the things that the report draws conclusions about."


def _hidden(hidden: Printed, nodes: Printed, size: int) -> Finding:
    text = (
        f"{sentence(models([hidden.model]))} is given {hidden.printed} hidden layers, where "
        f"{counted(size, 'number')} of nodes are listed: {size - 1} before the output."
    )
    if hidden.number == size - 2:
        first = nodes.value.partition("+")[0]
        text += f" Read kindly, the first of them, {first}, is taken for the input layer."
    return number_finding("hidden_layers", hidden.model, [hidden, nodes], text, _LAYERS)


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
        yield number_finding("input_layer", "-".join(keys), [*wrong, sizes[0]], text, _LAYERS)


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
            yield number_finding("bound", bound.model, [bound, value], text, matters)
