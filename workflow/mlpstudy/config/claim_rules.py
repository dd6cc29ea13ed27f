"""The rules between keys of the claims file: the keys of each form, and known names."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import combinations
from typing import Any

from mlpstudy.config.claims import FORMS, ClaimEntry, ClaimsFile
from mlpstudy.config.problems import Location, Origin, Problem, meant
from mlpstudy.config.rules import case_problems, unknown

_MODELS = ("models", "than", "groups", "exception", "pair")


def claim_problems(
    file: ClaimsFile, models: Collection[str], conditions: Collection[str], origin: Origin
) -> Iterator[Problem]:
    """Check every claim, comparison and conclusion of a file whose keys are valid by themselves.

    Args:
        file: the claims file.
        models: names of the study's models.
        conditions: names of the study's conditions.
        origin: tells the file of a key.
    """
    known_models = list(dict.fromkeys([*models, *file.optional.models]))
    known_conditions = list(dict.fromkeys([*conditions, *file.optional.conditions]))
    found: list[tuple[Location, str]] = []
    for kind in ("comparisons", "conclusions", "claims"):
        written = file.model_dump(include={kind}, exclude_unset=True).get(kind, {})
        for name, entry in written.items():
            named = [*_named(entry, _MODELS, known_models)]
            named += _named(entry, ("conditions", "against"), known_conditions)
            found += [((kind, name, *at), text) for at, text in named]
    for name, comparison in file.comparisons.items():
        for index, pair in enumerate(comparison.pairs):
            for text in _pair_problems(pair, comparison.pairs[:index], comparison.models):
                found.append((("comparisons", name, "pairs", index), text))
    for name, claim in file.claims.items():
        inside = [*_key_problems(claim), *_side_problems(claim)]
        found += [(("claims", name, *at), text) for at, text in inside]
    yield from (Problem(origin(at), at, text) for at, text in found)
    yield from case_problems(file.comparisons, ("comparisons",), origin)
    yield from case_problems(file.claims, ("claims",), origin)


def _named(
    entry: dict[str, Any], keys: tuple[str, ...], known: list[str]
) -> Iterator[tuple[Location, str]]:
    """Check each name under `keys`, in lists however deep, with its place."""
    for key in keys:
        waiting: list[tuple[Location, Any]] = [((key,), entry.get(key, ()))]
        while waiting:
            at, value = waiting.pop(0)
            if not isinstance(value, str):
                waiting += [((*at, index), each) for index, each in enumerate(value)]
            elif value not in known:
                yield at, unknown(value, known)


def _pair_problems(
    pair: tuple[str, ...], earlier: tuple[tuple[str, ...], ...], models: tuple[str, ...]
) -> Iterator[str]:
    for model in pair:
        if model not in models:
            yield f"expected two of the comparison's models, got {model!r}"
    if pair[::-1] in earlier:
        yield f"expected each pair in one direction, got {' and '.join(pair)} in both"


def _key_problems(claim: ClaimEntry) -> Iterator[tuple[Location, str]]:
    """Check that a claim has what its form needs, and nothing that its form does not know."""
    form, written = FORMS[claim.form], claim.model_fields_set
    for key in form.needs:
        stands_in = key == "than" and claim.against
        if key not in written and not stands_in:
            yield (key,), f"missing, expected with form {claim.form}"
    for key in (each for each in type(claim).model_fields if each in written):
        if key not in form.keys:
            own = ", ".join((*form.needs, *form.takes))
            text = f"unknown with form {claim.form}, which has {own}{meant(key, form.keys)}"
            yield (key,), text
    if claim.of and claim.of not in form.of:
        yield ("of",), f"expected {', '.join(form.of)} with form {claim.form}, got {claim.of!r}"
    if claim.form == "sooner" and claim.quantity == "test_accuracy":
        text = "expected train_accuracy or validation_accuracy with form sooner, got "
        yield ("quantity",), f"{text}'test_accuracy': test images are looked at once, at the end"
    if claim.against and not claim.conditions:
        yield ("conditions",), "missing, expected with against"
    if claim.against in claim.conditions:
        yield ("against",), f"expected another condition than {claim.against!r}, which is asked"


def _side_problems(claim: ClaimEntry) -> Iterator[tuple[Location, str]]:
    """Check that no model is compared with itself."""
    if claim.against:
        return
    key = "groups" if claim.groups else "than"
    for one, other in combinations(claim.groups or (claim.models, claim.than), 2):
        both = [model for model in one if model in other]
        if both:
            yield (key,), f"expected models that stand on one side only, got {both[0]!r} on two"
            return
