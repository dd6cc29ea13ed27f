"""Sentences on why one model is better than another: nodes, layers, other settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.printed import Report
from mlpstudy.evidence.audit.quoting import accuracies_of, text_finding
from mlpstudy.evidence.audit.readings import Reading, of_form, together
from mlpstudy.evidence.audit.wording import listing, models, points, quantity, sentence, setting


def fewer_nodes(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find the model said to have fewer nodes that has more."""
    for reading in of_form(readings, "fewer_nodes"):
        (first,), (second,) = reading.models, reading.others
        a, b = sum(report.nodes(first)), sum(report.nodes(second))
        if not a or not b or a < b:
            continue
        values = [report.find(model, "nodes") for model in (first, second)]
        text = (
            f"{sentence(models([first]))} has more nodes than {models([second])}, {a} against "
            f"{b}, not fewer: the better model is the larger."
        )
        if all(_falling(report.nodes(model)) for model in (first, second)):
            text += (
                " Read kindly, nodes that fall from layer to layer are meant, but both have that."
            )
        yield text_finding(
            "fewer_nodes", [reading], [first, second], values, text,
            "The explanation says the opposite of what the numbers say.", "nodes",
        )  # fmt: skip


def _falling(nodes: Sequence[int]) -> bool:
    return all(before > after for before, after in pairwise(nodes))


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


# What may be said for a setting in which two models differ by section 1.
_HARMLESS = {
    "batched": "batches in testing alone change no result",
    "optimizer": "the optimizer that is not named may be the same",
}


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
        kindly = [word for name, word in _HARMLESS.items() if name in more]
        text += f" Read kindly, {listing(kindly)}." if kindly else ""
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
        found = report.described()
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
            f"{setting(better)} against {setting(worse)}; in {len(against)} of them it is the "
            f"other way round: {listing(parts)}. Read kindly, the sentence is about the one "
            "pair that it names."
        )
        keys = [m for pair in pairs for m in pair]
        yield text_finding(
            "better_setting", [reading], keys, accuracies_of(report, keys), text,
            "The other pair would have led to the opposite conclusion.",
        )  # fmt: skip
