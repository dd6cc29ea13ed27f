"""The test of a shift by brute force and against scipy, and its interval against the test."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlpstudy.analysis.statistics.shifts import STEP, shift_test

SMALL = st.lists(st.integers(0, 6).map(float), min_size=2, max_size=4)
# Failed runs, which are tied at 10 %, and three others.
TIED = st.lists(st.sampled_from([0.1, 0.1, 0.8, 0.85, 0.9]), min_size=12, max_size=12)
# Runs of which some never reached what was asked for.
CENSORED = st.lists(st.sampled_from([1.0, 2.0, 3.0, 3.5, math.inf]), min_size=2, max_size=7)


def statistic(first, second) -> float:
    """Brunner and Munzel's statistic by scipy; samples that do not overlap are beyond all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(stats.brunnermunzel(first, second, distribution="normal").statistic)
    return value if math.isfinite(value) else 1e9 * np.sign(np.max(second) - np.min(first))


def by_brute_force(first, second) -> list[tuple[float, float, float]]:
    """Return (shift, p greater, p less) at and between all shifts where ranks change."""
    ranks = np.arange(len(first) + len(second))
    null = []
    for chosen in combinations(ranks, len(second)):
        others = np.setdiff1d(ranks, chosen)
        null.append(statistic(others, np.array(chosen)))
    points = np.unique(np.subtract.outer(second, first))
    shifts = sorted([*points, *(points[1:] + points[:-1]) / 2, points[0] - 1, points[-1] + 1])
    seen = np.array([statistic(np.array(first), np.array(second) - shift) for shift in shifts])
    greater = [(np.array(null) >= value - 1e-6).mean() for value in seen]
    less = [(np.array(null) <= value + 1e-6).mean() for value in seen]
    # A shift is rejected only with all that are farther away.
    greater = np.maximum.accumulate(greater)
    less = np.maximum.accumulate(less[::-1])[::-1]
    return list(zip(shifts, greater, less, strict=True))


@settings(max_examples=30, deadline=None)
@given(SMALL, SMALL)
def test_every_shift_has_the_p_of_all_divisions(first: list[float], second: list[float]) -> None:
    test = shift_test(first, second)
    expected = by_brute_force(first, second)
    for shift, greater, less in expected:
        assert test.p_greater(shift) == pytest.approx(greater)
        assert test.p_less(shift) == pytest.approx(less)
    for level in (0.51, 0.83):
        tail = (1 - level) / 2
        lowest = next(at for at, (_, greater, _) in enumerate(expected) if greater > tail + 1e-9)
        highest = max(at for at, (*_, less) in enumerate(expected) if less > tail + 1e-9)
        # A bound is the shift that is not rejected or, where that lies between two, the outer one.
        shifts = [-math.inf, *(shift for shift, *_ in expected[1:-1]), math.inf]
        interval = test.interval(level)
        low = shifts[lowest - (lowest % 2 == 0 and lowest > 0)]
        high = shifts[highest + (highest % 2 == 0 and highest < len(shifts) - 1)]
        # A bound at 0 that is rejected itself is moved by STEP.
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=1.5 * STEP)


def test_the_effect_is_the_shift_of_hodges_and_lehmann() -> None:
    # Differences 1, 5, 0, 4, -2, 2; of a failed run too, which is but one of them.
    assert shift_test([1, 2, 4], [2, 6]).estimate == 1.5
    assert shift_test([1, 2, 4], [2, -99]).estimate == pytest.approx((-2 - 100) / 2)
    # Averages of 1, 2 and 6: 1, 1.5, 2, 3.5, 4, 6.
    assert shift_test([0, 0, 0], [1, 2, 6], paired=True).estimate == 2.75


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12))
def test_paired_samples_have_wilcoxons_signed_rank_test(seed: int, n: int) -> None:
    generator = np.random.default_rng(seed)
    first = generator.normal(0.8, 0.1, n).round(6)
    second = (first + generator.normal(0.01, 0.02, n)).round(6)
    test = shift_test(first, second, paired=True)

    def wilcoxon(shift: float, side: str) -> float:
        away = second - first - shift
        return float(stats.wilcoxon(away, alternative=side, method="exact").pvalue)

    for shift in (0.000_000_3, 0.012_345_67, -0.05):  # no difference is as large as these
        assert test.p_greater(shift) == pytest.approx(wilcoxon(shift, "greater"))
        assert test.p_less(shift) == pytest.approx(wilcoxon(shift, "less"))
    interval = test.interval(0.9)
    assert (interval.level, interval.n) == (0.9, n)
    for bound, outwards, side in ((interval.low, -1, "greater"), (interval.high, 1, "less")):
        if math.isfinite(bound):
            assert wilcoxon(bound + outwards * 1e-8, side) <= 0.05
            assert wilcoxon(bound - outwards * 1e-8, side) > 0.05
        else:
            assert 0.5**n > 0.05  # the least p that n replicates give


