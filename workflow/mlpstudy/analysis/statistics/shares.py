"""Exact tests of shares of runs, and the intervals that agree with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from mlpstudy.analysis.statistics.intervals import Flags, Interval

Array = NDArray[np.float64]

STEPS = 200  # differences from -1 to 1 at which an interval of a difference is evaluated
NUISANCE = 101  # values of the unknown common share over which a p is maximised


@dataclass(frozen=True)
class ShareTest:
    """One-sided p values, "the share is at most the bound" and "at least", and the interval."""

    greater: float
    less: float
    interval: Callable[[float], Interval]


def share_test(count: int, n: int, bound: float) -> ShareTest:
    """Test whether a share, `count` of `n`, differs from `bound`, which lies within (0, 1).

    The exact binomial test, with Clopper and Pearson's interval, which is its inversion.
    """

    def interval(level: float) -> Interval:
        bounds = scipy.stats.binomtest(count, n).proportion_ci(level, method="exact")
        return Interval(count / n, float(bounds.low), float(bounds.high), level, n)

    if n == 0:
        return ShareTest(1.0, 1.0, lambda level: Interval(np.nan, 0.0, 1.0, level, 0))
    greater, less = (
        float(scipy.stats.binomtest(count, n, bound, alternative=side).pvalue)
        for side in ("greater", "less")
    )
    return ShareTest(greater, less, interval)


def share_difference_test(first: Flags, second: Flags, *, paired: bool = False) -> ShareTest:
    """Test whether the share of `second` exceeds that of `first`.

    The exact unconditional test: the largest p over all values of the common share (Barnard 1947),
    or, for paired flags, of the share of replicates that differ. Outcomes are ordered by the
    difference divided by its adjusted standard error (Agresti and Caffo 2000; Agresti and Min
    2005). The interval holds every difference that the test does not reject (Chan and Zhang 1999),
    evaluated in steps of 1 point.

    Args:
        first: shape (n,), whether each run has the property.
        second: shape (m,); with `paired` of the same length, in the same order.
        paired: whether the flags at one position belong together.
    """
    one, two = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    n = min(len(one), len(two))
    if n == 0:
        return ShareTest(1.0, 1.0, lambda level: Interval(np.nan, -1.0, 1.0, level, 0))
    if paired:
        tables = _paired(n)
        outcome = int((two & ~one).sum()), int((one & ~two).sum())
    else:
        tables = _independent(len(one), len(two))
        outcome = int(one.sum()), int(two.sum())
    greater, less = (table[:, *outcome] for table in tables)
    estimate = float(two.mean() - one.mean())

    def interval(level: float) -> Interval:
        tail = (1 - level) / 2
        low = _GRID[int(np.argmax(greater > tail))]
        high = _GRID[len(_GRID) - 1 - int(np.argmax(less[::-1] > tail))]
        return Interval(estimate, min(low, estimate), max(high, estimate), level, n)

    middle = STEPS // 2  # no difference
    return ShareTest(float(greater[middle]), float(less[middle]), interval)


_GRID = np.round(np.linspace(-1, 1, STEPS + 1), 6)


@lru_cache(maxsize=64)
def _independent(n: int, m: int) -> tuple[Array, Array]:
    """Return both p at every difference of `_GRID`, shape (STEPS + 1, n + 1, m + 1)."""
    x, y = (values.ravel() for values in np.meshgrid(range(n + 1), range(m + 1), indexing="ij"))
    one, two = (x + 1) / (n + 2), (y + 1) / (m + 2)
    error = np.sqrt(one * (1 - one) / (n + 2) + two * (1 - two) / (m + 2))

    def chances(difference: float) -> Array:
        common = np.linspace(max(0.0, -difference), min(1.0, 1 - difference), NUISANCE)
        other = np.clip(common + difference, 0, 1)
        first = scipy.stats.binom.pmf(np.arange(n + 1), n, common[:, None])
        second = scipy.stats.binom.pmf(np.arange(m + 1), m, other[:, None])
        return np.asarray((first[:, :, None] * second[:, None, :]).reshape(NUISANCE, -1))

    greater, less = _tails(y / m - x / n, error, chances)
    return greater.reshape(-1, n + 1, m + 1), less.reshape(-1, n + 1, m + 1)


@lru_cache(maxsize=64)
def _paired(n: int) -> tuple[Array, Array]:
    """Return both p at every difference of `_GRID`, shape (STEPS + 1, n + 1, n + 1).

    The last two axes are the replicates that have the property only in the second sample and only
    in the first; p is 1 where these are more than n.
    """
    x, y = (values.ravel() for values in np.meshgrid(range(n + 1), range(n + 1), indexing="ij"))
    possible = x + y <= n
    x, y = x[possible], y[possible]
    adjusted = (x - y) / (n + 2)
    error = np.sqrt(((x + y + 1) / (n + 2) - adjusted**2) / (n + 2))
    # Logarithms of the multinomial coefficients.
    ways = scipy.special.gammaln(n + 1) - sum(
        scipy.special.gammaln(k + 1) for k in (x, y, n - x - y)
    )

    def chances(difference: float) -> Array:
        loss = np.linspace(max(0.0, -difference), (1 - difference) / 2, NUISANCE)[:, None]
        gain = np.clip(loss + difference, 0, 1)
        neither = np.clip(1 - gain - loss, 0, 1)
        logs = (
            scipy.special.xlogy(x, gain)
            + scipy.special.xlogy(y, loss)
            + scipy.special.xlogy(n - x - y, neither)
        )
        return np.asarray(np.exp(ways + logs))

    whole = np.ones((2, STEPS + 1, n + 1, n + 1))
    for side, tail in zip(whole, _tails((x - y) / n, error, chances), strict=True):
        side[:, x, y] = tail
    return whole[0], whole[1]


def _tails(
    estimates: Array, errors: Array, chances: Callable[[float], Array]
) -> tuple[Array, Array]:
    """Return both p of every outcome at every difference of `_GRID`, shape (STEPS + 1, outcomes).

    Args:
        estimates: shape (outcomes,), the difference of shares in each.
        errors: shape (outcomes,), its standard error.
        chances: from a difference to the probability of each outcome, shape (NUISANCE, outcomes).
    """
    tails = np.empty((2, len(_GRID), len(estimates)))
    for at, difference in enumerate(_GRID):
        probability = chances(float(difference))
        statistics = np.round((estimates - difference) / errors, 9)
        for tail, ordered in zip(tails, (-statistics, statistics), strict=True):
            order = np.argsort(ordered, kind="stable")
            reached = np.cumsum(probability[:, order], axis=1).max(axis=0)
            # Outcomes with the same statistic are all as extreme.
            last = np.searchsorted(ordered[order], ordered, "right") - 1
            tail[at] = np.minimum(reached[last], 1)
    greater, less = tails
    return np.maximum.accumulate(greater), np.maximum.accumulate(less[::-1])[::-1]
