"""Reading checks.yaml: its shape, and every expression and placeholder before any is evaluated."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field, StringConstraints

from mlpstudy.analysis.reported import QUANTITIES
from mlpstudy.audit.expressions import expect_known, placeholders, vocabulary
from mlpstudy.audit.printed import Report
from mlpstudy.config.problems import validated
from mlpstudy.config.types import Strict, wanted
from mlpstudy.config.yamlfiles import read_yaml
from mlpstudy.errors import StudyError

CHECKS = Path(__file__).with_name("checks.yaml")

Weight = Literal["serious", "minor"]
WEIGHTS: tuple[str, ...] = get_args(Weight)
Kind = Literal["printed_twice", "arithmetic", "own_text", "coincidence", "replicates"]
KINDS: tuple[str, ...] = get_args(Kind)  # in the order of the table

Expression = Annotated[str | int | float, wanted("an expression")]
Sentence = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), wanted("a sentence")
]


class Rule(Strict):
    """The texts of the findings of one rule, which computes the numbers itself."""

    weight: Weight
    kind: Kind
    finding: Sentence
    matters: Sentence


class Check(Strict):
    """One entry under `serious` or `minor`; docs/audit.md describes the keys.

    After loading, `numbers` begins with the shared numbers that the check uses.
    """

    weight: Weight | None = None
    kind: Kind = "own_text"
    models: list[str] = Field(default_factory=list)
    says: dict[str, str] = Field(default_factory=dict)
    numbers: dict[str, Expression] = Field(default_factory=dict)
    when: Expression = "True"
    places: list[str] = Field(default_factory=list)
    finding: Sentence
    matters: Sentence


class _File(Strict):
    shared: dict[str, Expression]
    serious: dict[str, Check]
    minor: dict[str, Check]
    rules: dict[str, Rule]


class Checks(NamedTuple):
    """The checks, and the texts of the rules' findings."""

    path: Path
    checks: dict[str, Check]
    rules: dict[str, Rule]


def load_checks(path: Path = CHECKS) -> Checks:
    """Read checks.yaml.

    Raises:
        StudyError: the file is not what it should be; names the check, the key and what is wrong.
    """
    file = validated(_File, read_yaml(path), lambda _: str(path))
    known = {*vocabulary(Report((), {})), "quoted"}
    checks: dict[str, Check] = {}
    for weight, entries in (("serious", file.serious), ("minor", file.minor)):
        for name, entry in entries.items():
            if name in checks:
                raise StudyError(f"{path}: {weight}.{name}: serious has a check of this name too")
            text = entry.model_dump_json()
            used = {n: code for n, code in file.shared.items() if re.search(rf"\b{n}\b", text)}
            update = {"weight": entry.weight or weight, "numbers": {**used, **entry.numbers}}
            checks[name] = entry.model_copy(update=update)
            _expect_valid(f"{path}: {weight}.{name}", checks[name], known)
    return Checks(path, checks, file.rules)


def _expect_valid(where: str, check: Check, known: Collection[str]) -> None:
    """Raise StudyError for a place, an expression or a placeholder that cannot be used."""
    for place in check.places:
        if place.partition(".")[2].removesuffix("*") not in QUANTITIES:
            raise StudyError(f"{where}.places: expected model.quantity, got {place!r}")
    names = set(known)
    for name, expression in check.numbers.items():
        with locating(f"{where}.numbers.{name}"):
            expect_known(expression, names)
        names.add(name)
    with locating(f"{where}.when"):
        expect_known(check.when, names)
    for key, sentence in (("finding", check.finding), ("matters", check.matters)):
        with locating(f"{where}.{key}"):
            for expression in placeholders(sentence):
                expect_known(expression, names)


@contextmanager
def locating(where: str) -> Iterator[None]:
    """Turn a ValueError in the block into a StudyError that says where in the file it is."""
    try:
        yield
    except ValueError as error:
        raise StudyError(f"{where}: {error}") from error
