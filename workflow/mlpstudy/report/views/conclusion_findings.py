"""Sentences about the report's conclusions, computed from the tables, condition by condition."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from mlpstudy.evidence.study_file import CLASSES
from mlpstudy.report.evidence import Evidence
from mlpstudy.report.formats import listing, missing, percent, plural, points, short_name, word
from mlpstudy.report.layout import Finding

# What conclusion 2 says, in our words for the activations.
RANKING = ("leaky_relu", "relu", "sigmoid", "tanh")
SHALLOW = 5
WITHOUT, WITH = "m09", "m10"

Key = Callable[[Mapping[Hashable, Any]], str]


def groups_of(evidence: Evidence, condition: str, key: Key) -> dict[str, list[str]]:
    """Return the models of a condition by what `key` says of their row."""
    groups: dict[str, list[str]] = {}
    for (name, model), row in evidence.rows.items():
        if name == condition:
            groups.setdefault(key(row), []).append(model)
    return groups


def shared_classes(evidence: Evidence) -> list[Finding]:
    """Say which settings models can share and still end in different classes."""
    settings: dict[str, Key] = {
        "activation": lambda row: str(row["activation"]),
        "loss function": lambda row: str(row["loss_function"]),
        "number of layers": lambda row: str(row["layers"]),
    }
    findings = []
    for condition in evidence.leading:
        classes = {m: row["class"] for (c, m), row in evidence.rows.items() if c == condition}
        tally = [
            f"{list(classes.values()).count(name)} {name.capitalize()}"
            for name in CLASSES
            if name in classes.values()
        ]
        if len(set(classes.values())) == 1:
            text = f"all {plural(len(classes), 'model')} fall into one class: {tally[0]}."
            findings.append(evidence.finding(condition, text))
            continue
        differ = [
            label
            for label, key in settings.items()
            if any(
                len({classes[model] for model in group}) > 1
                for group in groups_of(evidence, condition, key).values()
            )
        ]
        text = f"the classes are {listing(tally)}. "
        alone = [label for label in settings if label not in differ]
        if differ:
            text += f"Models with the same {_either(differ)} end in different classes. "
        if alone:
            text += f"Models with the same {_either(alone)} all end in the same class."
        findings.append(evidence.finding(condition, text.strip()))
    return findings


def _either(names: list[str]) -> str:
    """Return `a`, or `a, b or c`."""
    return listing(names).replace(" and ", " or ")


def changed_classes(evidence: Evidence) -> list[Finding]:
    """Say how many models change class between the first condition and each other one."""
    findings = []
    base, *others = evidence.leading
    for other in others:
        pairs = [
            (evidence.rows[base, model]["class"], evidence.rows[other, model]["class"])
            for model in evidence.keys
            if (base, model) in evidence.rows and (other, model) in evidence.rows
        ]
        if not pairs:
            continue
        both = [evidence.study.conditions[name].overrides for name in (base, other)]
        fields = [word(name) for name in {**both[0], **both[1]}]
        changed = sum(one != two for one, two in pairs)
        text = f"the class of {changed} of {plural(len(pairs), 'model')} is not that of {{}}."
        difference = f", which differs in {listing(fields)} only" if fields else ""
        findings.append(evidence.finding(other, text.format(word(base) + difference)))
    return findings


def rankings(evidence: Evidence) -> list[Finding]:
    """Say the order of the activations by best and by median replicate."""
    findings = []
    for condition in evidence.leading:
        groups = groups_of(evidence, condition, lambda row: str(row["activation"]))
        values = {n: evidence.runs(condition, ms)["test_accuracy"] for n, ms in groups.items()}
        values = {name: accuracy for name, accuracy in values.items() if accuracy.notna().any()}
        if len(values) < 2:
            findings.append(evidence.finding(condition, "there is only one activation to rank."))
            continue
        parts = []
        for label, scores in (
            ("best", {name: accuracy.max() for name, accuracy in values.items()}),
            ("median", {name: accuracy.median() for name, accuracy in values.items()}),
        ):
            order = sorted(scores, key=lambda name: -scores[name])
            shown = " > ".join(f"{word(name)} {percent(scores[name])}" for name in order)
            parts.append(f"by {label} replicate {shown}{_agreement(order)}")
        findings.append(evidence.finding(condition, "; ".join(parts) + "."))
    return findings


def _agreement(order: list[str]) -> str:
    """Say whether an order is the report's, as far as it has the report's activations."""
    ranked = [name for name in order if name in RANKING]
    if len(ranked) < 2:
        return ""
    expected = [name for name in RANKING if name in ranked]
    return ", the report's order" if ranked == expected else ", not the report's order"


def depths(evidence: Evidence) -> list[Finding]:
    """Set models of up to five layers against deeper ones, and name the best depth."""
    findings = []
    for condition in evidence.leading:
        sides = groups_of(
            evidence, condition, lambda row: "up to" if row["layers"] <= SHALLOW else "more than"
        )
        parts = []
        for side in ("up to", "more than"):
            if side not in sides:
                continue
            accuracy = evidence.runs(condition, sides[side])["test_accuracy"]
            failed = int((~(accuracy >= evidence.study.medium)).sum())
            parts.append(
                f"{plural(len(sides[side]), 'model')} with {side} {SHALLOW} layers: median "
                f"{percent(accuracy.median())} %, {failed} of {plural(len(accuracy), 'replicate')} "
                "failed"
            )
        text = "; ".join(parts) + ". " + _best_depth(evidence, condition)
        findings.append(evidence.finding(condition, text + _steadiness(evidence, condition)))
    return findings


def _best_depth(evidence: Evidence, condition: str) -> str:
    groups = groups_of(evidence, condition, lambda row: str(row["layers"]))
    medians = {
        depth: evidence.runs(condition, models)["test_accuracy"].median()
        for depth, models in groups.items()
    }
    medians = {depth: value for depth, value in medians.items() if not missing(value)}
    if len(medians) < 2:
        return ""
    order = sorted(medians, key=lambda depth: -medians[depth])
    gap = points(medians[order[0]] - medians[order[1]]).lstrip("+")
    return (
        f"The highest median is that of {order[0]} layers, {gap} points above {order[1]} layers. "
    )


def _steadiness(evidence: Evidence, condition: str) -> str:
    """Say how steadily model 10, the report's exception, performs well."""
    row = evidence.rows.get((condition, WITH))
    if row is None:
        return ""
    good = round(row["superior_share"] * row["replicates"])
    return f"{short_name(WITH)} is Superior in {good} of {plural(row['replicates'], 'replicate')}."


