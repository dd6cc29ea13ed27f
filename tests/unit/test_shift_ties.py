"""The shift test where runs are tied, and for both orders of the samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpstudy.analysis.statistics.shifts import shift_test

# Failed runs, which are tied at 10 %, and three others.
RUNS = st.lists(st.sampled_from([0.1, 0.1, 0.8, 0.85, 0.9]), min_size=12, max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    RUNS, RUNS, st.booleans(), st.sampled_from([0.5, 0.8, 0.95, 0.99]), st.sampled_from([0, 0.05])
)
def test_an_interval_excludes_the_reference_exactly_where_the_test_rejects_it(
    first: list[float], second: list[float], paired: bool, level: float, reference: float
) -> None:
    test = shift_test(first, second, paired=paired)
    interval = test.interval(level, reference)
    assert (interval.low > reference) == (2 * test.p_greater(reference) <= 1 - level)
    assert (interval.high < reference) == (2 * test.p_less(reference) <= 1 - level)


def test_a_rejected_reference_can_be_next_to_a_shift_that_is_not_rejected() -> None:
    # Ten failures against four: any shift above 0 puts the four below all runs of the other sample.
    first = [0.1] * 10 + [0.85, 0.86]
    second = [0.1] * 4 + [0.85 + i / 1000 for i in range(8)]
    test = shift_test(first, second)
    assert test.p_greater() <= 0.025
    assert test.p_greater(1e-9) > 0.025
    assert 0 < test.interval().low < 1e-9


@pytest.mark.parametrize(("n", "m"), [(5, 7), (12, 12), (9, 14)])
def test_swapped_samples_have_the_same_p_and_the_mirrored_interval(n: int, m: int) -> None:
    generator = np.random.default_rng(n)
    first, second = generator.normal(0.85, 0.01, n), generator.normal(0.86, 0.02, m)
    there, back = shift_test(first, second), shift_test(second, first)
    assert there.p_greater() == back.p_less()
    assert there.p == back.p
    for level in (0.5, 0.95, 0.999):
        one, two = there.interval(level), back.interval(level)
        assert (one.low, one.high) == (-two.high, -two.low)
