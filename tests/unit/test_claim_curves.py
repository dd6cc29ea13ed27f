"""The courses of curves, on curves of a few epochs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpstudy.claims.curves import COURSES, takes

CURVES = {
    (1.0, 2.0, 3.0): {"rises", "always_rises"},
    (3.0, 2.0, 1.0): {"falls", "always_falls"},
    (1.0, 3.0, 2.0): {"rises", "turns", "choppy"},
    (2.0, 3.0, 1.0): {"falls", "turns", "choppy"},
    (1.0, 1.0, 1.0): {"flat"},
    # Two of four inner epochs turn; one of four.
    (1.0, 3.0, 2.0, 4.0, 5.0, 6.0): {"rises", "turns", "choppy"},
    (1.0, 3.0, 2.0, 1.5, 1.2, 1.0): {"turns"},
    # 1 % of the mean after the first epoch; 3 %.
    (9.0, 1.0, 1.01, 1.005): {"falls", "turns", "choppy", "flat"},
    (9.0, 1.0, 1.03, 1.035): {"falls", "turns", "choppy"},
    (0.3, 0.1, 0.1): {"falls", "flat"},
    (2.0, 1.0): {"falls", "always_falls"},
}


@pytest.mark.parametrize("curve", CURVES)
def test_each_course_by_hand(curve: tuple[float, ...]) -> None:
    assert {course for course in COURSES if takes(np.array(curve), course)} == CURVES[curve]


def test_the_last_epochs_alone() -> None:
    curve = np.array([1.0, 5.0, 4.0, 3.0, 2.0])
    assert takes(curve, "always_falls", last=3)
    assert not takes(curve, "always_falls", last=4)
    assert takes(curve, "rises")
    assert not takes(curve, "rises", last=1)
    assert takes(curve, "turns", last=99)


@pytest.mark.parametrize("curve", [[], [1.0], [math.nan] * 3, [1.0, math.nan, 2.0], [1, math.inf]])
def test_a_curve_that_is_not_whole_takes_no_course(curve: list[float]) -> None:
    assert not [course for course in COURSES if takes(np.array(curve, dtype=float), course)]


@given(st.lists(st.integers(1, 10), min_size=3, max_size=12))
def test_courses_that_exclude_or_contain_each_other(values: list[int]) -> None:
    curve = np.array(values, dtype=float)
    is_so = {course: takes(curve, course) for course in COURSES}
    assert not (is_so["rises"] and is_so["falls"])
    assert is_so["rises"] or not is_so["always_rises"]
    assert is_so["falls"] or not is_so["always_falls"]
    assert is_so["turns"] or not is_so["choppy"]
    assert not (is_so["turns"] and (is_so["always_rises"] or is_so["always_falls"]))
    upside_down = {course: takes(11 - curve, course) for course in ("rises", "turns", "choppy")}
    assert upside_down == {"rises": is_so["falls"], **{c: is_so[c] for c in ("turns", "choppy")}}
