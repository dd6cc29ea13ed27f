"""Sentences on what a failure or a success comes of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scipy.stats import fisher_exact

from mlpstudy.evidence.audit.classes import class_of, classes, lowest_class
from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.printed import SETTINGS, Report
from mlpstudy.evidence.audit.quoting import accuracies_of, text_finding
from mlpstudy.evidence.audit.readings import Reading, of_form, together
from mlpstudy.evidence.audit.versions import runs_apart
from mlpstudy.evidence.audit.wording import (
    counted,
    listing,
    models,
    percent,
    quantity,
    sentence,
    setting,
)


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
        if not lowest or class_of(report, model) != lowest or not (failing or well):
            continue
        parts = []
        if failing:
            have, are = ("has", "is") if len(failing) == 1 else ("have", "are")
            parts.append(
                f"{_sized(report, failing, names)} {have} fewer and {are} {lowest} as well"
            )
        if well:
            have, are = ("has", "is") if len(well) == 1 else ("have", "are")
            parts.append(f"{_sized(report, well, names)} {have} as many or more and {are} not")
        text = (
            f"{sentence(_sized(report, [model], names))} is {lowest}, but {', and '.join(parts)}."
        )
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
    return listing(texts)


def _shared_loss(report: Report, keys: Sequence[str]) -> str:
    """Say which loss function most of some models have, where at least two do."""
    found = [report.setting(model, "loss_function") for model in keys]
    common = max(set(found), key=lambda value: (found.count(value), value))
    if found.count(common) < 2 or not common:
        return ""
    having = [model for model, value in zip(keys, found, strict=True) if value == common]
    return f" {sentence(models(having))} have {setting(common)} in common."


def credited(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find successes put down to a setting that models of a lower class have as well."""
    for reading in of_form(readings, "credited"):
        (model,), name, order = reading.models, reading.quantity, list(classes(report))
        if report.find(model, name) is None or model not in report.accuracies():
            continue
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
        success = f"{percent(report.number(model, 'test_accuracy'))}, {own}"
        text = (
            f"{sentence(shown)} {'has' if len(lower) == 1 else 'have'} the same {quantity(name)} "
            f"and not the same success as {models([model])} ({success}). Read kindly, it may help "
            "together with something else."
        )
        values = [*(report.find(m, name) for m in [model, *lower]), *accuracies_of(report, lower)]
        yield text_finding(
            "credited", [reading], [model, *lower], values, text,
            "What failing models have as well is not the reason of a success.", name,
        )  # fmt: skip


def nothing_special(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find the setting that a failing model shares with the failures more than with the others.

    Of all settings the one with the smallest p of Fisher's exact test is taken, so that this p is
    a description and no proof.
    """
    for reading in of_form(readings, "nothing_special"):
        (model,), lowest = reading.models, lowest_class(report)
        found = set(report.accuracies())
        failing = {m for m in found if class_of(report, m) == lowest}
        shared = {name: _sharing(report, model, name) & found for name in SETTINGS}
        odds = {
            name: _odds(having, found - having, failing)
            for name, having in shared.items()
            if len(having & failing) > 1 and having != found
        }
        name = min(odds, key=lambda name: odds[name][2], default="")
        if model not in failing or not name or odds[name][1] / odds[name][0] > 0.5:
            continue
        having = shared[name]
        text = (
            f"Of {counted(len(having), 'model')} with {setting(report.setting(model, name))}, "
            f"{models([model])} among them, {odds[name][0]} are {lowest}, of the "
            f"{len(found - having)} others {odds[name][1]} (Fisher's exact test, p = "
            f"{odds[name][2]:.2g}{_ever_failing(report, having, failing)})"
            f"{_by_depth(report, readings, model, failing)}. Read kindly, {len(found)} models "
            "prove little."
        )
        keys = [m for m in report.models if m in having | failing]
        values = [v for m in keys for v in (report.find(m, name), report.find(m, "class"))]
        yield text_finding(
            "nothing_special", [reading], keys, values, text,
            f"No setting goes with the failures as closely as the {quantity(name)} does.", name,
        )  # fmt: skip


def _sharing(report: Report, model: str, name: str) -> set[str]:
    value = report.setting(model, name)
    return {m for m in report.models if report.setting(m, name) == value}


def _ever_failing(report: Report, having: set[str], failing: set[str]) -> str:
    """Return the same counts with every printed run, where that makes a difference."""
    found = set(report.accuracies())
    worst = max(report.accuracies(failing).values())
    ever = failing | {m for m in found if _lowest_printed(report, m) <= worst}
    if ever == failing:
        return ""
    first, second, p = _odds(having, found - having, ever)
    return f"; {first} and {second} with every printed run, p = {p:.2g}"


def _by_depth(report: Report, readings: Sequence[Reading], model: str, failing: set[str]) -> str:
    """Return the same counts for depth, where the failure is put down to that."""
    blamed_for = {name for r in of_form(readings, "blamed") for name in r.quantity.split()}
    if "layers" not in blamed_for:
        return ""
    found, least = set(report.accuracies()), size(report, model, "layers")
    deep = {m for m in found if size(report, m, "layers") >= least}
    with_depth, without, p = _odds(deep, found - deep, failing)
    return (
        f"; by depth, which is blamed, it is {with_depth} of {len(deep)} with {least} or more "
        f"layers and {without} of {len(found) - len(deep)} others (p = {p:.2g})"
    )


def _lowest_printed(report: Report, model: str) -> float:
    """Return the lowest accuracy that is printed of a model anywhere."""
    values = [v for v in report.of(model, "test_accuracy") if v.printed]
    return min(group[0].number for group in runs_apart(values))


def _odds(with_it: set[str], without: set[str], failing: set[str]) -> tuple[int, int, float]:
    """Return the failures on either side, and Fisher's two-sided p."""
    a, b = len(with_it & failing), len(without & failing)
    return a, b, float(fisher_exact([[a, len(with_it) - a], [b, len(without) - b]]).pvalue)