def normalisation(evidence: Evidence) -> list[Finding]:
    """Set model 10 against model 9, and name what else differs between them."""
    models = evidence.study.models
    if WITHOUT not in evidence.keys or WITH not in evidence.keys:
        return [Finding("This study has no replicates of models 9 and 10.")]
    one, two = models[WITHOUT].fields, models[WITH].fields
    differ = [word(n) for n in two if two[n] != one.get(n) and n not in ("batch_norm",)]
    findings = []
    for condition in evidence.leading:
        pair = [evidence.rows.get((condition, model)) for model in (WITHOUT, WITH)]
        if pair[0] is None or pair[1] is None:
            continue
        first, second = pair[0], pair[1]
        gain = points(second["test_accuracy_median"] - first["test_accuracy_median"])
        findings.append(
            evidence.finding(
                condition,
                f"with batch normalisation (model 10) the median is "
                f"{percent(second['test_accuracy_median'])} %, without (model 9) "
                f"{percent(first['test_accuracy_median'])} %: {gain} points. Failed are "
                f"{second['failures']} of {second['replicates']} and "
                f"{first['failures']} of {plural(first['replicates'], 'replicate')}.",
            )
        )
    if differ:
        text = f"Besides batch normalisation the two models differ in {listing(differ)}."
        findings.append(Finding(text))
    return findings
