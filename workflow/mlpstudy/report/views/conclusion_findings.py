"""Sentences on what decides a class, and on the activations, from the tables by condition."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import CLASSES
from mlpstudy.formats import NONE, listing, missing, percent, plural, span, under, word
from mlpstudy.report.by_condition import condition_finding
from mlpstudy.report.layout import Finding

Key = Callable[[Mapping[Hashable, Any]], str]


def groups_of(results: Results, condition: str, key: Key) -> dict[str, list[str]]:
    """Return the models of a condition by what `key` says of their row."""
    groups: dict[str, list[str]] = {}
    for (name, model), row in results.summaries.items():
        if name == condition:
            groups.setdefault(key(row), []).append(model)
    return groups


def medians_of(results: Results, condition: str, models: Sequence[str]) -> str:
    """Return the range of some models' own median accuracies, in per cent.

    The median of all their replicates together may be that of none of them.
    """
    found = [results.summaries[condition, model]["test_accuracy_median"] for model in models]
    known = [value for value in found if not missing(value)]
    return span(min(known), max(known)) if known else NONE


def shared_classes(results: Results) -> list[Finding]:
    """Say which settings models can share and still end in different classes."""
    settings: dict[str, Key] = {
        "activation": lambda row: str(row["activation"]),
        "loss function": lambda row: str(row["loss_function"]),
        "number of layers": lambda row: str(row["layers"]),
    }
    findings = []
    for condition in results.main:
        classes = {m: row["class"] for (c, m), row in results.summaries.items() if c == condition}
        tally = [
            f"{list(classes.values()).count(name)} {name.capitalize()}"
            for name in CLASSES
            if name in classes.values()
        ]
        if len(set(classes.values())) == 1:
            text = f"all {plural(len(classes), 'model')} fall into one class: {tally[0]}."
            findings.append(condition_finding(results.study, condition, text))
            continue
        differ = [
            label
            for label, key in settings.items()
            if any(
                len({classes[model] for model in group}) > 1
                for group in groups_of(results, condition, key).values()
            )
        ]
        text = f"the classes are {listing(tally)}. "
        alone = [label for label in settings if label not in differ]
        if differ:
            text += f"Models with the same {_either(differ)} end in different classes. "
        if alone:
            text += f"Models with the same {_either(alone)} all end in the same class."
        findings.append(condition_finding(results.study, condition, text.strip()))
    return findings


def _either(names: list[str]) -> str:
    """Return `a`, or `a, b or c`."""
    return listing(names).replace(" and ", " or ")


def changed_classes(results: Results) -> list[Finding]:
    """Say how many models change class between the first condition and each other one."""
    findings = []
    base, *others = results.main
    for other in others:
        pairs = [
            (results.summaries[base, model]["class"], results.summaries[other, model]["class"])
            for model in results.models
            if (base, model) in results.summaries and (other, model) in results.summaries
        ]
        if not pairs:
            continue
        fields = [word(name) for name in results.changes(other)]
        changed = sum(one != two for one, two in pairs)
        text = f"the class of {changed} of {plural(len(pairs), 'model')} is not that {{}}."
        difference = f", which differs in {listing(fields)} only" if fields else ""
        findings.append(
            condition_finding(
                results.study,
                other,
                text.format(under(results.study.condition_label(base)) + difference),
            )
        )
    return findings


def rankings(results: Results, theirs: Sequence[str]) -> list[Finding]:
    """Say the order of the activations by best replicate and model, and whether it is theirs.

    Args:
        results: the study and its tables.
        theirs: the activations as the report ranks them, the best first; empty if it does not.
    """
    findings = []
    for condition in results.main:
        groups = groups_of(results, condition, lambda row: str(row["activation"]))
        values = {
            n: results.replicates_of(condition, ms)["test_accuracy"] for n, ms in groups.items()
        }
        values = {name: accuracy for name, accuracy in values.items() if accuracy.notna().any()}
        if len(values) < 2:
            findings.append(
                condition_finding(results.study, condition, "there is only one activation to rank.")
            )
            continue
        parts = []
        medians = {
            name: results.replicates_of(condition, groups[name]).groupby("model")["test_accuracy"]
            .median().max()
            for name in values
        }  # fmt: skip
        for label, scores in (
            ("best replicate", {name: accuracy.max() for name, accuracy in values.items()}),
            ("highest median of a model", medians),
        ):
            order = sorted(scores, key=lambda name: -scores[name])
            shown = " > ".join(f"{word(name)} {percent(scores[name])}" for name in order)
            parts.append(f"by {label} {shown}{_agreement(order, theirs)}")
        findings.append(condition_finding(results.study, condition, "; ".join(parts) + "."))
    return findings


def _agreement(order: list[str], theirs: Sequence[str]) -> str:
    """Say whether an order is the report's, as far as it has the report's activations."""
    ranked = [name for name in order if name in theirs]
    if len(ranked) < 2:
        return ""
    expected = [name for name in theirs if name in ranked]
    return ", the report's order" if ranked == expected else ", not the report's order"
