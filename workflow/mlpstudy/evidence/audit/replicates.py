"""The printed values against our replicates: where they fall, under each condition.

Reads sensitivity.csv. If the printed run were one more run of a condition, each place among the n
replicates would be as likely for it as any other, so that it lies below all or above all of them
with a probability of 2 / (n + 1), and further from all of them than any is from its nearest
neighbour with at most 1 / (n + 1), whatever the distribution. Of many values some are outside by
chance: how many are, and how many that would be, is a finding of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.places import Place, Row, places
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.wording import counted, listing, models, quantity

KIND = "replicates"


# An accuracy this far from every replicate stands between the outcomes, if it is between any.
GAP = 0.05


def outside(report: Report, table: pd.DataFrame) -> Iterator[Finding]:
    """Find printed values outside the replicates of the models as they are described.

    A model's accuracy and loss of section 1 are one finding if the same is to be said of both.
    """
    found: dict[tuple[str, str, str], list[Place]] = {}
    for place in places(table):
        if not place.base["inside"]:
            found.setdefault((place.model, _key(report, place), place.rule), []).append(place)
    for (model, key, rule), members in found.items():
        kindly = _ELSEWHERE if members[0].within else _UNKNOWN
        text = f"{_beside(members)} {_others(members)} Read kindly, {kindly}."
        shown = [value for place in members for value in _printings(report, place)]
        names = [place.name for place in members]
        yield Finding(
            KIND, rule, f"{model}-{key or '-'.join(names)}", (model,), names[0],
            showing(shown), text, _MATTERS[rule],
        )  # fmt: skip


_ELSEWHERE = "the report did what such a condition does, and does not say so"
_UNKNOWN = "it comes of a setting that none of our conditions has"
_MATTERS = {
    "outside_all": "An assumption of this study is not so, or the value is not of the model under "
    "which it stands.",
    "outside_baseline": "What the condition changes may be what the report did and does not tell.",
}


def _key(report: Report, place: Place) -> str:
    """Return what tells a model's places apart: nothing for the values of section 1."""
    if math.isclose(report.number(place.model, place.name), place.base["reported"]):
        return ""
    return f"{place.name}-{_show(place.base['reported'], place.name).strip(' %')}"


def _beside(members: Sequence[Place]) -> str:
    """Say on which side of the replicates the values are, and how likely that is."""
    parts: list[str] = []
    for place in members:
        row, side = place.base, "above" if place.base["above"] == 0 else "below"
        if parts:
            text = (
                f"the {quantity(place.name)} {_show(row['reported'], place.name)} is {side} theirs"
            )
        else:
            text = (
                f"{_show(row['reported'], place.name)} is {side} all "
                f"{counted(row['n'], 'replicate')} of {models([place.model])} under "
                f"{row['condition']}"
            )
        parts.append(f"{text} ({_range(row, place.name)})")
    runs = members[0].base["n"] + 1
    return f"{', and '.join(parts)}. One more run of ours would be outside in 2 of {runs} cases."


def _others(members: Sequence[Place]) -> str:
    """Say under which other conditions the values are within the range, or that they are not."""
    if members[0].within:
        return " ".join(
            f"The {quantity(place.name)} is within the range of {listing(_ranges(place))}."
            for place in members
        )
    tried = dict.fromkeys(str(row["condition"]) for place in members for row in place.others)
    if not tried:
        return "There is no other condition to try."
    values = "them" if len(members) > 1 else "it"
    return f"None of the other conditions ({listing(tried)}) has {values} in its range."


def _ranges(place: Place) -> list[str]:
    return [f"{row['condition']} ({_range(row, place.name)})" for row in place.within]


def between(report: Report, table: pd.DataFrame) -> Iterator[Finding]:
    """Find printed accuracies in the range of the replicates, and yet far from each of them."""
    for place in places(table):
        row = place.base
        far = row["gap"] >= GAP and row["p_gap"] <= 1 / (row["n"] + 1) + 1e-9
        if place.name != "test_accuracy" or not row["inside"] or not far:
            continue
        text = (
            f"{_show(row['reported'], place.name)} is within the range of our "
            f"{counted(row['n'], 'replicate')} of {models([place.model])} under {row['condition']} "
            f"({_range(row, place.name)}), but the nearest is {100 * row['gap']:.1f} points away, "
            f"further than any is from its own nearest: a chance of at most 1 in {row['n'] + 1}. "
            "Read kindly, such a model ends in many ways."
        )
        key = _key(report, place) or place.name
        yield Finding(
            KIND, "between", f"{place.model}-{key}", (place.model,), place.name,
            showing(_printings(report, place)), text, _MATTERS["outside_all"],
        )  # fmt: skip


def how_many(report: Report, table: pd.DataFrame) -> Iterator[Finding]:
    """Find conditions outside of whose replicates more accuracies are printed than chance gives."""
    headline = [
        row
        for place in places(table)
        if place.name == "test_accuracy" and not _key(report, place)
        for row in (place.base, *place.others)
    ]
    whole = {row["model"] for row in headline}
    for condition in dict.fromkeys(str(row["condition"]) for row in headline):
        rows = [row for row in headline if row["condition"] == condition]
        missed = [row for row in rows if not row["inside"]]
        expected = sum(2 / (row["n"] + 1) for row in rows)
        if {row["model"] for row in rows} != whole or len(missed) <= expected:
            continue
        low = sum(row["below"] == 0 for row in missed)
        parts: list[str] = [f"{low} below all"] * bool(low)
        parts += [f"{len(missed) - low} above all"] * bool(len(missed) - low)
        text = (
            f"Under {condition}, {len(missed)} of {len(rows)} printed accuracies are outside the "
            f"range of our replicates ({listing(parts)}); chance would put about {expected:.1f} "
            "there. Read kindly, small differences of framework and setting move narrow ranges."
        )
        keys = [str(row["model"]) for row in missed]
        values = [value for key in keys if (value := report.find(key, "test_accuracy"))]
        yield Finding(
            KIND, "how_many", condition, tuple(keys), "test_accuracy", showing(values), text,
            "A condition that gives few of the printed values is not the one that they came of.",
        )  # fmt: skip


def _range(row: Row, name: str) -> str:
    low, median, high = (_show(row[key], name) for key in ("low", "median", "high"))
    return f"{low} to {high}, median {median}"


def _show(value: float, name: str) -> str:
    return f"{100 * value:.2f} %" if name == "test_accuracy" else f"{value:.4g}"


def _printings(report: Report, place: Place) -> list[Printed]:
    """Return the printed values that stand for a number: it, rounded or cut."""
    number = place.base["reported"]
    values = report.of(place.model, place.name)
    return [v for v in values if abs(v.number - number) <= v.resolution * (1 + 1e-9)]