def test_replicates_that_tie_count_half() -> None:
    # Five of six higher, one as high: of the 21 averages 20 are above 0 and one is 0.
    test = shift_test([1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 1], paired=True)
    assert test.p_greater() == 2 / 64
    assert shift_test([1] * 6, [1] * 6, paired=True).p == 1.0
    assert shift_test([0.1] * 12, [0.1] * 12).p == 1.0


@settings(max_examples=300, deadline=None)
@given(
    st.tuples(CENSORED, CENSORED) | st.tuples(TIED, TIED),
    st.booleans(),
    st.sampled_from([0.5, 0.8, 0.95, 0.99]),
    st.sampled_from([-2.5, 0, 0.05, 0.5, 1, 3]),
)
def test_an_interval_excludes_the_reference_exactly_where_the_test_rejects_it(
    samples: tuple[list[float], list[float]], paired: bool, level: float, reference: float
) -> None:
    size = min(map(len, samples)) if paired else None
    test = shift_test(*(sample[:size] for sample in samples), paired=paired)
    interval = test.interval(level, reference)
    assert (interval.low > reference) == (2 * test.p_greater(reference) <= 1 - level)
    assert (interval.high < reference) == (2 * test.p_less(reference) <= 1 - level)
    assert 2 * min(test.p_greater(), test.p_less()) >= test.p
    assert interval.low <= interval.high or math.isnan(test.estimate)


def test_a_rejected_reference_can_be_next_to_a_shift_that_is_not_rejected() -> None:
    # Ten failures against four: any shift above 0 puts the four below all runs of the other sample.
    first = [0.1] * 10 + [0.85, 0.86]
    second = [0.1] * 4 + [0.85 + i / 1000 for i in range(8)]
    test = shift_test(first, second)
    assert test.p_greater() <= 0.025
    assert test.p_greater(1e-9) > 0.025
    assert 0 < test.interval().low < 1e-9


@pytest.mark.parametrize(("n", "m"), [(5, 7), (12, 12), (9, 14)])
def test_swapped_samples_have_the_same_p_and_the_mirrored_interval(n: int, m: int) -> None:
    generator = np.random.default_rng(n)
    first, second = generator.normal(0.85, 0.01, n), generator.normal(0.86, 0.02, m)
    there, back = shift_test(first, second), shift_test(second, first)
    assert there.p_greater() == back.p_less()
    assert there.p == back.p
    for level in (0.5, 0.95, 0.999):
        one, two = there.interval(level), back.interval(level)
        assert (one.low, one.high) == (-two.high, -two.low)


def test_what_was_never_reached_is_beyond_all_that_was() -> None:
    never, reached = [math.inf] * 6, [15.0, 16, 17, 18, 19, 20]
    test = shift_test(reached, never)
    assert (test.estimate, test.interval().low) == (math.inf, math.inf)
    assert test.p_greater(100.0) == 1 / math.comb(12, 6)
    assert shift_test(never, never).estimate == 0
    assert shift_test(never, never).p == 1


def test_three_a_side_reject_nothing_and_four_can() -> None:
    three = shift_test([0.1, 0.1, 0.1], [0.88, 0.89, 0.9])
    assert (three.p, three.n) == (0.1, 3)
    interval = three.interval()
    assert (interval.low, interval.high) == (-math.inf, math.inf)
    assert shift_test([0.1] * 4, [0.87, 0.88, 0.89, 0.9]).p == pytest.approx(2 / 70)
    for few in ([], [0.5], [math.nan, 0.5]):
        assert shift_test(few, [0.8, 0.9, 0.9]).p == 1.0


def test_beyond_enumeration_random_divisions_stand_in_and_stay_the_same() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.normal(0, 1, 12), generator.normal(0.9, 2, 14)
    theirs = stats.permutation_test(
        (first, second), statistic, vectorized=False, n_resamples=1500, rng=generator,
        alternative="greater",
    )  # fmt: skip
    test = shift_test(first, second)
    assert test.p_greater() == pytest.approx(theirs.pvalue, abs=0.02)
    assert test.p == shift_test(first, second).p
    # 49,999 random permutations, their mirror images and the one that was seen.
    assert shift_test(first, second + 99).p == 2 / 99_999


def test_runs_without_a_value_are_left_out() -> None:
    whole = shift_test([0.1, 0.2, 0.3], [0.4, 0.5])
    assert shift_test([0.1, math.nan, 0.2, 0.3], [0.4, 0.5, math.nan]).p == whole.p
    paired = shift_test([1, math.nan, 3, 4], [2, 3, math.nan, 6], paired=True)
    assert (paired.n, paired.estimate) == (2, 1.5)
