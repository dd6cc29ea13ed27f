"""One judge a form of claim: from the claim and the samples to what is found under a condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mlpstudy.configuration.claims import Claim
from mlpstudy.evidence.claims.curves import takes
from mlpstudy.evidence.claims.findings import Count, Finding, more_failures, share
from mlpstudy.evidence.claims.orderings import ACCURACY, EPOCHS, SPREAD, Pair, equivalent, ordered
from mlpstudy.evidence.claims.samples import Samples, Side, named

Flags = NDArray[np.bool_]  # shape (runs,), model by model

WORDS = {"train_accuracy": "training", "validation_accuracy": "validation"}

AN_EPOCH = 1.0  # a mean difference of epochs below this is none to speak of


@dataclass(frozen=True)
class Bench:
    """What a claim is judged by: the runs, the condition, and the study's thresholds.

    `margin` is the difference of mean accuracies below which there is none, `classes` the
    accuracies from which a model is medium and superior; all are fractions.
    """

    samples: Samples
    condition: str
    margin: float
    classes: dict[str, float]

    def sides(self, claim: Claim) -> list[Side]:
        """Return the groups of models that are set against each other, `than` under `against`."""
        where = [self.condition, claim.against or self.condition]
        if claim.groups:
            where = [self.condition] * len(claim.groups)
        pairs = zip(claim.sides, where, strict=False)
        return [Side(condition, models, claim.of) for models, condition in pairs]

    def threshold(self, claim: Claim) -> float:
        """Return the accuracy that the claim gives as a figure or as a class."""
        given = claim.threshold
        return self.classes[given] if isinstance(given, str) else given

    def pair(self, claim: Claim, upper: Side, lower: Side) -> Pair:
        """Return the test accuracies of two sides."""
        names = (named(upper, [lower]), named(lower, [upper]))
        values = (self.samples.values(upper), self.samples.values(lower))
        margin = self.margin if claim.margin is None else claim.margin
        return Pair(*values, names, margin, claim.by)

    def learned(self, side: Side) -> Flags:
        """Tell of every run whether it did not fail."""
        return self.samples.runs_of(side) >= self.classes["medium"]


def judge_higher(claim: Claim, bench: Bench) -> Finding:
    """Judge whether one side is higher than the other."""
    return ordered([bench.pair(claim, *bench.sides(claim))], ACCURACY)


def judge_best(claim: Claim, bench: Bench) -> Finding:
    """Judge whether the first group is higher than each of the others."""
    first, *others = bench.sides(claim)
    return ordered([bench.pair(claim, first, other) for other in others], ACCURACY)


def judge_rank_order(claim: Claim, bench: Bench) -> Finding:
    """Judge whether each group is higher than the next."""
    return ordered([bench.pair(claim, *two) for two in pairwise(bench.sides(claim))], ACCURACY)


def judge_equivalent(claim: Claim, bench: Bench) -> Finding:
    """Judge whether two sides are equivalent within the margin."""
    return equivalent(bench.pair(claim, *bench.sides(claim)))


def judge_differ(claim: Claim, bench: Bench) -> Finding:
    """Judge whether two sides differ: the denial of equivalence."""
    return judge_equivalent(claim, bench).turned()


def judge_varies_more(claim: Claim, bench: Bench) -> Finding:
    """Judge whether one side's runs are farther from their median (after Brown and Forsythe)."""
    sides = bench.sides(claim)
    first, second = (bench.samples.deviations(side) for side in sides)
    names = (named(sides[0], sides[1:]), named(sides[1], sides[:1]))
    return ordered([Pair(first, second, names, bench.margin)], SPREAD)


def judge_sooner(claim: Claim, bench: Bench) -> Finding:
    """Judge whether one side reaches the threshold in fewer epochs than the other."""
    sides = bench.sides(claim)
    threshold = bench.threshold(claim)
    (first, one), (second, two) = (
        bench.samples.epochs_to(side, claim.quantity, threshold) for side in sides
    )
    names = (named(sides[1], sides[:1]), named(sides[0], sides[1:]))
    # Of a run that never gets there it is not known how many epochs it would take.
    margin = AN_EPOCH if one and two else 0.0
    return ordered([Pair(second, first, names, margin)], EPOCHS)


def judge_fails_more(claim: Claim, bench: Bench) -> Finding:
    """Judge whether one side's runs fail more often, by Fisher's exact test."""
    one, two = bench.sides(claim)
    first = _count(one, ~bench.learned(one), under=one.condition != two.condition)
    second = _count(two, ~bench.learned(two), under=one.condition != two.condition)
    return more_failures(first, second)


def judge_share_above(claim: Claim, bench: Bench) -> Finding:
    """Judge whether more than a share of the runs are at or above the threshold."""
    return _judge_share(claim, bench, above=True)


def judge_share_below(claim: Claim, bench: Bench) -> Finding:
    """Judge whether more than a share of the runs are below the threshold, or have no figure."""
    return _judge_share(claim, bench, above=False)


def _judge_share(claim: Claim, bench: Bench, *, above: bool) -> Finding:
    (side,) = bench.sides(claim)
    threshold = bench.threshold(claim)
    reached = bench.samples.runs_of(side, claim.quantity) >= threshold
    learned = bench.learned(side)
    asked = {"all": np.ones_like(learned), "learned": learned, "failed": ~learned}[claim.runs]
    kind = "runs" if claim.runs == "all" else f"{claim.runs} runs"
    found = _count(side, reached if above else ~reached, asked, kind)
    what = f"are {'at or above' if above else 'below'} {100 * threshold:g} %"
    if claim.quantity != "test_accuracy":
        what += f" in {WORDS[claim.quantity]}"
    return share(found, claim.more_than, what)


def judge_curve(claim: Claim, bench: Bench) -> Finding:
    """Judge whether more than a share of the runs have curves that take the courses named."""
    (side,) = bench.sides(claim)
    holds = np.concatenate([_take_courses(claim, bench, model) for model in side.models])
    return share(_count(side, holds), claim.more_than, "have such curves")


def _take_courses(claim: Claim, bench: Bench, model: str) -> Flags:
    """Tell of every replicate of a model whether all of its curves go as the claim says."""
    by_course = [
        [
            takes(curve, course, claim.last)
            for curve in bench.samples.curves(bench.condition, model, quantity).values()
        ]
        for quantity, course in claim.curves.items()
    ]
    return np.asarray(np.all(by_course, axis=0), dtype=bool)


def _count(
    side: Side, holds: Flags, asked: Flags | None = None, kind: str = "runs", *, under: bool = False
) -> Count:
    """Count the runs that hold among those that are asked, all by default."""
    asked = np.ones_like(holds) if asked is None else asked
    models = ", ".join(side.models) if len(side.models) < 5 else f"{len(side.models)} models"
    name = f"{kind} of {models}" + (f" under {side.condition}" if under else "")
    return Count(int((holds & asked).sum()), int(asked.sum()), len(holds) // len(side.models), name)


JUDGES: dict[str, Callable[[Claim, Bench], Finding]] = {
    "higher": judge_higher,
    "differ": judge_differ,
    "equivalent": judge_equivalent,
    "best": judge_best,
    "rank_order": judge_rank_order,
    "varies_more": judge_varies_more,
    "sooner": judge_sooner,
    "fails_more": judge_fails_more,
    "share_above": judge_share_above,
    "share_below": judge_share_below,
    "curve": judge_curve,
}
