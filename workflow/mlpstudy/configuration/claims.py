"""The claims file: what is compared, and what is concluded, each in a form that can be tested.

Claims are no part of the resolved study: one that is edited makes nothing run again but its verdict
and what shows it. What is set side by side is.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpstudy.configuration.claim_forms import FORMS
from mlpstudy.configuration.claim_rules import claim_problems
from mlpstudy.configuration.layers import shown
from mlpstudy.configuration.problems import Location, raise_deepest
from mlpstudy.configuration.schema import Schemas
from mlpstudy.configuration.yamlfiles import read_yaml

_CLAIMS = "claims.schema.yaml"
_FRACTIONS = ("by", "margin", "threshold", "more_than")


@dataclass(frozen=True)
class Claim:
    """One claim, complete; what its form has no use for is empty or has its default.

    `quote`, `section`, `place` and `also` are the source's. `models` are set against `than`, or
    `groups` against each other; `conditions` is empty where every condition is asked that trains
    them. `threshold` is a fraction or the name of a class. claims.schema.yaml has what else each
    key means, docs/verdicts.md what becomes of each form.
    """

    name: str
    statement: str
    form: str
    denied: bool = False
    quote: str = ""
    section: str = ""
    place: str = ""
    also: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    than: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    of: str = ""
    by: float = 0.0
    margin: float | None = None
    threshold: float | str = ""
    more_than: float = 0.5
    quantity: str = ""
    runs: str = "all"
    curves: Mapping[str, str] = dataclasses.field(default_factory=dict)
    last: int | None = None
    conditions: tuple[str, ...] = ()
    against: str = ""
    reason: str = ""

    @property
    def sides(self) -> tuple[tuple[str, ...], ...]:
        """The groups of models that are set against each other; one where there is no other."""
        return self.groups or tuple(side for side in (self.models, self.than) if side)

    def replaced(self, **values: Any) -> Claim:
        """Return the claim with other values in some of its fields."""
        return dataclasses.replace(self, **values)

    @property
    def named(self) -> tuple[str, ...]:
        """Every model that the claim is about, once, in the order written."""
        return tuple(dict.fromkeys(model for side in self.sides for model in side))

    @property
    def quantities(self) -> tuple[str, ...]:
        """The figures and curves that the claim is about, where it names any."""
        return (self.quantity, *self.curves)


Claims = tuple[Claim, ...]


@dataclass(frozen=True)
class ClaimsFile:
    """A whole file: claims in the order written; what is set side by side, as it is written there.

    Each entry of `comparisons` and `conclusions` has every key that has a default in
    comparisons.schema.yaml; a topic of `conclusions` that the file leaves out is not there.
    `written` is the file as it was read.
    """

    claims: Claims = ()
    comparisons: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    conclusions: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    written: Mapping[str, Any] = dataclasses.field(default_factory=lambda: {"claims": {}})


def read_claims(
    path: Path, models: Collection[str], conditions: Collection[str], schemas: Path
) -> ClaimsFile:
    """Read and check the claims file, in the order written.

    Args:
        path: config/claims.yaml, or what stands in its place.
        models: names of the study's models.
        conditions: names of the study's conditions.
        schemas: folder of the JSON Schemas.

    Raises:
        StudyError: one line with the file, the key, and what was expected. A model or condition
            that the study does not have is one, unless the file itself has it as `optional`.
    """
    checker = Schemas(schemas)
    written: dict[str, Any] = read_yaml(path)

    def origin(_: Location) -> str:
        return shown(path)

    raise_deepest(checker.problems(written, _CLAIMS, origin))
    complete = checker.filled(written, {"$ref": _CLAIMS})
    raise_deepest(claim_problems(complete, models, conditions, origin))
    kinds = checker.resolved({"$ref": _CLAIMS})["properties"]
    optional = complete["optional"]["models"]
    # A file about models of which the study has none concludes nothing about it.
    about = not optional or any(model in models for model in optional)
    return ClaimsFile(
        tuple(_claim(*item) for item in checker.entries(complete["claims"], kinds["claims"])),
        dict(checker.entries(complete["comparisons"], kinds["comparisons"])),
        complete["conclusions"] if about else {},
        written,
    )


def document(written: Mapping[str, Any]) -> str:
    """Return claims.json: the claims of a claims file, without comments and its other parts.

    It is a claims file itself, in JSON; the order of keys in a claim makes no difference.
    """
    claims = {name: dict(sorted(claim.items())) for name, claim in written["claims"].items()}
    kept = {"optional": written.get("optional", {}), "claims": claims}
    return json.dumps(kept, indent=1, ensure_ascii=False) + "\n"


def _claim(name: str, entry: Mapping[str, Any]) -> Claim:
    """Return a valid `entry`, defaults filled in, as data; what a form does not use stays empty."""
    form = FORMS[entry["form"]]
    values = {key: _frozen(key, value) for key, value in entry.items() if value is not None}
    values.setdefault("quantity", form.quantity)
    if "against" in values:
        values.setdefault("than", values["models"])
    return Claim(name=name, **values)


def _frozen(key: str, value: Any) -> Any:
    """Give lists as tuples, and one form to what may be written in two, 0 and 0.0."""
    if isinstance(value, list):
        return tuple(_frozen(key, each) for each in value)
    return float(value) if key in _FRACTIONS and not isinstance(value, str) else value
