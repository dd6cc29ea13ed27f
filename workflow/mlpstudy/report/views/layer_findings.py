"""Sentences on the number of layers and on batch normalisation, from the tables by condition."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from mlpstudy.analysis.conditions import changes
from mlpstudy.analysis.results import Results
from mlpstudy.formats import listing, percent, plural, points, word
from mlpstudy.report.by_condition import condition_finding
from mlpstudy.report.layout import Finding
from mlpstudy.report.views.conclusion_findings import groups_of, medians_of


def depths(results: Results, up_to: int | None, exception: str) -> list[Finding]:
    """Set models of few layers against deeper ones.

    Args:
        results: the study and its tables.
        up_to: how many layers are few; None to leave that comparison out.
        exception: a model to tell of how steadily it performs well; empty for none.
    """
    findings = []
    for condition in results.main:
        text = "" if up_to is None else _shallow_and_deep(results, condition, up_to)
        text += _steadiness(results, condition, exception)
        if text:
            findings.append(condition_finding(results.study, condition, text.strip()))
    return findings


def _shallow_and_deep(results: Results, condition: str, up_to: int) -> str:
    sides = groups_of(
        results, condition, lambda row: "up to" if row["layers"] <= up_to else "more than"
    )
    parts = []
    for side in ("up to", "more than"):
        if side not in sides:
            continue
        failed, total = results.failures(condition, sides[side])
        medians = medians_of(results, condition, sides[side])
        parts.append(
            f"{plural(len(sides[side]), 'model')} with {side} {up_to} layers: medians of the "
            f"models {medians} %, {failed} of {plural(total, 'replicate')} failed"
        )
    return "; ".join(parts) + ". "


def _steadiness(results: Results, condition: str, model: str) -> str:
    """Say how steadily a model performs well, such as one that is called an exception."""
    row = results.summaries.get((condition, model))
    if row is None:
        return ""
    good = round(row["superior_share"] * row["replicates"])
    name = results.study.model_label(model)
    return f"{name} is Superior in {good} of {plural(row['replicates'], 'replicate')}."


def normalisation(results: Results, pair: Sequence[str]) -> list[Finding]:
    """Set a model with batch normalisation against one without, and name what else differs.

    Nothing is said under a condition in which that is not what the two models are.

    Args:
        results: the study and its tables.
        pair: the model without, and the one with; empty for none.
    """
    findings = []
    differ: dict[str, None] = {}
    for condition in results.main:
        rows = [results.summaries.get((condition, model)) for model in pair]
        if len(rows) != 2 or rows[0] is None or rows[1] is None:
            continue
        one, two = (results.study.fields(condition, model) for model in pair)
        if two["batch_norm"] and not one["batch_norm"]:
            text = _with_and_without(results, pair, rows[0], rows[1])
            findings.append(condition_finding(results.study, condition, text))
            differ |= dict.fromkeys(changes(one, two))
    others = [word(name) for name in differ if name != "batch_norm"]
    if others:
        text = f"Besides batch normalisation the two models differ in {listing(others)}."
        findings.append(Finding(text))
    return findings


def _with_and_without(
    results: Results,
    pair: Sequence[str],
    first: Mapping[Hashable, Any],
    second: Mapping[Hashable, Any],
) -> str:
    without, with_it = results.study.model_labels(pair)
    gain = points(second["test_accuracy_median"] - first["test_accuracy_median"])
    return (
        f"with batch normalisation ({with_it}) the median is "
        f"{percent(second['test_accuracy_median'])} %, without ({without}) "
        f"{percent(first['test_accuracy_median'])} %: {gain} points. Failed are "
        f"{second['failures']} of {second['replicates']} and "
        f"{first['failures']} of {plural(first['replicates'], 'replicate')}."
    )
