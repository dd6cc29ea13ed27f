"""How often each interval holds the truth, and how wide it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from scipy import stats

from benchmarks.intervals.candidates import LEVEL, MEAN, MEDIAN, TAILS, Bounds
from benchmarks.intervals.pairs import PAIRS, Pair
from benchmarks.intervals.results import Key, Row, row
from benchmarks.intervals.shapes import REPLICATES, SHAPES, Array
from mlpstudy.evidence.statistics.intervals import (
    Interval,
    difference_of_means,
    difference_of_medians,
    share_interval,
    superiority,
)

# A shared bound of a discrete sample may differ from the truth in its last digits.
NEAR = 1e-6


def one_sample(samples: int) -> Iterator[Row]:
    """Yield coverage and width of every interval of a mean and of a median."""
    for shape, n in product(SHAPES, REPLICATES):
        x = shape.draw(np.random.default_rng([n, samples]), (samples, n))
        for table, candidates in (("mean", MEAN), ("median", MEDIAN)):
            truth = shape.mean if table == "mean" else shape.median
            for method, candidate in candidates.items():
                yield from _rows(Key(table, shape.name, method, n), candidate(x), truth)


def two_samples(samples: int) -> Iterator[Row]:
    """Yield coverage and width of every interval of a difference and of P(second > first)."""
    for pair, n in product(filter(_differs, PAIRS), REPLICATES):
        x, y = pair.draw(samples, n)
        truths = {
            "difference of medians": pair.second.median - pair.first.median,
            "difference of means": pair.second.mean - pair.first.mean,
            "P(second > first)": pair.superiority,
        }
        for table, methods in TWO_SAMPLES.items():
            for method, bounds in methods.items():
                yield from _rows(Key(table, pair.name, method, n), bounds(x, y), truths[table])


def _differs(pair: Pair) -> bool:
    """Leave out pairs that another one equals but for a shift or a scale: same coverage."""
    return not pair.shifted


def shares() -> Iterator[Row]:
    """Yield the exact coverage of Wilson's and of Wald's interval of a share, by enumeration."""
    for truth, n in product((0.02, 0.1, 0.3, 0.5), REPLICATES):
        chances = stats.binom.pmf(np.arange(n + 1), n, truth)
        for method, interval in (("Wilson", _wilson), ("Wald", _wald)):
            low, high = np.array([interval(count, n) for count in range(n + 1)]).T
            held = (low <= truth + NEAR) & (truth <= high + NEAR)
            key = Key("share", f"{100 * truth:.0f} % fail", method, n)
            yield row(key, "coverage", float(chances @ held))
            yield row(key, "width", float(chances @ (high - low)))


def _wilson(count: int, n: int) -> tuple[float, float]:
    interval = share_interval(count, n, LEVEL)
    return interval.low, interval.high


def _wald(count: int, n: int) -> tuple[float, float]:
    share = count / n
    half = float(stats.norm.ppf(TAILS[1])) * (share * (1 - share) / n) ** 0.5
    return share - half, share + half


def _each(function: Callable[[Array, Array, float], Interval]) -> Callable[[Array, Array], Bounds]:
    """Return one of the study's functions for many samples at once."""

    def bounds(x: Array, y: Array) -> Bounds:
        intervals = [function(a, b, LEVEL) for a, b in zip(x, y, strict=True)]
        return np.array([i.low for i in intervals]), np.array([i.high for i in intervals])

    return bounds


def _joined(x: Array, y: Array) -> Bounds:
    """Join the medians' order statistics into one interval (MOVER: Zou and Donner 2008)."""
    (low_x, high_x), (low_y, high_y) = (MEDIAN["order statistics"](side) for side in (x, y))
    at_x, at_y = np.median(x, axis=1), np.median(y, axis=1)
    difference = at_y - at_x
    low = difference - np.hypot(at_y - low_y, high_x - at_x)
    return low, difference + np.hypot(high_y - at_y, at_x - low_x)


def _brunner_munzel(x: Array, y: Array) -> Bounds:
    """Brunner and Munzel's t interval of P(second > first), from its estimated variance."""
    n, m = x.shape[1], y.shape[1]
    above = (np.sign(y[:, None, :] - x[:, :, None]) + 1) / 2
    estimate = above.mean(axis=(1, 2))
    of_x = above.mean(axis=2).var(axis=1, ddof=1) / n
    of_y = above.mean(axis=1).var(axis=1, ddof=1) / m
    squares = of_x**2 / (n - 1) + of_y**2 / (m - 1)
    freedom = np.full(len(x), n + m - 2.0)
    np.divide((of_x + of_y) ** 2, squares, out=freedom, where=squares > 0)
    half = stats.t.ppf(TAILS[1], freedom) * np.sqrt(of_x + of_y)
    return np.maximum(estimate - half, 0), np.minimum(estimate + half, 1)


TWO_SAMPLES = {
    "difference of medians": {
        "percentile bootstrap": _each(difference_of_medians),
        "joined order statistics": _joined,
    },
    "difference of means": {"Welch": _each(difference_of_means)},
    "P(second > first)": {
        "score, greatest variance": _each(superiority),
        "Brunner-Munzel t": _brunner_munzel,
    },
}


def _rows(key: Key, bounds: Bounds, truth: float) -> Iterator[Row]:
    low, high = bounds
    held = (low <= truth + NEAR) & (truth <= high + NEAR)
    yield row(key, "coverage", float(held.mean()))
    yield row(key, "width", float(np.median(high - low)))
