"""One measured figure as a row of docs/intervals.csv."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """What was measured: a table of the page, the case, the method, and the replicates a model."""

    table: str
    case: str
    method: str
    replicates: int


Row = dict[str, object]


def row(key: Key, measure: str, value: float) -> Row:
    """Return the figure, to the digits that the page prints and one more."""
    return {**key._asdict(), "measure": measure, "value": round(value, 4)}
