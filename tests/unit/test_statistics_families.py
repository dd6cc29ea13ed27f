"""Corrections for several tests by closed testing and by hand; equivalence against scipy."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlpstudy.analysis.statistics.families import (
    at_least,
    equivalence,
    holm,
    replicates_to_decide,
)
from mlpstudy.analysis.statistics.intervals import difference_of_means

P = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def test_holm_by_hand() -> None:
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, then 0.04 raised to 0.06.
    corrected = holm([0.01, 0.04, 0.03, 0.005])
    assert corrected.adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    # Two are rejected; the first that is not is tested at 0.05 / 2, and so are all behind it.
    assert corrected.levels == pytest.approx([0.05 / 3, 0.05 / 2, 0.05 / 2, 0.05 / 4])
    assert holm([]).adjusted.shape == (0,)


@settings(deadline=None)
@given(P)
def test_holm_is_the_closed_test_of_bonferronis(p: list[float]) -> None:
    corrected = holm(p)
    for at, adjusted in enumerate(corrected.adjusted):
        sets = [
            subset
            for size in range(1, len(p) + 1)
            for subset in combinations(range(len(p)), size)
            if at in subset
        ]
        closed = max(min(p[other] for other in subset) * len(subset) for subset in sets)
        assert adjusted == pytest.approx(min(closed, 1))
        if abs(adjusted - 0.05) > 1e-9:
            assert (p[at] <= corrected.levels[at]) == (adjusted <= 0.05)


def test_at_least_so_many_by_hand() -> None:
    p = [0.04, 0.001, 0.5, 0.01]
    # All four: the largest. Three: of 0.04 and 0.5, 2 x 0.04. Any: 4 x 0.001.
    assert [at_least(p, k).p for k in (4, 3, 2, 1)] == pytest.approx([0.5, 0.08, 0.03, 0.004])
    assert [at_least(p, k).place for k in (4, 3, 2, 1)] == [2, 0, 3, 1]
    assert at_least(p, 3).factor == 2
    # Alike: Simes gains nothing from the first, 3 x 0.02, and all from the last.
    assert at_least([0.02, 0.02, 0.02], 1).p == pytest.approx(0.02)
    assert at_least([1.0, 1.0], 1).p == 1


@settings(deadline=None)
@given(P, st.data())
def test_at_least_so_many_is_the_least_certain_set_by_simes(
    p: list[float], data: st.DataObject
) -> None:
    required = data.draw(st.integers(1, len(p)))
    found = at_least(p, required)
    # "Fewer than required hold" means that all of some len(p) - required + 1 do not.
    sets = combinations(p, len(p) - required + 1)
    assert found.p == pytest.approx(
        max(stats.false_discovery_control(subset, method="bh").min() for subset in sets)
    )
    assert found.p == pytest.approx(min(1, found.factor * p[found.place]))


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_equivalence_is_two_one_sided_tests(seed: int, paired: bool) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.normal(0.85, 0.01, 9), generator.normal(0.852, 0.01, 9)
    margin = 0.015
    test = stats.ttest_rel if paired else stats.ttest_ind
    welch = {} if paired else {"equal_var": False}
    worse = max(
        test(second, first - margin, alternative="greater", **welch).pvalue,
        test(second, first + margin, alternative="less", **welch).pvalue,
    )
    p = equivalence(first, second, margin, paired=paired)
    # Where the difference itself is not within the margin, p is 1 and not just above a half.
    assert p == pytest.approx(worse if worse < 0.5 else 1.0)
    interval = difference_of_means(first, second, 0.9, paired=paired)
    assert (p <= 0.05) == (-margin < interval.low and interval.high < margin)


def test_equivalence_of_runs_without_spread_and_of_too_few() -> None:
    assert equivalence([0.1] * 6, [0.105] * 6, 0.01) == 0
    assert equivalence([0.1] * 6, [0.2] * 6, 0.01) == 1
    assert equivalence([0.1] * 6, [0.1], 0.01) == 1
    assert equivalence([0.1] * 6, [0.1] * 6, 0.0) == 1


@settings(deadline=None)
@given(st.floats(1e-6, 0.9), st.integers(3, 40), st.sampled_from([0.05, 0.001]))
def test_replicates_to_decide_have_the_power_of_a_normal_test(
    p: float, n: int, level: float
) -> None:
    found = replicates_to_decide(p, n, level)
    per_root = stats.norm.isf(p / 2) / math.sqrt(n)

    def power(replicates: float) -> float:
        away = per_root * math.sqrt(replicates)
        return float(stats.norm.sf(stats.norm.isf(level / 2) - away))

    if math.isnan(found):
        assert power(10_000) < 0.8
    else:
        assert found > n
        assert power(found) > 0.8 - 1e-9
        assert found == n + 1 or power(found - 1) < 0.8
        assert not replicates_to_decide(p / 2, n, level) > found
    assert math.isnan(replicates_to_decide(1.0, n, level))
