"""Sentences about two models: how much better, why, and in what they differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from mlpstudy.evidence.audit.counts import TEST
from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.precision import rounded
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.readings import Reading, of_form, together
from mlpstudy.evidence.audit.wording import listing, models, percent, points, quantity, setting

KIND = "own_text"


def text_finding(
    rule: str,
    readings: Sequence[Reading],
    keys: Sequence[str],
    values: Sequence[Printed | None],
    text: str,
    matters: str,
    name: str = "test_accuracy",
) -> Finding:
    """Return a finding about sentences, which come first, and the values that speak against them.

    Its key is the first of the sentences.
    """
    sentences = dict.fromkeys(reading.sentence.shown for reading in readings)
    shown = (*sentences, *showing(value for value in values if value is not None))
    key = readings[0].sentence.id
    return Finding(KIND, rule, key, tuple(dict.fromkeys(keys)), name, shown, text, matters)


def accuracies_of(report: Report, keys: Sequence[str]) -> list[Printed | None]:
    """Return the headline accuracies of some models as printed."""
    return [report.find(key, "test_accuracy") for key in keys]


def difference(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find differences in words that the difference of the printed accuracies does not round to."""
    for reading in of_form(readings, "difference"):
        (first,), (second,) = reading.models, reading.others
        a, b = report.number(first, "test_accuracy"), report.number(second, "test_accuracy")
        if not a == a or not b == b:
            continue
        said = 100 * reading.number
        if any(_rounds_to(x, said) for x in (a - b, (a - b) / b)):
            continue
        text = (
            f"{percent(a)} and {percent(b)} differ by {points(a - b)}, and the one is "
            f"{percent((a - b) / b, 1)} of the other above it; \N{LEFT SINGLE QUOTATION MARK}"
            f"{reading.printed}\N{RIGHT SINGLE QUOTATION MARK} is neither."
        )
        if reading.printed.split()[0] in ("almost", "nearly") and a - b < reading.number:
            text += " Read kindly, the first word allows it, though it rounds to "
            text += f"{round(100 * (a - b))}."
        else:
            text += " Read kindly, the number is round on purpose."
        matters = "In words the difference is larger than in the tables."
        if a - b > reading.number:
            matters = "In words the difference is smaller than in the tables."
        yield text_finding(
            "difference", [reading], [first, second],
            accuracies_of(report, [first, second]), text, matters,
        )  # fmt: skip


def _rounds_to(fraction: float, said: float) -> bool:
    """Say whether a difference, in per cent without decimals, is what is said."""
    exact = Decimal(f"{100 * fraction:.6f}")
    return Decimal(f"{said:.0f}") in rounded(exact, 0)


