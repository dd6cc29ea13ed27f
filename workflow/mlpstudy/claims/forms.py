"""The forms of claims: from a claim and the samples to the parts that it consists of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from mlpstudy.claims.curves import takes
from mlpstudy.claims.parts import (
    EPOCHS,
    SPREAD,
    Part,
    Side,
    alike,
    exceeds,
    fails_more,
    joined,
    required,
    share_exceeds,
    turned,
)
from mlpstudy.claims.samples import Figures, Samples
from mlpstudy.config.claims import QUANTIFIERS, Claim

AN_EPOCH = 1.0  # mean differences of epochs below this are negligible


@dataclass(frozen=True)
class Context:
    """What a claim is judged by: the runs, the condition, and the study's thresholds.

    `margin` is the difference of mean accuracies below which models are equivalent, `classes` the
    accuracies from which a model is medium and superior; all are fractions.
    """

    samples: Samples
    condition: str
    margin: float
    classes: dict[str, float]

    def threshold(self, claim: Claim) -> float:
        """Return the accuracy that the claim gives as a number or as a class."""
        given = claim.threshold
        return self.classes[given] if isinstance(given, str) else given

    def side(self, condition: str, model: str, figures: Figures) -> Side:
        """Return one model's figures as a side."""
        failures = int(self.samples.failed(condition, model).sum())
        return Side(figures, failures, ((condition, model),))

    def group(self, condition: str, models: Sequence[str], of: str) -> Side:
        """Return one figure per replicate of several models as a side."""
        failures = sum(int(self.samples.failed(condition, model).sum()) for model in models)
        cells = tuple((condition, model) for model in models)
        return Side(self.samples.group(condition, models, of), failures, cells)


Parts = tuple[list[Part], int]  # and how many of them have to hold
OfModel = Callable[[str, str], Figures]  # from condition and model
Compare = Callable[[Side, Side], Part]


def parts_of(claim: Claim, context: Context) -> Parts:
    """Return the parts that make up the claim, and how many of them have to hold."""
    return FORMS[claim.form](claim, context)


def _compared(claim: Claim, context: Context, figures: OfModel, compare: Compare) -> Parts:
    """Return the parts of a claim that sets `models` against `than`.

    If `of` is each, most or any, there is one part per model. `than` is then one model, or several
    with which each model is compared; if only `than` has several, there is one part for each of
    these. A model is compared with itself if `against` names another condition.
    """

    def side(condition: str, model: str) -> Side:
        return context.side(condition, model, figures(condition, model))

    here, there = context.condition, claim.against or context.condition
    models, others = claim.sides
    if claim.of not in QUANTIFIERS:
        of = claim.of or "mean"
        ours, theirs = context.group(here, models, of), context.group(there, others, of)
        return [compare(ours, theirs)], 1
    if models == others:
        parts = [compare(side(here, model), side(there, model)) for model in models]
    elif len(models) == 1:
        parts = [compare(side(here, models[0]), side(there, other)) for other in others]
    else:
        parts = [
            joined([compare(side(here, model), side(there, other)) for other in others],
                   len(others))
            for model in models
        ]  # fmt: skip
    return parts, required(claim.of, len(parts))


def _higher(claim: Claim, context: Context) -> Parts:
    margin = 0.0 if claim.by else context.margin
    return _compared(
        claim, context, context.samples.values,
        lambda one, two: exceeds(one, two, claim.by, margin),
    )  # fmt: skip


def _equivalent(claim: Claim, context: Context) -> Parts:
    margin = context.margin if claim.margin is None else claim.margin
    return _compared(
        claim, context, context.samples.values, lambda one, two: alike(one, two, margin)
    )


def _differ(claim: Claim, context: Context) -> Parts:
    parts, number = _equivalent(claim, context)
    return [turned(part) for part in parts], number


def _ordered(claim: Claim, context: Context) -> Parts:
    """Return the parts of a claim about `groups`: one exceeds another by the form's order."""
    groups = [context.group(context.condition, group, claim.of or "mean") for group in claim.groups]
    first, *others = groups
    pairs = pairwise(groups) if claim.form == "rank_order" else ((first, one) for one in others)
    parts = [exceeds(upper, lower, 0.0, context.margin) for upper, lower in pairs]
    return parts, len(parts)


def _varies_more(claim: Claim, context: Context) -> Parts:
    """Compare the distances of the runs from their median (Brown and Forsythe 1974)."""
    return _compared(
        _by_model(claim), context, context.samples.deviations,
        lambda one, two: exceeds(one, two, 0.0, context.margin, SPREAD),
    )  # fmt: skip


def _sooner(claim: Claim, context: Context) -> Parts:
    threshold = context.threshold(claim)

    def epochs(condition: str, model: str) -> Figures:
        return context.samples.epochs_to(condition, model, claim.quantity, threshold)

    def compare(one: Side, two: Side) -> Part:
        # The effect is the number of epochs by which `models` are sooner. A failed run is no
        # obstacle to equivalence: one that never reaches the threshold is.
        sooner, later = (replace(side, failures=0) for side in (one, two))
        return exceeds(later, sooner, 0.0, AN_EPOCH, EPOCHS)

    return _compared(_by_model(claim), context, epochs, compare)


def _fails_more(claim: Claim, context: Context) -> Parts:
    return _compared(_by_model(claim), context, context.samples.failed, fails_more)


def _shares(claim: Claim, context: Context) -> Parts:
    threshold = context.threshold(claim)

    def flags(model: str) -> Figures:
        values = context.samples.values(context.condition, model, claim.quantity)
        failed = context.samples.failed(context.condition, model)
        asked = {"all": failed | True, "failed": failed, "learned": ~failed}[claim.runs]
        above = values >= threshold
        # A run without an accuracy counts as below every threshold.
        return (above if claim.form == "share_above" else ~above)[asked]

    return _of_runs(claim, context, flags)


def _curve(claim: Claim, context: Context) -> Parts:
    def flags(model: str) -> Figures:
        taken = [
            {
                replicate: takes(curve, course, claim.last)
                for replicate, curve in context.samples.curves(
                    context.condition, model, quantity
                ).items()
            }
            for quantity, course in claim.curves.items()
        ]
        return pd.DataFrame(taken).all()

    return _of_runs(claim, context, flags)


def _of_runs(claim: Claim, context: Context, flags: Callable[[str], Figures]) -> Parts:
    """Return one part per model: more than a share of its runs have a property."""
    parts = [
        share_exceeds(context.side(context.condition, model, flags(model)), claim.more_than)
        for model in claim.models
    ]
    return parts, required(claim.of or "each", len(parts))


def _by_model(claim: Claim) -> Claim:
    """Return the claim with the model as its unit, each of them unless it says otherwise."""
    return claim if claim.of in QUANTIFIERS else claim.replaced(of="each")


FORMS: dict[str, Callable[[Claim, Context], Parts]] = {
    "higher": _higher,
    "differ": _differ,
    "equivalent": _equivalent,
    "best": _ordered,
    "rank_order": _ordered,
    "varies_more": _varies_more,
    "sooner": _sooner,
    "fails_more": _fails_more,
    "share_above": _shares,
    "share_below": _shares,
    "curve": _curve,
}
