"""What the user writes in the claims file: claims, comparisons and conclusions, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mlpstudy.config.comparisons import Comparison, ComparisonName, Conclusions
from mlpstudy.config.types import (
    ConditionName,
    Listed,
    ModelName,
    ModelNames,
    Name,
    Strict,
    Text,
    absent,
    initial,
    wanted,
)

# Every claim may have these, whatever its form.
COMMON = ("statement", "form", "quote", "section", "place", "also")

# How one value per replicate summarises several models, and in how many of several models a claim
# has to be shown, where the model is the unit.
CENTRES = ("mean", "median", "best")
QUANTIFIERS = ("each", "most", "any")


@dataclass(frozen=True)
class Form:
    """A form of claims.

    Attributes:
        needs: keys that a claim of this form must have, beside COMMON.
        takes: keys that it may have.
        quantity: what its threshold applies to by default.
        of: the values of the key `of`, the default first.
    """

    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()
    quantity: str = ""
    of: tuple[str, ...] = QUANTIFIERS

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that a claim of this form can have."""
        return (*COMMON, *self.needs, *self.takes)


_JUDGED = ("conditions", "denied")
_TWO_SIDES = ("models", "than")
_AGAINST = ("against", *_JUDGED)
_ANY = (*CENTRES, *QUANTIFIERS)
_SHARE = Form(
    ("models", "threshold"), ("more_than", "of", "quantity", "runs", *_JUDGED), "test_accuracy"
)
FORMS = {
    "higher": Form(_TWO_SIDES, ("by", "of", *_AGAINST), of=_ANY),
    "differ": Form(_TWO_SIDES, ("margin", "of", *_AGAINST), of=_ANY),
    "equivalent": Form(_TWO_SIDES, ("margin", "of", *_AGAINST), of=_ANY),
    "best": Form(("groups",), ("of", *_JUDGED), of=CENTRES),
    "rank_order": Form(("groups",), ("of", *_JUDGED), of=CENTRES),
    "varies_more": Form(_TWO_SIDES, ("of", *_AGAINST)),
    "sooner": Form(
        (*_TWO_SIDES, "threshold"), ("of", "quantity", *_AGAINST), "validation_accuracy"
    ),
    "fails_more": Form(_TWO_SIDES, ("of", *_AGAINST)),
    "share_above": _SHARE,
    "share_below": _SHARE,
    "curve": Form(("models", "curves"), ("last", "more_than", "of", *_JUDGED)),
    "untestable": Form(("reason",), ("models",)),
}

