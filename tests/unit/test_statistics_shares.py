"""Tests of shares against scipy, and over all outcomes and all values of what is unknown."""

from __future__ import annotations

import math
from functools import cache
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mlpstudy.analysis.statistics.shares import ShareTest, share_difference_test, share_test

COMMON = np.linspace(0, 1, 2001)


def flags(count: int, n: int) -> NDArray[np.bool_]:
    return np.arange(n) < count


def paired(gained: int, lost: int, n: int) -> ShareTest:
    first, second = flags(lost, n), np.roll(flags(gained, n), lost)
    return share_difference_test(first, second, paired=True)


@pytest.mark.parametrize(("count", "n", "bound"), [(12, 12, 0.5), (9, 12, 0.75), (0, 6, 0.2)])
def test_a_share_has_the_binomial_test_and_its_interval(count: int, n: int, bound: float) -> None:
    test = share_test(count, n, bound)
    # P(X >= count) and P(X <= count), summed by hand.
    chances = [math.comb(n, k) * bound**k * (1 - bound) ** (n - k) for k in range(n + 1)]
    assert test.greater == pytest.approx(sum(chances[count:]))
    assert test.less == pytest.approx(sum(chances[: count + 1]))
    interval = test.interval(0.99)
    theirs = stats.binomtest(count, n).proportion_ci(0.99, method="exact")
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high))
    assert (interval.estimate, interval.level, interval.n) == (count / n, 0.99, n)


@cache
def chances(n: int, m: int) -> tuple[NDArray, list[tuple[float, float]]]:
    """Return the probability of each outcome for every common share, and its two shares."""
    outcomes = [(a, b) for a in range(n + 1) for b in range(m + 1)]
    rows = [stats.binom.pmf(a, n, COMMON) * stats.binom.pmf(b, m, COMMON) for a, b in outcomes]
    return np.array(rows), outcomes


def exceeds(n: int, m: int, a: int, b: int) -> float:
    """Return the largest probability of outcomes at least as extreme as `a` of n, `b` of m."""

    def score(a: int, b: int) -> float:
        one, two = (a + 1) / (n + 2), (b + 1) / (m + 2)
        error = math.sqrt(one * (1 - one) / (n + 2) + two * (1 - two) / (m + 2))
        return (b / m - a / n) / error

    rows, outcomes = chances(n, m)
    extreme = [score(*outcome) >= score(a, b) - 1e-9 for outcome in outcomes]
    return float(rows[extreme].sum(axis=0).max())


@pytest.mark.parametrize(("n", "m"), [(4, 4), (3, 6)])
def test_two_shares_have_the_unconditional_test_that_keeps_its_level(n: int, m: int) -> None:
    rows, outcomes = chances(n, m)
    tests = [share_difference_test(flags(a, n), flags(b, m)) for a, b in outcomes]
    p = np.array([test.greater for test in tests])
    assert p == pytest.approx([exceeds(n, m, *outcome) for outcome in outcomes], abs=1e-4)
    assert [test.less for test in tests] == pytest.approx(
        [exceeds(m, n, b, a) for a, b in outcomes], abs=1e-4
    )
    for level in p:
        # At every common share no more than `level` of the studies are rejected.
        assert rows[p <= level].sum(axis=0).max() <= level + 1e-4


def test_two_shares_by_hand_and_by_barnards_test() -> None:
    # All of one and none of the other: the largest share^5 (1 - share)^5 is at a half.
    assert share_difference_test(flags(0, 5), flags(5, 5)).greater == pytest.approx(0.25**5)
    for a, b in ((0, 6), (1, 6), (2, 5)):  # all orderings of outcomes are alike here
        theirs = stats.barnard_exact([[b, a], [6 - b, 6 - a]], alternative="greater", n=256)
        ours = share_difference_test(flags(a, 6), flags(b, 6)).greater
        assert ours == pytest.approx(theirs.pvalue, abs=1e-4)
    nothing = share_difference_test(flags(0, 0), flags(3, 3))
    assert (nothing.greater, nothing.less) == (1, 1)


def test_paired_shares_have_an_exact_test_that_keeps_its_level() -> None:
    n = 5
    outcomes = [(x, y) for x in range(n + 1) for y in range(n + 1 - x)]
    p = np.array([paired(*outcome, n).greater for outcome in outcomes])
    # A gain and a loss are as likely, each with half of the share of replicates that differ.
    rows = np.array(
        [
            math.factorial(n) / math.prod(map(math.factorial, (x, y, n - x - y)))
            * (COMMON / 2) ** (x + y) * (1 - COMMON) ** (n - x - y)
            for x, y in outcomes
        ]
    )  # fmt: skip
    for level in p:
        assert rows[p <= level].sum(axis=0).max() <= level + 1e-4
    # All five gained: one outcome, most likely where all replicates differ.
    assert paired(5, 0, 5).greater == pytest.approx(0.5**5)
    assert paired(0, 5, 5).less == pytest.approx(0.5**5)
    assert paired(2, 0, 5).less > 0.5


def test_the_interval_of_a_difference_excludes_what_is_rejected_and_covers() -> None:
    n, m, level = 3, 4, 0.9
    tests = {
        (a, b): share_difference_test(flags(a, n), flags(b, m))
        for a in range(n + 1) for b in range(m + 1)
    }  # fmt: skip
    bounds = {outcome: test.interval(level) for outcome, test in tests.items()}
    for (a, b), interval in bounds.items():
        assert interval.low <= interval.estimate <= interval.high
        assert interval.estimate == pytest.approx(b / m - a / n)
        assert (2 * tests[a, b].greater <= 1 - level) == (interval.low > 0)
        assert (2 * tests[a, b].less <= 1 - level) == (interval.high < 0)
    for one, two in product(np.linspace(0, 1, 11), repeat=2):
        inside = [
            stats.binom.pmf(a, n, one) * stats.binom.pmf(b, m, two)
            for (a, b), interval in bounds.items()
            if interval.low - 1e-9 <= two - one <= interval.high + 1e-9
        ]
        assert sum(inside) >= level - 1e-4


PAIRS = ((0, 0), (6, 0), (5, 1), (0, 6), (3, 2))


@pytest.mark.parametrize(
    ("test", "estimate", "reference"),
    [
        *(
            (share_test(count, 12, bound), count / 12, bound)
            for count in range(13)
            for bound in (0.25, 0.5, 0.75)
        ),
        *((paired(gained, lost, 6), (gained - lost) / 6, 0) for gained, lost in PAIRS),
    ],
)
def test_an_interval_excludes_what_is_rejected(
    test: ShareTest, estimate: float, reference: float
) -> None:
    for level in (0.8, 0.9, 0.99, 0.999):
        interval = test.interval(level)
        assert interval.estimate == pytest.approx(estimate)
        assert interval.low <= interval.estimate <= interval.high
        assert (2 * test.greater <= 1 - level) == (interval.low > reference)
        assert (2 * test.less <= 1 - level) == (interval.high < reference)
