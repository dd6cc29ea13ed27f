"""The study's two-sample test: whether the second sample's runs tend to be the higher ones.

The permutation test on Brunner and Munzel's statistic (Neubert and Brunner 2007). It goes by
ranks: a failing run is then the lowest of all, and not 75 points that drown everything else. The
statistic is studentised: where one model's runs are spread wider or fail more often, the plain
rank test rejects too often (docs/intervals.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from mlpstudy.evidence.statistics.intervals import Values, clean

Alternative = Literal["two-sided", "greater", "less"]

# All divisions of the values into two samples are tried where there are no more than EXACT, else
# DRAWS random ones and the division that was seen; beyond LARGE values the t approximation holds.
EXACT = 13_000
DRAWS = 9_999
LARGE = 200

SEPARATED = 1e9  # stands for the infinite statistic of samples that do not overlap


@dataclass(frozen=True)
class PValue:
    """A p, the least p that samples of these sizes can give, and the smaller sample's size."""

    p: float
    smallest_p: float
    n: int


def rank_test(first: Values, second: Values, alternative: Alternative = "two-sided") -> PValue:
    """Test P(second > first) = 1/2, ties counting half; exact where all values are alike in law.

    The same p every time: the random divisions are drawn from a fixed seed. A side with fewer
    than 2 values gives p = 1.
    """
    a, b = clean(first), clean(second)
    n, m = len(a), len(b)
    least = smallest_p(n, m, alternative)
    if min(n, m) < 2:
        return PValue(1.0, least, min(n, m))
    if n + m > LARGE:
        return PValue(_approximate(a, b, alternative), least, min(n, m))
    pooled = np.concatenate([a, b])
    order = np.argsort(pooled, kind="stable")
    values = pooled[order]
    starts = tuple(np.searchsorted(values, values, "left").tolist())
    ends = tuple(np.searchsorted(values, values, "right").tolist())
    seen = float(_statistics((order >= n)[:, None], starts, ends)[0])
    p = _p(seen, _null(n, m, starts, ends), alternative, _is_exact(n, m))
    return PValue(p, least, min(n, m))


def smallest_p(n: int, m: int, alternative: Alternative = "two-sided") -> float:
    """Return the least p of `rank_test` for `n` and `m` values without ties; 1 if either is < 2."""
    if min(n, m) < 2:
        return 1.0
    exact = (2 if alternative == "two-sided" else 1) / math.comb(n + m, n)
    return exact if _is_exact(n, m) else max(exact, 1 / (DRAWS + 1))


def _is_exact(n: int, m: int) -> bool:
    return math.comb(n + m, n) <= EXACT


def _p(seen: float, null: NDArray[np.float64], alternative: Alternative, exact: bool) -> float:
    """Return the share of `null` that is as extreme as what was seen."""
    near = 1e-9 * (1 + abs(seen))  # equal statistics may differ in their last digits
    if alternative == "two-sided":
        extreme = np.count_nonzero(np.abs(null) >= abs(seen) - near)
    elif alternative == "greater":
        extreme = np.count_nonzero(null >= seen - near)
    else:
        extreme = np.count_nonzero(null <= seen + near)
    # Of all divisions what was seen is one; to random ones it is added (Phipson and Smyth 2010).
    return float(extreme / len(null) if exact else (extreme + 1) / (len(null) + 1))


def _approximate(a: NDArray[np.float64], b: NDArray[np.float64], alternative: Alternative) -> float:
    """Return the p of Brunner and Munzel's t approximation, the least p where it has none."""
    if a.max() < b.min() or b.max() < a.min() or np.ptp(np.concatenate([a, b])) == 0:
        away = np.sign(b[0] - a[0])
        on_side = {"two-sided": away != 0, "greater": away > 0, "less": away < 0}
        return 1 / (DRAWS + 1) if on_side[alternative] else 1.0
    # scipy speaks of the first sample, this module of the second.
    swapped = {"two-sided": "two-sided", "greater": "less", "less": "greater"}
    return float(stats.brunnermunzel(a, b, alternative=swapped[alternative]).pvalue)


@lru_cache(maxsize=16)
def _divisions(n: int, m: int) -> NDArray[np.bool_]:
    """Return columns of n + m flags, m of them set: every division, or DRAWS random ones."""
    if _is_exact(n, m):
        chosen = np.array(list(combinations(range(n + m), m))).T
        flags = np.zeros((n + m, chosen.shape[1]), dtype=bool)
        np.put_along_axis(flags, chosen, values=True, axis=0)
        return flags
    column = np.arange(n + m)[:, None] >= n
    return np.random.default_rng(2007).permuted(np.tile(column, DRAWS), axis=0)


@lru_cache(maxsize=256)
def _null(n: int, m: int, starts: tuple[int, ...], ends: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the statistic of every division of values that are tied as `starts`, `ends` say."""
    return _statistics(_divisions(n, m), starts, ends)


def _statistics(
    second: NDArray[np.bool_], starts: tuple[int, ...], ends: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return Brunner and Munzel's statistic of each division of the sorted values.

    Args:
        second: shape (values, divisions), set where the value is one of the second sample.
        starts: for each value the number of values below it.
        ends: for each value the number of values not above it.
    """
    m = int(np.count_nonzero(second[:, 0]))
    n = len(second) - m
    # All counts are whole and below 2^24, so that 32 bits hold them exactly.
    flags = second.astype(np.float32)
    counts = np.zeros((len(second) + 1, second.shape[1]), dtype=np.float32)
    np.cumsum(flags, axis=0, out=counts[1:])
    # Placements, doubled to be whole: how many of the other sample lie below, ties half.
    of_first = counts[list(starts)] + counts[list(ends)]
    of_second = np.add(starts, ends, dtype=np.float32)[:, None] - of_first
    of_first *= 1 - flags
    of_second *= flags
    spread = _variance(of_first, n) / m**2 + _variance(of_second, m) / n**2
    away = of_second.sum(axis=0, dtype=np.float64) / (2 * n * m) - 0.5
    separated = np.sign(away) * SEPARATED
    return np.asarray(np.divide(away, np.sqrt(spread), out=separated, where=spread > 0))


def _variance(doubled: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """Return the squared standard error of the mean of `size` doubled placements a column."""
    total = doubled.sum(axis=0, dtype=np.float64)
    squares = np.einsum("ij,ij->j", doubled, doubled).astype(np.float64)
    return np.asarray((squares - total**2 / size) / (4 * size * (size - 1)))
