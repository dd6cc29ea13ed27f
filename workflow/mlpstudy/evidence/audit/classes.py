"""The classes of the final table, and sentences on which models are of which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.quoting import accuracies_of, text_finding
from mlpstudy.evidence.audit.readings import Reading, of_form
from mlpstudy.evidence.audit.wording import counted, listing, models, percent, sentence
from mlpstudy.evidence.reported import FINAL


def class_of(report: Report, model: str) -> str:
    """Return the class that the final table gives a model, or nothing."""
    value = report.find(model, "class")
    return "" if value is None else value.value


def classes(report: Report) -> dict[str, dict[str, float]]:
    """Return the final accuracies of the models of each class, the lowest class first."""
    found: dict[str, dict[str, float]] = {}
    for model, accuracy in report.accuracies().items():
        if class_of(report, model):
            found.setdefault(class_of(report, model), {})[model] = accuracy
    return dict(sorted(found.items(), key=lambda item: min(item[1].values())))


def lowest_class(report: Report) -> str:
    """Return the class of the model with the lowest accuracy; empty where there are no classes."""
    return next(iter(classes(report)), "")


def class_order(report: Report) -> Iterator[Finding]:
    """Find classes that overlap: a model of a lower class above one of a higher."""
    ranks = list(classes(report).items())
    for (low, below), (high, over) in pairwise(ranks):
        top = max(below, key=lambda model: below[model])
        bottom = min(over, key=lambda model: over[model])
        if below[top] > over[bottom]:
            values = [report.find(m, n) for m in (top, bottom) for n in ("class", "test_accuracy")]
            text = (
                f"{sentence(models([top]))} is {low} with {percent(below[top])} and "
                f"{models([bottom])} {high} with {percent(over[bottom])}: no limits give that."
            )
            yield Finding(
                "arithmetic", "class_order", f"{top}-{bottom}", (top, bottom), "class",
                showing(v for v in values if v), text, "A class is not a function of the accuracy.",
            )  # fmt: skip


def class_limits(report: Report) -> Iterator[Finding]:
    """Find classes whose limits the report does not give: where they may lie, and what they cut."""
    ranks = list(classes(report).items())
    if len(ranks) < 2 or any(True for _ in class_order(report)):
        return
    parts: list[str] = []
    keys: list[str] = []
    for (low, below), (high, over) in pairwise(ranks):
        ends = max(below, key=lambda m: below[m]), min(over, key=lambda m: over[m])
        low_end, high_end = percent(below[ends[0]]), percent(over[ends[1]])
        parts.append(f"{low_end} and {high_end} ({low}, {high})")
        keys += ends
    text = (
        f"The limits of the classes are not given. Any between {listing(parts)} give the same "
        "column, so the classes follow from the accuracies. Read kindly, round numbers were meant."
    )
    values = [
        v for v in report.values if v.section == FINAL and v.quantity == "class" and v.model in keys
    ]
    yield Finding(
        "own_text", "class_limits", "class", tuple(keys), "class", showing(values), text,
        "Whether the limits were set before the results cannot be told.",
    )  # fmt: skip


def perform_well(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find models said to perform well that are of the lowest class."""
    for reading in of_form(readings, "perform_well"):
        lowest, ranks = lowest_class(report), classes(report)
        low = [m for m in reading.models if lowest and class_of(report, m) == lowest]
        if not low or len(ranks) < 2:
            continue
        text = (
            f"Of these {counted(len(reading.models), 'model')} {len(low)} are {lowest}: "
            f"{_with_accuracies(report, low)}. Read kindly, most of them do."
        )
        yield text_finding(
            "perform_well", [reading], low, _with_class(report, low), text,
            "The failures are left out of the conclusion, and with them what they have in common.",
        )  # fmt: skip


def _with_class(report: Report, keys: Sequence[str]) -> list[Printed | None]:
    return [
        v for model in keys for v in (report.find(model, "class"), *accuracies_of(report, [model]))
    ]


def _with_accuracies(report: Report, keys: Sequence[str]) -> str:
    """Return `model 6 (19.41 %) and model 15 (28.00 %)`."""
    return listing(f"{models([m])} ({percent(a)})" for m, a in report.accuracies(keys).items())


def better_than(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find models said to be better than one that are not."""
    for reading in of_form(readings, "better_than"):
        (other,) = reading.others
        bar, found = report.number(other, "test_accuracy"), report.accuracies(reading.models)
        worse = [model for model, accuracy in found.items() if accuracy <= bar]
        if not worse:
            continue
        text = (
            f"Of {counted(len(found), 'model')} {len(worse)} are not above the {percent(bar)} of "
            f"{models([other])}: {_with_accuracies(report, worse)}. Read kindly, most of them are."
        )
        matters = "The sentence leaves out its exceptions."
        if all(_smaller(report.nodes(model), report.nodes(other)) for model in found):
            matters = "All of them are smaller: that alone does not make a model better."
        yield text_finding(
            "better_than", [reading], [other, *worse],
            accuracies_of(report, [other, *worse]), text, matters,
        )  # fmt: skip


def _smaller(nodes: Sequence[int], than: Sequence[int]) -> bool:
    """Say whether a printed list of nodes has fewer layers and fewer nodes than another."""
    return 0 < len(nodes) < len(than) and sum(nodes) < sum(than)
