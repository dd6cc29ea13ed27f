"""Intervals of a median, a share, of differences of these and of means, and of P(second > first).

Chosen by simulation on normal, skewed and bimodal samples; docs/intervals.md has the coverage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 1999

Values = ArrayLike  # of numbers, shape (replicates,)
Flags = ArrayLike  # of booleans, shape (replicates,)


@dataclass(frozen=True)
class Interval:
    """An estimate from `n` values (for two samples the smaller n) and a confidence interval.

    `level` is the nominal coverage: the level asked for, or less if so few values cannot give it.
    Bounds that cannot be given are NaN.
    """

    estimate: float
    low: float
    high: float
    level: float
    n: int


def clean(values: Values) -> NDArray[np.float64]:
    """Return `values` as an array without NaN; a run that ended in NaN has no loss to average."""
    array = np.asarray(values, dtype=np.float64)
    return array[~np.isnan(array)]


def moments(values: Values) -> tuple[float, float]:
    """Return mean and variance (divisor n - 1), NaN for too few values.

    Equal values have the variance 0: rounding would give three runs at 0.1 one of 1e-34, which
    tests would treat as real.
    """
    x = clean(values)
    if len(x) > 1 and x.min() == x.max():
        return float(x[0]), 0.0
    mean = float(x.mean()) if len(x) else math.nan
    return mean, float(x.var(ddof=1)) if len(x) > 1 else math.nan


@lru_cache(maxsize=1024)
def share_interval(count: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share, `count` of `n`."""
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, level, 0)
    bounds = scipy.stats.binomtest(int(count), int(n)).proportion_ci(level, method="wilson")
    return Interval(count / n, float(bounds.low), float(bounds.high), level, int(n))


def median_interval(values: Values, level: float = 0.95) -> Interval:
    """Return the k-th least to the k-th greatest value, k as large as `level` allows.

    Holds for any distribution (Conover, Practical Nonparametric Statistics, 3.2). Fewer than 6
    values cannot give 95 %: then the bounds are the least and the greatest, and `level` is what
    they do give, 1 - 2^(1-n).
    """
    x = np.sort(clean(values))
    n = len(x)
    if n < 2:
        return Interval(float(x[0]) if n else math.nan, math.nan, math.nan, 0.0, n)
    # P(fewer than k of n values lie below the median) must not exceed half of what is left.
    k = int(scipy.stats.binom.ppf((1 - level) / 2, n, 0.5))
    reached = level if k >= 1 else 1 - 2.0 ** (1 - n)
    k = max(k, 1)
    return Interval(float(np.median(x)), float(x[k - 1]), float(x[n - k]), reached, n)


def difference_of_means(
    first: Values, second: Values, level: float = 0.95, *, paired: bool = False
) -> Interval:
    """Return Welch's interval of the difference of means, or Student's of paired differences.

    There are no bounds where a side has fewer than 2 values.
    """
    estimate, error, freedom, n = mean_difference(first, second, paired=paired)
    if n < 2:
        return Interval(estimate, math.nan, math.nan, level, n)
    half = float(scipy.special.stdtrit(freedom, (1 + level) / 2)) * error if error else 0.0
    return Interval(estimate, estimate - half, estimate + half, level, n)


def mean_difference(
    first: Values, second: Values, *, paired: bool
) -> tuple[float, float, float, int]:
    """Return the difference of means, its standard error, degrees of freedom, and the smaller n.

    Error and degrees of freedom are Student's for paired samples and Welch's for others; NaN where
    a side has fewer than 2 values.
    """
    if paired:
        differences = clean(np.subtract(second, first))
        n, (estimate, variance) = len(differences), moments(differences)
        return estimate, math.sqrt(variance / n) if n > 1 else math.nan, n - 1.0, n
    samples = clean(first), clean(second)
    n = min(map(len, samples))
    estimate = moments(samples[1])[0] - moments(samples[0])[0]
    if n < 2:
        return estimate, math.nan, math.nan, n
    parts = np.array([moments(sample)[1] / len(sample) for sample in samples])
    total = float(parts.sum())
    if total == 0:
        return estimate, 0.0, float(sum(map(len, samples)) - 2), n
    freedom = total**2 / float((parts**2 / [len(sample) - 1 for sample in samples]).sum())
    return estimate, math.sqrt(total), freedom, n


