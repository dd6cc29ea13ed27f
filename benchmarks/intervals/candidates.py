"""Candidate intervals of a mean and a median, each for many samples at once.

Every candidate takes samples of shape (samples, replicates) and returns bounds of shape (samples,).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy import stats

from benchmarks.intervals.shapes import Array
from mlpstudy.evidence.statistics.intervals import median_interval

LEVEL = 0.95
RESAMPLES = 999
TAILS = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])

Bounds = tuple[Array, Array]


def student_t(x: Array) -> Bounds:
    """Return Student's t interval of the mean."""
    n = x.shape[1]
    half = stats.t.ppf(TAILS[1], n - 1) * x.std(axis=1, ddof=1) / np.sqrt(n)
    return x.mean(axis=1) - half, x.mean(axis=1) + half


def order_statistics(x: Array) -> Bounds:
    """Take the values that the study's interval of the median takes: their number decides which."""
    taken = median_interval(np.arange(x.shape[1], dtype=float), LEVEL)
    ordered = np.sort(x, axis=1)
    return ordered[:, int(taken.low)], ordered[:, int(taken.high)]


def interpolated(x: Array) -> Bounds:
    """Interpolate the order statistics, nearer the level (Hettmansperger and Sheather 1986)."""
    n = x.shape[1]
    k = int(median_interval(np.arange(n, dtype=float), LEVEL).low) + 1
    wide, narrow = (1 - 2 * stats.binom.cdf(j - 1, n, 0.5) for j in (k, k + 1))
    if wide < LEVEL or n < 2 * k + 1:
        return order_statistics(x)
    part = (wide - LEVEL) / (wide - narrow)
    inner = (n - k) * part / (k + (n - 2 * k) * part)
    ordered = np.sort(x, axis=1)
    low = (1 - inner) * ordered[:, k - 1] + inner * ordered[:, k]
    high = (1 - inner) * ordered[:, n - k] + inner * ordered[:, n - k - 1]
    return low, high


@lru_cache(maxsize=32)
def _resamples(n: int) -> np.ndarray:
    """Return sorted positions, shape (RESAMPLES, n), the same for all samples of n values."""
    return np.sort(np.random.default_rng(n).integers(n, size=(RESAMPLES, n)), axis=1)


def _means(x: Array) -> Array:
    n = x.shape[1]
    counts = np.stack([np.bincount(row, minlength=n) for row in _resamples(n)])
    means: Array = x @ counts.T / n
    return means


def _medians(x: Array) -> Array:
    n = x.shape[1]
    ordered, positions = np.sort(x, axis=1), _resamples(n)
    return (ordered[:, positions[:, (n - 1) // 2]] + ordered[:, positions[:, n // 2]]) / 2


def percentile(statistics: Array) -> Bounds:
    """Return the bootstrap's percentiles, from statistics of shape (samples, resamples)."""
    low, high = np.quantile(statistics, TAILS, axis=1)
    return low, high


def bca(x: Array, statistics: Array, estimator: Callable[..., Array]) -> Bounds:
    """Return Efron's accelerated bootstrap (BCa); the percentiles where it breaks down."""
    n = x.shape[1]
    estimate = estimator(x, axis=1)[:, None]
    share = ((statistics < estimate).mean(axis=1) + (statistics <= estimate).mean(axis=1)) / 2
    without = np.stack([estimator(np.delete(x, i, axis=1), axis=1) for i in range(n)], axis=1)
    away = without.mean(axis=1, keepdims=True) - without
    with np.errstate(divide="ignore", invalid="ignore"):
        acceleration = (away**3).sum(axis=1) / (6 * (away**2).sum(axis=1) ** 1.5)
        bias = stats.norm.ppf(share)[:, None]
        z = bias + stats.norm.ppf(TAILS)
        shares = stats.norm.cdf(bias + z / (1 - acceleration[:, None] * z))
    shares = np.where(np.isfinite(shares), shares, TAILS)
    ordered = np.sort(statistics, axis=1)
    at = np.clip(shares * statistics.shape[1], 0, statistics.shape[1] - 1).astype(int)
    bounds = np.take_along_axis(ordered, at, axis=1)
    return bounds[:, 0], bounds[:, 1]


Candidate = Callable[[Array], Bounds]

# Ours first. The study gives a mean's interval too, but leans on the median's.
MEAN: dict[str, Candidate] = {
    "Student's t": student_t,
    "percentile bootstrap": lambda x: percentile(_means(x)),
    "BCa bootstrap": lambda x: bca(x, _means(x), np.mean),
}
MEDIAN: dict[str, Candidate] = {
    "order statistics": order_statistics,
    "interpolated order statistics": interpolated,
    "percentile bootstrap": lambda x: percentile(_medians(x)),
    "BCa bootstrap": lambda x: bca(x, _medians(x), np.median),
}
