"""One model set against another under one condition: the columns of comparisons.csv and pairs.csv.

Everything is of the second against the first, over replicates. A verdict is on a family of
comparisons, those of one table under one condition, and both its p are Holm's for that family.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlpstudy.evidence.statistics import (
    Interval,
    difference_of_means,
    difference_of_medians,
    difference_of_shares,
    equivalence,
    holm,
    rank_test,
    replicates_to_decide,
    superiority,
    verdict,
)

LEVEL = 0.05  # of every verdict, here and on the claims

CONTRAST_COLUMNS = [
    "difference", "difference_low", "difference_high",
    "mean_difference", "mean_difference_low", "mean_difference_high",
    "failure_difference", "failure_difference_low", "failure_difference_high",
    "superiority", "superiority_low", "superiority_high",
    "p", "p_smallest", "p_holm", "margin", "equivalence_p", "equivalence_p_holm",
    "family", "verdict", "replicates_needed",
]  # fmt: skip

Sample = NDArray[np.float64]
Samples = dict[tuple[str, str], Sample]  # by condition and model
Contrast = dict[str, Any]


def samples_of(values: pd.DataFrame) -> Samples:
    """Return the replicates' test accuracies, fractions, by condition and model.

    Args:
        values: a row per condition, model and replicate, with `test_accuracy`, of `replicates`.
    """
    return {
        (str(condition), str(model)): frame["test_accuracy"].to_numpy(dtype=np.float64)
        for (condition, model), frame in values.groupby(["condition", "model"], sort=False)
    }


def contrasts(
    pairs: Sequence[tuple[Sample, Sample]], medium: float, margin: float
) -> list[Contrast]:
    """Return CONTRAST_COLUMNS of every pair of samples, which are one family.

    `difference` is of medians, `failure_difference` of the shares below `medium`, `superiority`
    P(second > first). `replicates_needed` estimates how many a side would decide what is
    undecided; it is NaN where a verdict stands, and where no number that can be named would do.

    Args:
        pairs: test accuracies by replicate, of the first and of the second model.
        medium: the lowest accuracy that is not a failure.
        margin: the difference of means below which models are equivalent.
    """
    tests = [rank_test(first, second) for first, second in pairs]
    alike = [equivalence(first, second, margin, LEVEL).p for first, second in pairs]
    p_holm, alike_holm = holm([test.p for test in tests]), holm(alike)
    rows = []
    for at, (first, second) in enumerate(pairs):
        above = superiority(first, second)
        said = verdict(p_holm[at], alike_holm[at], above.estimate, LEVEL)
        needed = replicates_to_decide(first, second, margin, LEVEL, len(pairs))
        failed = [int((~(side >= medium)).sum()) for side in (first, second)]
        shares = difference_of_shares(failed[0], len(first), failed[1], len(second))
        rows.append(
            {
                **_three("difference", difference_of_medians(first, second)),
                **_three("mean_difference", difference_of_means(first, second)),
                **_three("failure_difference", shares),
                **_three("superiority", above),
                "p": tests[at].p,
                "p_smallest": tests[at].smallest_p,
                "p_holm": p_holm[at],
                "margin": margin,
                "equivalence_p": alike[at],
                "equivalence_p_holm": alike_holm[at],
                "family": len(pairs),
                "verdict": said,
                "replicates_needed": _more(needed, first, second, said),
            }
        )
    return rows


def turned(contrast: Contrast) -> Contrast:
    """Return the contrast of the first against the second: the same tests, told the other way."""
    other = dict(contrast)
    for name, whole in {
        "difference": 0.0, "mean_difference": 0.0, "failure_difference": 0.0, "superiority": 1.0,
    }.items():  # fmt: skip
        low, high = f"{name}_low", f"{name}_high"
        for here, there in ((name, name), (low, high), (high, low)):
            other[here] = whole - contrast[there]
    said = contrast["verdict"]
    return {**other, "verdict": {"higher": "lower", "lower": "higher"}.get(said, said)}


def _more(needed: float, first: Sample, second: Sample, said: str) -> float:
    """Return how many would decide: more than there are, as these have not."""
    if said != "undecided" or math.isnan(needed):
        return math.nan
    return max(needed, min(len(first), len(second)) + 1.0)


def _three(name: str, interval: Interval) -> Contrast:
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}
