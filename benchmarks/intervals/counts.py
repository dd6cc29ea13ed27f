"""Failures of two models: coverage of intervals and errors of tests, by enumeration, so exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.intervals.candidates import LEVEL, TAILS
from benchmarks.intervals.results import Key, Row, row
from benchmarks.intervals.shapes import REPLICATES
from mlpstudy.evidence.statistics.hypotheses import share_test
from mlpstudy.evidence.statistics.intervals import difference_of_shares

NEAR = 1e-6  # bounds may differ from the truth in their last digits
REJECTED = 0.05

# The shares of runs that fail, of the first and of the second model; alike first.
SHARES = ((0.02, 0.02), (0.1, 0.1), (0.3, 0.3), (0.5, 0.5), (0.1, 0.0), (0.3, 0.0), (0.7, 0.1),
          (0.9, 0.0))  # fmt: skip


def share_pairs() -> Iterator[Row]:
    """Yield coverage and width of each interval, and how often each test rejects."""
    for n in REPLICATES:
        grid = [(first, n, second, n) for first, second in product(range(n + 1), repeat=2)]
        bounds = {name: np.array([interval(*c) for c in grid]) for name, interval in BOUNDS.items()}
        rejected = {name: np.array([p(*c) <= REJECTED for c in grid]) for name, p in TESTS.items()}
        for first, second in SHARES:
            case = case_name(first, second)
            chances = _chances(n, first, second)
            for method, (low, high) in ((name, found.T) for name, found in bounds.items()):
                held = (low <= second - first + NEAR) & (second - first <= high + NEAR)
                key = Key("difference of shares", case, method, n)
                yield row(key, "coverage", float(chances @ held))
                yield row(key, "width", float(chances @ (high - low)))
            for method, flags in rejected.items():
                key = Key("failure test", case, method, n)
                yield row(key, "rejects", float(chances @ flags))


def case_name(first: float, second: float) -> str:
    """Return what a pair of shares is called."""
    if first == second:
        return f"{100 * first:.0f} % of both fail"
    return f"{100 * first:.0f} % fail against {100 * second:.0f} %"


def _chances(n: int, first: float, second: float) -> NDArray[np.float64]:
    """Return the probability of each pair of counts, those of the second model fastest."""
    of_first, of_second = (stats.binom.pmf(np.arange(n + 1), n, p) for p in (first, second))
    return np.asarray(np.outer(of_first, of_second).ravel())


def _newcombe(first: int, n: int, second: int, m: int) -> tuple[float, float]:
    interval = difference_of_shares(first, n, second, m, LEVEL)
    return interval.low, interval.high


def _wald(first: int, n: int, second: int, m: int) -> tuple[float, float]:
    p, q = first / n, second / m
    half = float(stats.norm.ppf(TAILS[1])) * (p * (1 - p) / n + q * (1 - q) / m) ** 0.5
    return q - p - half, q - p + half


def _fisher(first: int, n: int, second: int, m: int) -> float:
    return share_test(first, n, second, m).p


def _pooled_z(first: int, n: int, second: int, m: int) -> float:
    """Pearson's chi-square test without correction."""
    share = (first + second) / (n + m)
    error = (share * (1 - share) * (1 / n + 1 / m)) ** 0.5
    return 1.0 if not error else float(2 * stats.norm.sf(abs(second / m - first / n) / error))


BOUNDS: dict[str, Callable[..., tuple[float, float]]] = {"Newcombe": _newcombe, "Wald": _wald}
TESTS: dict[str, Callable[..., float]] = {"Fisher": _fisher, "chi-square": _pooled_z}
