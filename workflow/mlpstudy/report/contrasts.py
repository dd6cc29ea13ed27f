"""contrasts.csv for readers: pairs of compared models, and all effects of one setting."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from mlpstudy.analysis.contrasts import contrast_id
from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Comparison
from mlpstudy.formats import NONE, heading, missing, percent, points, word
from mlpstudy.report.layout import Cell, Column, Source, Table
from mlpstudy.report.outcomes import condition_columns
from mlpstudy.report.sources import lines_of, numbered

# The fields that the questions of the study are about come first, then all others as they are.
FIELDS = ("pixels", "kl", "batch_norm", "dropout", "batch_size", "optimizer", "leaky_slope")
LAST = ("activation", "nodes")

ARROW = " \N{RIGHTWARDS ARROW} "
CAPTION = (
    "Median difference between two runs, second minus first, in percentage points, with its 95 % "
    "confidence interval, not corrected for several comparisons."
)

Row = Mapping[Hashable, Any]


def pairs_table(results: Results, comparison: Comparison) -> Table | None:
    """Return the contrasts of a comparison's pairs under the main conditions; None for no pair."""
    frame = results.table("contrasts")
    columns = [Column("Pair", False)]
    columns += [Column("difference", group="report")] if results.has_report else []
    for condition in results.main:
        columns += condition_columns(results, condition, "difference", "interval")
    table = Table(CAPTION, columns)
    by_id = frame.set_index("contrast").to_dict("index")
    for first, second in comparison.pairs:
        if not {first, second} <= set(results.models):
            continue
        found = {c: _of_pair(by_id, c, first, second) for c in results.main}
        ids = [str(row["contrast"]) for row in found.values() if row]
        printed = next((row["reported_difference"] for row in found.values() if row), None)
        table.add(
            ARROW.join(results.study.model_labels([first, second])),
            [points(printed)] if results.has_report else [],
            [cell for row in found.values() for cell in effect_cells(row)],
            sources=[lines_of(results, "contrasts", contrast=ids)],
        )
    return table if table.rows else None


def _of_pair(by_id: Mapping[Any, Any], condition: str, first: str, second: str) -> Row | None:
    """Return the contrast of two models under a condition, second minus first."""
    one, two = (condition, first), (condition, second)
    if (name := contrast_id(one, two)) in by_id:
        return {**by_id[name], "contrast": name}
    name = contrast_id(two, one)
    return turned({**by_id[name], "contrast": name}) if name in by_id else None


def turned(row: Row) -> Row:
    """Return a contrast in the other direction: first minus second."""
    other = dict(row)
    for effect in ("shift", "median_difference", "mean_difference", "failure_difference"):
        other[effect] = 0.0 - row[effect]
        other[f"{effect}_low"] = 0.0 - row[f"{effect}_high"]
        other[f"{effect}_high"] = 0.0 - row[f"{effect}_low"]
    other["reported_difference"] = 0.0 - row["reported_difference"]
    return other


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


def effect_tables(results: Results) -> list[Table]:
    """Return one table per setting: every two cells of the study that differ in it alone."""
    frame = results.table("contrasts")
    fields = frame["fields"].fillna("")
    alone = frame[(fields != "") & ~fields.str.contains(";")]
    frames = {str(field): rows for field, rows in alone.groupby("fields", sort=False)}
    order = [field for field in FIELDS if field in frames]
    order += [field for field in frames if field not in (*FIELDS, *LAST)]
    order += [field for field in LAST if field in frames]
    return [_effect_table(results, field, frames[field]) for field in order]


def effect_table(results: Results, field: str) -> Table | None:
    """Return the table of one setting; None where no two cells differ in it alone."""
    frame = results.table("contrasts")[results.table("contrasts")["fields"] == field]
    return _effect_table(results, field, frame) if len(frame) else None


def _effect_table(results: Results, field: str, frame: pd.DataFrame) -> Table:
    study = results.study
    words = [Column(label, False) for label in ("Models", "Conditions", "Change")]
    labels = ("failed", "median, %", "difference", "interval", "second is higher, %")
    columns = [*words, *(Column(label) for label in labels)]
    table = Table(CAPTION, columns, title=heading(word(field)))

    def step(row: Row, name: str, say: Any) -> str:
        return _step(*(say(row[f"{side}_{name}"]) for side in ("first", "second")))

    for row in numbered(frame):
        failed = (
            f"{row[f'{s}_failures']} of {row[f'{s}_replicates']}" for s in ("first", "second")
        )
        table.add(
            step(row, "model", study.model_label),
            step(row, "condition", study.condition_label),
            step(row, "values", lambda value: word(parsed(value))),
            _step(*failed),
            step(row, "median", lambda value: percent(value, 1)),
            effect_cells(row),
            percent(row["superiority"], 0),
            sources=[Source("contrasts.csv", (row["line"],))],
        )
    return table


def _step(first: str, second: str) -> str:
    """Return what changes as `first → second`, and what does not once."""
    return first if first == second else f"{first}{ARROW}{second}"


def parsed(value: str) -> Any:
    """Return true and false as what they are, which have words of their own."""
    return {"true": True, "false": False}.get(value, value)
