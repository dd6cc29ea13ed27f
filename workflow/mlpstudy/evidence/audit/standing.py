"""Sentences that set one model against the others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from mlpstudy.evidence.audit.classes import class_of, lowest_class
from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.quoting import accuracies_of, text_finding
from mlpstudy.evidence.audit.readings import Reading, of_form
from mlpstudy.evidence.audit.wording import counted, listing, models, percent, points, sentence

# "Around 75 %" is taken to be up to half of the five points to the next such number away.
AROUND = 0.025


def total_seconds(report: Report, model: str) -> float:
    """Return the printed time of all epochs and folds, in seconds; NaN where there is none."""
    seconds = report.number(model, "seconds")
    if seconds == seconds:
        return seconds
    return report.number(model, "seconds_per_fold") * report.number(model, "folds")


def times_of(report: Report, keys: Sequence[str]) -> list[Printed | None]:
    """Return the printed times of some models, with the folds where they are of one fold."""
    names = ("seconds", "seconds_per_fold")
    found = [(m, report.find(m, name)) for m in keys for name in names]
    folds = [report.find(m, "folds") for m, v in found if v and v.quantity == "seconds_per_fold"]
    return [*(value for _, value in found), *folds]


def around(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find models said to be around an accuracy that are not, and like a model that is far off."""
    for reading in of_form(readings, "around"):
        (model,), found = reading.models, report.accuracies(reading.others)
        near = [m for m, a in found.items() if abs(a - reading.number) <= AROUND]
        gap = report.number(model, "test_accuracy") - reading.number
        differences = [abs(_gap(report, r)) for r in of_form(readings, "difference")]
        called = [d for d in differences if d < gap]
        if math.isnan(gap) or not found or (len(near) > len(found) / 2 and not called):
            continue
        low, high = min(found.values()), max(found.values())
        text = (
            f"Of {counted(len(found), 'model')} {len(near)} are within {100 * AROUND:.1f} points "
            f"of {percent(reading.number, 0)}; they range from {percent(low)} to {percent(high)}. "
            f"And {percent(reading.number, 0)} is {points(gap)} below {models([model])}"
        )
        if called:
            text += (
                f", more than the {listing(map(points, sorted(called)))} called better elsewhere"
            )
        text += f". Read kindly, the middle one of them has {percent(median(found.values()))}."
        keys = [model, *found]
        yield text_finding("around", [reading], keys, accuracies_of(report, keys), text, _AROUND)


_AROUND = "One number stands for models that fail and models that excel, and hides both."


def _gap(report: Report, reading: Reading) -> float:
    (first,), (second,) = reading.models, reading.others
    return report.number(first, "test_accuracy") - report.number(second, "test_accuracy")


def ideal(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find a model called ideal that others beat in accuracy, layers, nodes and time at once."""
    for reading in of_form(readings, "ideal"):
        (model,), found = reading.models, report.accuracies()
        if model not in found:
            continue
        above = [m for m in found if found[m] > found[model]]
        size, time = report.nodes(model), total_seconds(report, model)
        everywhere = [
            m
            for m in above
            if len(report.nodes(m)) <= len(size)
            and sum(report.nodes(m)) <= sum(size)
            and total_seconds(report, m) < time
        ]
        if not above:
            continue
        text = (
            f"{counted(len(above), 'model')} of {len(found)} are more accurate than "
            f"{models([model])} ({percent(found[model])}, {class_of(report, model)})"
        )
        if everywhere:
            slowest = max(total_seconds(report, m) for m in everywhere)
            text += (
                f"; {len(everywhere)} of them ({models(everywhere)}) have no more layers and nodes "
                f"and take {slowest:.0f} s at most, against {time:.0f} s"
            )
        text += ". Read kindly, no more than good is meant."
        values = accuracies_of(report, [model, *above]) + times_of(report, [model, *everywhere])
        yield text_finding(
            "ideal", [reading], [model, *above], values, text,
            "By its own criteria the report's choice is not the best of its models.",
        )  # fmt: skip


def exception(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find deep models that do as well as shallow ones, where one is called the exception."""
    for reading in of_form(readings, "exception"):
        found, limit = report.accuracies(), int(reading.number)
        shallow = [m for m in found if len(report.nodes(m)) <= limit and _well(report, m)]
        deep = [m for m in found if len(report.nodes(m)) > limit and m not in reading.models]
        for model in deep:
            below = [m for m in shallow if found[m] < found[model]]
            if not below:
                continue
            text = (
                f"{sentence(models([model]))} with {len(report.nodes(model))} layers "
                f"({percent(found[model])}) is above {models(below)} "
                f"({listing(percent(found[m]) for m in below)}), which have {limit} or fewer and "
                f"are {listing(dict.fromkeys(class_of(report, m) for m in below))} like it. Read "
                "kindly, it is left out for being unreliable."
            )
            keys = [*reading.models, model, *below]
            yield text_finding(
                "exception", [reading], keys, accuracies_of(report, keys), text,
                "A rule with one exception is a stronger conclusion than the tables bear.",
            )  # fmt: skip


def _well(report: Report, model: str) -> bool:
    return class_of(report, model) not in ("", lowest_class(report))
