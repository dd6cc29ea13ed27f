"""What holds of every verdict, whatever the runs; and how often verdicts are wrong."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import one
from mlpstudy.claims.findings import (
    CONTRADICTED,
    LEVEL,
    SUPPORTED,
    UNDECIDED,
    Count,
    more_failures,
    share,
)
from mlpstudy.claims.orderings import ACCURACY, EPOCHS, SPREAD, Pair, equivalent, ordered

from mlpstudy.claims.judging import weighed
from mlpstudy.evidence.statistics import holm, runs_to_part

RUNS = st.lists(st.integers(0, 40).map(lambda k: k / 40), min_size=5, max_size=8)
FLIPPED = {SUPPORTED: CONTRADICTED, CONTRADICTED: SUPPORTED, UNDECIDED: UNDECIDED}
NAMES = ("a", "b")


def pair_of(upper: Any, lower: Any, margin: float = 0.01, by: float = 0.0) -> Pair:
    return Pair(np.asarray(upper), np.asarray(lower), NAMES, margin, by)


def verdict_of(*findings: Any) -> list[str]:
    return [row["verdict"] for row in weighed(findings)]


@settings(max_examples=60, deadline=None)
@given(RUNS, RUNS)
def test_swapping_the_sides_flips_the_verdict_unless_they_are_equivalent(
    one: list[float], other: list[float]
) -> None:
    for scale in (ACCURACY, SPREAD, EPOCHS):
        ahead, behind = (
            ordered([pair_of(*sides, margin=0.0)], scale) for sides in ((one, other), (other, one))
        )
        assert verdict_of(behind) == [FLIPPED[verdict_of(ahead)[0]]]
        # By enumeration for samples this small, and so the same to the last digit.
        assert behind.p == pytest.approx(ahead.p)
        assert behind.effect.estimate == pytest.approx(-ahead.effect.estimate)


@settings(max_examples=40, deadline=None)
@given(RUNS, RUNS)
def test_equivalence_does_not_depend_on_the_order(one: list[float], other: list[float]) -> None:
    first, second = equivalent(pair_of(one, other, 0.2)), equivalent(pair_of(other, one, 0.2))
    assert verdict_of(first) == verdict_of(second)
    assert verdict_of(first.turned()) == [FLIPPED[verdict_of(first)[0]]]


@settings(max_examples=40, deadline=None)
@given(RUNS, RUNS, st.lists(st.integers(0, 12), max_size=12))
def test_companions_never_make_a_verdict_stronger(
    one: list[float], other: list[float], counts: list[int]
) -> None:
    it = ordered([pair_of(one, other)], ACCURACY)
    companions = [share(Count(count, 12, 12, "runs"), 0.5, "are so") for count in counts]
    (alone,), among = weighed([it]), weighed([it, *companions])[0]
    assert among["verdict"] in (alone["verdict"], UNDECIDED)
    assert among["p_holm"] >= alone["p_holm"]


@settings(max_examples=30, deadline=None)
@given(st.lists(RUNS, min_size=3, max_size=4))
def test_an_order_is_never_shown_without_each_of_its_steps(groups: list[list[float]]) -> None:
    steps = [pair_of(*two) for two in pairwise(groups)]
    if verdict_of(ordered(steps, ACCURACY)) == [SUPPORTED]:
        assert [verdict_of(ordered([step], ACCURACY)) for step in steps] == [[SUPPORTED]] * len(
            steps
        )


FORMS: list[dict[str, Any]] = [
    {"form": "higher", "models": ("a",), "than": ("b",)},
    {"form": "higher", "models": ("a",), "than": ("b",), "by": 0.05},
    {"form": "differ", "models": ("a",), "than": ("b",)},
    {"form": "equivalent", "models": ("a",), "than": ("b",)},
    {"form": "best", "groups": (("a",), ("b",), ("c",))},
    {"form": "rank_order", "groups": (("a",), ("b",), ("c",))},
    {"form": "varies_more", "models": ("a",), "than": ("b",)},
    {"form": "sooner", "models": ("a",), "than": ("b",), "threshold": 0.5},
    {"form": "fails_more", "models": ("a",), "than": ("b",)},
    {"form": "share_above", "models": ("a",), "threshold": 0.5},
    {"form": "share_below", "models": ("a",), "threshold": 0.5},
    {"form": "curve", "models": ("a",), "curves": {"train_loss": "flat"}},
]


@pytest.mark.parametrize("claim", FORMS, ids=lambda claim: claim["form"])
@pytest.mark.parametrize("values", [(0.9, 0.1, 0.05), (0.85, 0.85, 0.85)])
def test_three_replicates_decide_nothing(claim: dict[str, Any], values: tuple[float, ...]) -> None:
    for n in (1, 2, 3):
        row = one({m: [x] * n for m, x in zip("abc", values, strict=True)}, **claim)
        assert row["verdict"] == UNDECIDED, row
        assert not row["needed"] <= n


def test_what_is_needed_decides_if_the_runs_are_typical() -> None:
    generator = np.random.default_rng(11)

    def found(n: int) -> Any:
        runs = [generator.normal(mean, 0.004, n) for mean in (0.860, 0.853)]
        return ordered([pair_of(*runs, by=0.001)], ACCURACY)

    n = int(np.nanmedian([found(4).needed(LEVEL, 1) for _ in range(30)]))
    assert 0.6 < np.mean([verdict_of(found(n)) == [SUPPORTED] for _ in range(80)]) <= 1.0


def test_as_many_are_needed_whichever_side_is_named_first() -> None:
    """Of 48 runs of 4 models a quarter as many are needed of each as of the one with 12."""
    many, few = Count(10, 48, 12, "runs"), Count(4, 12, 12, "runs")
    runs = runs_to_part(10, 48, 4, 12, LEVEL, 5)
    assert runs > 48
    for sides in ((many, few), (few, many)):
        assert more_failures(*sides).needed(LEVEL, 5) == few.needed(runs) == runs
    none = Count(0, 0, 0, "runs")
    assert np.isnan(more_failures(many, none).needed(LEVEL, 5))


def failures(runs: Any) -> Count:
    return Count(int((runs < 0.5).sum()), len(runs), len(runs), "runs")


def test_wrong_verdicts_are_as_rare_as_promised() -> None:
    """Nine claims of models that are all alike, and spread too wide to be shown equivalent."""
    generator = np.random.default_rng(12)
    trials, wrong = 200, 0
    for _ in range(trials):
        failed = generator.random((6, 8)) < 0.5
        a, b, c, d, e, f = np.where(failed, 0.1, 0.9) + generator.normal(0, 0.01, (6, 8))
        found = [
            ordered([pair_of(a, b)], ACCURACY),
            ordered([pair_of(d, c)], ACCURACY).turned(),
            ordered([pair_of(a, b), pair_of(a, c)], ACCURACY),
            ordered([pair_of(d, e), pair_of(e, f)], ACCURACY),
            ordered([pair_of(np.maximum(a, b), np.maximum(c, d))], ACCURACY),
            ordered([pair_of(*(abs(x - np.median(x)) for x in (e, f)))], SPREAD),
            equivalent(pair_of(a, e)),
            more_failures(failures(f), failures(b)),
            share(failures(np.concatenate([a, f])), 0.5, "fail"),
        ]
        wrong += min(holm([finding.p for finding in found])) <= LEVEL
    assert wrong / trials <= 0.05 + 3 * (0.05 * 0.95 / trials) ** 0.5
    assert wrong > 0  # or the test could not fail
