"""Depth and width on the pages: whether accuracy goes with the size of a model."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from mlpstudy.formats import NONE, missing, p_value, points, span, word
from mlpstudy.report.layout import Column, Source, Table
from mlpstudy.report.views.cause_tables import CauseTables
from mlpstudy.report.views.sources import numbered


def architecture_table(tables: CauseTables) -> Table:
    """Return the rank correlation of size and accuracy, among models alike otherwise."""
    table = Table(
        "Spearman's correlation between size and median test accuracy over models, with its "
        "unadjusted p and the smallest p that so many models can give; the range is that of the "
        "medians in per cent.",
        [
            Column("Condition", False), Column("Models", False), Column("Size", False),
            Column("of"), Column("range"), Column("correlation"), Column("p"),
            Column("smallest p"),
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
            NONE if missing(row["correlation"]) else points(row["correlation"] / 100),
            p_value(row["p"]),
            p_value(row["p_smallest"]),
            sources=[Source("architectures.csv", (row["line"],))],
        )
    return table


def _group_name(row: Mapping[Hashable, Any]) -> str:
    parts = [word(row[name]) for name in ("activation", "loss_function") if row[name]]
    return ", ".join(parts) or "all"
