"""Equivalence, shares, Holm's correction, the replicates needed, and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from mlpstudy.evidence.statistics.intervals import (
    Interval,
    Values,
    clean,
    difference_of_means,
    moments,
    superiority,
    welch,
)
from mlpstudy.evidence.statistics.ranktest import Alternative, PValue, smallest_p

# Estimates of the replicates that would decide stop here: more than anybody would train.
MANY = 10_000


def share_test(
    first_count: int,
    first_n: int,
    second_count: int,
    second_n: int,
    alternative: Alternative = "two-sided",
) -> PValue:
    """Fisher's exact test of two shares; "greater": the second sample's share is the greater."""
    n = min(first_n, second_n)
    if n == 0:
        return PValue(1.0, 1.0, 0)
    table = [[second_count, second_n - second_count], [first_count, first_n - first_count]]
    p = float(stats.fisher_exact(table, alternative=alternative).pvalue)
    least = (2 if alternative == "two-sided" else 1) / math.comb(first_n + second_n, n)
    return PValue(min(p, 1.0), min(least, 1.0), n)


def replicates_to_reject(
    level: float = 0.05, tests: int = 1, alternative: Alternative = "two-sided"
) -> int:
    """Return the fewest replicates a side with which one of `tests` can be rejected, by Holm."""
    sides = 2 if alternative == "two-sided" else 1
    return next(n for n in count(2) if sides / math.comb(2 * n, n) <= level / tests)


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Return p adjusted for testing all of them (Holm 1979), in the order given.

    NaN, a test that was not made, stays NaN and does not count.
    """
    given = np.asarray(p, dtype=np.float64)
    adjusted = np.full(given.shape, np.nan)
    made = np.flatnonzero(~np.isnan(given))
    order = made[np.argsort(given[made], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * factors), 1)
    return adjusted


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests: p for a difference of means of a margin or more, either way."""

    p: float
    difference: Interval


def equivalence(first: Values, second: Values, margin: float, level: float = 0.05) -> Equivalence:
    """Two one-sided Welch tests on the difference of means (Schuirmann 1987).

    p is at most `level` when the interval at 1 - 2*`level`, which is returned, lies within
    ±`margin`; but p is never below what `rank_test` can give, so that a few runs which happen to
    be all alike decide nothing. On means, since medians do not see that one side fails more often.
    """
    difference = difference_of_means(first, second, 1 - 2 * level)
    a, b = clean(first), clean(second)
    least = smallest_p(len(a), len(b))
    room = margin - abs(difference.estimate)
    if difference.n < 2 or not room > 0:
        return Equivalence(1.0, difference)
    error, freedom = welch(a, b)
    p = float(special.stdtr(freedom, -room / error)) if error else 0.0
    return Equivalence(max(p, least), difference)


def replicates_to_decide(
    first: Values,
    second: Values,
    margin: float,
    level: float = 0.05,
    tests: int = 1,
    power: float = 0.8,
) -> float:
    """Estimate the replicates a side that would decide, if these samples are typical.

    The smaller of two sizes: Noether's (1987) for the rank test to reject at `level` / `tests`,
    and the normal one for equivalence within `margin`. A rough guide when it comes from few
    replicates; NaN where these samples say nothing, or point to neither.
    """
    a, b = clean(first), clean(second)
    if min(len(a), len(b)) < 2:
        return math.nan
    quantile = special.ndtri
    away = abs(superiority(a, b).estimate - 0.5)
    difference = difference_of_means(a, b).estimate
    room = margin - abs(difference)
    needed = math.inf
    if away > 0:
        z = quantile(1 - level / tests / 2) + quantile(power)
        needed = z**2 / (6 * away**2)
    if room > 0:
        z = quantile(1 - level / tests) + quantile((1 + power) / 2)
        needed = min(needed, (moments(a)[1] + moments(b)[1]) * (z / room) ** 2)
    size = max(math.ceil(min(needed, MANY + 1)), replicates_to_reject(level, tests))
    return float(size) if size <= MANY else math.nan


def verdict(p: float, equivalence_p: float, superiority: float, level: float = 0.05) -> str:
    """Return "equivalent", "higher" or "lower" (the second than the first), or "undecided".

    Both p as adjusted by `holm`. Equivalence goes first: a difference below the margin is none
    to speak of, however sure its sign.
    """
    if equivalence_p <= level:
        return "equivalent"
    if p <= level and superiority != 0.5:
        return "higher" if superiority > 0.5 else "lower"
    return "undecided"
