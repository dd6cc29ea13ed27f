"""Tests of one share and the runs that shares need, by hand and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mlpstudy.evidence.statistics import bound_test, runs_to_bound, runs_to_part, share_test


def test_a_share_against_a_bound_by_hand() -> None:
    assert bound_test(12, 12, 0.5, "greater").p == pytest.approx(0.5**12)
    assert bound_test(0, 12, 0.5, "greater").p == 1.0
    assert bound_test(0, 12, 0.5, "less").p == pytest.approx(0.5**12)
    # 9 of 10 or 10 of 10: 11 / 1024.
    assert bound_test(9, 10, 0.5, "greater").p == pytest.approx(11 / 1024)
    assert bound_test(3, 3, 0.75, "greater").smallest_p == pytest.approx(0.75**3)
    assert bound_test(0, 3, 0.75, "less").smallest_p == pytest.approx(0.25**3)
    assert bound_test(0, 0, 0.5).p == 1.0


def test_several_models_with_shares_of_their_own_err_on_the_safe_side() -> None:
    # Half of the runs in the mean, but one model always and one never: the total hardly spreads.
    generator = np.random.default_rng(0)
    counts = (generator.random((4000, 3, 12)) < np.array([1.0, 0.0, 0.5])[:, None]).sum(axis=(1, 2))
    rejected = [bound_test(int(count), 36, 0.5, "greater").p <= 0.05 for count in counts]
    assert np.mean(rejected) < 0.01


@pytest.mark.parametrize(("count", "bound"), [(9, 0.5), (3, 0.5), (11, 0.75), (6, 0.75)])
def test_runs_to_a_bound_have_the_power_they_promise(count: int, bound: float) -> None:
    n = int(runs_to_bound(count, 12, bound, tests=4))
    share, side = count / 12, "greater" if count / 12 > bound else "less"
    generator = np.random.default_rng(5)
    drawn = generator.binomial(n, share, 600)
    found = np.mean([bound_test(int(k), n, bound, side).p <= 0.05 / 8 for k in drawn])
    assert 0.75 < found < 0.95
    fewer = int(n * 0.6)
    drawn = generator.binomial(fewer, share, 600)
    assert np.mean([bound_test(int(k), fewer, bound, side).p <= 0.05 / 8 for k in drawn]) < found


def test_runs_to_a_bound_where_all_or_half_are_seen() -> None:
    # 2 x 0.5^n <= 0.05 from n = 6 on, and 2 x 0.75^n from n = 13 on.
    assert runs_to_bound(3, 3, 0.5) == 6
    assert runs_to_bound(0, 3, 0.5) == 6
    assert runs_to_bound(3, 3, 0.75) == 13
    assert math.isnan(runs_to_bound(6, 12, 0.5))
    assert math.isnan(runs_to_bound(0, 0, 0.5))


def test_runs_to_tell_two_shares_apart_have_the_power_they_promise() -> None:
    n = int(runs_to_part(2, 12, 8, 12, tests=3))
    generator = np.random.default_rng(6)
    drawn = generator.binomial(n, [2 / 12, 8 / 12], (600, 2))
    found = [share_test(int(a), n, int(b), n).p <= 0.05 / 3 for a, b in drawn]
    assert 0.72 < np.mean(found) < 0.92
    assert math.isnan(runs_to_part(3, 12, 3, 12))
    assert math.isnan(runs_to_part(0, 0, 3, 12))
