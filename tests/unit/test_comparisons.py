"""Comparisons and pairs: what is set against what, and the verdict on it."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlpstudy.evidence.comparisons import PAIR_COLUMNS
from study_fixture import REPORTED, make_study

from mlpstudy.evidence.contrasts import CONTRAST_COLUMNS, contrasts, turned
from mlpstudy.evidence.statistics import holm, rank_test, superiority
from mlpstudy.evidence.tables import read_table, tabulate

FIVE = ("m03", "m04", "m05", "m13", "m99")
VALUES = {
    "m03": [0.700, 0.702, 0.704, 0.706, 0.708, 0.710],
    "m13": [0.701, 0.703, 0.705, 0.707, 0.709, 0.711],
    "m04": [0.84, 0.85, 0.86, 0.87, 0.88, 0.89],
    "m05": [0.1, 0.1, 0.1, 0.1, 0.2, 0.2],
    "m99": [0.1, 0.1, 0.1, 0.85, 0.86, 0.87],
}


def tables(root: Path, replicates: int, **settings: object) -> dict[str, pd.DataFrame]:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return VALUES[model][replicate - 1], 0.5

    paths = make_study(root, {m: {} for m in FIVE}, outcome, {"as_reported": {}}, replicates)
    plan = json.loads(paths.study.read_text())
    paths.study.write_text(json.dumps(plan | settings))
    tabulate(paths.study, REPORTED, paths.tables)
    return {name: read_table(paths.tables / f"{name}.csv") for name in ("comparisons", "pairs")}


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return tables(tmp_path_factory.mktemp("six"), 6)


def row(frame: pd.DataFrame, first: str, second: str) -> pd.Series:
    return frame.set_index(["first", "second"]).loc[first, second]


def test_comparisons_are_the_reports_pairs_second_minus_first(six: dict[str, pd.DataFrame]) -> None:
    rows = six["comparisons"].set_index("comparison")
    assert list(rows.index) == ["4-5", "3", "3-7-11-12-13-14"]
    assert rows.loc["4-5", "difference"] == pytest.approx(0.1 - 0.865)
    assert rows.loc["4-5", "mean_difference"] == pytest.approx(0.8 / 6 - 0.865)
    assert rows.loc["4-5", "failure_difference"] == 1.0
    assert rows.loc["4-5", "superiority"] == 0.0
    assert rows.loc["4-5", "reported_difference"] == pytest.approx(0.1941 - 0.7745)
    assert bool(rows.loc["4-5", "named"])
    # The report sets model 3 against model 13 as the better: the pair keeps that direction.
    assert rows.loc["3-7-11-12-13-14", ["first", "second"]].tolist() == ["m13", "m03"]


def test_a_model_on_its_own_has_a_median_and_no_verdict(six: dict[str, pd.DataFrame]) -> None:
    alone = six["comparisons"].set_index("comparison").loc["3"]
    assert (alone["first"], alone["second"], alone["verdict"]) == ("m03", "", "")
    assert alone["first_median"] == pytest.approx(0.705)
    for name in ("second_replicates", "second_median", "difference", "p", "p_holm", "family"):
        assert math.isnan(alone[name])


def test_all_pairs_of_a_condition_are_there_once(six: dict[str, pd.DataFrame]) -> None:
    frame = six["pairs"]
    assert list(frame) == PAIR_COLUMNS
    assert list(zip(frame["first"], frame["second"], strict=True)) == list(combinations(FIVE, 2))
    assert (frame["family"] == 10).all()
    assert frame["p_holm"].tolist() == pytest.approx(holm(frame["p"]))
    assert frame["equivalence_p_holm"].tolist() == pytest.approx(holm(frame["equivalence_p"]))


def test_each_family_is_corrected_for_itself(six: dict[str, pd.DataFrame]) -> None:
    here, there = row(six["comparisons"], "m04", "m05"), row(six["pairs"], "m04", "m05")
    assert (here["family"], there["family"]) == (2, 10)
    assert here["p"] == there["p"] == pytest.approx(2 / 924)
    assert here["p_holm"] < there["p_holm"]


def test_a_pair_that_two_comparisons_have_is_one_hypothesis(tmp_path: Path) -> None:
    """It counts once in the family, and is told in the direction of each."""
    several = {
        "one": {"models": ["m04", "m05"], "pairs": []},
        "again": {"models": ["m05", "m04"], "pairs": [["m05", "m04"]]},
        "other": {"models": ["m04", "m13"], "pairs": []},
    }
    frame = tables(tmp_path, 6, comparisons=several)["comparisons"].set_index("comparison")
    assert frame["family"].tolist() == [2, 2, 2]
    one, again = frame.loc["one"], frame.loc["again"]
    assert one["p_holm"] == again["p_holm"] == 2 * one["p"] == pytest.approx(4 / 924)
    assert (again["first"], again["named"], again["verdict"]) == ("m05", True, "higher")
    assert (one["first"], one["named"], one["verdict"]) == ("m04", False, "lower")
    for name in ("difference", "mean_difference", "failure_difference"):
        assert again[name] == -one[name]
        assert (again[f"{name}_low"], again[f"{name}_high"]) == (
            -one[f"{name}_high"],
            -one[f"{name}_low"],
        )
    assert (one["superiority"], again["superiority"]) == (0.0, 1.0)
    assert again["superiority_low"] == 1 - one["superiority_high"]
    assert again["first_median"] == one["second_median"]
    assert again["reported_difference"] == -one["reported_difference"]


def test_a_contrast_turned_twice_is_itself() -> None:
    generator = np.random.default_rng(3)
    first, second = generator.normal(0.8, 0.02, 5), generator.normal(0.82, 0.01, 7)
    (found,) = contrasts([(first, second)], 0.5, 0.01)
    (other,) = contrasts([(second, first)], 0.5, 0.01)
    again = turned(found)
    assert list(again) == CONTRAST_COLUMNS
    assert turned(again) == pytest.approx(found, nan_ok=True)
    same = [name for name in CONTRAST_COLUMNS if not name.startswith("difference_")]  # bootstrap
    assert {name: again[name] for name in same} == pytest.approx(
        {name: other[name] for name in same}, nan_ok=True
    )


def test_six_replicates_decide_what_is_plain(six: dict[str, pd.DataFrame]) -> None:
    frame = six["pairs"]
    assert row(frame, "m03", "m04")["verdict"] == "higher"
    assert row(frame, "m04", "m05")["verdict"] == "lower"
    alike = row(frame, "m03", "m13")
    assert alike["verdict"] == "equivalent"
    assert alike["mean_difference"] == pytest.approx(0.001)
    assert math.isnan(alike["replicates_needed"])
    lottery = row(frame, "m05", "m99")
    assert lottery["verdict"] == "undecided"
    assert lottery["replicates_needed"] > 6


def test_the_margin_is_the_studys(tmp_path: Path) -> None:
    tight = tables(tmp_path, 6, margin=0.0015)["pairs"]
    assert (tight["margin"] == 0.0015).all()
    assert row(tight, "m03", "m13")["verdict"] == "undecided"


def test_three_replicates_decide_nothing_and_say_what_would(tmp_path: Path) -> None:
    frame = tables(tmp_path, 3)["pairs"]
    assert (frame["verdict"] == "undecided").all()
    assert (frame["p_smallest"] == 0.1).all()
    needed = frame["replicates_needed"].dropna()
    # Ten tests at 5 %: no fewer than six a side can reject one of them.
    assert needed.min() == 6
    assert row(frame, "m03", "m04")["replicates_needed"] <= 12


def test_one_replicate_has_differences_and_nothing_else(tmp_path: Path) -> None:
    frame = tables(tmp_path, 1)["pairs"]
    assert row(frame, "m03", "m04")["difference"] == pytest.approx(0.14)
    assert frame["difference_low"].isna().all()
    assert (frame["p"] == 1).all()
    assert (frame["verdict"] == "undecided").all()
    assert frame["replicates_needed"].isna().all()


def test_a_run_without_accuracy_is_a_failure_and_not_a_value() -> None:
    first = np.array([0.8, 0.81, 0.82, math.nan])
    second = np.array([0.85, 0.86, 0.87, 0.88])
    (found,) = contrasts([(first, second)], 0.5, 0.01)
    assert list(found) == CONTRAST_COLUMNS
    assert found["failure_difference"] == -0.25
    assert found["superiority"] == superiority(first[:3], second).estimate == 1.0
    assert found["p"] == rank_test(first[:3], second).p


def test_no_pairs_are_no_rows(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"mine": {}}, lambda *_: (0.9, 0.1))
    tabulate(paths.study, tmp_path / "none.csv", paths.tables)
    for name in ("comparisons", "pairs"):
        assert read_table(paths.tables / f"{name}.csv").empty
