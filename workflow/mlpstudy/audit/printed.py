"""The transcribed report as objects: its values and statements, looked up by model and quantity."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mlpstudy.analysis.reported import (
    CONCLUSIONS,
    EXPLANATION,
    Printings,
    Value,
    load_values,
    read_statements,
)

# What section 1 may say of how a model is built, and what it means where it says nothing.
SETTINGS = {
    "nodes": "", "activation": "", "loss_function": "", "optimizer": "", "validation": "",
    "epochs": "", "batched": "false", "dropout": "false", "batch_normalization": "false",
}  # fmt: skip


class NotPrintedError(Exception):
    """The report does not print what a check asks for, so the check finds nothing."""


class Statement(NamedTuple):
    """One row of statements.csv."""

    id: str
    section: str
    place: str
    quote: str


class Found(NamedTuple):
    """What a rule found: the numbers for its sentence in checks.yaml, and where they are printed.

    `key` follows the rule's name in the id of the finding. It changes only if the report does.
    """

    rule: str
    key: str
    models: tuple[str, ...]
    values: Sequence[Value]
    numbers: dict[str, Any]


@dataclass(frozen=True)
class Report(Printings):
    """All values and statements in the report's order."""

    statements: dict[str, Statement]

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models of which a value is printed."""
        return tuple(dict.fromkeys(value.model for value in self.values if value.model))

    def number(self, model: str, quantity: str) -> float:
        """Return `find` as a number, accuracies as fractions; NotPrintedError where it is none."""
        value = self.find(model, quantity)
        if value is None or math.isnan(value.number):
            raise NotPrintedError(f"{model}, {quantity}")
        return value.number

    def text(self, model: str, quantity: str) -> str:
        """Return `find` as normalised text; a setting that is not named has that of SETTINGS."""
        value = self.find(model, quantity)
        if value is None and quantity not in SETTINGS:
            raise NotPrintedError(f"{model}, {quantity}")
        return SETTINGS[quantity] if value is None else value.value

    def widths(self, model: str) -> tuple[int, ...]:
        """Return the nodes of each layer, the output's last."""
        if not self.text(model, "nodes"):
            raise NotPrintedError(f"{model}, nodes")
        return tuple(int(part) for part in self.text(model, "nodes").split("+"))

    def differ(self, first: str, second: str) -> tuple[str, ...]:
        """Return the settings that section 1 gives both models, and gives them differently."""
        pairs = {name: (self.text(first, name), self.text(second, name)) for name in SETTINGS}
        return tuple(name for name, (a, b) in pairs.items() if a and b and a != b)

    def blank(self, quantity: str) -> list[str]:
        """Return the models of which a label is printed with nothing behind it."""
        return [v.model for v in self.values if v.quantity == quantity and not v.printed]

    def discussed(self, model: str) -> bool:
        """Return whether section 2 has a value of the model."""
        return any(v.model == model and v.section == EXPLANATION for v in self.values)

    def mentions(self, words: str) -> bool:
        """Return whether a statement of section 2 or 5 has one of `words`, separated by |."""
        spoken = [s for s in self.statements.values() if s.section in (EXPLANATION, CONCLUSIONS)]
        return any(re.search(words, statement.quote, re.IGNORECASE) for statement in spoken)


def load_report(folder: Path) -> Report:
    """Read values.csv and statements.csv; either may be absent.

    Raises:
        StudyError: a file does not hold what its columns allow.
    """
    statements = read_statements(folder / "statements.csv")[list(Statement._fields)]
    said = [Statement(*row) for row in statements.itertuples(index=False, name=None)]
    return Report(load_values(folder / "values.csv"), {row.id: row for row in said})
