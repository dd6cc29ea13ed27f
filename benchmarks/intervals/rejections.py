"""How often each test rejects, with and without a difference to find."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import product

import numpy as np
from scipy import stats

from benchmarks.intervals.coverage import chances_of, flags
from benchmarks.intervals.shapes import REPLICATES, Array, Pair, Row, normal, row
from mlpstudy.analysis.statistics.shares import share_difference_test
from mlpstudy.analysis.statistics.shifts import shift_test

TABLE = "rejections"
# The second level is that at which Holm's correction tests the first of 50 claims.
LEVELS = (0.05, 0.001)
MANY = (12, 20)  # replicates with which the small level is within reach
SCREEN = 0.1  # a test that rejects at the small level has a p below this by scipy's rank test too

NONE, SOME = "no difference", "a difference"
GOOD, RARE, LOTTERY, WORST = (normal(failing=share) for share in (0.0, 0.1, 0.3, 0.7))
PAIRS = [
    (NONE, "alike, sd 1", GOOD, GOOD),
    (NONE, "alike, 10 % fail", RARE, RARE),
    (NONE, "alike, 30 % fail", LOTTERY, LOTTERY),
    (NONE, "alike, 70 % fail", WORST, WORST),
    (NONE, "sd 0.3 against sd 2", normal(sd=0.003), normal(sd=0.02)),
    # P(second > first) is 1/2. Not for paired runs: the median of their averages is below 0.
    (NONE, "40 % fail, the others are better", GOOD, normal(0.8637, failing=0.4)),
    (SOME, "1 point higher, sd 1", GOOD, normal(0.86)),
    (SOME, "2 points higher, 30 % of both fail", LOTTERY, normal(0.87, failing=0.3)),
    (SOME, "higher: 0 % fail against 30 %", LOTTERY, GOOD),
    (SOME, "higher: 10 % fail against 70 %", WORST, RARE),
]
SHARES = [(NONE, share, share) for share in (0.05, 0.1, 0.3, 0.5, 0.7)] + [
    (SOME, first, second) for first, second in ((0.3, 0.0), (0.5, 0.0), (0.7, 0.1))
]


def rejections(samples: int) -> Iterator[Row]:
    """Yield the share of studies in which each test rejects; `samples` studies in each case.

    At the small level there are ten times as many. Tests of shares are exact.
    """
    for paired, n in product((False, True), REPLICATES):
        for kind, name, first, second in PAIRS:
            if paired and name.startswith("40 %"):
                continue
            pair = Pair(f"{name}{', paired' if paired else ''}", first, second, paired)
            for level in LEVELS if n in MANY else LEVELS[:1]:
                small = level < LEVELS[0]
                number = 10 * samples if small and kind == NONE else samples
                x, y = pair.draw([n, number], (number, n))
                for method, p in _ranks(x, y, paired, SCREEN if small else 1.0).items():
                    yield row(TABLE, pair.name, method, n, (p <= level).mean(), **_at(kind, level))
        yield from _shares(n, paired)


def _ranks(x: Array, y: Array, paired: bool, screen: float) -> dict[str, Array]:
    """Return the p of every study by each test; ours is 1 where the common one exceeds `screen`."""
    with warnings.catch_warnings():  # all runs may be tied, which leaves no variance
        warnings.simplefilter("ignore", RuntimeWarning)
        if paired:
            common = stats.wilcoxon(y, x, axis=1, method="asymptotic").pvalue
            others = {"Wilcoxon": common, "Student's t": stats.ttest_rel(y, x, axis=1).pvalue}
        else:
            common = stats.mannwhitneyu(x, y, axis=1).pvalue
            welch = stats.ttest_ind(x, y, axis=1, equal_var=False).pvalue
            others = {"Mann-Whitney": common, "Welch's t": welch}
    ours = np.ones(len(x))
    for at in np.flatnonzero(~(common > screen)):
        ours[at] = shift_test(x[at], y[at], paired=paired).p
    return {f"shift test, {'paired' if paired else 'independent'}": ours, **others}


def _shares(n: int, paired: bool) -> Iterator[Row]:
    outcomes = flags(n, paired)
    tests = [share_difference_test(x, y, paired=paired) for x, y in outcomes]
    ours = [2 * min(test.greater, test.less) for test in tests]
    if paired:
        changed = [(int((y & ~x).sum()), int((x ^ y).sum())) for x, y in outcomes]
        exact = [stats.binomtest(k, m).pvalue if m else 1.0 for k, m in changed]
        p_values = {"share test, paired": ours, "McNemar": exact}
    else:
        tables = [[[side.sum(), (~side).sum()] for side in sides] for sides in outcomes]
        fisher = [stats.fisher_exact(table).pvalue for table in tables]
        p_values = {"share test, independent": ours, "Fisher": fisher}
    levels = LEVELS if n in MANY else LEVELS[:1]
    for (method, p), (kind, first, second), level in product(p_values.items(), SHARES, levels):
        rejected = chances_of(n, first, second, paired) @ (np.array(p) <= level)
        case = (
            f"{100 * first:.0f} % fail against {100 * second:.0f} %{', paired' if paired else ''}"
        )
        yield row(TABLE, case, method, n, rejected, **_at(kind, level))


def _at(kind: str, level: float) -> dict[str, str]:
    return {"group": kind, "measure": f"at {100 * level:g} %"}
