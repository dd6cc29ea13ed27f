"""Colours can be read and told apart, whatever the reader's sight; dots do not hide each other."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from study_fixture import study_of

from mlpstudy.figures.palette import ACCENT, INK, MUTED, PAPER, SERIES, look_of
from mlpstudy.figures.swarm import swarm

# What is seen without one kind of cones, of linear RGB (Machado, Oliveira and Fernandes 2009).
BLINDNESS = {
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip
TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
          [0.0193339, 0.1191920, 0.9503041]]  # fmt: skip


def linear(colour: str) -> np.ndarray:
    parts = np.array(to_rgb(colour))
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, 1.4.3)."""
    one, two = sorted((np.array(TO_XYZ) @ linear(colour))[1] for colour in (first, second))
    return (two + 0.05) / (one + 0.05)


def lab(colour: str, seen: list[list[float]]) -> np.ndarray:
    """Return CIE L*a*b* of a colour as somebody with this sight sees it."""
    xyz = np.array(TO_XYZ) @ np.clip(np.array(seen) @ linear(colour), 0, 1)
    xyz /= [0.95047, 1.0, 1.08883]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_colours_have_contrast_enough(scheme: str) -> None:
    # The standard's well-known borderline grey on white.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    for colour in (INK, MUTED, ACCENT, *SERIES):
        assert contrast(getattr(colour, scheme), getattr(PAPER, scheme)) >= 4.5, colour


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sight", BLINDNESS)
def test_conditions_can_be_told_apart_whatever_the_sight(scheme: str, sight: str) -> None:
    seen = [lab(getattr(colour, scheme), BLINDNESS[sight]) for colour in SERIES]
    for one, other in itertools.combinations(range(len(SERIES)), 2):
        # A difference of 2.3 can just be noticed; the main conditions are far from that.
        least = 30 if other == 1 else 15 if other < 4 else 10
        assert np.linalg.norm(seen[one] - seen[other]) > least, (SERIES[one], SERIES[other])


def test_every_condition_has_a_look_of_its_own_and_the_main_ones_always_the_same() -> None:
    plain, corrected = {"as_reported": {}}, {"corrected": {"pixels": "unit", "kl": "exact"}}
    others = {f"batch_{n}": {"batch_size": n} for n in range(2, 13)}
    covered = {key: ["m04"] for key in others}
    orders: list[dict[str, Any]] = [
        {**plain, **others, **corrected},
        {**corrected, **plain, **others},
        {**others, **corrected},
        {**plain, **corrected},
        corrected,
    ]
    for conditions in orders:
        cover = {key: models for key, models in covered.items() if key in conditions}
        study = study_of({"m04": {}, "m05": {}}, conditions, covered=cover)
        looks = {key: look_of(study, key) for key in conditions}
        assert len({(look.colour, look.marker) for look in looks.values()}) == len(conditions)
        assert (looks["corrected"].colour, looks["corrected"].marker) == (SERIES[1], "D")
        if "as_reported" in conditions:
            assert (looks["as_reported"].colour, looks["as_reported"].marker) == (SERIES[0], "o")
        rest = {looks[key].colour for key in others if key in conditions}
        assert rest.isdisjoint(SERIES[:2])


@given(st.lists(st.sampled_from([10.0, 10.1, 86.4, 86.5, 90.0]), max_size=60))
def test_no_two_dots_hide_each_other(values: list[float]) -> None:
    shifts = swarm(values, diameter=4.0, reach=5.0)
    assert len(set(zip(values, shifts, strict=True))) == len(values)
    assert all(abs(shift) <= 5.0 for shift in shifts)


@given(st.lists(st.floats(0, 400), max_size=8))
def test_dots_of_a_small_crowd_do_not_touch(values: list[float]) -> None:
    places = list(zip(values, swarm(values, diameter=4.0, reach=20.0), strict=True))
    for (x, y), (other_x, other_y) in itertools.combinations(places, 2):
        assert math.hypot(x - other_x, y - other_y) >= 4.0 * 0.99
