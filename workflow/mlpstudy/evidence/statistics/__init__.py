"""The statistics of the study, in one place to import from: pure functions on 1-D arrays.

Every function takes arrays of shape (replicates,) or counts, and leaves NaN out. None of them
raises for a small sample: what n runs cannot give is NaN in an `Interval` and 1 in a p.
Two-sample functions set `second` against `first`, as `comparisons.csv` does: a difference is
second - first, a superiority is P(second > first), and alternative "greater" says that `second`
is the greater. Which interval is used where, and where each falls short, is measured by
simulation: docs/intervals.md.

One sample (module intervals):

    Interval(estimate, low, high, level, n)     level: the coverage claimed, lower than asked for
                                                where n is too small; low and high may be NaN
    clean(values) -> array                                        without NaN
    moments(values) -> (mean, variance)                           of n - 1; exactly 0 if all equal
    share_interval(count, n, level=0.95) -> Interval              Wilson
    median_interval(values, level=0.95) -> Interval               order statistics

Two samples (module intervals):

    difference_of_means(first, second, level=0.95) -> Interval    Welch
    difference_of_medians(first, second, level=0.95) -> Interval  bootstrap, fixed seed
    difference_of_shares(first_count, first_n, second_count, second_n, level=0.95) -> Interval
                                                                  Newcombe
    superiority(first, second, level=0.95) -> Interval            P(second > first), ties half

Tests and verdicts (modules ranktest, hypotheses and sharetests):

    PValue(p, smallest_p, n)                    smallest_p: the least p that these sizes can give
    rank_test(first, second, alternative="two-sided") -> PValue   permutation; "greater", "less"
    share_test(first_count, first_n, second_count, second_n, alternative="two-sided") -> PValue
    bound_test(count, n, bound, alternative="two-sided") -> PValue   one share, exact binomial
    smallest_p(n, m, alternative="two-sided") -> float
    replicates_to_reject(level=0.05, tests=1, alternative="two-sided") -> int       a side
    holm(p) -> array                            adjusted p in the order given; NaN stays NaN
    Equivalence(p, difference)                  difference: its interval at level 1 - 2*level
    equivalence(first, second, margin, level=0.05) -> Equivalence    two one-sided tests, means
    replicates_to_decide(first, second, margin, level=0.05, tests=1, power=0.8) -> float  a side
    runs_to_bound(count, n, bound, level=0.05, tests=1, power=0.8) -> float
    runs_to_part(first_count, first_n, second_count, second_n, level=0.05, tests=1, power=0.8)
        -> float                                a side
    verdict(p, equivalence_p, superiority, level=0.05) -> str
                                                "higher", "lower", "equivalent", "undecided"
"""

from __future__ import annotations

from mlpstudy.evidence.statistics.hypotheses import (
    Equivalence,
    equivalence,
    holm,
    replicates_to_decide,
    replicates_to_reject,
    share_test,
    verdict,
)
from mlpstudy.evidence.statistics.intervals import (
    Interval,
    Values,
    clean,
    difference_of_means,
    difference_of_medians,
    difference_of_shares,
    median_interval,
    moments,
    share_interval,
    superiority,
)
from mlpstudy.evidence.statistics.ranktest import Alternative, PValue, rank_test, smallest_p
from mlpstudy.evidence.statistics.sharetests import bound_test, runs_to_bound, runs_to_part

__all__ = [
    "Alternative",
    "Equivalence",
    "Interval",
    "PValue",
    "Values",
    "bound_test",
    "clean",
    "difference_of_means",
    "difference_of_medians",
    "difference_of_shares",
    "equivalence",
    "holm",
    "median_interval",
    "moments",
    "rank_test",
    "replicates_to_decide",
    "replicates_to_reject",
    "runs_to_bound",
    "runs_to_part",
    "share_interval",
    "share_test",
    "smallest_p",
    "superiority",
    "verdict",
]