def sampling_error(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find differences that drawing other test images could turn round."""
    for reading in of_form(readings, "difference"):
        (first,), (second,) = reading.models, reading.others
        a, b = report.number(first, "test_accuracy"), report.number(second, "test_accuracy")
        error = math.sqrt((a * (1 - a) + b * (1 - b)) / TEST) if a == a and b == b else 0.0
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


def fewer_nodes(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find the model said to have fewer nodes that has more."""
    for reading in of_form(readings, "fewer_nodes"):
        (first,), (second,) = reading.models, reading.others
        a, b = sum(report.nodes(first)), sum(report.nodes(second))
        if not a or not b or a < b:
            continue
        values = [report.find(model, "nodes") for model in (first, second)]
        text = (
            f"{models([first]).capitalize()} has more nodes than {models([second])}, {a} against "
            f"{b}, not fewer: the better model is the larger. No reading of the sentence saves the "
            "explanation."
        )
        yield text_finding(
            "fewer_nodes", [reading], [first, second], values, text,
            "The explanation says the opposite of what the numbers say.", "nodes",
        )  # fmt: skip


def opposite(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find one change of nodes that is given as the reason of a gain where it goes either way."""
    for one, two in combinations(of_form(readings, "fewer_nodes"), 2):
        gains = [_gain_of_fewer(report, reading) for reading in (one, two)]
        lists = [{report.nodes(m) for m in (*r.models, *r.others)} for r in (one, two)]
        if lists[0] != lists[1] or not gains[0] * gains[1] < 0:
            continue
        keys = [*one.models, *one.others, *two.models, *two.others]
        parts = [
            f"between {models([*r.models, *r.others])} the one with fewer is {points(gain)} "
            f"{'better' if gain > 0 else 'worse'}"
            for r, gain in zip((one, two), gains, strict=True)
        ]
        text = (
            f"The two pairs have the same two lists of nodes, yet {listing(parts)}. Fewer nodes "
            "cannot be the reason of both. Read kindly, the effect depends on the activation; the "
            "report says the same sentence of each."
        )
        yield text_finding(
            "opposite", [one, two], keys, accuracies_of(report, keys), text,
            "An explanation that fits a gain and a loss alike explains neither.",
        )  # fmt: skip


def _gain_of_fewer(report: Report, reading: Reading) -> float:
    """Return how much better the model with fewer nodes is."""
    smaller, larger = sorted((*reading.models, *reading.others), key=lambda m: sum(report.nodes(m)))
    return report.number(smaller, "test_accuracy") - report.number(larger, "test_accuracy")


def every_layer(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find models said to differ in each layer that have layers in common."""
    wrong, parts = [], []
    for reading in of_form(readings, "every_layer"):
        pair = (*reading.models, *reading.others)
        a, b = (report.nodes(model) for model in pair)
        differ = sum(x != y for x, y in zip(a, b, strict=False))
        if a and len(a) == len(b) and differ < len(a):
            wrong.append(reading)
            parts.append(f"{models(pair)} differ in {differ} of {len(a)}")
    if wrong:
        keys = [model for reading in wrong for model in (*reading.models, *reading.others)]
        text = (
            f"The number of nodes is said to differ in each layer: {listing(parts)}. Read kindly, "
            "the lists as a whole are meant."
        )
        yield text_finding(
            "every_layer", wrong, keys, [report.find(m, "nodes") for m in dict.fromkeys(keys)],
            text, "The contrasts are smaller than the sentences make them.", "nodes",
        )  # fmt: skip


def only_difference(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find differences put down to one setting between models that differ in others too."""
    for same in together(of_form(readings, "only_difference")):
        (first,), (second,) = same[0].models, same[0].others
        factors = same[0].quantity.split()
        differ = report.differing(first, second)
        more = [name for name in differ if name not in factors]
        without = [name for name in factors if name not in differ]
        if not more and not without:
            continue
        text = f"By section 1, {models([first, second])} "
        if more:
            text += f"differ also in {listing(_contrast(report, first, second, n) for n in more)}"
        if without:
            text += f"{', and ' if more else ''}do not differ in {listing(map(quantity, without))}"
        text += ", so the gain cannot be put down to "
        text += f"{listing(map(quantity, factors))} alone."
        if "optimizer" in more:
            text += " Read kindly, the optimizer that is not named may be the same."
        values = [v for n in differ for v in (report.find(first, n), report.find(second, n))]
        yield text_finding(
            "only_difference", same, [first, second], values, text,
            "A change of several things at once says nothing of any one of them.", factors[0],
        )  # fmt: skip


def _contrast(report: Report, first: str, second: str, name: str) -> str:
    """Return `epochs (12, 20)`."""
    values = [setting(report.setting(model, name)) for model in (first, second)]
    return f"{quantity(name)} ({', '.join(values)})"


def better_setting(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find settings said to be better where another pair, alike in all else, says the opposite."""
    for reading in of_form(readings, "better_setting"):
        name, (better, worse) = reading.quantity, reading.value.split(">")[:2]
        found = report.accuracies()
        pairs = [
            (a, b)
            for a in found
            for b in found
            if (report.setting(a, name), report.setting(b, name)) == (better, worse)
            and report.differing(a, b) == [name]
        ]
        against = [(a, b) for a, b in pairs if found[a] < found[b]]
        if not against:
            continue
        parts = [
            f"{models([b])} is {points(found[b] - found[a])} above {models([a])}"
            for a, b in against
        ]
        text = (
            f"{len(pairs)} pairs of models differ in {quantity(name)} alone, "
            f"{setting(better)} against {setting(worse)}; in {len(against)} of them it is the other way round: "
            f"{listing(parts)}. Read kindly, the sentence is about the one pair that it names."
        )
        keys = [m for pair in pairs for m in pair]
        yield text_finding(
            "better_setting", [reading], keys, accuracies_of(report, keys), text,
            "The other pair would have led to the opposite conclusion.",
        )  # fmt: skip
