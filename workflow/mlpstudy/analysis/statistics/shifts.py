"""By how much the runs of one sample exceed those of another: a test of every shift.

The effect is the shift of Hodges and Lehmann (1963): the median of all differences between a run
of the second sample and a run of the first; for paired samples, the median of all averages of two
replicates' differences. The interval holds every shift that the test does not reject, so that
interval and p can never disagree.

- Independent samples: the permutation test of Brunner and Munzel's studentised rank statistic
  (Neubert and Brunner 2007). It compares ranks, so that a failed run counts as the lowest one and
  not as 75 points. The studentised form keeps its level where one sample varies more.
- Paired samples (one model under two conditions): Wilcoxon's signed-rank test.

Both null distributions are those of values without ties. Failed runs are tied, which makes the
tests approximate; docs/intervals.md has how often they reject then.

A value of infinity stands for what was never reached, such as an accuracy that no epoch reached;
two such values are tied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mlpstudy.analysis.statistics.intervals import Interval, Values, clean

Array = NDArray[np.float64]

# All divisions of the runs into two samples are enumerated up to this number; beyond it, DRAWS
# random divisions from a fixed seed and their mirror images stand for them. Holm's correction over
# 50 claims tests at 0.0005 on each side, where so many draws leave an error of a seventh.
EXACT = 13_000
DRAWS = 49_999

DECIMALS = 12  # accuracies are rounded to this, so that equal differences are equal numbers
STEP = 10.0**-DECIMALS  # the least difference of two shifts
SEPARATED = 1e9  # the statistic of samples that do not overlap, whose variance estimate is 0


@dataclass(frozen=True)
class ShiftTest:
    """The test of every shift of `second` relative to `first`.

    `points` are the K shifts at which the test changes, sorted. `greater` and `less`, of shape
    (2K + 1,), are the one-sided p values below the first point, at it, between it and the next,
    and so on; `greater` never falls and `less` never rises along the shifts. `n` is the size of
    the smaller sample.
    """

    points: Array
    greater: Array
    less: Array
    estimate: float
    n: int

    def p_greater(self, shift: float = 0.0) -> float:
        """Return the one-sided p against "second exceeds first by at most `shift`"."""
        return float(self.greater[self._place(shift)])

    def p_less(self, shift: float = 0.0) -> float:
        """Return the one-sided p against "second exceeds first by at least `shift`"."""
        return float(self.less[self._place(shift)])

    @property
    def p(self) -> float:
        """The two-sided p of no shift."""
        return min(1.0, 2 * min(self.p_greater(), self.p_less()))

    def interval(self, level: float = 0.95, reference: float = 0.0) -> Interval:
        """Return the shifts that the test does not reject, each side at half of 1 - `level`.

        A bound is infinite where so few runs cannot give one. Where runs of both samples are tied,
        the test can reject `reference` and not the shifts next to it; such a bound is STEP away
        from `reference`, so that the interval excludes it exactly where the test rejects it.
        """
        ends = np.concatenate([[-np.inf], self.points, [np.inf]])
        tail = (1 - level) / 2
        first = int(np.argmax(self.greater > tail))
        last = len(self.less) - 1 - int(np.argmax(self.less[::-1] > tail))
        low, high = float(ends[(first + 1) // 2]), float(ends[last // 2 + 1])
        if low == reference and self.p_greater(reference) <= tail:
            low = reference + STEP
            high = max(low, high)
        elif high == reference and self.p_less(reference) <= tail:
            high = reference - STEP
            low = min(low, high)
        return Interval(self.estimate, low, high, level, self.n)

    def _place(self, shift: float) -> int:
        shift = round(shift, DECIMALS)
        at = int(np.searchsorted(self.points, shift))
        here = at < len(self.points) and self.points[at] == shift
        return 2 * at + int(here)


def shift_test(first: Values, second: Values, *, paired: bool = False) -> ShiftTest:
    """Test every shift of `second` relative to `first`.

    Args:
        first: shape (n,).
        second: shape (m,); with `paired` of the same length, in the same order.
        paired: whether the values at one position belong together.
    """
    if paired:
        a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
        known = ~(np.isnan(a) | np.isnan(b))
        return _paired(a[known], b[known])
    return _independent(clean(first), clean(second))


def _independent(first: Array, second: Array) -> ShiftTest:
    n, m = len(first), len(second)
    if min(n, m) == 0:
        return _nothing(math.nan, 0)
    differences = _minus(second[:, None], first[None, :])
    estimate = float(np.median(differences))
    if min(n, m) < 2:
        return _nothing(estimate, min(n, m))
    points, places = np.unique(differences, return_inverse=True)
    places = places.reshape(m, n)
    seen = _statistics(_above(places, len(points)), m - _above(places.T, len(points)))
    null = _null(min(n, m), max(n, m))
    exact = math.comb(n + m, n) <= EXACT
    near = 1e-9 * (1 + np.abs(seen))  # equal statistics may differ in their last digits
    # A random set of divisions does not hold the one observed, which is added to it
    # (Phipson and Smyth 2010).
    extra = 0 if exact else 1
    total = len(null) + extra
    greater = (len(null) - np.searchsorted(null, seen - near, "left") + extra) / total
    less = (np.searchsorted(null, seen + near, "right") + extra) / total
    return ShiftTest(points, *_monotone(greater, less), estimate, min(n, m))


def _paired(first: Array, second: Array) -> ShiftTest:
    n = len(first)
    if n == 0:
        return _nothing(math.nan, 0)
    differences = _minus(second, first)
    with np.errstate(invalid="ignore"):
        averages = (differences[:, None] + differences[None, :])[np.tril_indices(n)] / 2
    averages = np.nan_to_num(averages, nan=0.0, posinf=np.inf, neginf=-np.inf).round(DECIMALS)
    points, places = np.unique(averages, return_inverse=True)
    # The signed-rank statistic of a shift is the number of averages above it (Tukey 1949).
    above = _above(places[None, :], len(points))[:, 0]
    tails = _signed_ranks(n)
    greater = tails[np.floor(above).astype(int)]
    less = tails[np.floor(len(averages) - above).astype(int)]
    return ShiftTest(points, *_monotone(greater, less), float(np.median(averages)), n)


def _nothing(estimate: float, n: int) -> ShiftTest:
    return ShiftTest(np.empty(0), np.ones(1), np.ones(1), estimate, n)


def _minus(second: Array, first: Array) -> Array:
    with np.errstate(invalid="ignore"):
        differences = np.round(second - first, DECIMALS)
    return np.nan_to_num(differences, nan=0.0, posinf=np.inf, neginf=-np.inf) + 0.0


def _monotone(greater: Array, less: Array) -> tuple[Array, Array]:
    """Make each p the largest up to its shift, so that the shifts not rejected have no gap."""
    return np.maximum.accumulate(greater), np.maximum.accumulate(less[::-1])[::-1]


def _above(places: NDArray[np.int64], points: int) -> Array:
    """Count in each row the values above every point and between points; ties count half.

    Args:
        places: shape (rows, values), at which of the sorted points each value is.
        points: the number of points.

    Returns:
        shape (2 * points + 1, rows).
    """
    rows = len(places)
    at = np.bincount((places * rows + np.arange(rows)[:, None]).ravel(), minlength=points * rows)
    ties = at.reshape(points, rows)
    counts = np.empty((2 * points + 1, rows))
    counts[0] = places.shape[1]
    counts[2::2] = places.shape[1] - np.cumsum(ties, axis=0)
    counts[1::2] = counts[2::2] + ties / 2
    return counts


def _statistics(of_second: Array, of_first: Array) -> Array:
    """Return Brunner and Munzel's statistic from the placements of both samples.

    Args:
        of_second: shape (shifts, m), how many of the n first values lie below each second one.
        of_first: shape (shifts, n), how many of the m second values lie below each first one.
    """
    m, n = of_second.shape[1], of_first.shape[1]
    away = of_second.mean(axis=1) / n - 0.5
    spread = of_first.var(axis=1, ddof=1) / (n * m**2) + of_second.var(axis=1, ddof=1) / (m * n**2)
    separated = np.sign(away) * SEPARATED
    return np.asarray(np.divide(away, np.sqrt(spread), out=separated, where=spread > 1e-15))


@lru_cache(maxsize=32)
def _null(n: int, m: int) -> Array:
    """Return the sorted statistics of the divisions of n + m different values.

    They are symmetric about 0, as is the distribution that they stand for: the order of the values
    can be reversed. So it does not matter which sample is the first.
    """
    second = _divisions(n, m)
    below = np.cumsum(second, axis=1, dtype=np.int32)  # second values up to each position
    position = np.arange(n + m, dtype=np.int32)
    of_first = below[~second].reshape(-1, n)
    of_second = (position + 1 - below)[second].reshape(-1, m)
    half = _statistics(of_second.astype(np.float64), of_first.astype(np.float64))
    return np.sort(np.concatenate([half, -half]))


def _divisions(n: int, m: int) -> NDArray[np.bool_]:
    """Return rows of n + m flags, m of them set: every division, or DRAWS random ones."""
    if math.comb(n + m, n) <= EXACT:
        chosen = np.array(list(combinations(range(n + m), m)))
        flags = np.zeros((len(chosen), n + m), dtype=bool)
        np.put_along_axis(flags, chosen, values=True, axis=1)
        return flags
    row = np.arange(n + m) >= n
    return np.random.default_rng(2007).permuted(np.tile(row, (DRAWS, 1)), axis=1)


@lru_cache(maxsize=32)
def _signed_ranks(n: int) -> Array:
    """Return P(W >= w) of the signed-rank statistic for w = 0 ... n(n+1)/2, without ties."""
    counts = np.ones(1)
    for rank in range(1, n + 1):
        padded = np.zeros(len(counts) + rank)
        padded[: len(counts)] += counts / 2
        padded[rank:] += counts / 2
        counts = padded
    return np.minimum(np.cumsum(counts[::-1])[::-1], 1.0)
