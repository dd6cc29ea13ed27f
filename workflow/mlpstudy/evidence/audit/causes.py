"""Sentences that say why: what a failure or a success is put down to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from scipy.stats import fisher_exact

from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.groups import class_of, classes, lowest_class
from mlpstudy.evidence.audit.pairs import accuracies_of, text_finding
from mlpstudy.evidence.audit.printed import SETTINGS, Report
from mlpstudy.evidence.audit.printed_twice import runs_apart
from mlpstudy.evidence.audit.readings import Reading, of_form, together
from mlpstudy.evidence.audit.wording import counted, listing, models, percent, quantity, setting

# The words by which a sentence speaks of a setting.
MENTIONS = {
    "nodes": r"node|neuron|unit",
    "activation": r"activation|relu|sigmoid|tanh",
    "loss_function": r"loss function|divergence|entropy|\bkl\b",
    "optimizer": r"optimi[sz]er|\badam\b",
    "validation": r"fold|hold-?out",
    "epochs": r"epoch",
    "batched": r"in batches|batch size",
    "dropout": r"dropout",
    "batch_normalization": r"batch normali[sz]ation",
}


def size(report: Report, model: str, name: str) -> int:
    """Return a model's number of layers, or of nodes."""
    nodes = report.nodes(model)
    return len(nodes) if name == "layers" else sum(nodes)


