"""The tests of the parts of a claim, and how parts make up a claim.

A part is a comparison of two samples, or the share of one model's runs that have a property. It can
hold or fail, and each outcome has a one-sided p and an effect whose interval agrees with that p:
the interval at the level 1 - a excludes the reference exactly where twice the p is at most a.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from mlpstudy.analysis.conditions import Cell
from mlpstudy.analysis.statistics.families import at_least, equivalence
from mlpstudy.analysis.statistics.intervals import Interval, difference_of_means
from mlpstudy.analysis.statistics.shares import share_difference_test, share_test
from mlpstudy.analysis.statistics.shifts import shift_test
from mlpstudy.claims.samples import Figures

LEVEL = 0.05  # of every verdict


@dataclass(frozen=True)
class Effect:
    """An effect with its interval at any level.

    `measure` names what it is, `unit` is points, epochs or share. `reference` is the value that
    the interval has to exclude, or, where it has to lie `within` a margin, that margin.
    """

    measure: str
    unit: str
    reference: float
    interval: Callable[[float], Interval]
    within: bool = False


@dataclass(frozen=True)
class Scale:
    """What figures are compared on: the measures of a shift and of a difference of means."""

    shift: str
    means: str
    unit: str


ACCURACY = Scale("shift", "mean_difference", "points")
SPREAD = Scale("spread_shift", "spread_mean_difference", "points")
EPOCHS = Scale("epochs_sooner", "mean_epochs_sooner", "epochs")


@dataclass(frozen=True)
class Part:
    """One part: `holds` and `fails` are the one-sided p values for and against it.

    `for_it` and `against_it` are the effects that agree with them, `cells` the models and
    conditions on both sides where each side is one, `n` the replicates on the smaller side.
    """

    holds: float
    fails: float
    for_it: Effect
    against_it: Effect
    cells: tuple[Cell, ...]
    n: int


@dataclass(frozen=True)
class Side:
    """One figure per replicate; `failures` counts the failed runs behind them."""

    figures: Figures
    failures: int
    cells: tuple[Cell, ...]


def exceeds(upper: Side, lower: Side, by: float, margin: float, scale: Scale = ACCURACY) -> Part:
    """Return the part "upper is higher than lower by more than `by`".

    It also fails if both are equivalent within `margin` (0 for no such test), and then it cannot
    hold, however certain the sign of so small a difference.
    """
    first, second, paired = _aligned(lower, upper)
    test = shift_test(first, second, paired=paired)
    holds, fails = test.p_greater(by), test.p_less(by)
    effect = Effect(scale.shift, scale.unit, by, partial(test.interval, reference=by))
    against = effect
    p_alike = _alike(lower, upper, margin)
    if p_alike <= LEVEL / 2:
        holds = 1.0
    if p_alike < fails:
        fails, against = p_alike, _means(lower, upper, margin, scale)
    return Part(holds, fails, effect, against, _cells(upper, lower), test.n)


def alike(one: Side, two: Side, margin: float) -> Part:
    """Return the part "both are equivalent within `margin`"; it fails where they differ.

    It cannot fail where they are equivalent, however certain the sign of so small a difference.
    """
    first, second, paired = _aligned(two, one)
    test = shift_test(first, second, paired=paired)
    differ = Effect("shift", "points", 0.0, test.interval)
    holds = _alike(two, one, margin)
    shown = _means(two, one, margin, ACCURACY) if holds < 1 else differ
    fails = 1.0 if holds <= LEVEL / 2 else min(test.p_greater(), test.p_less())
    return Part(holds, fails, shown, differ, _cells(one, two), test.n)


def fails_more(more: Side, less: Side) -> Part:
    """Return the part "more fails more often than less"; the figures are flags of failures."""
    first, second, paired = _aligned(less, more)
    test = share_difference_test(first.astype(bool), second.astype(bool), paired=paired)
    effect = Effect("failure_difference", "points", 0.0, test.interval)
    n = min(len(first), len(second))
    return Part(test.greater, test.less, effect, effect, _cells(more, less), n)


def share_exceeds(side: Side, more_than: float) -> Part:
    """Return the part "more than this share of the runs have a property"; the figures are flags."""
    flags = side.figures.astype(bool)
    test = share_test(int(flags.sum()), len(flags), more_than)
    effect = Effect("share", "share", more_than, test.interval)
    return Part(test.greater, test.less, effect, effect, side.cells, len(flags))


def turned(part: Part) -> Part:
    """Return the part that states the opposite."""
    return Part(part.fails, part.holds, part.against_it, part.for_it, part.cells, part.n)


def joined(parts: Sequence[Part], required: int) -> Part:
    """Return the part "at least `required` of these hold".

    Its effect is that of the part which decides it, at the level that remains for that part.
    """
    holds = at_least([part.holds for part in parts], required)
    fails = at_least([part.fails for part in parts], len(parts) - required + 1)
    return Part(
        holds.p,
        fails.p,
        _stricter(parts[holds.place].for_it, holds.factor),
        _stricter(parts[fails.place].against_it, fails.factor),
        parts[holds.place if holds.p <= fails.p else fails.place].cells,
        min(part.n for part in parts),
    )


def required(quantifier: str, number: int) -> int:
    """Return how many of `number` parts have to hold: each, most or any of them."""
    return {"each": number, "most": number // 2 + 1, "any": 1}[quantifier]


def _stricter(effect: Effect, times: float) -> Effect:
    """Return the effect with an interval at the level that remains for one of `times` tests."""
    return replace(effect, interval=lambda level: effect.interval(1 - (1 - level) / times))


def _alike(one: Side, two: Side, margin: float) -> float:
    """Return the one-sided p of equivalence; 1 where it is not offered.

    Means over failed and other runs describe neither, and a few runs that happen to be alike would
    decide: so no run may have failed, and there must be at least 6.
    """
    first, second, paired = _aligned(one, two)
    whole = bool(np.isfinite(first).all() and np.isfinite(second).all())
    if not margin or one.failures or two.failures or not whole or min(len(first), len(second)) < 6:
        return 1.0
    return equivalence(first, second, margin, paired=paired)


def _means(one: Side, two: Side, margin: float, scale: Scale) -> Effect:
    first, second, paired = _aligned(one, two)
    return Effect(
        scale.means,
        scale.unit,
        margin,
        lambda level: difference_of_means(first, second, level, paired=paired),
        within=True,
    )


def _aligned(one: Side, two: Side) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return both samples, paired by replicate where one model stands on both sides."""
    same = [model for _, model in one.cells] == [model for _, model in two.cells]
    if not same:
        return one.figures.to_numpy(), two.figures.to_numpy(), False
    both = pd.concat([one.figures, two.figures], axis="columns", join="inner")
    return both.iloc[:, 0].to_numpy(), both.iloc[:, 1].to_numpy(), True


def _cells(one: Side, two: Side) -> tuple[Cell, ...]:
    """Return the two cells that are compared; none where a side is a group of models."""
    if len(one.cells) == len(two.cells) == 1:
        return (*one.cells, *two.cells)
    return ()
