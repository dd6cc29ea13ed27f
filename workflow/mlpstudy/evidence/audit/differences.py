"""Sentences on how much better one model is than another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal

from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.images import TEST
from mlpstudy.evidence.audit.precision import rounded
from mlpstudy.evidence.audit.printed import Report
from mlpstudy.evidence.audit.quoting import accuracies_of, text_finding
from mlpstudy.evidence.audit.readings import Reading, of_form, together
from mlpstudy.evidence.audit.wording import percent, points


def difference(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find differences in words that are not those of the printed accuracies, rounded."""
    for reading in of_form(readings, "difference"):
        (first,), (second,) = reading.models, reading.others
        a, b = report.number(first, "test_accuracy"), report.number(second, "test_accuracy")
        if math.isnan(a - b):
            continue
        if any(_is_said(x, reading.number) for x in (a - b, (a - b) / b)):
            continue
        text = (
            f"{percent(a)} and {percent(b)} are {points(a - b)} apart, which is "
            f"{percent((a - b) / b, 1)} of the second; \N{LEFT SINGLE QUOTATION MARK}"
            f"{reading.printed}\N{RIGHT SINGLE QUOTATION MARK} is neither. Read kindly, "
            f"{_leniently(reading.printed)}."
        )
        matters = "In words the difference is larger than in the tables."
        if a - b > reading.number:
            matters = "In words the difference is smaller than in the tables."
        yield text_finding(
            "difference", [reading], [first, second],
            accuracies_of(report, [first, second]), text, matters,
        )  # fmt: skip


def _leniently(said: str) -> str:
    """Return what may be said for the words of a difference."""
    first = said.split()[0].lower() if said else ""
    if first in ("almost", "nearly", "about", "around"):
        return f"\N{LEFT SINGLE QUOTATION MARK}{first}\N{RIGHT SINGLE QUOTATION MARK} leaves room"
    return "a round number is meant"


def _is_said(fraction: float, said: float) -> bool:
    """Say whether a difference rounds to what is said, and is no further off than a tenth of it."""
    exact = Decimal(f"{100 * fraction:.6f}")
    return Decimal(f"{100 * said:.0f}") in rounded(exact, 0) and abs(fraction - said) <= said / 10


def sampling_error(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find differences that drawing other test images could turn round."""
    for reading in of_form(readings, "difference"):
        (first,), (second,) = reading.models, reading.others
        a, b = report.number(first, "test_accuracy"), report.number(second, "test_accuracy")
        error = math.sqrt((a * (1 - a) + b * (1 - b)) / TEST) if not math.isnan(a - b) else 0.0
        if not abs(a - b) < 1.96 * error:
            continue
        text = (
            f"{points(a - b)} are {abs(round((a - b) * TEST))} of {TEST:,} images. The test images "
            f"alone give such a difference a standard error of {points(error)}, so it is "
            f"{abs(a - b) / error:.1f} of them from nothing, where 2 are usually asked for. Read "
            "kindly, both were tested on the same images, which makes the error somewhat smaller."
        )
        yield text_finding(
            "sampling_error", [reading], [first, second],
            accuracies_of(report, [first, second]), text,
            "The report explains a difference that one run of each cannot show to be there.",
        )  # fmt: skip


def better(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find improvements that the printed accuracies do not show."""
    for same in together(of_form(readings, "better")):
        pair = (*same[0].models, *same[0].others)
        first, second = (report.number(model, "test_accuracy") for model in pair)
        if first <= second:
            text = f"{percent(first)} is not more than {percent(second)}."
            yield text_finding(
                "better", same, pair, accuracies_of(report, pair), text,
                "The tables say the opposite of the sentence.",
            )  # fmt: skip
