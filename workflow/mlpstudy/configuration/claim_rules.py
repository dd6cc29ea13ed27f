"""The rules of the claims file that a JSON Schema cannot express: forms' keys, and known names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Any

from mlpstudy.configuration.claim_forms import FORMS, values_of
from mlpstudy.configuration.comparison_rules import comparison_problems
from mlpstudy.configuration.problems import Location, Problem, meant
from mlpstudy.configuration.rules import Origin, case_problems, listed

Entry = Mapping[str, Any]


def claim_problems(
    written: Entry, models: Collection[str], conditions: Collection[str], origin: Origin
) -> Iterator[Problem]:
    """Check a file that its schema allows: every claim, and all that is set side by side.

    Args:
        written: the file, with `optional` filled in.
        models: names of the study's models.
        conditions: names of the study's conditions.
        origin: tells the file of a key.
    """
    optional = written["optional"]
    known_models = list(dict.fromkeys([*models, *optional["models"]]))
    known_conditions = list(dict.fromkeys([*conditions, *optional["conditions"]]))
    for at, text in comparison_problems(written, known_models):
        yield Problem(origin(at), at, text)
    yield from case_problems(written["comparisons"], ("comparisons",), origin)
    yield from case_problems(written["claims"], ("claims",), origin)
    for name, claim in written["claims"].items():
        found = [
            *_key_problems(claim),
            *_name_problems(claim, known_models, known_conditions),
            *_side_problems(claim),
        ]
        for inside, text in found:
            at = ("claims", name, *inside)
            yield Problem(origin(at), at, text)


def _key_problems(claim: Entry) -> Iterator[tuple[Location, str]]:
    """Check that a claim has what its form needs, and nothing that its form does not know."""
    form = FORMS[claim["form"]]
    for key in form.needs:
        stands_in = key == "than" and "against" in claim
        if key not in claim and not stands_in:
            yield (key,), f"missing, expected with form {claim['form']}"
    for key in claim:
        if key not in form.keys:
            own = ", ".join((*form.needs, *form.takes))
            text = f"unknown with form {claim['form']}, which has {own}{meant(key, form.keys)}"
            yield (key,), text
    if "of" in claim and claim["of"] not in values_of(claim["form"]):
        known = ", ".join(values_of(claim["form"]))
        yield ("of",), f"expected {known} with form {claim['form']}, got {claim['of']!r}"
    if claim["form"] == "sooner" and claim.get("quantity") == "test_accuracy":
        text = "expected train_accuracy or validation_accuracy with form sooner, got "
        yield ("quantity",), f"{text}'test_accuracy': test images are looked at once, at the end"
    if "against" in claim and "conditions" not in claim:
        yield ("conditions",), "missing, expected with against"
    if claim.get("against") in claim.get("conditions", ()):
        yield ("against",), f"expected another condition than {claim['against']!r}, which is asked"


def _name_problems(
    claim: Entry, models: list[str], conditions: list[str]
) -> Iterator[tuple[Location, str]]:
    """Check that the study has, or may lack, every model and condition that is named."""
    for at, name in _named(claim, ("models", "than", "groups")):
        if name not in models:
            yield at, f"expected one of {listed(models)}, got {name!r}{meant(name, models)}"
    for at, name in _named(claim, ("conditions", "against")):
        if name not in conditions:
            hint = meant(name, conditions)
            yield at, f"expected one of {listed(conditions)}, got {name!r}{hint}"


def _named(claim: Entry, keys: tuple[str, ...]) -> Iterator[tuple[Location, str]]:
    """Yield each name under `keys`, in lists as deep as they go, with its place."""
    for key in keys:
        waiting: list[tuple[Location, Any]] = [((key,), claim.get(key, []))]
        while waiting:
            at, value = waiting.pop(0)
            if isinstance(value, str):
                yield at, value
            else:
                waiting += [((*at, index), each) for index, each in enumerate(value)]


def _side_problems(claim: Entry) -> Iterator[tuple[Location, str]]:
    """Check that no model is set against itself."""
    if "against" in claim:
        return
    sides = claim.get("groups", [claim.get("models", []), claim.get("than", [])])
    key = "groups" if "groups" in claim else "than"
    for one, other in combinations(sides, 2):
        both = [model for model in one if model in other]
        if both:
            yield (key,), f"expected models that stand on one side only, got {both[0]!r} on two"
            return
