"""Printed values against replicates: outside, within another condition, between, and how many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from audit_reports import ids, model, only, printed, report_of

from mlpstudy.evidence.audit.printed import Report
from mlpstudy.evidence.audit.replicates import between, how_many, outside
from mlpstudy.evidence.sensitivity import standing

OWN = "as_reported"
LOW, HIGH = [0.61, 0.62, 0.64, 0.66], [0.85, 0.86, 0.87, 0.88]


def placed(
    report: Report, model_key: str, quantity: str, condition: str, runs: list[float],
    field: str = "", text: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Return a row of sensitivity.csv, as that table's own code computes it."""
    number = float(text) if text else report.number(model_key, quantity)
    return {
        "condition": condition, "model": model_key, "baseline": OWN, "field": field, "value": "",
        "quantity": quantity, "reported": number, **standing(np.array(runs), number, 1e-6),
    }  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return report_of(tmp_path, model("m01", "75.26", test_loss="1.19"))


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


@pytest.mark.parametrize(
    ("runs", "side"), [(LOW, "above all 4"), (HIGH, "below all 4"), (LOW + HIGH, "")]
)
def test_a_value_outside_is_told_with_side_and_chance(
    report: Report, runs: list[float], side: str
) -> None:
    found = list(outside(report, table(placed(report, "m01", "test_accuracy", OWN, runs))))
    assert bool(found) is bool(side)
    if side:
        (finding,) = found
        assert finding.id == "outside_all-m01-test_accuracy"
        assert f"75.26 % is {side} replicates of model 1 under as_reported" in finding.explanation
        assert "outside in 2 of 5 cases" in finding.explanation
        assert "There is no other condition to try" in finding.explanation


def test_a_condition_that_has_the_value_is_named(report: Report) -> None:
    finding = only(
        outside(
            report,
            table(
                placed(report, "m01", "test_accuracy", OWN, HIGH),
                placed(report, "m01", "test_accuracy", "slow", [0.7, 0.8], "learning_rate"),
                placed(report, "m01", "test_accuracy", "other", LOW, "optimizer"),
            ),
        )
    )
    assert finding.id == "outside_baseline-m01-test_accuracy"
    assert "within the range of slow (70.00 % to 80.00 %, median 75.00 %)" in finding.explanation
    assert "other" not in finding.explanation


def test_accuracy_and_loss_outside_are_one_finding(report: Report) -> None:
    finding = only(
        outside(
            report,
            table(
                placed(report, "m01", "test_accuracy", OWN, HIGH),
                placed(report, "m01", "test_loss", OWN, [0.4, 0.5]),
                placed(report, "m01", "test_accuracy", "unit", LOW, "pixels"),
            ),
        )
    )
    assert finding.id == "outside_all-m01-test_accuracy-test_loss"
    assert "and the test loss 1.19 is above theirs" in finding.explanation
    assert "None of the other conditions (unit) has them" in finding.explanation
    assert [value for _, value in finding.shown] == ["1.19", "75.26"]


def test_a_loss_of_another_form_is_no_place_for_the_printed_one(report: Report) -> None:
    rows = table(
        placed(report, "m01", "test_loss", OWN, [0.4, 0.5]),
        placed(report, "m01", "test_loss", "exact_kl", [1.0, 1.5], "kl"),
    )
    assert only(outside(report, rows)).rule == "outside_all"
    rows.loc[1, "field"] = "pixels"
    assert only(outside(report, rows)).rule == "outside_baseline"


def test_another_printed_run_is_a_finding_of_its_own(tmp_path: Path) -> None:
    rows = [*model("m04", "77.45"), printed("m04", "test_accuracy", "26.95", "3 grouped table")]
    report = report_of(tmp_path, rows)
    found = outside(
        report,
        table(
            placed(report, "m04", "test_accuracy", OWN, HIGH),
            placed(report, "m04", "test_accuracy", OWN, HIGH, text="0.2695"),
        ),
    )
    assert ids(found) == [
        "outside_all-m04-test_accuracy", "outside_all-m04-test_accuracy-26.95",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([0.10, 0.10, 0.10, 0.87, 0.88], True),  # both ends are close to their like
        ([0.10, 0.30, 0.50, 0.72, 0.90], False),  # the nearest is 3 points away
        ([0.70, 0.701, 0.80, 0.801], False),  # the nearest is 4.7 points away
        ([0.10, 0.45, 0.95], False),  # 20 points away, but so is any from any
    ],
)
def test_a_value_between_the_outcomes(report: Report, runs: list[float], expected: bool) -> None:
    rows = table(placed(report, "m01", "test_accuracy", OWN, runs))
    assert ids(between(report, rows)) == (["between-m01-test_accuracy"] if expected else [])
    assert ids(outside(report, rows)) == []


def test_how_many_are_outside_against_chance(tmp_path: Path) -> None:
    keys = [f"m{n:02d}" for n in range(1, 6)]
    report = report_of(tmp_path, [row for key in keys for row in model(key, "75.26")])

    def share(missed: int, condition: str = OWN, of: int = 5) -> list[dict[str, Any]]:
        runs = [HIGH] * missed + [LOW + HIGH] * (of - missed)
        return [
            placed(report, key, "test_accuracy", condition, sample)
            for key, sample in zip(keys, runs, strict=False)
        ]

    # By chance 4 x 2/9 + 2/5 are outside with one of five missed, 1.3; 2 x 2/5 + 3 x 2/9 with two.
    assert ids(how_many(report, table(*share(1)))) == []
    finding = only(how_many(report, table(*share(2))))
    assert finding.id == f"how_many-{OWN}"
    assert "2 of 5 printed accuracies" in finding.explanation
    assert "(2 below all); chance would put about 1.5 there" in finding.explanation
    # A condition of some of the models is not compared with the whole report.
    some = table(*share(0), *share(3, "part", of=3))
    assert ids(how_many(report, some)) == []


@pytest.mark.parametrize("runs", [[], [0.85]])
def test_without_two_runs_there_is_nothing_to_say(report: Report, runs: list[float]) -> None:
    row = placed(report, "m01", "test_accuracy", OWN, runs)
    rows = table({"gap": np.nan, "p_gap": np.nan} | row)
    for rule in (outside, between, how_many):
        assert ids(rule(report, rows)) == []
