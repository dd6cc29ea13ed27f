"""Where a number of the report comes from: the lines of the tables, and the runs' own folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.analysis.results import Results
from mlpstudy.errors import StudyError
from mlpstudy.report.layout import Source

# Bytes beyond which a table is only linked to, and not also held by the page.
LARGEST = 400_000
# Tables that the page holds a copy of, so that it can show and export their lines.
EMBEDDED = (
    "models.csv", "final_inference.csv", "activation_groups.csv", "contrasts.csv", "claims.csv",
    "audit.csv", "causes.csv", "sensitivity.csv", "saturation.csv", "architectures.csv",
)  # fmt: skip


def lines_of(results: Results, name: str, **values: Any) -> Source:
    """Return the lines of a table, as it is on disk, whose columns have the given values."""
    frame = results.table(name)
    chosen = pd.Series(True, index=frame.index)
    for column, value in values.items():
        chosen &= frame[column].isin(value if isinstance(value, list) else [value])
    return Source(f"{name}.csv", tuple(int(at) + 2 for at in frame.index[chosen]))


def numbered(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the rows of a table with `line`, where each stands in the file it was read from."""
    rows = zip(frame.index, frame.to_dict("records"), strict=True)
    return [{**row, "line": int(at) + 2} for at, row in rows]


def model_lines(results: Results, model: str, conditions: list[str]) -> Source:
    """Return the lines of models.csv with a model under some conditions."""
    return lines_of(results, "models", model=model, condition=conditions)


def timing_lines(results: Results, model: str, conditions: list[str]) -> Source:
    """Return the lines of timings.csv with the runs of a model under some conditions."""
    return lines_of(results, "timings", model=model, condition=conditions)


def embedded(tables: Path) -> Mapping[str, str]:
    """Return the text of the tables of EMBEDDED that exist and are small enough.

    Raises:
        StudyError: a file cannot be read.
    """
    texts: dict[str, str] = {}
    for name in EMBEDDED:
        path = tables / name
        try:
            if path.is_file() and path.stat().st_size <= LARGEST:
                texts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(f"{path}: expected a table (CSV): {error}") from error
    return texts