Curve = Literal["train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]
Course = Annotated[
    Literal["rises", "falls", "always_rises", "always_falls", "turns", "choppy", "flat"],
    Field(
        description="The course of a curve. rises, falls: the last epoch against the first. "
        "always_rises, always_falls: at every epoch. turns: it both rises and falls. choppy: it "
        "turns at half of its inner epochs or more. flat: from the second epoch on it moves by "
        "less than 2 % of its mean.",
        examples=["always_falls"],
    ),
]


class ClaimEntry(Strict):
    """One claim as it is written."""

    statement: Text = Field(examples=["Model 10 does better than model 9."])
    """What is tested, in one sentence that says no more and no less."""

    quote: Text = absent("", examples=["This improves the model significantly"])
    """The source's own words, to the letter; left out where the claim is yours."""

    section: Text = absent("", examples=["2 explanation"])
    """The section of the source that contains the quote."""

    place: Text = absent("", examples=["Section 2, Models 8-9-10, paragraph on model 10"])
    """Where exactly the quote is, for a person who has the source."""

    also: Annotated[
        tuple[Annotated[Text, Field(description="A sentence.", examples=["So it is."])], ...],
        Listed("a list of distinct sentences"),
    ] = ()
    """Other sentences of the source that say the same, to the letter."""

    form: Literal[tuple(FORMS)] = Field(examples=["higher"])  # type: ignore[valid-type]
    """What kind of statement it is; each form has its keys and its test."""

    denied: bool = False
    """Whether the claim states the opposite of its form and keys; its verdict is reversed."""

    models: ModelNames = ()
    """The models that the claim is about."""

    than: ModelNames = ()
    """The models that they are compared with; with `against`, by default the same models."""

    groups: Annotated[
        tuple[ModelNames, ...],
        Listed("a list of at least two lists of models", least=2, distinct=False),
    ] = absent((), examples=[[["m11"], ["m12"], ["m14"]]])
    """Lists of models; best says that the first is higher than each other one, rank_order that each
    is higher than the next."""

    of: Literal[_ANY] = absent("", examples=["most"])  # type: ignore[valid-type]
    """What a claim about several models needs. mean, median, best: one value per replicate
    summarises all of them (higher, differ, equivalent, best, rank_order; mean is their default).
    each, most, any: the model is the unit, and the claim holds if it is shown for each, for most or
    for any of them (all forms but best and rank_order; each is the default of the others)."""

    by: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    """The difference of test accuracy, as a fraction, to be exceeded, for higher; a value below 0
    means "not lower by more than"."""

    margin: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The difference of mean test accuracies, as a fraction, below which differ and equivalent
    consider models alike; null for the study's margin."""

    threshold: Annotated[
        Annotated[float, Field(ge=0, le=1)] | Literal["medium", "superior"],
        wanted("a fraction from 0 to 1, or one of medium, superior"),
    ] = absent("", examples=[0.85, "superior"])
    """An accuracy, as a fraction, or the class that begins there."""

    more_than: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """The share of runs to be exceeded, for share_above, share_below and curve."""

    quantity: Literal["test_accuracy", "train_accuracy", "validation_accuracy"] = absent(
        "", examples=["train_accuracy"]
    )
    """The accuracy compared with the threshold, at the last epoch; by default that of the test
    images. sooner looks at every epoch: validation_accuracy (its default) or train_accuracy."""

    runs: Literal["all", "failed", "learned"] = "all"
    """The runs over which a share is computed; those below the Medium threshold have failed."""

    curves: Annotated[
        dict[Curve, Course], Field(min_length=1), wanted("a mapping of curves to courses")
    ] = absent({}, examples=[{"train_loss": "always_falls", "train_accuracy": "always_rises"}])
    """The curves that curve is about, each with its course; a run must show all."""

    last: Annotated[
        Annotated[int, Field(ge=1, le=100_000)] | None,
        wanted("a whole number of at least 1, or null"),
    ] = None
    """How many of the last changes from epoch to epoch to use, for curve; null for all."""

    conditions: Annotated[
        tuple[ConditionName, ...],
        Listed("a list of one or more distinct conditions", least=1),
    ] = absent((), examples=[["as_reported", "corrected"]])
    """The conditions that the claim is judged under; by default every one that trains all of its
    models."""

    against: str = absent("", examples=["no_dropout"])
    """The condition that the models of `than` are taken from; by default the same one. Needs
    `conditions`."""

    reason: Text = absent("", examples=["Time is a property of the machine."])
    """Why the claim is untestable."""


class Claim(ClaimEntry):
    """One claim with its name; what its form has no use for is empty or has its default.

    `conditions` is empty where every condition is judged that trains all of its models.
    """

    name: str

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fill in what follows from the form and from other keys."""
        implied = {"quantity": FORMS[values["form"]].quantity} if "form" in values else {}
        if "against" in values:
            implied["than"] = values.get("models", ())
        return {**{key: value for key, value in implied.items() if value}, **values}

    @property
    def sides(self) -> tuple[tuple[str, ...], ...]:
        """The groups of models that are compared with each other; one where there is no other."""
        return self.groups or tuple(side for side in (self.models, self.than) if side)

    def replaced(self, **values: Any) -> Claim:
        """Return the claim with other values in some of its fields."""
        return self.model_copy(update=values)

    @property
    def named(self) -> tuple[str, ...]:
        """Every model that the claim is about, once, in the order written."""
        return tuple(dict.fromkeys(model for side in self.sides for model in side))

    @property
    def quantities(self) -> tuple[str, ...]:
        """The quantities and curves that the claim is about, where it names any."""
        return (self.quantity, *self.curves)


Claims = tuple[Claim, ...]


def compared_cells(claims: Claims) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Yield each two (condition, model) that claims compare across two conditions."""
    for claim in claims:
        if len(claim.sides) != 2 or not claim.against:
            continue
        for condition in claim.conditions:
            models, others = claim.sides
            same = models == others
            for model in models:
                for other in [model] if same else others:
                    yield (condition, model), (claim.against, other)


class Optional(Strict):
    """What the claims may name although a study may lack it.

    A claim about such a model or condition that is absent is listed as not judged; any other name
    must be known.
    """

    models: Annotated[tuple[ModelName, ...], Listed("a list of distinct model names")] = ()
    """Names of models that a study may lack."""

    conditions: Annotated[tuple[ConditionName, ...], Listed("a list of distinct conditions")] = ()
    """Names of conditions that a study may lack."""


class ClaimsFile(Strict):
    """Models to compare, and claims to judge, each in a form that can be tested.

    docs/verdicts.md has the rule for each form.
    """

    optional: Optional = initial({})
    """The models and conditions that a study may lack."""

    comparisons: dict[ComparisonName, Comparison] = initial({})
    """Models to compare, by the name of the comparison: one section of the pages each. The name
    also appears in tables and in the names of figures."""

    conclusions: Conclusions = initial({})
    """What the source concludes on each topic of the last section."""

    claims: dict[Name, ClaimEntry] = Field(
        examples=[{"wide_wins": {"statement": "Wide wins.", "form": "higher", "models": ["wide"],
                                 "than": ["m01"]}}]
    )  # fmt: skip
    """The claims by name, one mapping each."""

    def listed(self) -> Claims:
        """Return the claims in the order written."""
        return tuple(
            Claim(name=name, **{key: getattr(entry, key) for key in entry.model_fields_set})
            for name, entry in self.claims.items()
        )
