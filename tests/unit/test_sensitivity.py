"""Where printed values fall among replicates, by hand; and that its probabilities are ones."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_fixture import REPORTED, make_study

from mlpstudy.analysis.reported import Reported, Value, load_reported
from mlpstudy.analysis.schemas import read_table
from mlpstudy.analysis.sensitivity import printed_values, standing
from mlpstudy.analysis.tables import tabulate

REPORT = load_reported(REPORTED)


def stands(sample: list[float], value: float) -> dict[str, float]:
    return standing(np.array(sample), value, 1e-6)


def test_a_value_within_the_range_by_hand() -> None:
    found = stands([0.1, 0.2, 0.4, 0.8], 0.5)
    assert (found["n"], found["low"], found["high"]) == (4, 0.1, 0.8)
    assert found["median"] == pytest.approx(0.3)
    assert (found["below"], found["above"], found["inside"]) == (3, 1, True)
    # Fourth of five: its place is the middle of the fourth fifth.
    assert found["position"] == pytest.approx(0.7)
    assert found["p_position"] == pytest.approx(2 * 2 / 5)
    assert found["gap"] == pytest.approx(0.1)
    # Distances to the nearest other of 0.1, 0.2, 0.4, 0.8 and 0.5: .1, .1, .1, .3 and .1.
    assert found["p_gap"] == 1


def test_a_value_between_two_heaps_is_inside_and_yet_far_from_every_run() -> None:
    sample = [0.10, 0.10, 0.11, 0.85, 0.86, 0.86, 0.87]
    found = stands(sample, 0.5)
    assert found["inside"]
    assert found["p_position"] == 1
    assert found["gap"] == pytest.approx(0.35)
    assert found["p_gap"] == 1 / 8  # none of the eight is as far from its nearest


def test_a_value_above_all_has_the_least_probability_that_there_is() -> None:
    found = stands([0.1, 0.2, 0.3], 0.9)
    assert (found["below"], found["above"], found["inside"]) == (3, 0, False)
    assert found["position"] == pytest.approx(3.5 / 4)
    assert found["p_position"] == pytest.approx(2 / 4)
    assert found["p_gap"] == pytest.approx(1 / 4)


def test_a_printed_value_equals_the_run_that_it_is_a_rounding_of() -> None:
    # 7,526 of 10,000, which the report prints from single precision.
    found = stands([0.7, 0.7526, 0.8], 0.7526000142097473)
    assert (found["below"], found["above"]) == (2, 2)
    assert found["position"] == pytest.approx(0.5)
    assert found["gap"] == 0


def test_without_runs_there_is_nothing_to_say() -> None:
    assert stands([], 0.5) == {"n": 0, "below": 0, "above": 0, "inside": False}


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_one_more_run_of_the_same_kind_is_rarely_improbable(n: int, seed: int) -> None:
    """Of n + 1 exchangeable runs no more than k can be among the k least probable."""
    runs = np.random.default_rng(seed).choice([0.1, 0.5, 0.86], n + 1) + np.linspace(0, 0.01, n + 1)
    for name in ("p_position", "p_gap"):
        ps = np.sort([standing(np.delete(runs, i), runs[i], 0.0)[name] for i in range(n + 1)])
        assert (ps >= np.arange(1, n + 2) / (n + 1) - 1e-12).all()


def test_values_printed_differently_are_told_apart_and_roundings_are_not() -> None:
    def printed(model: str, quantity: str) -> list[float]:
        return [round(v.number, 4) for v in printed_values(REPORT, model, quantity)]

    assert printed("m01", "test_accuracy") == [0.7526]
    assert printed("m04", "test_accuracy") == [0.7745, 0.2695]
    assert printed("m05", "test_accuracy") == [0.1941, 0.19]
    assert printed("m05", "test_loss") == [12.9896, 14.51]
    # 18.74 is printed as 18.73 and as 18, cut where all else is rounded; 1.1077 as 1.1.
    assert printed("m08", "test_accuracy") == [0.1874]
    assert printed("m09", "test_loss") == [1.1077]
    (once,) = printed_values(REPORT, "m13", "test_accuracy")
    assert once.places == "1 details; 3 grouped list; 3 grouped table; 4 final table"
    assert printed_values(REPORT, "unknown", "test_accuracy") == []


def test_one_step_of_the_last_digit_is_cut_or_rounded_and_two_are_another_value() -> None:
    def printed(*numbers: float) -> int:
        sections = ("1 details", "3 grouped list")
        values = {
            (section, "m", "test_accuracy"): Value(number, f"{number}", 2, False)
            for section, number in zip(sections, numbers, strict=True)
        }
        return len(printed_values(Reported(values), "m", "test_accuracy"))

    assert printed(0.2694, 0.2695) == 1  # whose difference is 1e-4 and a little in binary
    assert printed(0.2694, 0.2696) == 2


def test_the_table_has_a_row_a_condition_model_quantity_and_value(tmp_path: Path) -> None:
    conditions = {"as_reported": {}, "rmsprop": {"optimizer": "rmsprop"}}
    accuracies = {"as_reported": [0.84, 0.85, 0.86], "rmsprop": [0.74, 0.75, 0.76]}

    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        loss = math.nan if replicate == 1 else math.inf if replicate == 2 else 1.2
        return accuracies[condition][replicate - 1], loss

    paths = make_study(tmp_path, {"m01": {}, "own": {}}, outcome, conditions)
    tabulate(paths.study, REPORTED, paths.tables)
    table = read_table(paths.tables / "sensitivity.csv")
    assert table["model"].unique().tolist() == ["m01"]  # the report knows no `own`
    rows = table.set_index(["condition", "quantity"])
    assert len(rows) == 4
    reported, rmsprop = (rows.loc[(c, "test_accuracy")] for c in conditions)
    assert (reported["field"], reported["baseline"]) == ("", "as_reported")
    assert (rmsprop["field"], rmsprop["baseline_value"], rmsprop["value"]) == (
        "optimizer", "adam", "rmsprop",
    )  # fmt: skip
    assert (bool(reported["inside"]), bool(rmsprop["inside"])) == (False, True)
    assert reported["gap"] == pytest.approx(0.0874, abs=1e-4)
    # Losses that a run lost, or that are infinite, have no place among others.
    assert rows.loc[("rmsprop", "test_loss"), "n"] == 1
    assert pd.notna(rows.loc[("rmsprop", "test_loss"), "gap"])
