"""Where printed values fall among replicates, and how likely each condition makes them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from audit_reports import value
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit
from scipy.stats import gaussian_kde, multivariate_normal
from study_fixture import REPORTED, make_study

from mlpstudy import cli
from mlpstudy.analysis.reported import Reported, load_values
from mlpstudy.analysis.runs import collect
from mlpstudy.analysis.schemas import SENSITIVITY
from mlpstudy.analysis.sensitivity import (
    likelihoods,
    log_likelihood,
    model_likelihoods,
    printed_values,
    standing,
)
from mlpstudy.analysis.tables import tabulate
from mlpstudy.config.study import load_study

REPORT = Reported(load_values(REPORTED))
ACCURACIES = np.array([0.10, 0.55, 0.79, 0.80, 0.86])
LOSSES = np.array([14.506, 1.5, 0.72, 0.7, 0.4])

# A sample, a value, and where it stands: (below, above, inside), position, p_position, gap, p_gap.
STANDING = {
    # Fourth of five, so its place is the middle of the fourth fifth. Distances to the nearest other
    # of 0.1, 0.2, 0.4, 0.8 and 0.5: 0.1, 0.1, 0.1, 0.3 and 0.1.
    "within": ([0.1, 0.2, 0.4, 0.8], 0.5, (3, 1, True), 0.7, 4 / 5, 0.1, 1),
    # None of the eight is as far from its nearest.
    "between two modes": (
        [0.10, 0.10, 0.11, 0.85, 0.86, 0.86, 0.87], 0.5, (3, 4, True), 3.5 / 8, 1, 0.35, 1 / 8,
    ),
    "above all": ([0.1, 0.2, 0.3], 0.9, (3, 0, False), 3.5 / 4, 2 / 4, 0.6, 1 / 4),
    # 7,526 of 10,000, which the report prints from single precision.
    "equal": ([0.7, 0.7526, 0.8], 0.7526000142097473, (2, 2, True), 0.5, 1, 0, 1),
}  # fmt: skip


@pytest.mark.parametrize("case", STANDING)
def test_where_a_value_stands_by_hand(case: str) -> None:
    sample, value, counts, *figures = STANDING[case]
    found = standing(np.array(sample), value, 1e-6)
    assert (found["n"], found["low"], found["high"]) == (len(sample), min(sample), max(sample))
    assert found["median"] == pytest.approx(np.median(sample))
    assert (found["below"], found["above"], found["inside"]) == counts
    names = ("position", "p_position", "gap", "p_gap")
    assert [found[name] for name in names] == pytest.approx(figures)


def test_without_runs_there_is_nothing_to_say() -> None:
    nothing = {"n": 0, "below": 0, "above": 0, "inside": False}
    assert standing(np.array([]), 0.5, 1e-6) == nothing


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_one_more_run_of_the_same_kind_is_rarely_improbable(n: int, seed: int) -> None:
    """Of n + 1 exchangeable runs no more than k can be among the k least probable."""
    runs = np.random.default_rng(seed).choice([0.1, 0.5, 0.86], n + 1) + np.linspace(0, 0.01, n + 1)
    for name in ("p_position", "p_gap"):
        ps = np.sort([standing(np.delete(runs, i), runs[i], 0.0)[name] for i in range(n + 1)])
        assert (ps >= np.arange(1, n + 2) / (n + 1) - 1e-12).all()


def test_values_printed_differently_are_told_apart_and_roundings_are_not() -> None:
    def printed(model: str, quantity: str) -> list[float]:
        return [round(own[0].number, 4) for own in printed_values(REPORT, model, quantity)]

    assert printed("m01", "test_accuracy") == [0.7526]
    assert printed("m04", "test_accuracy") == [0.7745, 0.2695]
    assert printed("m05", "test_accuracy") == [0.1941, 0.19]
    assert printed("m05", "test_loss") == [12.9896, 14.51]
    # 18.74 is printed as 18.73 and as 18, cut where all else is rounded; 1.1077 as 1.1.
    assert printed("m08", "test_accuracy") == [0.1874]
    assert printed("m09", "test_loss") == [1.1077]
    (once,) = printed_values(REPORT, "m13", "test_accuracy")
    sections = ["1 details", "3 grouped list", "3 grouped table", "4 final table"]
    assert sorted(value.section for value in once) == sections
    assert printed_values(REPORT, "unknown", "test_accuracy") == []


def test_one_step_of_the_last_digit_is_cut_or_rounded_and_two_are_another_value() -> None:
    def printed(*texts: str) -> int:
        sections = ("1 details", "3 grouped list")
        values = (
            value("m", "test_accuracy", text, section)
            for section, text in zip(sections, texts, strict=True)
        )
        return len(printed_values(Reported(tuple(values)), "m", "test_accuracy"))

    assert printed("26.94", "26.95") == 1  # whose difference is 1e-4 and a little in binary
    assert printed("26.94", "26.96") == 2


def test_the_table_has_a_row_a_condition_model_quantity_and_value(tmp_path: Path) -> None:
    conditions = {"as_reported": {}, "rmsprop": {"optimizer": "rmsprop"}}
    accuracies = {"as_reported": [0.84, 0.85, 0.86], "rmsprop": [0.74, 0.75, 0.76]}

    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        loss = math.nan if replicate == 1 else math.inf if replicate == 2 else 1.2
        return accuracies[condition][replicate - 1], loss

    paths = make_study(tmp_path, {"m01": {}, "own": {}}, outcome, conditions)
    tabulate(paths.study, REPORTED, paths.tables)
    table = SENSITIVITY.read(paths.tables)
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


@pytest.mark.parametrize("printed", [0.10, 0.7745, 0.999])
def test_accuracies_have_the_kernel_density_of_scipy(printed: float) -> None:
    scaled = logit(ACCURACIES)
    density = gaussian_kde(scaled, bw_method=0.1 / scaled.std(ddof=1))(logit(printed)).item()
    # A uniform accuracy has the density p (1 - p) on the logit scale, and the weight of one run.
    expected = (5 * density + printed * (1 - printed)) / 6
    found = log_likelihood([printed], ACCURACIES[:, None], 0.1)
    assert found == pytest.approx(math.log(expected), rel=1e-12)


def test_accuracy_and_loss_have_the_kernel_density_of_their_plane() -> None:
    printed = np.array([0.7745, 0.7757])
    sample = np.stack([ACCURACIES, LOSSES], 1)
    plane = np.stack([logit(ACCURACIES), np.log(LOSSES)], 1)
    at = [logit(printed[0]), math.log(printed[1])]
    kernels = [multivariate_normal.pdf(at, mean, 0.2**2) for mean in plane]
    broad = printed[0] * (1 - printed[0]) / math.log(1e4)
    expected = math.log((sum(kernels) + broad) / 6)
    assert log_likelihood(printed, sample, 0.2) == pytest.approx(expected, rel=1e-12)


def test_a_lost_or_infinite_loss_is_far_from_any_print() -> None:
    near = np.array([[0.8, 0.5]])
    for lost in (math.nan, math.inf, 0.0):
        sample = np.append(near, [[0.8, lost]], axis=0)
        found = log_likelihood([0.8, 0.5], sample)
        alone = log_likelihood([0.8, 0.5], near)
        assert found == pytest.approx(alone + math.log(2 / 3), abs=0.01)


def test_the_table_sums_over_the_models_that_a_condition_covers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The report prints 83.31 % / 0.478 for model 16, 83.05 % / 0.474 for 17, 75.26 % for 1.
    accuracies = {"as_reported": 0.74, "rmsprop": 0.83, "batch_128": 0.60}

    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return accuracies[condition] + replicate / 1000, 0.5

    conditions = {
        "as_reported": {}, "batch_128": {"batch_size": 128}, "rmsprop": {"optimizer": "rmsprop"},
    }  # fmt: skip
    covered = {"batch_128": ["m01"], "rmsprop": ["m16", "m17"]}
    models = {"m01": {}, "m16": {}, "m17": {}, "own": {}}
    paths = make_study(tmp_path, models, outcome, conditions, covered=covered)
    study, runs = load_study(paths.study), collect(load_study(paths.study), "metrics")

    def expected(condition: str, model: str, size: int) -> float:
        sample = np.array([[accuracies[condition] + r / 1000, 0.5] for r in (1, 2, 3)])
        printed = [REPORT.number("details", model, q) for q in ("test_accuracy", "test_loss")]
        return log_likelihood(printed[:size], sample[:, :size])

    table = likelihoods(study, runs, REPORT)
    assert table["condition"].tolist() == ["rmsprop", "batch_128"]  # the best first
    assert table["models"].tolist() == [2, 1]
    for size, column in ((1, "accuracy"), (2, "joint")):
        difference = sum(
            expected("rmsprop", m, size) - expected("as_reported", m, size) for m in ("m16", "m17")
        )
        assert table.loc[0, column] == pytest.approx(difference)
    assert table["accuracy"].tolist()[0] > 5 > 0 > table["accuracy"].tolist()[1]
    each = model_likelihoods(study, runs, REPORT)
    assert set(each["model"]) == {"m01", "m16", "m17"}  # nothing is printed of `own`
    assert (each["n"] == 3).all()

    runs.to_csv(tmp_path / "runs.csv", index=False)
    cli.likelihood(paths.study, tmp_path, REPORTED)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "condition,models,accuracy,joint"
    assert printed[1] == f"rmsprop,2,{table.loc[0, 'accuracy']:.2f},{table.loc[0, 'joint']:.2f}"
