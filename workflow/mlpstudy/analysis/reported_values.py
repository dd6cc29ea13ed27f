"""The report's printed values, looked up by where they stand, by model and by quantity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from mlpstudy.analysis.reported import read_values

# Where to look, in this order. The grouped tables repeat some of what the lists above them say.
PLACES = {
    "details": ("1 details",),
    "group": ("3 grouped table", "3 grouped list"),
    "final": ("4 final table",),
}


class Value(NamedTuple):
    """One printed value: as a number (accuracies as fractions, seconds) and in our words."""

    number: float
    text: str
    decimals: int
    approximate: bool


NOTHING = Value(math.nan, "", 0, False)


@dataclass(frozen=True)
class Reported:
    """Every printed value by (section, model, quantity); what is not printed is NaN or empty."""

    values: dict[tuple[str, str, str], Value]

    def value(self, place: str, model: str, quantity: str) -> Value:
        """Return the first value of `quantity` that `place`, one of PLACES, has for `model`."""
        found = (self.values.get((section, model, quantity)) for section in PLACES[place])
        return next((value for value in found if value is not None), NOTHING)

    def number(self, place: str, model: str, quantity: str) -> float:
        """Return `value` as a number, NaN where the report has none."""
        return self.value(place, model, quantity).number

    def text(self, place: str, model: str, quantity: str) -> str:
        """Return `value` as a text, empty where the report has none."""
        return self.value(place, model, quantity).text


def load_reported(path: Path) -> Reported:
    """Read values.csv; a study without a report may have none.

    Raises:
        StudyError: the file does not hold what its columns allow.
    """
    values: dict[tuple[str, str, str], Value] = {}
    for row in read_values(path).to_dict("records"):
        if row["printed"] == "":
            continue
        decimals = 0 if pd.isna(row["decimals"]) else int(row["decimals"])
        value = Value(float(row["number"]), row["value"], decimals, bool(row["approximate"]))
        values.setdefault((row["section"], row["model"], row["quantity"]), value)
    return Reported(values)
