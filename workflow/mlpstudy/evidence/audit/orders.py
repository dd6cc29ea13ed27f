"""Sentences that rank groups of models: activations, numbers of layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import mean, median

from mlpstudy.evidence.audit.classes import class_of, lowest_class
from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.images import TEST
from mlpstudy.evidence.audit.printed import Report
from mlpstudy.evidence.audit.quoting import accuracies_of, text_finding, with_note
from mlpstudy.evidence.audit.readings import Reading, of_form
from mlpstudy.evidence.audit.wording import models, percent, points, sentence, setting

# What of a group of accuracies may stand for it.
CENTRES: dict[str, Callable[[Sequence[float]], float]] = {
    "best": max, "mean": mean, "median": median, "worst": min,
}  # fmt: skip


def rank_order(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find an order of settings that holds by one centre of their accuracies and not by another."""
    for reading in of_form(readings, "rank_order"):
        said = reading.value.split(">")
        groups = by_setting(report, reading.quantity, reading.models, said)
        agree: list[str] = []
        differ: list[str] = []
        for name, centre in CENTRES.items():
            scores = {key: centre(list(group.values())) for key, group in groups.items()}
            parts = ranked(scores)
            order = " > ".join(f"{setting(k)} {percent(scores[k])}" for k in parts)
            (agree if parts == _kept(said, scores) else differ).append(f"by {name} {order}")
        for alike in matched(report, reading.quantity, reading.models):
            scores = {report.setting(m, reading.quantity): a for m, a in alike.items()}
            order = " > ".join(setting(k) for k in ranked(scores))
            holds = ranked(scores) == _kept(said, scores)
            (agree if holds else differ).append(f"by {models(alike)}, alike in all else, {order}")
        if not differ:
            continue
        kept = [text.replace(" %", "") for text in agree]
        text = f"The order holds {'; '.join(kept)}. " if agree else "The order holds by nothing. "
        text += f"It does not hold: {'; '.join(text.replace(' %', '') for text in differ)}."
        yield text_finding(
            "rank_order", [reading], reading.models, accuracies_of(report, reading.models), text,
            with_note("The conclusion depends on what stands for a group.", reading),
        )  # fmt: skip


def ranked(scores: Mapping[str, float]) -> list[str]:
    """Return the keys, the highest score first."""
    return sorted(scores, key=lambda key: -scores[key])


def _kept(said: Sequence[str], scores: Mapping[str, float]) -> list[str]:
    return [key for key in said if key in scores]


def by_setting(
    report: Report, name: str, keys: Sequence[str], values: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return the accuracies of models by their value of a setting."""
    found: dict[str, dict[str, float]] = {value: {} for value in values}
    for model, accuracy in report.accuracies(keys).items():
        if report.setting(model, name) in found and report.setting(model, name):
            found[report.setting(model, name)][model] = accuracy
    return {value: group for value, group in found.items() if group}


def matched(report: Report, name: str, keys: Sequence[str]) -> list[dict[str, float]]:
    """Return the sets of models that differ in one setting and in nothing else, with accuracies."""
    sets: list[dict[str, float]] = []
    for model, accuracy in report.described(keys).items():
        for alike in sets:
            if set(report.differing(model, next(iter(alike)))) <= {name}:
                alike[model] = accuracy
                break
        else:
            sets.append({model: accuracy})
    return [alike for alike in sets if len({report.setting(m, name) for m in alike} - {""}) > 1]


def ideal_layers(report: Report, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Find a best number of layers that is so in part only, by little, or by other settings."""
    for reading in of_form(readings, "ideal_layers"):
        found, number = report.described(reading.models), int(reading.number)
        layers = {model: len(report.nodes(model)) for model in found}
        with_it = [model for model in found if layers[model] == number]
        if not with_it or len(with_it) == len(found):
            continue
        parts = [
            *_best_elsewhere(report, found, layers, number),
            *_close_behind(found, layers, number),
            *_by_design(report, number, with_it, [m for m in found if m not in with_it]),
        ]
        if not parts:
            continue
        means = {n: mean(found[m] for m in found if layers[m] == n) for n in set(layers.values())}
        order = ", ".join(f"{n}: {100 * means[n]:.2f}" for n in sorted(means))
        text = f"{' '.join(parts)} Read kindly, {number} layers "
        first = max(means, key=lambda n: means[n]) == number
        text += "have the best mean" if first else "are good"
        yield text_finding(
            "ideal_layers", [reading], list(found), accuracies_of(report, list(found)),
            f"{text} (mean accuracy by layers, %: {order}).",
            "The best depth is read off models that differ in much else, one run each.", "layers",
        )  # fmt: skip


def _best_elsewhere(
    report: Report, found: Mapping[str, float], layers: Mapping[str, int], number: int
) -> Iterator[str]:
    """Say within which activations another number of layers is best."""
    values = dict.fromkeys(report.setting(model, "activation") for model in found)
    for value, group in by_setting(report, "activation", list(found), list(values)).items():
        best = max(group, key=lambda model: group[model])
        rest = [model for model in group if layers[model] == number]
        if layers[best] != number and rest:
            top = max(rest, key=lambda model: group[model])
            yield (
                f"Within {setting(value)} the best has {layers[best]} layers "
                f"({percent(group[best])}; with {number} at most {percent(group[top])})."
            )


def _close_behind(
    found: Mapping[str, float], layers: Mapping[str, int], number: int
) -> Iterator[str]:
    """Say which model with other layers the test images cannot tell from one with these."""
    others = [model for model in found if layers[model] != number]
    rival = max(others, key=lambda model: found[model])
    for model in sorted((m for m in found if layers[m] == number), key=lambda m: found[m]):
        gap = found[model] - found[rival]
        error = math.sqrt(sum(found[m] * (1 - found[m]) for m in (model, rival)) / TEST)
        if 0 < gap < 1.96 * error:
            yield (
                f"{sentence(models([rival]))} with {layers[rival]} layers is {points(gap)}, "
                f"{round(gap * TEST)} images, behind {models([model])} with {number}."
            )
            return


def _by_design(
    report: Report, number: int, with_it: Sequence[str], others: Sequence[str]
) -> Iterator[str]:
    """Say which setting all models with these layers share, and the failing others do not."""
    lowest = lowest_class(report)
    name, shared = "loss_function", {report.setting(m, "loss_function") for m in with_it}
    apart = [model for model in others if report.setting(model, name) not in shared]
    failing = [model for model in apart if class_of(report, model) == lowest]
    if len(shared) == 1 and failing:
        value = setting(report.setting(failing[0], name))
        yield (
            f"None of the {len(with_it)} models with {number} layers has {value}; of the "
            f"{len(others)} others {len(apart)} have, and {len(failing)} of those are {lowest}."
        )
