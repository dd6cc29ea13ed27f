"""contrasts.csv for readers: pairs of compared models, and all effects of one setting."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from mlpstudy.analysis.contrasts import contrast_id
from mlpstudy.analysis.results import Results
from mlpstudy.formats import NONE, missing, points
from mlpstudy.report.layout import Cell
from mlpstudy.report.sources import numbered

# The fields that the questions of the study are about come first, then all others as they are.
FIELDS = ("pixels", "kl", "batch_norm", "dropout", "batch_size", "optimizer", "leaky_slope")
LAST = ("activation", "nodes")

Row = Mapping[Hashable, Any]


def contrasts_by_id(results: Results) -> dict[Hashable, Row]:
    """Return the rows of contrasts.csv by their ids."""
    return {row["contrast"]: row for row in results.table("contrasts").to_dict("records")}


def contrast(by_id: Mapping[Hashable, Row], condition: str, first: str, second: str) -> Row | None:
    """Return what `effect_cells` shows of two models under a condition, second minus first.

    `by_id` is what `contrasts_by_id` returned. None if there is no such contrast.
    """
    one, two = (condition, first), (condition, second)
    row, turned = by_id.get(contrast_id(one, two)), by_id.get(contrast_id(two, one))
    if row is not None or turned is None:
        return row
    return {
        **turned,
        "shift": 0.0 - turned["shift"],
        "shift_low": 0.0 - turned["shift_high"],
        "shift_high": 0.0 - turned["shift_low"],
        "reported_difference": 0.0 - turned["reported_difference"],
    }


def effect_cells(row: Row | None) -> list[Cell | str]:
    """Return the difference of a contrast and its interval, with the contrast's id."""
    if row is None or missing(row["shift"]):
        return [NONE, NONE]
    low, high = row["shift_low"], row["shift_high"]
    bounded: bool = pd.notna(low) and abs(low) <= 1 and abs(high) <= 1
    return [
        Cell(points(row["shift"], 1), contrast=str(row["contrast"])),
        f"{points(low, 1)} to {points(high, 1)}" if bounded else NONE,
    ]


def effects_by_setting(results: Results) -> dict[str, list[dict[Any, Any]]]:
    """Return, by field, the contrasts of every two cells of the study that differ in it alone."""
    frame = results.table("contrasts")
    fields = frame["fields"].fillna("")
    alone = frame[(fields != "") & ~fields.str.contains(";")]
    frames = {str(field): rows for field, rows in alone.groupby("fields", sort=False)}
    order = [field for field in FIELDS if field in frames]
    order += [field for field in frames if field not in (*FIELDS, *LAST)]
    order += [field for field in LAST if field in frames]
    return {field: numbered(frames[field], "contrasts.csv") for field in order}


def step(first: str, second: str) -> str:
    """Return what changes as `first → second`, and what does not once."""
    return first if first == second else f"{first} \N{RIGHTWARDS ARROW} {second}"


def parsed(value: str) -> Any:
    """Return true and false as what they are, which have words of their own."""
    return {"true": True, "false": False}.get(value, value)
