"""The rank test against scipy, Holm and sizes by hand, and what each verdict takes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlpstudy.evidence.statistics import (
    Alternative,
    difference_of_means,
    equivalence,
    holm,
    rank_test,
    replicates_to_decide,
    replicates_to_reject,
    share_test,
    smallest_p,
    verdict,
)

SMALL = st.lists(st.integers(0, 6).map(float), min_size=2, max_size=5)
SIDES: list[Alternative] = ["two-sided", "greater", "less"]


def statistic(x, y) -> float:
    """Brunner and Munzel's statistic by scipy; samples that do not overlap are beyond all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(stats.brunnermunzel(x, y, distribution="normal").statistic)
    return value if math.isfinite(value) else float(np.sign(np.mean(y) - np.mean(x))) * 1e9


@settings(max_examples=25, deadline=None)
@given(SMALL, SMALL)
def test_the_rank_test_counts_every_division(first: list[float], second: list[float]) -> None:
    theirs = stats.permutation_test(
        (first, second), statistic, vectorized=False, n_resamples=np.inf, alternative="greater"
    )
    assert rank_test(first, second, "greater").p == pytest.approx(theirs.pvalue)
    assert rank_test(second, first, "less").p == pytest.approx(theirs.pvalue)
    extreme = abs(theirs.null_distribution) >= abs(theirs.statistic) * (1 - 1e-9) - 1e-9
    assert rank_test(first, second).p == pytest.approx(extreme.mean())


def test_beyond_enumeration_random_divisions_stand_in_and_stay_the_same() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.normal(0, 1, 12), generator.normal(0.7, 1, 14)
    reference = stats.permutation_test(
        (first, second), statistic, vectorized=False, n_resamples=1500, rng=generator
    )
    p = rank_test(first, second).p
    # scipy's two-sided p doubles the smaller tail; two samples of divisions differ by 4 sd at most.
    assert p == pytest.approx(reference.pvalue, abs=0.02)
    assert rank_test(first, second).p == p
    assert 10_000 * p == pytest.approx(round(10_000 * p))


@pytest.mark.parametrize("side", SIDES)
def test_large_samples_have_the_t_approximation(side: Alternative) -> None:
    generator = np.random.default_rng(1)
    first, second = generator.normal(0, 1, 100), generator.normal(0.3, 2, 100)
    drawn = rank_test(first, second, side).p
    one_more = rank_test(np.append(first, np.median(first)), second, side).p
    assert one_more == pytest.approx(drawn, abs=0.03)
    apart = rank_test(first, np.append(second + 99, 99), side).p
    assert apart == pytest.approx(1.0 if side == "less" else 1e-4)
    assert rank_test([0.1] * 101, [0.1] * 101, side).p == 1.0


def test_three_a_side_reject_nothing_and_four_can() -> None:
    three = rank_test([0.1, 0.1, 0.1], [0.88, 0.89, 0.9])
    assert (three.p, three.smallest_p, three.n) == (0.1, 0.1, 3)
    four = rank_test([0.1] * 4, [0.87, 0.88, 0.89, 0.9])
    assert four.p == pytest.approx(2 / 70)
    assert four.smallest_p == four.p


def test_the_least_p_is_one_division_in_all() -> None:
    assert smallest_p(3, 3) == 2 / 20
    assert smallest_p(3, 5, "greater") == 1 / 56
    assert smallest_p(1, 30) == 1.0
    assert smallest_p(12, 12) == 1e-4  # 9,999 random divisions and the one that was seen
    # 2 / C(2n, n): 0.1, 0.029, 0.0079, 0.0022, 0.00058, 0.00016 for n = 3 to 8.
    assert [replicates_to_reject(tests=k) for k in (1, 2, 10, 50, 136)] == [4, 5, 6, 7, 8]
    assert replicates_to_reject(alternative="greater") == 3


@pytest.mark.parametrize("values", [[], [0.5], [math.nan, 0.5]])
def test_a_side_of_one_run_decides_nothing(values: list[float]) -> None:
    test = rank_test(values, [0.8, 0.9, 0.9])
    assert (test.p, test.smallest_p) == (1.0, 1.0)
    assert equivalence(values, [0.5, 0.5], 0.1).p == 1.0
    assert math.isnan(replicates_to_decide(values, [0.5, 0.5], 0.1))


