"""Intervals, corrections and equivalence against scipy, published tables and hand arithmetic."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from mlpstudy.analysis.statistics.families import (
    at_least,
    equivalence,
    holm,
    replicates_to_decide,
)
from mlpstudy.analysis.statistics.intervals import (
    Interval,
    difference_of_means,
    difference_of_medians,
    difference_of_shares,
    median_interval,
    moments,
    share_interval,
    superiority,
)

ACCURACIES = st.lists(st.integers(0, 1000).map(lambda n: n / 1000), min_size=2, max_size=15)
TWO_SAMPLES = [difference_of_means, difference_of_medians, superiority]


def bounds(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def flags(count: int, n: int) -> NDArray[np.bool_]:
    return np.arange(n) < count


def test_a_share_has_wilsons_interval() -> None:
    # Newcombe 1998 (Statistics in Medicine 17, 857), table I: 81/263, 15/148, 0/20, 1/29.
    for count, n, low, high in (
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
    ):  # fmt: skip
        assert bounds(share_interval(count, n)) == pytest.approx((low, high), abs=5e-5)
    assert share_interval(0, 0).n == 0


def test_a_difference_of_independent_shares_has_newcombes_interval() -> None:
    # Newcombe 1998a (Statistics in Medicine 17, 873), table II, method 10: second less first here.
    for a, m, b, n, low, high in (
        (56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0), (0, 10, 0, 20, -0.1611, 0.2775),
    ):  # fmt: skip
        interval = difference_of_shares(flags(b, n), flags(a, m))
        assert bounds(interval) == pytest.approx((low, high), abs=5e-5)
        assert interval.n == min(m, n)


def test_a_difference_of_paired_shares_has_newcombes_interval() -> None:
    # Newcombe 1998b (Statistics in Medicine 17, 2635), method 10: both, first, second, neither.
    for both, first, second, neither, low, high in (
        (36, 12, 2, 0, 0.0569, 0.3404), (18, 12, 2, 18, 0.0562, 0.3290),
        (53, 0, 0, 1, -0.0729, 0.0729), (0, 30, 0, 0, 0.8395, 1.0),
    ):  # fmt: skip
        counts = [both, first, second, neither]
        one, two = (np.repeat(side, counts) for side in ([1, 1, 0, 0], [1, 0, 1, 0]))
        interval = difference_of_shares(two, one, paired=True)
        assert bounds(interval) == pytest.approx((low, high), abs=5e-5)
        assert interval.estimate == pytest.approx((first - second) / sum(counts))


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=6, max_size=60))
def test_a_median_has_the_interval_of_the_sign_test(values: list[float]) -> None:
    theirs = stats.quantile_test(values).confidence_interval(0.95)
    assert bounds(median_interval(values)) == (theirs.low, theirs.high)
    assert median_interval(values).level == 0.95


def test_few_values_give_a_median_less_than_was_asked_for() -> None:
    # The median lies outside the range only if all n values fall on one side of it: 2 / 2^n.
    for n, level in ((2, 0.5), (3, 0.75), (5, 0.9375)):
        interval = median_interval(np.arange(n) / 10)
        assert (interval.low, interval.high, interval.level) == (0, (n - 1) / 10, level)
    assert median_interval(np.arange(5), level=0.9).level == 0.9


@pytest.mark.parametrize("level", [0.95, 0.999])
def test_a_difference_of_means_has_the_interval_of_the_t_test(level: float) -> None:
    first, second = [0.1, 0.84, 0.86, 0.85], [0.87, 0.88, 0.86, 0.81]
    welch = stats.ttest_ind(second[:3], first, equal_var=False)
    independent = difference_of_means(first, second[:3], level)
    assert bounds(independent) == pytest.approx(tuple(welch.confidence_interval(level)))
    assert independent.estimate == pytest.approx(0.87 - 0.6625)
    student = stats.ttest_rel(second, first)
    paired = difference_of_means(first, second, level, paired=True)
    assert bounds(paired) == pytest.approx(tuple(student.confidence_interval(level)))
    assert paired.estimate == pytest.approx(0.855 - 0.6625)


@pytest.mark.parametrize("paired", [False, True])
def test_a_difference_of_medians_has_the_bootstraps_percentiles(paired: bool) -> None:
    generator = np.random.default_rng(5)
    first = generator.normal(0.85, 0.01, 12)
    second = generator.normal(0.02, 0.005, 12) + (first if paired else np.sort(first))

    def statistic(a, b, axis=-1):
        return np.median(b, axis=axis) - np.median(a, axis=axis)

    theirs = stats.bootstrap(
        (first, second), statistic, n_resamples=20_000, method="percentile", rng=generator,
        paired=paired,
    ).confidence_interval  # fmt: skip
    interval = difference_of_medians(first, second, paired=paired)
    assert bounds(interval) == pytest.approx((theirs.low, theirs.high), abs=2e-3)
    assert interval == difference_of_medians(first, second, paired=paired)
    assert (interval.level, interval.n) == (0.95, 12)
    assert interval.estimate == np.median(second) - np.median(first)


def test_superiority_counts_pairs_and_has_wilsons_interval_for_the_smaller_side() -> None:
    # Pairs (first, second): 1-2 up, 1-3 up, 2-2 tie, 2-3 up, 4-2 down, 4-3 down.
    assert superiority([1, 2, 4], [2, 3]).estimate == pytest.approx(3.5 / 6)
    for n, m, count in ((12, 12, 12), (5, 9, 0), (4, 4, 2)):
        first = [0.0] * n
        second = [1.0] * m if count == n else [-1.0] * m if count == 0 else [-1.0] * 2 + [1.0] * 2
        wilson = share_interval(count, min(n, m))
        assert bounds(superiority(first, second)) == pytest.approx(bounds(wilson))
    # Of four replicates two are higher, one ties, one is lower.
    paired = superiority([1, 2, 3, 4], [2, 3, 3, 0], paired=True)
    assert (paired.estimate, paired.n) == (2.5 / 4, 4)


@settings(deadline=None)
@given(ACCURACIES, ACCURACIES)
def test_swapping_the_samples_mirrors_the_interval(a: list[float], b: list[float]) -> None:
    there, back = superiority(a, b), superiority(b, a)
    assert there.estimate == pytest.approx(1 - back.estimate)
    assert bounds(there) == pytest.approx((1 - back.high, 1 - back.low), abs=1e-12)
    there, back = difference_of_means(a, b), difference_of_means(b, a)
    assert (there.estimate, *bounds(there)) == pytest.approx(
        (-back.estimate, -back.high, -back.low), abs=1e-12
    )
    for interval in (there, median_interval(a), *(f(a, b) for f in TWO_SAMPLES)):
        assert interval.low - 1e-12 <= interval.estimate <= interval.high + 1e-12


def test_values_that_are_missing_are_left_out() -> None:
    values, holes = [0.1, 0.8, 0.9], [0.1, math.nan, 0.8, 0.9]
    assert median_interval(values) == median_interval(holes)
    for function in TWO_SAMPLES:
        assert function(values, [0.5, 0.6]) == function(holes, [0.5, 0.6, math.nan])
        assert function(values, [0.5, 0.6, 0.7], paired=True) == function(
            holes, [0.5, 0.9, 0.6, 0.7], paired=True
        )


@pytest.mark.parametrize("values", [[], [math.nan], [0.5]])
def test_one_value_or_none_has_no_interval(values: list[float]) -> None:
    assert all(map(math.isnan, bounds(median_interval(values))))
    for function in (difference_of_means, difference_of_medians):
        assert math.isnan(function([0.1, 0.2], values).low)


def test_runs_that_are_all_alike_have_no_spread_at_all() -> None:
    # Rounding alone would give 0.1, 0.1, 0.1 a variance of 2e-34.
    assert moments([0.1] * 3) == (0.1, 0.0)
    assert bounds(median_interval([0.1] * 6)) == (0.1, 0.1)
    for function in (difference_of_means, difference_of_medians):
        assert bounds(function([0.1] * 6, [0.1] * 6)) == (0.0, 0.0)


P = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def test_holm_by_hand() -> None:
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, then 0.04 raised to 0.06.
    corrected = holm([0.01, 0.04, 0.03, 0.005])
    assert corrected.adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    # Two are rejected; the first that is not is tested at 0.05 / 2, and so are all behind it.
    assert corrected.levels == pytest.approx([0.05 / 3, 0.05 / 2, 0.05 / 2, 0.05 / 4])
    assert holm([]).adjusted.shape == (0,)


@settings(deadline=None)
@given(P)
def test_holm_is_the_closed_test_of_bonferronis(p: list[float]) -> None:
    corrected = holm(p)
    for at, adjusted in enumerate(corrected.adjusted):
        sets = [
            subset
            for size in range(1, len(p) + 1)
            for subset in combinations(range(len(p)), size)
            if at in subset
        ]
        closed = max(min(p[other] for other in subset) * len(subset) for subset in sets)
        assert adjusted == pytest.approx(min(closed, 1))
        if abs(adjusted - 0.05) > 1e-9:
            assert (p[at] <= corrected.levels[at]) == (adjusted <= 0.05)


def test_at_least_so_many_by_hand() -> None:
    p = [0.04, 0.001, 0.5, 0.01]
    # All four: the largest. Three: of 0.04 and 0.5, 2 x 0.04. Any: 4 x 0.001.
    assert [at_least(p, k).p for k in (4, 3, 2, 1)] == pytest.approx([0.5, 0.08, 0.03, 0.004])
    assert [at_least(p, k).place for k in (4, 3, 2, 1)] == [2, 0, 3, 1]
    assert at_least(p, 3).factor == 2
    # Alike: Simes gains nothing from the first, 3 x 0.02, and all from the last.
    assert at_least([0.02, 0.02, 0.02], 1).p == pytest.approx(0.02)
    assert at_least([1.0, 1.0], 1).p == 1


@settings(deadline=None)
@given(P, st.data())
def test_at_least_so_many_is_the_least_certain_set_by_simes(
    p: list[float], data: st.DataObject
) -> None:
    required = data.draw(st.integers(1, len(p)))
    found = at_least(p, required)
    # "Fewer than required hold" means that all of some len(p) - required + 1 do not.
    sets = combinations(p, len(p) - required + 1)
    assert found.p == pytest.approx(
        max(stats.false_discovery_control(subset, method="bh").min() for subset in sets)
    )
    assert found.p == pytest.approx(min(1, found.factor * p[found.place]))


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_equivalence_is_two_one_sided_tests(seed: int, paired: bool) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.normal(0.85, 0.01, 9), generator.normal(0.852, 0.01, 9)
    margin = 0.015
    test = stats.ttest_rel if paired else stats.ttest_ind
    welch = {} if paired else {"equal_var": False}
    worse = max(
        test(second, first - margin, alternative="greater", **welch).pvalue,
        test(second, first + margin, alternative="less", **welch).pvalue,
    )
    p = equivalence(first, second, margin, paired=paired)
    # Where the difference itself is not within the margin, p is 1 and not just above a half.
    assert p == pytest.approx(worse if worse < 0.5 else 1.0)
    interval = difference_of_means(first, second, 0.9, paired=paired)
    assert (p <= 0.05) == (-margin < interval.low and interval.high < margin)


def test_equivalence_of_runs_without_spread_and_of_too_few() -> None:
    assert equivalence([0.1] * 6, [0.105] * 6, 0.01) == 0
    assert equivalence([0.1] * 6, [0.2] * 6, 0.01) == 1
    assert equivalence([0.1] * 6, [0.1], 0.01) == 1
    assert equivalence([0.1] * 6, [0.1] * 6, 0.0) == 1


@settings(deadline=None)
@given(st.floats(1e-6, 0.9), st.integers(3, 40), st.sampled_from([0.05, 0.001]))
def test_replicates_to_decide_have_the_power_of_a_normal_test(
    p: float, n: int, level: float
) -> None:
    found = replicates_to_decide(p, n, level)
    per_root = stats.norm.isf(p / 2) / math.sqrt(n)

    def power(replicates: float) -> float:
        away = per_root * math.sqrt(replicates)
        return float(stats.norm.sf(stats.norm.isf(level / 2) - away))

    if math.isnan(found):
        assert power(10_000) < 0.8
    else:
        assert found > n
        assert power(found) > 0.8 - 1e-9
        assert found == n + 1 or power(found - 1) < 0.8
        assert not replicates_to_decide(p / 2, n, level) > found
    assert math.isnan(replicates_to_decide(1.0, n, level))
