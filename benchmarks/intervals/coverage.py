"""How often each interval of the study covers the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.intervals.shapes import REPLICATES, SHAPES, Array, Pair, Row, normal, row
from mlpstudy.evidence.statistics.intervals import (
    Interval,
    difference_of_means,
    difference_of_medians,
    difference_of_shares,
    median_interval,
    share_interval,
    superiority,
)
from mlpstudy.evidence.statistics.shares import share_difference_test, share_test
from mlpstudy.evidence.statistics.shifts import shift_test

LEVEL = 0.95
NEAR = 1e-9  # a bound may differ from the truth in its last digits
CORRELATED = 0.5  # the phi coefficient of paired failures

Flags = NDArray[np.bool_]
Outcome = tuple[Flags, Flags, float]  # which runs of either model fail, and how likely that is

EFFECTS: dict[str, Callable[[Array, Array, bool], Interval]] = {
    "shift": lambda x, y, paired: shift_test(x, y, paired=paired).interval(LEVEL),
    "median difference": lambda x, y, paired: difference_of_medians(x, y, LEVEL, paired=paired),
    "mean difference": lambda x, y, paired: difference_of_means(x, y, LEVEL, paired=paired),
    "superiority": lambda x, y, paired: superiority(x, y, LEVEL, paired=paired),
}
SLOW = "median difference"  # resamples, so it has fewer simulated studies
SHARES: dict[str, Callable[[int, int], Interval]] = {
    "share, Wilson": lambda count, n: share_interval(count, n, LEVEL),
    "share, Clopper-Pearson": lambda count, n: share_test(count, n, 0.5).interval(LEVEL),
}
SHARE_DIFFERENCES: dict[str, Callable[[Flags, Flags, bool], Interval]] = {
    "share difference, Newcombe": lambda x, y, paired: difference_of_shares(
        x, y, LEVEL, paired=paired
    ),
    "share difference, exact": lambda x, y, paired: share_difference_test(
        x, y, paired=paired
    ).interval(LEVEL),
}
FAILING = (0.05, 0.1, 0.3, 0.7)
# The shares that fail of both models.
FAILING_PAIRS = [(share, share) for share in FAILING] + [(0.0, share) for share in FAILING]


def coverages(samples: int) -> Iterator[Row]:
    """Yield the coverage of each interval; `samples` studies in each case, where it is not exact.

    Two models are alike, or the second fails and the first does not.
    """
    yield from _medians(samples)
    yield from _effects(samples)
    yield from _shares()


def _medians(samples: int) -> Iterator[Row]:
    for shape, n in product(SHAPES, REPLICATES):
        runs = shape.quantile(np.random.default_rng([n, samples]).random((samples, n)))
        truth = float(shape.quantile(np.array(0.5)))
        covered = np.mean([_covers(median_interval(sample, LEVEL), truth) for sample in runs])
        yield row("coverage", shape.name, "median", n, "coverage", float(covered))


def pairs(paired: bool) -> list[Pair]:
    """Return every shape against itself, and the normal one against those that fail."""
    alike = [Pair(f"alike, {shape.name}", shape, shape, paired) for shape in SHAPES]
    failing = [
        Pair(f"{100 * share:.0f} % fail against none", normal(), normal(failing=share), paired)
        for share in FAILING
    ]
    return alike + failing


def _effects(samples: int) -> Iterator[Row]:
    for paired, n in product((False, True), REPLICATES):
        for pair in pairs(paired):
            x, y = pair.draw(np.random.default_rng([n, samples]), (samples, n))
            for name, method in EFFECTS.items():
                number = max(samples // 4, 1) if name == SLOW else samples
                found = [method(a, b, paired) for a, b in zip(x[:number], y[:number], strict=True)]
                covered = np.mean([_covers(interval, pair.truth[name]) for interval in found])
                key = ("coverage", pair.name, _method(name, paired), n)
                yield row(*key, "coverage", float(covered))


def _shares() -> Iterator[Row]:
    """Yield coverages of shares and of their differences, exactly."""
    for share, n in product(FAILING, REPLICATES):
        chances = stats.binom.pmf(np.arange(n + 1), n, share)
        for name, interval_of in SHARES.items():
            covers = [_covers(interval_of(count, n), share) for count in range(n + 1)]
            yield row("coverage", _failing(share), name, n, "coverage", float(chances @ covers))
    for paired, n in product((False, True), REPLICATES):
        for name, difference_of in SHARE_DIFFERENCES.items():
            intervals = [difference_of(x, y, paired) for x, y in flags(n, paired)]
            for first, second in FAILING_PAIRS:
                covers = [_covers(interval, second - first) for interval in intervals]
                covered = float(chances_of(n, first, second, paired) @ covers)
                case = f"{_failing(first)} against {_failing(second)}"
                yield row("coverage", case, _method(name, paired), n, "coverage", covered)


def flags(n: int, paired: bool) -> list[tuple[Flags, Flags]]:
    """Return which of n runs of either model fail, for each outcome that matters to a test."""
    at = np.arange(n)
    if not paired:
        return [(at < x, at < y) for x, y in product(range(n + 1), repeat=2)]
    # Replicates in which both fail, then those of the first model only, then of the second.
    return [
        (at < both + x, (at < both) | ((at >= both + x) & (at < both + x + y)))
        for both, x, y in _outcomes(n)
    ]


def chances_of(n: int, first: float, second: float, paired: bool) -> Array:
    """Return the probability of each outcome of `flags` where so large shares fail."""
    if not paired:
        one, two = (stats.binom.pmf(np.arange(n + 1), n, share) for share in (first, second))
        return np.asarray(np.outer(one, two).ravel())
    spread = np.sqrt(first * (1 - first) * second * (1 - second))
    both = first * second + CORRELATED * spread
    shares = np.clip([both, first - both, second - both, 1 - first - second + both], 0, 1)
    counts = np.array([(*outcome, n - sum(outcome)) for outcome in _outcomes(n)])
    return np.asarray(stats.multinomial.pmf(counts, n, shares / shares.sum()))


def _outcomes(n: int) -> list[tuple[int, int, int]]:
    counts = range(n + 1)
    return [(a, b, c) for a in counts for b in counts for c in counts if a + b + c <= n]


def _covers(interval: Interval, truth: float) -> bool:
    return bool(interval.low <= truth + NEAR and interval.high >= truth - NEAR)


def _failing(share: float) -> str:
    return f"{100 * share:.0f} % fail"


def _method(name: str, paired: bool) -> str:
    return f"{name}, {'paired' if paired else 'independent'}"