def test_runs_all_alike_are_no_evidence_of_a_difference() -> None:
    assert rank_test([0.1] * 12, [0.1] * 12).p == 1.0


def test_shares_have_fishers_test() -> None:
    # The lady tasting tea: 3 of 4 right, C(4,3)C(4,1)/C(8,4) + 1/C(8,4) = 17/70.
    assert share_test(1, 4, 3, 4, "greater").p == pytest.approx(17 / 70)
    three = share_test(0, 3, 3, 3)
    assert (three.p, three.smallest_p) == pytest.approx((0.1, 0.1))
    assert share_test(0, 0, 3, 3).p == 1.0


def test_holm_by_hand() -> None:
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, then 0.04 raised to 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.01, math.nan, 0.5, 0.9]) == pytest.approx([0.03, math.nan, 1, 1], nan_ok=True)
    assert holm([]).shape == (0,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_lies_between_no_correction_and_bonferronis(p: list[float]) -> None:
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(np.array(p) * len(p), 1) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()


@given(st.integers(0, 200))
def test_equivalence_is_two_one_sided_tests_and_the_interval_within_the_margin(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.normal(0.85, 0.01, 9), generator.normal(0.852, 0.01, 8)
    result = equivalence(first, second, 0.01)
    tests = (
        stats.ttest_ind(second, first - 0.01, equal_var=False, alternative="greater"),
        stats.ttest_ind(second, first + 0.01, equal_var=False, alternative="less"),
    )
    worse = max(float(test.pvalue) for test in tests)
    inside = abs(second.mean() - first.mean()) < 0.01
    assert result.p == pytest.approx(max(worse, smallest_p(9, 8)) if inside else 1.0)
    interval = difference_of_means(first, second, 0.9)
    assert (result.p <= 0.05) == (interval.low > -0.01 and interval.high < 0.01)


def test_a_few_runs_that_happen_to_be_alike_are_not_equivalent() -> None:
    assert equivalence([0.1] * 3, [0.1] * 3, 0.01).p > 0.05
    assert equivalence([0.1] * 4, [0.1] * 4, 0.01).p <= 0.05
    assert equivalence([0.1] * 4, [0.2] * 4, 0.01).p > 0.05
    # One failure among twelve alike: the means may be 15 points apart.
    assert equivalence([0.85] * 12, [0.85] * 11 + [0.1], 0.01).p > 0.05


def test_replicates_needed_give_the_power_they_promise() -> None:
    generator = np.random.default_rng(3)
    first, second = generator.normal(0, 1, 400), generator.normal(0.9, 1, 400)
    n = int(replicates_to_decide(first, second, margin=0.01))
    trials = [
        rank_test(generator.normal(0, 1, n), generator.normal(0.9, 1, n)).p <= 0.05
        for _ in range(400)
    ]
    assert 0.7 < np.mean(trials) < 0.9


def test_replicates_needed_for_equivalence_and_where_none_will_do() -> None:
    generator = np.random.default_rng(4)
    first = generator.normal(0.85, 0.01, 500)
    n = int(replicates_to_decide(first, first, margin=0.01))
    trials = [
        equivalence(generator.normal(0.85, 0.01, n), generator.normal(0.85, 0.01, n), 0.01).p
        <= 0.05
        for _ in range(400)
    ]
    assert 0.7 < np.mean(trials) < 0.9
    assert math.isnan(replicates_to_decide([0.8, 0.9], [0.8, 0.9], margin=0.0))
    assert replicates_to_decide([0.1] * 3, [0.9] * 3, 0.01, tests=1) >= replicates_to_reject()


def test_a_verdict_takes_a_rejection_or_equivalence() -> None:
    assert verdict(0.05, 1.0, 0.9) == "higher"
    assert verdict(0.05, 1.0, 0.1) == "lower"
    assert verdict(0.051, 1.0, 0.9) == "undecided"
    assert verdict(0.001, 0.05, 0.9) == "equivalent"
    assert verdict(math.nan, math.nan, math.nan) == "undecided"
