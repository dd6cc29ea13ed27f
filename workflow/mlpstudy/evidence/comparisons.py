"""The models that the study sets side by side, pair by pair: how their replicates differ.

Also every pair of models under a condition. Pure computation on the replicates, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from mlpstudy.evidence.contrasts import CONTRAST_COLUMNS, Samples, contrasts, samples_of, turned
from mlpstudy.evidence.reported_values import Reported
from mlpstudy.evidence.statistics import clean, median_interval
from mlpstudy.evidence.study_file import Comparison, Study


def present(study: Study) -> list[tuple[Comparison, list[str]]]:
    """Return the comparisons of which the study has a model, each with the models it has."""
    found = [(c, [m for m in c.models if m in study.models]) for c in study.comparisons]
    return [(comparison, models) for comparison, models in found if models]


def compare(study: Study, values: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return a row per comparison, condition and pair of its models: second minus first.

    A comparison of one model has one row without a second. `named` says that the pair is
    one of those to be told of. The pairs of a condition are one family, in which each counts once
    however many comparisons have it, in whichever direction.

    Args:
        study: the resolved study.
        values: a row per condition, model and replicate, with `test_accuracy`, of `replicates`.
        reported: the report's own values.
    """
    samples = samples_of(values)
    rows: list[dict[str, Any]] = []
    for condition in study.conditions:
        family = [
            (comparison, pair)
            for comparison, members in present(study)
            for pair in _pairs(comparison, members)
            if all((condition, model) in samples for model in pair if model)
        ]
        found = _contrasts(study, samples, condition, [pair for _, pair in family])
        for comparison, pair in family:
            identity = {"comparison": comparison.key, **_keys(condition, pair)}
            named = {"named": pair in comparison.pairs}
            sizes = _sizes(samples, condition, pair)
            rows.append(identity | named | sizes | found[pair] | _theirs(pair, reported))
    order = [comparison.key for comparison in study.comparisons]
    rows.sort(key=lambda row: order.index(row["comparison"]))  # conditions keep their order
    return pd.DataFrame(rows, columns=COLUMNS).astype(WHOLE)


COLUMNS = [
    "comparison", "condition", "first", "second", "named",
    "first_replicates", "second_replicates", "first_median", "second_median",
    *CONTRAST_COLUMNS,
    "reported_first", "reported_second", "reported_difference",
]  # fmt: skip
WHOLE = dict.fromkeys(
    ["first_replicates", "second_replicates", "family", "replicates_needed"], "Int64"
)
PAIR_COLUMNS = [name for name in COLUMNS if name not in ("comparison", "named")]


def all_pairs(study: Study, values: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return a row per condition and pair of its models, in the study's order; see `compare`.

    All pairs of a condition are one family.
    """
    samples = samples_of(values)
    rows = []
    for condition in study.conditions:
        pairs = list(combinations([m for m in study.models if (condition, m) in samples], 2))
        found = _contrasts(study, samples, condition, pairs)
        rows += [
            _keys(condition, pair)
            | _sizes(samples, condition, pair)
            | found[pair]
            | _theirs(pair, reported)
            for pair in pairs
        ]
    return pd.DataFrame(rows, columns=PAIR_COLUMNS).astype(WHOLE)


Pair = tuple[str, str]


def _contrasts(
    study: Study, samples: Samples, condition: str, pairs: Sequence[Pair]
) -> dict[Pair, dict[str, Any]]:
    """Return the statistics of each pair; those without a second model have none."""
    once: dict[frozenset[str], Pair] = {}
    for pair in pairs:
        if pair[1]:
            once.setdefault(frozenset(pair), pair)
    made = contrasts(
        [
            (samples[condition, first], samples[condition, second])
            for first, second in once.values()
        ],
        study.medium,
        study.margin,
    )
    found: dict[Pair, dict[str, Any]] = dict(zip(once.values(), made, strict=True))
    for pair in pairs:
        if not pair[1]:
            found[pair] = {"verdict": ""}
        elif pair not in found:
            found[pair] = turned(found[pair[::-1]])
    return found


def _keys(condition: str, pair: Pair) -> dict[str, Any]:
    return {"condition": condition, "first": pair[0], "second": pair[1]}


def _sizes(samples: Samples, condition: str, pair: Pair) -> dict[str, Any]:
    """Return each side's replicates and median; NaN for a second that is not there."""
    sides = [clean(samples[condition, model]) if model else None for model in pair]
    return {
        f"{side}_{name}": value
        for side, sample in zip(("first", "second"), sides, strict=True)
        for name, value in (
            ("replicates", None if sample is None else len(sample)),
            ("median", float("nan") if sample is None else median_interval(sample).estimate),
        )
    }


def _theirs(pair: Pair, reported: Reported) -> dict[str, float]:
    """Set the two reported figures against each other."""
    first, second = (
        reported.number("final", m, "test_accuracy") if m else float("nan") for m in pair
    )
    return {
        "reported_first": first,
        "reported_second": second,
        "reported_difference": second - first,
    }


def _pairs(comparison: Comparison, members: list[str]) -> list[Pair]:
    """Return each pair once, in the direction in which it is told of where it is."""
    if len(members) == 1:
        return [(members[0], "")]
    reverse = {frozenset(pair): pair for pair in comparison.pairs}
    return [reverse.get(frozenset(pair), pair) for pair in combinations(members, 2)]