def difference_of_medians(
    first: Values, second: Values, level: float = 0.95, *, paired: bool = False
) -> Interval:
    """Return the difference of medians with the percentiles of its bootstrap.

    Paired samples are resampled by replicate, independent ones separately. The resamples come from
    a fixed seed, so the bounds are the same every time. `level` is lower where so few values
    cannot give what was asked for.
    """
    if paired:
        both = np.stack([np.asarray(side, dtype=np.float64) for side in (first, second)])
        a, b = both[:, ~np.isnan(both).any(axis=0)]
    else:
        a, b = clean(first), clean(second)
    n = min(len(a), len(b))
    estimate = float(np.median(b) - np.median(a)) if n else math.nan
    if n < 2:
        return Interval(estimate, math.nan, math.nan, 0.0, n)
    # Sizes may be the same, so each independent side has a stream of its own.
    drawn_b = b[_resamples(len(b), 0 if paired else 1)]
    differences = np.median(drawn_b, axis=1) - np.median(a[_resamples(len(a), 0)], axis=1)
    low, high = np.quantile(differences, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(low), float(high), min(level, 1 - 2.0 ** (1 - n)), n)


@lru_cache(maxsize=64)
def _resamples(n: int, stream: int) -> NDArray[np.int64]:
    """Return the positions that each resample of n values takes, shape (RESAMPLES, n)."""
    return np.random.default_rng([n, stream]).integers(n, size=(RESAMPLES, n))


def difference_of_shares(
    first: Flags, second: Flags, level: float = 0.95, *, paired: bool = False
) -> Interval:
    """Return Newcombe's interval of the difference of two shares.

    Each bound is as far from the difference as the arms of both Wilson intervals allow (Newcombe
    1998a, method 10); for paired flags less what their correlation takes off (1998b, method 10).

    Args:
        first: shape (n,), whether each run has the property.
        second: shape (m,); with `paired` of the same length, in the same order.
        level: the coverage asked for.
        paired: whether the flags at one position belong together.
    """
    one, two = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    a, b = (share_interval(int(side.sum()), len(side), level) for side in (one, two))
    correlation = _correlation(one, two) if paired else 0.0
    below = (b.estimate - b.low, a.high - a.estimate)
    above = (b.high - b.estimate, a.estimate - a.low)
    difference = b.estimate - a.estimate
    low, high = (
        difference + sign * math.sqrt(max(x**2 + y**2 - 2 * correlation * x * y, 0.0))
        for sign, (x, y) in ((-1, below), (1, above))
    )
    return Interval(difference, low, high, level, min(a.n, b.n))


def _correlation(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    """Return the phi coefficient of paired flags; one that is positive is corrected towards 0."""
    n = len(one)
    both, neither = int((one & two).sum()), int((~one & ~two).sum())
    product = both * neither - int((one & ~two).sum()) * int((~one & two).sum())
    scale = math.prod(int(side.sum()) * (n - int(side.sum())) for side in (one, two))
    if not scale:
        return 0.0
    return (max(product - n / 2, 0.0) if product > 0 else product) / math.sqrt(scale)


def superiority(
    first: Values, second: Values, level: float = 0.95, *, paired: bool = False
) -> Interval:
    """Return P(second > first), ties counting half, with a score interval.

    For paired samples it is the share of replicates. For independent ones the interval uses the
    largest variance that this probability can have for any two distributions,
    θ(1 - θ) / min(n, m) (Birnbaum and Klose 1957); it keeps its width where the samples do not
    overlap.
    """
    if paired:
        signs = np.sign(clean(np.subtract(second, first)))
        n = len(signs)
    else:
        a, b = clean(first), clean(second)
        signs, n = np.sign(b[:, None] - a[None, :]), min(len(a), len(b))
    if not n:
        return Interval(math.nan, math.nan, math.nan, level, 0)
    estimate = float((signs.mean() + 1) / 2)
    square = float(scipy.special.ndtri((1 + level) / 2)) ** 2 / n
    middle = (estimate + square / 2) / (1 + square)
    half = math.sqrt(square * (estimate * (1 - estimate) + square / 4)) / (1 + square)
    return Interval(estimate, max(middle - half, 0.0), min(middle + half, 1.0), level, n)
