"""sensitivity.csv as the audit reads it: each printed value with its row of each condition."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

import pandas as pd

COLUMNS = [
    *("condition", "model", "baseline", "field", "value", "quantity", "reported"),
    *("n", "low", "median", "high", "below", "above", "inside", "gap", "p_gap"),
]


# Conditions with other values in these fields have another loss: the printed one is no value of it.
LOSS_FIELDS = {"kl", "loss"}


Row = dict[Hashable, Any]


class Place(NamedTuple):
    """One printed value: its row under the model's own condition, and those under the others."""

    model: str
    name: str
    base: Row
    others: tuple[Row, ...]

    @property
    def within(self) -> list[Row]:
        """The other conditions of whose replicates the value is in the range."""
        return [row for row in self.others if row["inside"]]

    @property
    def rule(self) -> str:
        """What the value is a finding of, if it is one."""
        return "outside_baseline" if self.within else "outside_all"


def places(table: pd.DataFrame) -> Iterator[Place]:
    """Give each printed value with its rows; for losses, those of conditions with the same loss."""
    for (model, name, _), frame in table.groupby(["model", "quantity", "reported"], sort=False):
        # One replicate has no range: every value is outside it.
        rows = [row for row in frame.to_dict("records") if row["n"] > 1]
        base = [row for row in rows if row["condition"] == row["baseline"]]
        others = [
            row
            for row in rows
            if row["condition"] != row["baseline"]
            and (name != "test_loss" or not LOSS_FIELDS & set(str(row["field"]).split("; ")))
        ]
        if base:
            yield Place(str(model), str(name), base[0], tuple(others))
