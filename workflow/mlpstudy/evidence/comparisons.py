"""The report's section 2: which models it sets against each other, and how ours differ.

Pure computation on `models.csv`; statistics on the differences are another module's.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from mlpstudy.evidence.reported_values import Reported
from mlpstudy.evidence.study_file import Study


@dataclass(frozen=True)
class Comparison:
    """One comparison of the report: its models, the pairs its text speaks of, what it concludes."""

    key: str
    models: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    quote: str


# Transcribed from section 2 of the report, in its order.
COMPARISONS = (
    Comparison(
        "8-9-10",
        ("m08", "m09", "m10"),
        (("m08", "m09"), ("m09", "m10")),
        "Thus, more layers do not indicate a better model.",
    ),
    Comparison(
        "4-5",
        ("m04", "m05"),
        (("m04", "m05"),),
        "That is why we concluded that we don't need to build a model with 6 or more layers "
        "for this dataset.",
    ),
    Comparison(
        "3",
        ("m03",),
        (),
        "It seems like 5 layers and the other hyperparameters used are pretty ideal for this "
        "dataset considering the time taken and the high accuracy obtained with minimal number "
        "of layers and nodes.",
    ),
    Comparison(
        "3-7-11-12-13-14",
        ("m03", "m07", "m11", "m12", "m13", "m14"),
        (("m13", "m03"), ("m07", "m11"), ("m14", "m12")),
        "Thus it is concluded that for this dataset, 5 layers is the ideal number of layers for "
        "any model with ReLU/Leaky ReLU activation function to perform well.",
    ),
)


def present(study: Study) -> list[tuple[Comparison, list[str]]]:
    """Return the comparisons of which the study has a model, each with the models it has."""
    found = [(c, [m for m in c.models if m in study.models]) for c in COMPARISONS]
    return [(comparison, models) for comparison, models in found if models]


def compare(study: Study, models: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return a row per comparison, condition and pair of its models: second minus first.

    A comparison of one model has one row without a second. `named` says that the report's text
    itself speaks of the pair.
    """
    medians = {(row["condition"], row["model"]): row for row in models.to_dict("records")}
    rows = [
        _row(comparison, condition, pair, medians, reported)
        for comparison, members in present(study)
        for condition in study.conditions
        for pair in _pairs(comparison, members)
        if all((condition, model) in medians for model in pair if model)
    ]
    return pd.DataFrame(rows, columns=None if rows else COLUMNS)


COLUMNS = [
    "comparison", "condition", "first", "second", "named",
    "first_replicates", "second_replicates", "first_median", "second_median", "difference",
    "reported_first", "reported_second", "reported_difference",
]  # fmt: skip


def _pairs(comparison: Comparison, members: list[str]) -> list[tuple[str, str]]:
    """Return each pair once, in the direction in which the report speaks of it where it does."""
    if len(members) == 1:
        return [(members[0], "")]
    reverse = {frozenset(pair): pair for pair in comparison.pairs}
    return [reverse.get(frozenset(pair), pair) for pair in combinations(members, 2)]


def _row(
    comparison: Comparison,
    condition: str,
    pair: tuple[str, str],
    medians: Mapping[tuple[str, str], Mapping[Hashable, Any]],
    reported: Reported,
) -> dict[str, Any]:
    """Set the two medians, and the two reported figures, against each other."""
    nothing: dict[Hashable, Any] = {"replicates": None, "test_accuracy_median": float("nan")}
    ours = [medians[condition, m] if m else nothing for m in pair]
    theirs = [reported.number("final", m, "test_accuracy") if m else float("nan") for m in pair]
    values = (
        comparison.key, condition, *pair, pair in comparison.pairs,
        ours[0]["replicates"], ours[1]["replicates"],
        ours[0]["test_accuracy_median"], ours[1]["test_accuracy_median"],
        ours[1]["test_accuracy_median"] - ours[0]["test_accuracy_median"],
        *theirs, theirs[1] - theirs[0],
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))
