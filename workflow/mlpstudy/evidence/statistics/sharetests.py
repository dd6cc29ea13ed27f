"""One share against a bound, and the runs that tests of shares need."""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats

from mlpstudy.evidence.statistics.hypotheses import MANY
from mlpstudy.evidence.statistics.ranktest import Alternative, PValue


def bound_test(count: int, n: int, bound: float, alternative: Alternative = "two-sided") -> PValue:
    """Exact binomial test of a share, `count` of `n`, against `bound`, which lies within (0, 1).

    Where the runs are of several models, each with a share of its own, the test is of their mean;
    it then errs on the safe side, as their total spreads less than a binomial one (Hoeffding 1956).
    """
    if n == 0:
        return PValue(1.0, 1.0, 0)
    p = float(stats.binomtest(count, n, bound, alternative=alternative).pvalue)
    extremes = {"greater": [bound**n], "less": [(1 - bound) ** n]}
    least = min(extremes.get(alternative, [bound**n, (1 - bound) ** n]))
    return PValue(min(p, 1.0), least, n)


def runs_to_bound(
    count: int, n: int, bound: float, level: float = 0.05, tests: int = 1, power: float = 0.8
) -> float:
    """Estimate the runs after which `bound_test` rejects, if the share seen is the true one.

    The fewest with which a one-sided test at `level` / 2 / `tests` has the `power`; NaN where the
    share seen is the bound itself, or none that can be named would do.
    """
    if n == 0 or count / n == bound:
        return math.nan
    share, at = count / n, bound
    if share < bound:  # the same question of the other runs
        share, at = 1 - share, 1 - bound
    for first, last in ((1, 100), (101, 1000), (1001, MANY)):  # mostly few are enough
        runs = np.arange(first, last + 1)
        critical = stats.binom.isf(level / 2 / tests, runs, at) + 1
        enough = stats.binom.sf(critical - 1, runs, share) >= power
        if enough.any():
            return float(runs[enough][0])
    return math.nan


def runs_to_part(
    first_count: int, first_n: int, second_count: int, second_n: int,
    level: float = 0.05, tests: int = 1, power: float = 0.8,
) -> float:  # fmt: skip
    """Estimate the runs a side after which `share_test` tells two shares apart, if these are true.

    The normal size with Fleiss's correction for an exact test (Fleiss, Tytun and Ury 1980); NaN
    where the shares are the same, or there are no runs.
    """
    if min(first_n, second_n) == 0:
        return math.nan
    one, two = first_count / first_n, second_count / second_n
    away, mean = abs(two - one), (one + two) / 2
    if away == 0:
        return math.nan
    alike = float(special.ndtri(1 - level / tests / 2)) * math.sqrt(2 * mean * (1 - mean))
    apart = float(special.ndtri(power)) * math.sqrt(one * (1 - one) + two * (1 - two))
    size = (alike + apart) ** 2 / away**2
    size = size / 4 * (1 + math.sqrt(1 + 4 / (size * away))) ** 2
    return float(math.ceil(size)) if size <= MANY else math.nan
