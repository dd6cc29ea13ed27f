"""The cause and the sensitivities for the page, as far as the study has their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.report.views.cause_tables import load_causes
from mlpstudy.report.views.causes import cause_context

TABULATED = ("causes", "architectures", "sensitivity")
NOTHING: dict[str, Any] = {
    "squares": [], "square_table": None, "cause_findings": [], "saturation_table": None,
    "likeliest_table": None, "condition_table": None, "sensitivity_tables": [],
    "architecture_table": None,
}  # fmt: skip


def cause_parts(results: Results, tables: Path) -> dict[str, Any]:
    """Return what cause_context does; without the tables nothing under the same names."""
    if not all((tables / f"{name}.csv").is_file() for name in TABULATED):
        return NOTHING
    return cause_context(load_causes(results.study, tables))
