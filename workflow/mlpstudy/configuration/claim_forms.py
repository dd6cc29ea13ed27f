"""The vocabulary of claims: each form, the keys that it needs and the keys that it may have."""

from __future__ import annotations

from dataclasses import dataclass

# Every claim may have these, whatever its form.
COMMON = ("statement", "form", "quote", "section", "place", "also")


@dataclass(frozen=True)
class Form:
    """Keys of one form beside COMMON, and the quantity that its threshold is of by default."""

    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()
    quantity: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that a claim of this form can have."""
        return (*COMMON, *self.needs, *self.takes)


_JUDGED = ("conditions", "denied")
_TWO_SIDES = ("models", "than")
_AGAINST = ("against", *_JUDGED)
_SHARE = Form(
    ("models", "threshold"), ("more_than", "of", "quantity", "runs", *_JUDGED), "test_accuracy"
)

# What one figure per replicate of several models can be, and how many of several models have to
# show what a claim says, where the model is the unit.
CENTRES = ("mean", "median", "best")
QUANTIFIERS = ("each", "most", "any")
_CENTRED = ("higher", "differ", "equivalent", "best", "rank_order")
_GROUPED = ("best", "rank_order")


def values_of(form: str) -> tuple[str, ...]:
    """Return the values of the key `of` that a form takes, its default first."""
    if form in _GROUPED:
        return CENTRES
    return (*CENTRES, *QUANTIFIERS) if form in _CENTRED else QUANTIFIERS


FORMS = {
    "higher": Form(_TWO_SIDES, ("by", "of", *_AGAINST)),
    "differ": Form(_TWO_SIDES, ("margin", "of", *_AGAINST)),
    "equivalent": Form(_TWO_SIDES, ("margin", "of", *_AGAINST)),
    "best": Form(("groups",), ("of", *_JUDGED)),
    "rank_order": Form(("groups",), ("of", *_JUDGED)),
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
