"""The cause, effects and sensitivities for the page, as far as the study has their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.evidence.tables import read_table
from mlpstudy.report.evidence import Evidence
from mlpstudy.report.views.cause_tables import SATURATION, CauseTables
from mlpstudy.report.views.causes import cause_context

TABULATED = ("causes", "effects", "architectures", "sensitivity")
NOTHING: dict[str, Any] = {
    "squares": [], "square_table": None, "cause_findings": [], "saturation_table": None,
    "effect_tables": [], "likeliest_table": None, "sensitivity_tables": [],
    "architecture_table": None, "architecture_findings": [],
}  # fmt: skip


def cause_parts(evidence: Evidence, tables: Path) -> dict[str, Any]:
    """Return what cause_context does; without the tables nothing under the same names."""
    if not all((tables / f"{name}.csv").is_file() for name in TABULATED):
        return NOTHING
    tabulated = [read_table(tables / f"{name}.csv") for name in TABULATED]
    return cause_context(CauseTables(evidence.study, *tabulated, *_saturation(tables)))


def _saturation(tables: Path) -> list[pd.DataFrame]:
    """Read the tables of the untrained networks; where they are not there they are empty."""
    return [
        read_table(path, columns)
        if (path := tables / f"{name}.csv").is_file()
        else pd.DataFrame(columns=columns)
        for name, columns in SATURATION.items()
    ]
