"""Where a number on the page comes from: the lines of the tables, and the runs' own folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Job
from mlpstudy.errors import StudyError
from mlpstudy.formats import percent
from mlpstudy.report.by_condition import tone
from mlpstudy.report.layout import Source

# Bytes beyond which a table is only linked to, and not also held by the page.
LARGEST = 400_000


def lines_of(file: str, frame: pd.DataFrame, **values: Any) -> Source:
    """Return the lines of a table, as it stands on disk, whose columns have the given values."""
    chosen = pd.Series(True, index=frame.index)
    for column, value in values.items():
        chosen &= frame[column].isin(value if isinstance(value, list) else [value])
    return Source(file, tuple(int(at) + 2 for at in frame.index[chosen]))


def numbered(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the rows of a table with `line`, where each stands in the file it was read from."""
    rows = zip(frame.index, frame.to_dict("records"), strict=True)
    return [{**row, "line": int(at) + 2} for at, row in rows]


def model_lines(results: Results, model: str, conditions: list[str]) -> Source:
    """Return the lines of models.csv with a model under some conditions."""
    return lines_of("models.csv", results.table("models"), model=model, condition=conditions)


def timing_lines(results: Results, model: str, conditions: list[str]) -> Source:
    """Return the lines of timings.csv with the runs of a model under some conditions."""
    return lines_of("timings.csv", results.table("timings"), model=model, condition=conditions)


def final_lines(results: Results, model: str, conditions: list[str]) -> Source:
    """Return the lines of final_inference.csv with a model under some conditions."""
    return lines_of(
        "final_inference.csv", results.table("final_inference"), model=model, condition=conditions
    )


@dataclass(frozen=True)
class RunFolder:
    """A job's folder: who was trained there, with which accuracies, and its specification."""

    condition: str
    tone: str
    fold: str
    replicates: str
    accuracies: str
    spec: str


def run_folders(results: Results, model: str, page: Path) -> list[RunFolder]:
    """Return a row for every job of a model; `spec` is relative to the folder of the page."""
    return [
        RunFolder(
            condition=results.study.condition_label(job.condition),
            tone=tone(results.study, job.condition),
            fold=job.fold,
            replicates=f"{job.first}\N{EN DASH}{job.last}"
            if job.last > job.first
            else f"{job.first}",
            accuracies=" ".join(_accuracies(results, job)),
            spec=os.path.relpath(job.folder / "spec.json", page).replace(os.sep, "/"),
        )
        for job in results.study.jobs
        if job.model == model
    ]


def _accuracies(results: Results, job: Job) -> list[str]:
    values = results.by_fold.get((job.condition, job.model, job.fold), {})
    return [percent(values.get(n)) for n in range(job.first, job.last + 1)]


def embedded(tables: Path, names: list[str]) -> Mapping[str, str]:
    """Return the text of those tables that are there and small enough to be part of the page.

    Raises:
        StudyError: a file cannot be read.
    """
    texts: dict[str, str] = {}
    for name in names:
        path = tables / name
        try:
            if path.is_file() and path.stat().st_size <= LARGEST:
                texts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(f"{path}: expected a table (CSV): {error}") from error
    return texts
