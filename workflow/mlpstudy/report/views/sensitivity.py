"""Which assumption makes a printed value likely: where it falls among our replicates."""

from __future__ import annotations

from typing import Any

from mlpstudy.formats import (
    DASH,
    NONE,
    loss,
    margin,
    missing,
    p_value,
    percent,
    setting,
    span,
)
from mlpstudy.report.layout import Column, Source, Table
from mlpstudy.report.views.cause_tables import CauseTables
from mlpstudy.report.views.contrasts import parsed
from mlpstudy.report.views.sources import numbered
from mlpstudy.report.views.tables import model_cell

Row = dict[Any, Any]


def sensitivity_tables(tables: CauseTables) -> list[Table]:
    """Return where each printed accuracy, and each printed loss, falls under each condition."""
    found = [
        _sensitivity_table("test_accuracy", "Test accuracy", " in per cent", tables),
        _sensitivity_table("test_loss", "Test loss", "", tables),
    ]
    return [table for table in found if table.rows]


def _sensitivity_table(quantity: str, title: str, unit: str, tables: CauseTables) -> Table:
    table = Table(
        f"{title}{unit}: as printed, and our replicates under each condition. Nearest: how far the "
        "nearest replicate is. p: of a rank as far from the middle and of a distance as wide, were "
        "the printed run one more of ours.",
        [
            Column("Model", False), Column("printed"), Column("Condition", False),
            Column("changes", False), Column("median"), Column("range"), Column("below"),
            Column("nearest"), Column("p of the rank"), Column("p of the distance"),
        ],
        title=title,
    )  # fmt: skip
    frame = tables.sensitivity[tables.sensitivity["quantity"] == quantity]
    order = {model: at for at, model in enumerate(tables.study.models)}
    ranks = frame["model"].map(order)
    for row in numbered(frame.loc[ranks.sort_values(kind="stable").index]):
        table.add(
            model_cell(tables.study, row["model"]),
            _shown(row["reported"], quantity),
            tables.study.condition_label(row["condition"]),
            _changes(row),
            _shown(row["median"], quantity),
            _range(row, quantity),
            f"{row['below']} of {row['n']}",
            _shown(row["gap"], quantity),
            p_value(row["p_position"]),
            p_value(row["p_gap"]),
            sources=[Source("sensitivity.csv", (row["line"],))],
        )
    return table


def condition_table(tables: CauseTables) -> Table:
    """Return for each condition how many printed accuracies its replicates come near to.

    Beside it stands how many of the same values the models' plain conditions come near to.
    """
    near = tables.study.margin
    table = Table(
        "Printed accuracies that lie in the range of the replicates, and those with a replicate "
        f"within {margin(near)}: under the condition, and of the same models under the plain one.",
        [
            Column("Condition", False), Column("printed values"), Column("in range"),
            Column("near"), Column("in range, plain"), Column("near, plain"),
        ],
        title="Printed accuracies by condition",
    )  # fmt: skip
    counts: dict[str, list[list[int]]] = {}
    for rows in _by_printed(tables):
        plain = next(row for row in rows if row["condition"] == row["baseline"])
        for row in rows:
            both = [int(flag) for side in (row, plain) for flag in _fits(side, near)]
            counts.setdefault(row["condition"], []).append(both)
    for condition in tables.study.conditions:
        if condition in counts:
            sums = [str(sum(column)) for column in zip(*counts[condition], strict=True)]
            table.add(tables.study.condition_label(condition), str(len(counts[condition])), sums)
    return table


def _fits(row: Row, near: float) -> tuple[bool, bool]:
    """Tell whether the printed value lies in the range, and whether a replicate is near."""
    return bool(row["inside"]), bool(row["gap"] <= near)


def likeliest_table(tables: CauseTables) -> Table:
    """Return for each printed accuracy the condition whose replicates come nearest to it."""
    table = Table(
        "Test accuracy in per cent: as printed; our range under the plain condition; and the "
        "condition with the replicate nearest to the printed value, the first of equals.",
        [
            Column("Model", False), Column("printed"), Column("plain range"),
            Column("plain nearest"), Column("Nearest of all", False), Column("changes", False),
            Column("range"), Column("nearest"),
        ],
        title="Which assumption makes the printed value likely?",
    )  # fmt: skip
    for rows in _by_printed(tables):
        plain = next(row for row in rows if row["condition"] == row["baseline"])
        best = min(rows, key=lambda row: (row["gap"], row is not plain))
        table.add(
            model_cell(tables.study, plain["model"]),
            percent(plain["reported"]),
            _range(plain, "test_accuracy"),
            percent(plain["gap"]),
            tables.study.condition_label(best["condition"]),
            _changes(best),
            _range(best, "test_accuracy"),
            percent(best["gap"]),
            sources=[
                Source(
                    "sensitivity.csv", tuple(dict.fromkeys(row["line"] for row in (plain, best)))
                )
            ],
        )
    return table


def _by_printed(tables: CauseTables) -> list[list[Row]]:
    """Return the rows of each printed accuracy, by model; those of conditions that have runs."""
    frame = tables.sensitivity
    frame = frame[(frame["quantity"] == "test_accuracy") & (frame["n"] > 0)]
    groups: dict[tuple[str, float], list[Row]] = {}
    for row in numbered(frame):
        groups.setdefault((row["model"], row["reported"]), []).append(row)
    order = list(tables.study.models)
    found = [groups[key] for key in sorted(groups, key=lambda k: (order.index(k[0]), -k[1]))]
    return [rows for rows in found if any(row["condition"] == row["baseline"] for row in rows)]


def _changes(row: Row) -> str:
    if not row["field"]:
        return NONE
    pairs = zip(row["field"].split("; "), row["value"].split("; "), strict=True)
    return ", ".join(setting(name, parsed(value)) for name, value in pairs)


def _shown(value: Any, quantity: str) -> str:
    return percent(value) if quantity == "test_accuracy" else loss(value)


def _range(row: Row, quantity: str) -> str:
    if missing(row["low"]):
        return NONE
    if quantity == "test_accuracy":
        return span(row["low"], row["high"])
    return f"{loss(row['low'])}{DASH}{loss(row['high'])}"
