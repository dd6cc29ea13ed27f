"""Where a number of the report comes from: rows of the tables, with their lines in the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
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
    "reproduction.csv",
)  # fmt: skip


class Sources:
    """The tables of a study, by the values in their columns."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._lines: dict[tuple[str, ...], dict[tuple[Any, ...], list[int]]] = {}

    def rows(self, name: str) -> list[dict[Any, Any]]:
        """Return the rows of a table, each with its `source`; none for a table that is missing."""
        if not self._results.has(name):
            return []
        return numbered(self._results.table(name), f"{name}.csv")

    def lines(self, name: str, **values: Any) -> Source:
        """Return the lines of a table whose columns have the given values, or one of a list."""
        found = self._index(name, tuple(values))
        choices = product(*(v if isinstance(v, list) else [v] for v in values.values()))
        return Source(
            f"{name}.csv", tuple(sorted(n for key in choices for n in found.get(key, ())))
        )

    def _index(self, name: str, columns: tuple[str, ...]) -> dict[tuple[Any, ...], list[int]]:
        """Return the lines of a table by the values of some columns, made once."""
        if (name, *columns) not in self._lines:
            frame = self._results.table(name)
            index: dict[tuple[Any, ...], list[int]] = {}
            keys = zip(*(frame[column] for column in columns), strict=True)
            for at, key in zip(frame.index, keys, strict=True):
                index.setdefault(key, []).append(int(at) + 2)
            self._lines[name, *columns] = index
        return self._lines[name, *columns]


def numbered(frame: pd.DataFrame, file: str) -> list[dict[Any, Any]]:
    """Return the rows of a table with `source`: the line of the file that each was read from."""
    rows = zip(frame.index, frame.to_dict("records"), strict=True)
    return [{**row, "source": Source(file, (int(at) + 2,))} for at, row in rows]


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


def by(rows: Iterable[Mapping[Any, Any]], *columns: str) -> dict[Any, Any]:
    """Return rows in nested mappings by the values of some columns, in the order of the rows.

    Of several rows with the same values the first one counts.
    """
    found: dict[Any, Any] = {}
    for row in rows:
        inner = found
        for column in columns[:-1]:
            inner = inner.setdefault(row[column], {})
        inner.setdefault(row[columns[-1]], row)
    return found
