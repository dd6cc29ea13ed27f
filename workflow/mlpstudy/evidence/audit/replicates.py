"""The printed values against our replicates: where they fall, under each condition.

Reads sensitivity.csv. If the printed run were one more run of a condition, each place among the n
replicates would be as likely for it as any other, so that it lies below all or above all of them
with a probability of 2 / (n + 1), and further from all of them than any is from its nearest
neighbour with at most 1 / (n + 1), whatever the distribution. Of many values some are outside by
chance: how many are, and how many that would be, is a finding of its own.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import pandas as pd

from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.wording import counted, listing, models

KIND = "replicates"

COLUMNS = [
    *("condition", "model", "baseline", "field", "value", "quantity", "reported"),
    *("n", "low", "median", "high", "below", "above", "inside", "gap", "p_gap"),
]

# An accuracy this far from every replicate stands between the outcomes, if it is between any.
GAP = 0.05

# Conditions with other values in these fields have another loss: the printed one is no value of it.
LOSS_FIELDS = {"kl", "loss"}

Row = dict[Hashable, Any]

_OUTSIDE = (
    "Something that the report does not say was otherwise than assumed here, or the value is not "
    "of the model under which it stands."
)


def outside(report: Report, table: pd.DataFrame) -> Iterator[Finding]:
    """Find printed values outside the replicates of the models as they are described."""
    for model, name, rows in _by_value(table):
        base = [row for row in rows if row["condition"] == row["baseline"]]
        if not base or not base[0]["n"] or base[0]["inside"]:
            continue
        others = [row for row in rows if row not in base and row["n"]]
        within = [row for row in others if row["inside"]]
        rule = "outside_baseline" if within else "outside_all"
        text = _placed(base[0], name)
        if within:
            text += f" It is within those of {listing(_condition(row) for row in within)}."
            text += " Read kindly, the report did this and does not say so."
        elif others:
            text += f" So it is under {listing(_condition(row) for row in others)}."
        if not within:
            text += " Read kindly, it comes of a setting that none of our conditions has."
        yield _finding(report, rule, model, name, base[0], text, _OUTSIDE)


def between(report: Report, table: pd.DataFrame) -> Iterator[Finding]:
    """Find printed accuracies in the range of the replicates, and yet far from each of them."""
    for model, name, rows in _by_value(table):
        base = [row for row in rows if row["condition"] == row["baseline"] and row["inside"]]
        if name != "test_accuracy" or not base or base[0]["gap"] < GAP:
            continue
        row = base[0]
        if row["p_gap"] > 1 / (row["n"] + 1) + 1e-9:
            continue
        text = (
            f"{_show(row['reported'], name)} is within the range of our "
            f"{counted(row['n'], 'replicate')} ({_range(row, name)}), but the nearest of them is "
            f"{100 * row['gap']:.1f} points away, further than any is from its own nearest: a "
            f"chance of at most 1 in {row['n'] + 1}. Read kindly, such a model ends in many ways."
        )
        yield _finding(report, "between", model, name, row, text, _OUTSIDE)


def how_many(report: Report, table: pd.DataFrame) -> Iterator[Finding]:
    """Find conditions outside of whose replicates more accuracies are printed than chance gives."""
    headline = [
        row
        for row in table[table["quantity"] == "test_accuracy"].to_dict("records")
        if row["n"] and _is_headline(report, row)
    ]
    whole = {model for model in report.accuracies() if model in {row["model"] for row in headline}}
    for condition in dict.fromkeys(row["condition"] for row in headline):
        rows = [row for row in headline if row["condition"] == condition]
        if {row["model"] for row in rows} != whole:
            continue
        missed = [row for row in rows if not row["inside"]]
        expected = sum(2 / (row["n"] + 1) for row in rows)
        if len(missed) <= expected:
            continue
        low = [row["model"] for row in missed if row["below"] == 0]
        high = [row["model"] for row in missed if row["above"] == 0]
        parts = [f"{len(low)} below all of our replicates"] * bool(low)
        parts += [f"{len(high)} above all"] * bool(high)
        keys = [row["model"] for row in missed]
        text = (
            f"Under {_words(condition)}, {len(missed)} of {len(rows)} printed accuracies are "
            f"outside our range ({listing(parts)}); chance alone would give about {expected:.1f}. "
            "Read kindly, small differences of framework and setting move a narrow range."
        )
        values = [v for key in keys if (v := report.find(key, "test_accuracy"))]
        yield Finding(
            KIND, "how_many", str(condition), tuple(keys), "test_accuracy", showing(values), text,
            "A condition that gives few of the printed values is not the one that they came of.",
        )  # fmt: skip


def _by_value(table: pd.DataFrame) -> Iterator[tuple[str, str, list[Row]]]:
    """Give the rows of each printed value; for losses, those of the same loss."""
    for (model, name, _), frame in table.groupby(["model", "quantity", "reported"], sort=False):
        rows = [
            row
            for row in frame.to_dict("records")
            if name != "test_loss" or not LOSS_FIELDS & set(str(row["field"]).split("; "))
        ]
        yield str(model), str(name), rows


def _is_headline(report: Report, row: Row) -> bool:
    return math.isclose(report.number(row["model"], row["quantity"]), row["reported"])


def _placed(row: Row, name: str) -> str:
    """Say on which side of the replicates a value is, and how likely that is."""
    side = "above" if row["above"] == 0 else "below"
    chance = f"2 in {row['n'] + 1}"
    return (
        f"{_show(row['reported'], name)} is {side} all {counted(row['n'], 'replicate')} of "
        f"{models([row['model']])} under {_words(row['condition'])} ({_range(row, name)}). For one "
        f"more run of ours the chance to be outside is {chance}."
    )


def _condition(row: Row) -> str:
    return f"{_words(row['condition'])} ({_range(row, row['quantity'])})"


def _words(condition: Any) -> str:
    return str(condition).replace("_", " ")


def _range(row: Row, name: str) -> str:
    low, median, high = (_show(row[key], name) for key in ("low", "median", "high"))
    return f"{low} to {high}, median {median}"


def _show(value: float, name: str) -> str:
    return f"{100 * value:.2f} %" if name == "test_accuracy" else f"{value:.4g}"


def _finding(
    report: Report, rule: str, model: str, name: str, row: Row, text: str, matters: str
) -> Finding:
    shown = _printings(report.of(model, name), row["reported"])
    number = _show(row["reported"], name).strip(" %")
    own = _is_headline(report, row)
    key = f"{model}-{name}" + ("" if own else f"-{number}")
    return Finding(KIND, rule, key, (model,), name, showing(shown), text, matters)


def _printings(values: Sequence[Printed], number: float) -> list[Printed]:
    """Return the printed values that stand for a number: it, rounded or cut."""
    return [v for v in values if abs(v.number - number) <= v.resolution * (1 + 1e-9)]
