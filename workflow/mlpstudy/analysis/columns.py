"""The type of a table's schema, through which its rows become a frame and its CSV is read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from mlpstudy.errors import StudyError

# name: text, an empty cell is an empty text. text: an empty cell is missing.
# count: integers, as floats in a column with missing cells. number: floats. flag: True or False.
Kind = Literal["name", "text", "count", "number", "flag"]


@dataclass(frozen=True)
class Table:
    """The schema of one table.

    A table may have further columns, whose dtypes pandas infers: history.csv has one per layer.

    Attributes:
        name: of its CSV, without the suffix.
        columns: what each column holds, in the order of the file.
    """

    name: str
    columns: dict[str, Kind]

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.columns)

    def frame(self, rows: Iterable[Mapping[Any, Any]]) -> pd.DataFrame:
        """Return `rows` as a table; a cell that a row does not give is missing."""
        frame = pd.DataFrame(list(rows), columns=self.names)
        incomplete = frame.columns[frame.isna().any()]
        counts = [column for column in incomplete if self.columns[column] == "count"]
        return frame.astype(dict.fromkeys(counts, "Int64"))

    def read(self, folder: Path) -> pd.DataFrame:
        """Read the table in `folder`.

        Raises:
            StudyError: the file is missing, is not a table, or lacks a column.
        """
        return self.read_file(folder / f"{self.name}.csv")

    def read_file(self, path: Path) -> pd.DataFrame:
        """Read the CSV in `path`; see `read`."""
        try:
            frame = self._parsed(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise StudyError(f"{path}: missing; the step that makes it has not run") from error
        except (OSError, ValueError) as error:
            raise StudyError(f"{path}: expected a table (CSV): {error}") from error
        missing = [column for column in self.columns if column not in frame]
        if missing:
            raise StudyError(f"{path}: column {missing[0]} is missing")
        return frame

    def _parsed(self, text: str) -> pd.DataFrame:
        """Parse a CSV; ValueError if it is not one, or if a number is not a number.

        Training jobs write `nan` for a loss that diverged, and nothing for one that nobody
        measured. In a column of text it is a text: a model may be called nan, and a fold 2.
        """
        kinds = {name: self.columns.get(name) for name in next(csv.reader(StringIO(text)), [])}
        dtypes = {"name": "str", "text": "str", "number": "float64"}
        missing = {"name": [], "text": [""]}
        return pd.read_csv(
            StringIO(text),
            dtype={name: dtypes[kind] for name, kind in kinds.items() if kind in dtypes},
            keep_default_na=False,
            na_values={name: missing.get(kind or "", ["", "nan"]) for name, kind in kinds.items()},
        )


def table(name: str, columns: str) -> Table:
    """Return a table whose columns are written `column:kind`; without a kind it is a number."""
    parts = [column.partition(":") for column in columns.split()]
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    return Table(name, {column: kinds[kind or "number"] for column, _, kind in parts})
