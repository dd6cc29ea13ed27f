"""Whole files or none: everything is written beside its target and renamed when it is complete."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlpstudy.errors import StudyError

if TYPE_CHECKING:  # importing pandas takes longer than a short job's other start
    import pandas as pd


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends without error.

    The temporary name keeps the suffix of `path`, as writers such as `numpy.savez` look at it.
    A block that fails leaves whatever stood at `path` as it was.

    Raises:
        StudyError: the folder cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"{path.parent}: cannot make this folder: {error.strerror}") from error
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with the line ends it has, the same on every system.

    Raises:
        StudyError: the file cannot be written.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(text.encode())
    except OSError as error:
        raise StudyError(f"{path}: cannot be written: {error.strerror}") from error


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` without its index; floats in the shortest form that reads back the same."""
    write_text(path, frame.to_csv(index=False, lineterminator="\n"))


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write `rows` as CSV under the first row's keys; NaN is left empty, as pandas writes it.

    For training jobs, some of which end before pandas would be imported.
    """
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {key: "" if value != value else value for key, value in row.items()} for row in rows
        )
