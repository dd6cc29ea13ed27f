"""The forms of claims: from a claim and the samples to the parts that it consists of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


OfModel = Callable[[str, str], Side]  # condition, model
Compare = Callable[[Side, Side], Part]


def parts_of(claim: Claim, context: Context) -> tuple[list[Part], int]:
    """Return the parts that make up the claim, and how many of them have to hold."""
    return FORMS[claim.form](claim, context)


def _compared(
    claim: Claim, context: Context, side: OfModel, compare: Compare
) -> tuple[list[Part], int]:
    """Return the parts of a claim that sets `models` against `than`.

    If `of` is each, most or any, there is one part per model. `than` is then one model, or several
    with which each model is compared; if only `than` has several, there is one part for each of
    these. A model is compared with itself if `against` names another condition.
    """
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


def _higher(claim: Claim, context: Context) -> tuple[list[Part], int]:
    def compare(upper: Side, lower: Side) -> Part:
        return exceeds(upper, lower, claim.by, 0.0 if claim.by else context.margin)

    return _compared(claim, context, _accuracy(context), compare)


def _accuracy(context: Context) -> OfModel:
    return lambda condition, model: context.side(
        condition, model, context.samples.values(condition, model)
    )


def _equivalent(claim: Claim, context: Context) -> tuple[list[Part], int]:
    margin = context.margin if claim.margin is None else claim.margin
    return _compared(claim, context, _accuracy(context), lambda one, two: alike(one, two, margin))


def _differ(claim: Claim, context: Context) -> tuple[list[Part], int]:
    parts, number = _equivalent(claim, context)
    return [turned(part) for part in parts], number


def _best(claim: Claim, context: Context) -> tuple[list[Part], int]:
    first, *others = _groups(claim, context)
    parts = [exceeds(first, other, 0.0, context.margin) for other in others]
    return parts, len(parts)


def _rank_order(claim: Claim, context: Context) -> tuple[list[Part], int]:
    parts = [
        exceeds(one, two, 0.0, context.margin) for one, two in pairwise(_groups(claim, context))
    ]
    return parts, len(parts)


def _groups(claim: Claim, context: Context) -> list[Side]:
    return [context.group(context.condition, group, claim.of or "mean") for group in claim.groups]


def _varies_more(claim: Claim, context: Context) -> tuple[list[Part], int]:
    """Compare the distances of the runs from their median (Brown and Forsythe 1974)."""

    def side(condition: str, model: str) -> Side:
        return context.side(condition, model, context.samples.deviations(condition, model))

    return _compared(
        _by_model(claim), context, side,
        lambda one, two: exceeds(one, two, 0.0, context.margin, SPREAD),
    )  # fmt: skip


def _sooner(claim: Claim, context: Context) -> tuple[list[Part], int]:
    threshold = context.threshold(claim)

    def side(condition: str, model: str) -> Side:
        epochs = context.samples.epochs_to(condition, model, claim.quantity, threshold)
        return Side(epochs, 0, ((condition, model),))

    # The effect is the number of epochs by which `models` are sooner.
    return _compared(
        _by_model(claim), context, side,
        lambda one, two: exceeds(two, one, 0.0, AN_EPOCH, EPOCHS),
    )  # fmt: skip


def _fails_more(claim: Claim, context: Context) -> tuple[list[Part], int]:
    def side(condition: str, model: str) -> Side:
        return context.side(condition, model, context.samples.failed(condition, model))

    return _compared(_by_model(claim), context, side, fails_more)


def _share_above(claim: Claim, context: Context) -> tuple[list[Part], int]:
    return _shares(claim, context, lambda values: values >= context.threshold(claim))


def _share_below(claim: Claim, context: Context) -> tuple[list[Part], int]:
    # A run without an accuracy counts as below every threshold.
    return _shares(claim, context, lambda values: ~(values >= context.threshold(claim)))


def _shares(
    claim: Claim, context: Context, holds: Callable[[Figures], Figures]
) -> tuple[list[Part], int]:
    def flags(model: str) -> Figures:
        values = context.samples.values(context.condition, model, claim.quantity)
        failed = context.samples.failed(context.condition, model)
        asked = {"all": failed | True, "failed": failed, "learned": ~failed}[claim.runs]
        return holds(values)[asked]

    return _of_runs(claim, context, flags)


def _curve(claim: Claim, context: Context) -> tuple[list[Part], int]:
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


def _of_runs(
    claim: Claim, context: Context, flags: Callable[[str], Figures]
) -> tuple[list[Part], int]:
    """Return one part per model: more than a share of its runs have a property."""
    parts = [
        share_exceeds(context.side(context.condition, model, flags(model)), claim.more_than)
        for model in claim.models
    ]
    return parts, required(claim.of or "each", len(parts))


def _by_model(claim: Claim) -> Claim:
    """Return the claim with the model as its unit, each of them unless it says otherwise."""
    return claim if claim.of in QUANTIFIERS else claim.replaced(of="each")


FORMS: dict[str, Callable[[Claim, Context], tuple[list[Part], int]]] = {
    "higher": _higher,
    "differ": _differ,
    "equivalent": _equivalent,
    "best": _best,
    "rank_order": _rank_order,
    "varies_more": _varies_more,
    "sooner": _sooner,
    "fails_more": _fails_more,
    "share_above": _share_above,
    "share_below": _share_below,
    "curve": _curve,
}
