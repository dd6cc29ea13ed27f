"""The report as the audit reads it: every printed value, looked up by model, quantity and place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from mlpstudy.evidence.reported import DETAILS, FINAL

# What section 1 may say of how a model is made, and what its silence means. That no optimizer is
# named does not say which it was.
SETTINGS = {
    "nodes": "", "activation": "", "loss_function": "", "optimizer": "not named",
    "validation": "", "epochs": "", "batched": "false", "dropout": "false",
    "batch_normalization": "false",
}  # fmt: skip


class Printed(NamedTuple):
    """One value at one place; fields as in values.csv and `read_values`."""

    id: str
    model: str
    section: str
    place: str
    quantity: str
    printed: str
    value: str
    decimals: int
    unit: str
    approximate: bool
    number: float
    resolution: float
    note: str

    @property
    def shown(self) -> str:
        """The characters as printed; what is blank in the report is named so."""
        return self.printed or "(blank)"


class Sentence(NamedTuple):
    """One row of statements.csv."""

    id: str
    section: str
    place: str
    models: tuple[str, ...]
    quote: str

    @property
    def shown(self) -> tuple[str, str]:
        """Place and quote, as a finding shows them."""
        return (
            self.place,
            f"\N{LEFT DOUBLE QUOTATION MARK}{self.quote}\N{RIGHT DOUBLE QUOTATION MARK}",
        )


@dataclass(frozen=True)
class Report:
    """All printed values and sentences, in the report's order."""

    values: tuple[Printed, ...]
    sentences: dict[str, Sentence]

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models that section 1 describes or another section gives a value of."""
        return tuple(dict.fromkeys(value.model for value in self.values if value.model))

    @cached_property
    def _details(self) -> dict[tuple[str, str], Printed]:
        details: dict[tuple[str, str], Printed] = {}
        for section in (DETAILS, FINAL):
            for value in self.values:
                if value.section == section and value.printed:
                    details.setdefault((value.model, value.quantity), value)
        return details

    def find(self, model: str, quantity: str) -> Printed | None:
        """Return a model's headline value: section 1's, else the final table's, else None."""
        return self._details.get((model, quantity))

    def number(self, model: str, quantity: str) -> float:
        """Return `find` as a number, NaN where there is none."""
        value = self.find(model, quantity)
        return float("nan") if value is None else value.number

    def accuracies(self, models: Iterable[str] | None = None) -> dict[str, float]:
        """Return the headline test accuracies, fractions, of those of `models` that have one."""
        chosen = self.models if models is None else models
        found = {model: self.number(model, "test_accuracy") for model in chosen}
        return {model: value for model, value in found.items() if value == value}

    def described(self, models: Iterable[str] | None = None) -> dict[str, float]:
        """Return the accuracies of those whose nodes are printed too: the others are like any."""
        return {m: a for m, a in self.accuracies(models).items() if self.nodes(m)}

    def setting(self, model: str, name: str) -> str:
        """Return one of SETTINGS as section 1 gives it."""
        value = self.find(model, name)
        return SETTINGS.get(name, "") if value is None else value.value

    def differing(self, first: str, second: str) -> list[str]:
        """Return the SETTINGS in which section 1 tells two models apart."""
        return [n for n in SETTINGS if self.setting(first, n) != self.setting(second, n)]

    def nodes(self, model: str) -> tuple[int, ...]:
        """Return a model's nodes, layer by layer with the output; empty where not printed."""
        text = self.setting(model, "nodes")
        return tuple(int(part) for part in text.split("+")) if text else ()

    def of(self, model: str, *quantities: str) -> list[Printed]:
        """Return all values of a model's quantities, in the report's order."""
        return [v for v in self.values if v.model == model and v.quantity in quantities]


def load_report(values: pd.DataFrame, statements: pd.DataFrame) -> Report:
    """Return the report from what `read_values` and `read_statements` give."""
    columns = list(Printed._fields)
    rows = values[columns].assign(decimals=values["decimals"].fillna(0).astype(int))
    sentences = [
        Sentence(
            row["id"], row["section"], row["place"], tuple(row["models"].split()), row["quote"]
        )
        for row in statements.to_dict("records")
    ]
    return Report(
        tuple(Printed(*row) for row in rows.itertuples(index=False, name=None)),
        {sentence.id: sentence for sentence in sentences},
    )
