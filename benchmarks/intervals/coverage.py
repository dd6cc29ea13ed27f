"""How often each interval of the study, at 95 %, covers the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.intervals.shapes import REPLICATES, Array, Pair, Row, normal, row, skewed
from mlpstudy.analysis.statistics.intervals import (
    Interval,
    difference_of_means,
    difference_of_medians,
    difference_of_shares,
    median_interval,
    share_interval,
    superiority,
)
from mlpstudy.analysis.statistics.shares import share_difference_test, share_test
from mlpstudy.analysis.statistics.shifts import shift_test

TABLE = "coverage"
NEAR = 1e-9  # a bound may differ from the truth in its last digits
CORRELATED = 0.5  # the phi coefficient of paired failures, or the greatest that there can be
FAILING = (0.05, 0.1, 0.3, 0.7)
UNIMODAL, BIMODAL = "unimodal", "bimodal"
SHAPES = [(UNIMODAL, "normal", normal()), (UNIMODAL, "skewed", skewed)] + [
    (BIMODAL, f"{100 * share:.0f} % fail", normal(failing=share)) for share in FAILING
]
SLOW = "median difference"  # resamples, so it has fewer simulated studies

EFFECTS: dict[str, Callable[..., Interval]] = {
    "shift": lambda x, y, *, paired: shift_test(x, y, paired=paired).interval(),
    SLOW: difference_of_medians,
    "mean difference": difference_of_means,
    "superiority": superiority,
}
SHARES: dict[str, Callable[[int, int], Interval]] = {
    "share, Wilson": share_interval,
    "share, Clopper-Pearson": lambda count, n: share_test(count, n, 0.5).interval(0.95),
}
SHARE_DIFFERENCES: dict[str, Callable[..., Interval]] = {
    "share difference, Newcombe": difference_of_shares,
    "share difference, exact": lambda x, y, *, paired: share_difference_test(
        x, y, paired=paired
    ).interval(0.95),
}


def coverages(samples: int) -> Iterator[Row]:
    """Yield the coverage of each interval; `samples` studies in each case, where it is not exact.

    Two models are alike, or the second fails and the first does not.
    """
    for paired, n in product((False, True), REPLICATES):
        seed, size = [n, samples], (samples, n)
        for kind, case, shape in SHAPES:
            alike = Pair(f"alike, {case}", shape, shape, paired)
            if not paired:
                found = [median_interval(sample) for sample in alike.draw(seed, size)[0]]
                covered = _covered(found, float(shape(np.array(0.5))))
                yield row(TABLE, case, "median", n, covered, group=kind)
            pairs = [alike]
            if kind == BIMODAL:
                pairs.append(Pair(f"{case} against none", normal(), shape, paired))
            for pair, (effect, interval) in product(pairs, EFFECTS.items()):
                x, y = pair.draw(seed, size)
                number = max(samples // 4, 1) if effect == SLOW else samples
                found = [interval(x[at], y[at], paired=paired) for at in range(number)]
                covered = _covered(found, pair.truth[effect])
                method = f"{effect}, {_kind(paired)}"
                yield row(TABLE, pair.name, method, n, covered, group=kind)
        yield from _shares(n, paired)


def _shares(n: int, paired: bool) -> Iterator[Row]:
    """Yield coverages of shares and of their differences, exactly."""
    for (name, interval), share in product(SHARES.items(), () if paired else FAILING):
        chances = stats.binom.pmf(np.arange(n + 1), n, share)
        covered = _covered([interval(count, n) for count in range(n + 1)], share, chances)
        yield row(TABLE, f"{100 * share:.0f} % fail", name, n, covered, group=BIMODAL)
    outcomes = flags(n, paired)
    for name, difference in SHARE_DIFFERENCES.items():
        found = [difference(x, y, paired=paired) for x, y in outcomes]
        for first, second in [(f, f) for f in FAILING] + [(0.0, f) for f in FAILING]:
            covered = _covered(found, second - first, chances_of(n, first, second, paired))
            case = f"{100 * second:.0f} % fail against {100 * first:.0f} %"
            yield row(TABLE, case, f"{name}, {_kind(paired)}", n, covered, group=BIMODAL)


def flags(n: int, paired: bool) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return which of n runs of either model fail, for each outcome that matters to a test."""
    at = np.arange(n)
    if not paired:
        return [(at < x, at < y) for x, y in product(range(n + 1), repeat=2)]
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
    both = min(first * second + CORRELATED * spread, first, second)
    shares = np.clip([both, first - both, second - both, 1 - first - second + both], 0, 1)
    counts = np.array([(*outcome, n - sum(outcome)) for outcome in _outcomes(n)])
    return np.asarray(stats.multinomial.pmf(counts, n, shares / shares.sum()))


def _outcomes(n: int) -> list[tuple[int, int, int]]:
    """Return in how many replicates both fail, the first alone, and the second alone."""
    counts = range(n + 1)
    return [(a, b, c) for a in counts for b in counts for c in counts if a + b + c <= n]


def _covered(found: list[Interval], truth: float, chances: Array | None = None) -> float:
    covers = [each.low <= truth + NEAR and each.high >= truth - NEAR for each in found]
    return float(np.average(covers, weights=chances))


def _kind(paired: bool) -> str:
    return "paired" if paired else "independent"
