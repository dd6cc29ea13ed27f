"""What single hyper-parameters do, all else equal, and what depth and width do."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mlpstudy.report.formats import (
    NONE,
    heading,
    missing,
    p_value,
    percent,
    points,
    span,
    word,
)
from mlpstudy.report.layout import Cell, Column, Finding, Source, Table
from mlpstudy.report.views.cause_tables import CauseTables
from mlpstudy.report.views.sources import numbered

# The fields that the questions of the study are about come first, then all others as they are.
FIELDS = (
    "pixels", "kl", "kl; pixels", "batch_norm", "dropout", "batch_size", "optimizer",
    "leaky_slope",
)  # fmt: skip
LAST = ("activation", "nodes")

Row = dict[Any, Any]


def effect_tables(tables: CauseTables) -> list[Table]:
    """Return a table a field: every two cells of the study that differ in it alone."""
    frames = {str(field): rows for field, rows in tables.effects.groupby("field", sort=False)}
    order = [field for field in FIELDS if field in frames]
    order += [field for field in frames if field not in (*FIELDS, *LAST)]
    order += [field for field in LAST if field in frames]
    return [_effect_table(tables, field, frames[field]) for field in order]


def _effect_table(tables: CauseTables, field: str, frame: pd.DataFrame) -> Table:
    labels = (
        "failed", "p of failures", "median", "difference of means", "interval",
        "second is higher", "p",
    )  # fmt: skip
    table = Table(
        "Test accuracy in per cent; differences in percentage points, second less first, with "
        "95 % intervals; p of failures by Fisher's test, p of the ranks, both by Holm's correction "
        "over the models of one question.",
        [
            *(Column(label, False) for label in ("Models", "Conditions", "Change")),
            *(Column(label) for label in labels),
            Column("verdict", False),
        ],
        title=heading(_title(field)),
    )
    for row in numbered(frame):
        low, high = row["mean_difference_low"], row["mean_difference_high"]
        table.add(
            _step(*tables.study.model_labels([row["baseline_model"], row["model"]])),
            _step(*(tables.study.condition_label(row[name]) for name in ("baseline", "condition"))),
            _step(*(_values(row[name]) for name in ("baseline_value", "value"))),
            _step(
                f"{row['baseline_failures']} of {row['baseline_replicates']}",
                f"{row['failures']} of {row['replicates']}",
            ),
            p_value(row["failure_p_holm"]),
            _step(percent(row["baseline_median"]), percent(row["median"])),
            points(row["mean_difference"]),
            NONE if missing(low) else f"{points(low)} to {points(high)}",
            percent(row["superiority"], 0),
            p_value(row["p_holm"]),
            verdict_cell(row["verdict"]),
            sources=[Source("effects.csv", (row["line"],))],
        )
    return table


def effect_findings(tables: CauseTables) -> list[Finding]:
    """Return a sentence a field and change: how many steps went up or down, and how far.

    Not of activations and nodes, whose steps are comparisons of models.
    """
    frame = tables.effects[~tables.effects["field"].isin(LAST)]
    groups = {
        (str(field), str(before), str(after)): rows
        for (field, before, after), rows in frame.groupby(["field", "baseline_value", "value"])
    }
    order = [*FIELDS, *(field for field in frame["field"].unique() if field not in FIELDS)]
    found = []
    for field, before, after in sorted(groups, key=lambda key: (order.index(key[0]), *key[1:])):
        rows = groups[field, before, after]
        name = heading(_title(field))
        change = _step(_values(before), _values(after))
        found.append(Finding(f"{change}: {_verdicts(rows)}; {_spread(rows)}.", name))
    return found


def _verdicts(rows: pd.DataFrame) -> str:
    """Return how many of the rows have each verdict: higher in 2 of 3, undecided in 1."""
    counts = rows["verdict"].value_counts()
    names = ("higher", "lower", "equivalent", "undecided")
    parts = [f"{name} in {counts[name]}" for name in names if name in counts]
    return ", ".join([f"{parts[0]} of {len(rows)}", *parts[1:]])


def _spread(rows: pd.DataFrame) -> str:
    low, high = (points(rows["mean_difference"].agg(end)) for end in ("min", "max"))
    said = low if low == high else f"{low} to {high}"
    return f"difference of the means {said} points"


def _title(field: str) -> str:
    return " and ".join(word(name) for name in field.split("; "))


def _step(first: str, second: str) -> str:
    """Return what changes as `first → second`, and what does not once."""
    return first if first == second else f"{first} \N{RIGHTWARDS ARROW} {second}"


def _values(text: str) -> str:
    """Return the values of one or more fields in words."""
    return ", ".join(word(parsed(value)) for value in text.split("; "))


def parsed(value: str) -> Any:
    """Return true and false as what they are, which have words of their own."""
    return {"true": True, "false": False}.get(value, value)


def verdict_cell(verdict: Any) -> Cell:
    """Return a verdict as a cell; what is undecided is marked as such."""
    return Cell(word(verdict), "undecided" if verdict == "undecided" else "")


def architecture_table(tables: CauseTables) -> Table:
    """Return whether accuracy goes with layers or parameters, among models alike otherwise."""
    table = Table(
        "Spearman's correlation of size and median test accuracy over models; range is that of the "
        "medians in per cent. Of fewer than five models none can tell (least p).",
        [
            Column("Condition", False), Column("Models", False), Column("Size", False),
            Column("of"), Column("range"), Column("correlation"), Column("p"), Column("least p"),
            Column("verdict", False),
        ],
        title="Depth and width",
    )  # fmt: skip
    for row in numbered(tables.architectures):
        table.add(
            tables.study.condition_label(row["condition"]),
            _group_name(row),
            word(row["size"]),
            str(row["models"]),
            span(row["lowest"], row["highest"]),
            NONE if missing(row["correlation"]) else _signed(row["correlation"]),
            p_value(row["p"]),
            p_value(row["p_smallest"]),
            verdict_cell(row["verdict"]),
            sources=[Source("architectures.csv", (row["line"],))],
        )
    return table


def _signed(value: float) -> str:
    return points(value / 100)


def _group_name(row: Row) -> str:
    parts = [word(row[name]) for name in ("activation", "loss_function") if row[name]]
    return ", ".join(parts) or "all"


def architecture_findings(tables: CauseTables) -> list[Finding]:
    """Return a sentence for each condition and group of models whose accuracy goes with size."""
    frame = tables.architectures
    found = []
    for condition, rows in frame.groupby("condition", sort=False):
        decided = rows[rows["verdict"] != "undecided"]
        parts = [_grows(row) for row in decided.to_dict("records")]
        text = "; ".join(parts) if parts else "no group of models has accuracy going with size"
        found.append(Finding(f"{text}.", heading(tables.study.condition_label(str(condition)))))
    return found


def _grows(row: Row) -> str:
    strength = f"correlation {_signed(row['correlation'])}, p {p_value(row['p_holm'])}"
    group = f"among {row['models']} models ({_group_name(row)})"
    return f"{group} accuracy {row['verdict']} with {word(row['size'])} ({strength})"
