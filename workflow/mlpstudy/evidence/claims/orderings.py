"""Findings on samples set against each other: one higher, all in order, equivalent.

Samples have shape (replicates,).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlpstudy.evidence.claims.findings import CONTRADICTED, LEVEL, SUPPORTED, Finding
from mlpstudy.evidence.statistics import (
    Interval,
    difference_of_means,
    difference_of_medians,
    equivalence,
    rank_test,
    replicates_to_decide,
    smallest_p,
    superiority,
)

Sample = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """What samples are of: how they differ, in which unit, and the verbs for either way and none.

    `turned`: less is more, as with epochs; the effect is then of the lower sample.
    """

    difference: Callable[[Sample, Sample], Interval]
    unit: str
    higher: str
    lower: str
    alike: str
    turned: bool = False


ACCURACY = Scale(
    difference_of_medians, "points", "is higher than", "is lower than", "are equivalent"
)
SPREAD = Scale(difference_of_means, "points", "varies more than", "varies less than", "vary alike")
EPOCHS = Scale(
    difference_of_means, "epochs", "takes more epochs than", "takes fewer epochs than",
    "take as many epochs", turned=True,
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two samples of which a claim says that `upper` is higher than `lower`, by more than `by`.

    `margin` is the difference of means below which there is none to speak of.
    """

    upper: Sample
    lower: Sample
    names: tuple[str, str]
    margin: float
    by: float = 0.0

    @cached_property
    def p_higher(self) -> float:
        """One-sided p for `upper` being higher, by more than `by`."""
        return rank_test(*self._moved, "greater").p

    @cached_property
    def p_lower(self) -> float:
        """One-sided p for `upper` being lower, or higher by less than `by`."""
        return rank_test(*self._moved, "less").p

    @cached_property
    def p_alike(self) -> float:
        """P for both being equivalent; 1 for a claim of a certain difference."""
        return 1.0 if self.by else equivalence(self.lower, self.upper, self.margin, LEVEL).p

    @property
    def chance(self) -> float:
        """How often a run of `upper` beats one of `lower` raised by `by`; ties count half."""
        return superiority(*self._moved).estimate

    @property
    def smallest_p(self) -> float:
        """The least one-sided p."""
        return smallest_p(len(self.lower), len(self.upper), "greater")

    def needed(self, level: float, tests: int) -> float:
        """Estimate the replicates a side that would decide: more than these, which have not."""
        margin = 0.0 if self.by else self.margin
        size = replicates_to_decide(*self._moved, margin, level, tests)
        return max(size, min(len(self.lower), len(self.upper)) + 1.0)

    @property
    def _moved(self) -> tuple[Sample, Sample]:
        """The lower sample raised by `by`, and the upper; rounded, so that what ties stays tied."""
        return np.round(self.lower + self.by, 12), np.round(self.upper, 12)


def ordered(pairs: Sequence[Pair], scale: Scale) -> Finding:
    """Find whether every pair is as said.

    The claim holds where all pairs are so shown, each at the full level (Berger 1982), and falls
    with a single one that is shown to be the other way round or equivalent, for which there are as
    many chances as pairs. Equivalence goes first: a difference below the margin is none to speak
    of, however sure its sign.
    """
    least = max(pairs, key=lambda pair: pair.p_higher)
    most = min(pairs, key=lambda pair: pair.p_lower)
    same = min(pairs, key=lambda pair: pair.p_alike)
    holds = min(1.0, 2 * least.p_higher)
    falls = min(1.0, 2 * len(pairs) * most.p_lower)
    alike = min(1.0, 2 * len(pairs) * same.p_alike)
    if alike <= LEVEL:
        side, p, pair = CONTRADICTED, alike, same
        fact = f"{' and '.join(pair.names)} {scale.alike}, within {_amount(pair.margin, scale)}"
    elif falls < holds:
        side, p, pair = CONTRADICTED, falls, most
        fact = _compared(pair, scale.lower, "less")
    else:
        side, p, pair = SUPPORTED, holds, least
        fact = _compared(pair, scale.higher, "more")
        if len(pairs) > 1:
            fact = f"all are in this order; least clearly, {fact}"
    effect = scale.difference(pair.lower, pair.upper)
    return Finding(
        side=side, p=p, smallest_p=_smallest(pairs),
        effect=_negative(effect) if scale.turned else effect, unit=scale.unit, n=effect.n,
        fact=fact, needed=lambda level, tests: _needed(pairs, side, level, tests),
    )  # fmt: skip


def _compared(pair: Pair, verb: str, than: str) -> str:
    upper, lower = pair.names
    if pair.chance == 0.5:
        return f"{upper} and {lower} tie"
    if pair.by:
        verb = f"is {than} than {_amount(pair.by, ACCURACY)} above"
    return f"{upper} {verb} {lower}"


def _amount(value: float, scale: Scale) -> str:
    number = value if scale.unit == "epochs" else 100 * value
    return f"{number:g} {scale.unit if number != 1 else scale.unit.removesuffix('s')}"


def _smallest(pairs: Sequence[Pair]) -> float:
    """Return the least p of either side: of all pairs, or of one among as many chances."""
    each = [pair.smallest_p for pair in pairs]
    return min(1.0, 2 * min(max(each), len(each) * min(each)))


def _needed(pairs: Sequence[Pair], side: str, level: float, tests: int) -> float:
    """Return what decides all pairs, or, where the claim seems to fall, the first that does."""
    if side == SUPPORTED:
        sizes = [pair.needed(level, tests) for pair in pairs]
        return math.nan if any(map(math.isnan, sizes)) else max(sizes)
    against = [pair for pair in pairs if min(pair.p_lower, pair.p_alike) < pair.p_higher]
    sizes = [pair.needed(level, tests * len(pairs)) for pair in against]
    return min((size for size in sizes if not math.isnan(size)), default=math.nan)


def _negative(interval: Interval) -> Interval:
    ends = (0.0 - interval.estimate, 0.0 - interval.high, 0.0 - interval.low)  # no -0.0
    return Interval(*ends, interval.level, interval.n)


def equivalent(pair: Pair) -> Finding:
    """Find whether two samples are equivalent within the margin, or differ.

    Two-sided as it is: two samples cannot be both, so that neither p has to be doubled.
    """
    alike = pair.p_alike
    differ = rank_test(pair.lower, pair.upper).p
    names = " and ".join(pair.names)
    if alike <= LEVEL or alike < differ:
        side, p = SUPPORTED, alike
        fact = f"{names} are equivalent, within {_amount(pair.margin, ACCURACY)}"
    else:
        side, p, fact = CONTRADICTED, differ, f"{names} differ"
    effect = difference_of_means(pair.lower, pair.upper)
    least = smallest_p(len(pair.lower), len(pair.upper))
    return Finding(side, p, least, effect, "points", effect.n, fact, pair.needed)