def blamed(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find failures put down to size where smaller models fail too, or larger ones do not."""
    for same in together(of_form(readings, "blamed")):
        (model,), names, lowest = same[0].models, same[0].quantity.split(), lowest_class(report)
        others = [m for m in report.accuracies() if m != model and report.nodes(m)]
        less = [
            m for m in others if all(size(report, m, n) < size(report, model, n) for n in names)
        ]
        failing = [m for m in less if class_of(report, m) == lowest]
        larger = [
            m for m in others if all(size(report, m, n) >= size(report, model, n) for n in names)
        ]
        well = [m for m in larger if class_of(report, m) not in ("", lowest)]
        if not failing and not well:
            continue
        parts = []
        if failing:
            parts.append(f"{_sized(report, failing, names)} have fewer and are {lowest} as well")
        if well:
            parts.append(f"{_sized(report, well, names)} have as many or more and are not")
        text = f"{_sized(report, [model], names)} is {lowest}, but {', and '.join(parts)}."
        text += _shared_loss(report, [model, *failing])
        text += " Read kindly, size may make failure likelier without being its cause."
        keys = [model, *failing, *well]
        yield text_finding(
            "blamed", same, keys, accuracies_of(report, keys), text,
            " ".join([_NOT_NEEDED] * bool(failing) + [_NOT_ENOUGH] * bool(well)), names[0],
        )  # fmt: skip


_NOT_NEEDED = "What is blamed is not needed for the failure."
_NOT_ENOUGH = "Nor is it enough: others have it and do not fail."


def _sized(report: Report, keys: Sequence[str], names: Sequence[str]) -> str:
    """Return `Model 6 (4 layers, 234 nodes) and model 15 (…)`."""
    texts = [
        f"{models([m])} ({', '.join(f'{size(report, m, name)} {name}' for name in names)})"
        for m in keys
    ]
    joined = listing(texts)
    return joined[0].upper() + joined[1:] if len(keys) == 1 else joined


def _shared_loss(report: Report, keys: Sequence[str]) -> str:
    """Say which loss function most of some models have, where at least two do."""
    found = [report.setting(model, "loss_function") for model in keys]
    common = max(set(found), key=lambda value: (found.count(value), value))
    if found.count(common) < 2 or not common:
        return ""
    having = [model for model, value in zip(keys, found, strict=True) if value == common]
    return f" {models(having).capitalize()} have {setting(common)} in common."


def credited(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find successes put down to a setting that models of a lower class have as well."""
    for reading in of_form(readings, "credited"):
        (model,), name, order = reading.models, reading.quantity, list(classes(report))
        own = class_of(report, model)
        value = report.setting(model, name)
        lower = [
            m
            for m in report.accuracies()
            if report.setting(m, name) == value
            and class_of(report, m) in order[: order.index(own) if own in order else 0]
        ]
        if not lower:
            continue
        shown = listing(
            f"{models([m])} ({percent(a)}, {class_of(report, m)})"
            for m, a in report.accuracies(lower).items()
        )
        text = (
            f"{shown[0].upper()}{shown[1:]} {'has' if len(lower) == 1 else 'have'} the same {quantity(name)} and not the "
            f"same success as {models([model])} ({percent(report.number(model, 'test_accuracy'))}, "
            f"{own}). Read kindly, it may help together with something else."
        )
        values = [*(report.find(m, name) for m in [model, *lower]), *accuracies_of(report, lower)]
        yield text_finding(
            "credited", [reading], [model, *lower], values, text,
            "What failing models have as well is not the reason of a success.", name,
        )  # fmt: skip


def alone(report: Report, name: str) -> list[tuple[str, str]]:
    """Return the pairs of models that differ in one setting and in nothing else."""
    return [
        (a, b) for a, b in combinations(report.accuracies(), 2) if report.differing(a, b) == [name]
    ]


def varied(report: Report) -> list[str]:
    """Return the settings of which section 1 gives different values; silence is not one."""
    found = []
    for name, silence in SETTINGS.items():
        values = {report.setting(model, name) for model in report.accuracies()}
        if len(values - ({silence} if name == "optimizer" else set())) > 1:
            found.append(name)
    return found


def varied_alone(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find settings that never vary alone, so that their effect cannot be seen."""
    for reading in of_form(readings, "varied_alone"):
        pairs = {name: len(alone(report, name)) for name in varied(report)}
        hidden = [name for name, count in pairs.items() if not count]
        if not hidden:
            continue
        seen = [f"{quantity(name)} ({counted(n, 'pair')})" for name, n in pairs.items() if n]
        text = (
            f"Of {len(pairs)} settings that section 1 varies, only {listing(seen) or 'none'} "
            f"ever {'vary' if len(seen) != 1 else 'varies'} alone; {listing(map(quantity, hidden))} "
            "change only together with others. Read kindly, layers cannot vary without nodes."
        )
        yield text_finding(
            "varied_alone", [reading], [], [], text,
            "The effects that the report wants to see cannot be told apart by its design.",
            "settings",
        )  # fmt: skip


def no_contrast(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find settings used for their effect of which no pair of models shows the effect."""
    for reading in of_form(readings, "no_contrast"):
        name = reading.quantity
        if alone(report, name):
            continue
        value = report.setting(reading.models[0], name)
        having = [m for m in report.accuracies() if report.setting(m, name) == value]
        text = (
            f"No two models differ in {quantity(name)} alone: {models(having)} have it, and none "
            "of the others is otherwise the same as one of them. Read kindly, a hope is no claim."
        )
        yield text_finding(
            "no_contrast", [reading], having, [report.find(m, name) for m in having], text,
            "Whether it helped or harmed cannot be said.", name,
        )  # fmt: skip


def all_discussed(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find settings that vary and that no sentence of the discussion speaks of."""
    text = " ".join(
        sentence.quote for sentence in report.sentences.values() if sentence.section[0] in "25"
    )
    for reading in of_form(readings, "all_discussed"):
        silent = [n for n in varied(report) if not re.search(MENTIONS[n], text, re.IGNORECASE)]
        if not silent:
            continue
        explanation = (
            f"{listing(map(quantity, silent)).capitalize()} differ between the models, and no "
            "sentence of sections 2 and 5 speaks of them. Read kindly, they were thought not to "
            "matter."
        )
        yield text_finding(
            "all_discussed", [reading], [], [], explanation,
            "What is not looked at cannot be found to be the cause; the losses of the failing "
            "models point to the loss function.", "settings",
        )  # fmt: skip


def nothing_special(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find what a failing model shares with the other failures, where nothing is said to be it."""
    for reading in of_form(readings, "nothing_special"):
        (model,), lowest = reading.models, lowest_class(report)
        found = report.accuracies()
        failing = {m for m in found if class_of(report, m) == lowest}
        value = report.setting(model, "loss_function")
        having = {m for m in found if report.setting(m, "loss_function") == value}
        if model not in failing or having == set(found):
            continue
        at_some_time = failing | {
            m for m in found if _ever(report, m) <= max(map(found.get, failing))
        }
        counts = [_odds(having, set(found) - having, group) for group in (failing, at_some_time)]
        if counts[0][0] * (len(found) - len(having)) <= counts[0][1] * len(having):
            continue
        text = (
            f"Of {counted(len(having), 'model')} with {setting(value)}, as it has, {counts[0][0]} "
            f"are {lowest}, of the {len(found) - len(having)} others {counts[0][1]} (Fisher's exact "
            f"test, p = {counts[0][2]:.2g})"
        )
        if at_some_time != failing:
            text += (
                f"; with the other printed runs {counts[1][0]} and {counts[1][1]} (p = "
                f"{counts[1][2]:.2g})"
            )
        text += f"{_by_depth(report, readings, model, failing)}. Read kindly, {len(found)} models "
        text += "prove little."
        keys = [m for m in found if m in having | failing]
        values = [
            v for m in keys for v in (report.find(m, "loss_function"), report.find(m, "class"))
        ]
        yield text_finding(
            "nothing_special", [reading], keys, values, text,
            "The setting that goes with failure most clearly is one the report never discusses.",
            "loss_function",
        )  # fmt: skip


def _by_depth(report: Report, readings: Sequence[Reading], model: str, failing: set[str]) -> str:
    """Return the same counts for depth, where the failure is put down to that."""
    blamed_for = {name for r in of_form(readings, "blamed") for name in r.quantity.split()}
    if "layers" not in blamed_for:
        return ""
    found, least = set(report.accuracies()), size(report, model, "layers")
    deep = {m for m in found if size(report, m, "layers") >= least}
    with_depth, without, p = _odds(deep, found - deep, failing)
    return (
        f". By depth, which is blamed, it is {with_depth} of {len(deep)} with {least} or more "
        f"layers and {without} of {len(found) - len(deep)} others (p = {p:.2g})"
    )


def _ever(report: Report, model: str) -> float:
    """Return the lowest accuracy that is printed of a model anywhere."""
    values = [v for v in report.of(model, "test_accuracy") if v.printed]
    return min(group[0].number for group in runs_apart(values))


def _odds(with_it: set[str], without: set[str], failing: set[str]) -> tuple[int, int, float]:
    """Return the failures on either side, and Fisher's two-sided p."""
    a, b = len(with_it & failing), len(without & failing)
    return a, b, float(fisher_exact([[a, len(with_it) - a], [b, len(without) - b]]).pvalue)
