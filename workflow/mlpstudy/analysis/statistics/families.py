"""Several tests at once: equivalence, parts of a statement, and Holm's correction."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from mlpstudy.analysis.statistics.intervals import Values, mean_difference

MANY = 10_000  # more replicates than anybody would train


@dataclass(frozen=True)
class Holm:
    """Adjusted p values in the order given, and the level that the correction leaves for each.

    A p of at most its level is rejected, and any other is not. The levels of tests that are not
    rejected are all that of the first of them, so an interval at 1 - level agrees with the verdict.
    """

    adjusted: NDArray[np.float64]
    levels: NDArray[np.float64]


def holm(p: ArrayLike, level: float = 0.05) -> Holm:
    """Correct for testing all of `p` (Holm 1979)."""
    given = np.asarray(p, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    factors = np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * factors), 1)
    rejected = int((adjusted <= level).sum())
    levels = np.empty_like(given)
    levels[order] = level / np.maximum(factors, len(given) - rejected)
    return Holm(adjusted, levels)


@dataclass(frozen=True)
class Partial:
    """The p of "at least so many hold", which is `factor` times the p of the test at `place`."""

    p: float
    place: int
    factor: float


def at_least(p: ArrayLike, required: int) -> Partial:
    """Test that at least `required` of several statements hold.

    Benjamini and Heller (2008), with Simes' p of the least certain ones. With all required this is
    the largest p. Valid for tests that are independent or positively dependent, as are those of
    models that are compared with the same other one. Adjacent steps of an order are negatively
    dependent; simulated, their verdicts are wrong in 2 to 3 % of studies (docs/intervals.md).
    """
    given = np.asarray(p, dtype=np.float64)
    order = np.argsort(given, kind="stable")[required - 1 :]
    factors = len(order) / np.arange(1, len(order) + 1)
    least = int(np.argmin(factors * given[order]))
    place, factor = int(order[least]), float(factors[least])
    return Partial(min(1.0, factor * float(given[place])), place, factor)


def equivalence(first: Values, second: Values, margin: float, *, paired: bool = False) -> float:
    """Return the p of two one-sided t tests on the difference of means (Schuirmann 1987).

    p is at most a where the interval of `difference_of_means` at the level 1 - 2a lies within
    ±`margin`. No run of either sample may have failed: a few failures dominate the means.
    """
    estimate, error, freedom, n = mean_difference(first, second, paired=paired)
    within = margin - abs(estimate)
    if n < 2 or not within > 0:
        return 1.0
    return float(scipy.special.stdtr(freedom, -within / error)) if error else 0.0


def replicates_to_decide(p: float, n: int, level: float, power: float = 0.8) -> float:
    """Estimate the replicates with which a test of these runs would be decided.

    The normal score of a p grows with the root of the number of replicates, if the runs seen are
    typical. A rough guide; NaN where they point nowhere, or more than MANY would be needed.

    Args:
        p: the two-sided p with `n` replicates.
        n: replicates of each model.
        level: the two-sided level that p has to reach.
        power: the probability of reaching it.
    """
    seen = float(scipy.stats.norm.isf(p / 2))
    if not seen > 0:
        return math.nan
    wanted = float(scipy.stats.norm.isf(level / 2) + scipy.stats.norm.ppf(power))
    size = max(math.ceil(n * (wanted / seen) ** 2), n + 1)
    return float(size) if size <= MANY else math.nan
