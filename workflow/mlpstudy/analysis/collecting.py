"""The rows that the study's jobs wrote, in one table, checked against the plan."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.errors import EmptyDataError, ParserError

from mlpstudy.config.study import Job, Study
from mlpstudy.errors import StudyError

KEYS = ["condition", "model", "fold", "replicate"]

# A job's files, and the columns that the tables take from them; more columns are passed through.
COLUMNS = {
    "metrics": [
        *KEYS, "activation", "layers", "parameters", "loss_function", "epochs", "batch_size",
        "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
        "test_loss", "test_accuracy",
    ],
    "timings": [*KEYS, "seconds"],
    "history": [
        *KEYS, "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
        "stuck",
    ],
}  # fmt: skip

TEXTS = (
    "condition", "model", "fold", "report_name", "activation", "loss_function", "nodes", "class",
    "reported_class", "verdict", "true", "predicted", "pixels", "kl", "also", "dead_layers",
    "baseline", "baseline_model", "field", "baseline_value", "value", "quantity", "places",
    "values", "size", "members", "contrast", "first_condition", "first_model",
    "second_condition", "second_model", "fields", "first_values", "second_values", "measure",
)  # fmt: skip
# What claims and findings say: text too, but where a cell is empty there is none.
SAID = (
    "claim", "section", "place", "quote", "statement", "form", "against", "unit", "reason",
    "id", "weight", "kind", "finding", "matters",
)  # fmt: skip
# In the tables with one of these `models` are their names; in the others, how many there are.
NAMING = {"claim", "finding"}


def collect(study: Study, name: str) -> pd.DataFrame:
    """Return the rows of `name`.csv of all jobs, in the study's order, then fold and replicate.

    Raises:
        StudyError: a job's file is missing, is not a table, lacks a column or a replicate.
    """
    if not study.jobs:
        raise StudyError("study.json: names no job, so there is nothing to tabulate")
    paths = [job.folder / f"{name}.csv" for job in study.jobs]
    frame = read_tables(paths, COLUMNS[name])
    _check(study.jobs, paths, frame)
    frame = frame.drop(columns="file")
    order = {
        "condition": frame["condition"].map(_ranks(study.conditions)),
        "model": frame["model"].map(_ranks(study.models)),
        "fold": frame["fold"].map(_fold_number),
        "replicate": frame["replicate"],
    }
    if "epoch" in frame:
        order["epoch"] = frame["epoch"]
    ranks = pd.DataFrame(order).sort_values(list(order), kind="stable")
    return frame.loc[ranks.index].reset_index(drop=True)


def read_runs(study: Study, path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a table of all runs, as `collect` returned it; see `read_table`.

    Raises:
        StudyError: the file is not such a table, or has other runs than `study` plans.
    """
    frame = read_table(path, columns)
    planned = {
        (job.condition, job.model, job.fold, replicate)
        for job in study.jobs
        for replicate in range(job.first, job.last + 1)
    }
    found = set(frame[KEYS].drop_duplicates().itertuples(index=False, name=None))
    if found != planned:
        lacking, others = len(planned - found), len(found - planned)
        raise StudyError(
            f"{path}: expected the runs that study.json plans, "
            f"got {others} others and not {lacking} of them"
        )
    return frame


def _ranks(names: Mapping[str, object]) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(names)}


def _fold_number(fold: str) -> int:
    """Return the number of a numbered fold, so that 10 comes after 9; 0 for `all` and `holdout`."""
    return int(fold) if fold.isdecimal() else 0


def _check(jobs: Sequence[Job], paths: Sequence[Path], frame: pd.DataFrame) -> None:
    """Check that each file holds exactly its job's runs."""
    keys = frame.drop_duplicates(["file", *KEYS])[["file", *KEYS]]
    found: dict[int, set[tuple[object, ...]]] = {number: set() for number in range(len(jobs))}
    for number, *key in keys.itertuples(index=False):
        found[number].add(tuple(key))
    for number, (job, path) in enumerate(zip(jobs, paths, strict=True)):
        run = (job.condition, job.model, job.fold)
        if {key[:3] for key in found[number]} != {run}:
            named = f"{job.condition}, {job.model}, fold {job.fold}"
            raise StudyError(f"{path}: expected rows of {named}")
        if {key[3] for key in found[number]} != set(range(job.first, job.last + 1)):
            raise StudyError(f"{path}: expected replicates {job.first} to {job.last}")


def read_tables(paths: Sequence[Path], columns: list[str]) -> pd.DataFrame:
    """Return the rows of all `paths`, with the number of the path as `file`; see `read_table`.

    Files with the same header are parsed as one text: a study has a thousand small ones, and
    pandas takes longer to begin than to read. Where that does not give a row a line, they are read
    one by one, and the one at fault is named.
    """
    bodies: dict[str, list[tuple[int, str]]] = {}
    try:
        for number, path in enumerate(paths):
            header, _, body = path.read_text(encoding="utf-8").partition("\n")
            bodies.setdefault(header, []).append((number, body))
        frames = [_parse_together(header, parts) for header, parts in bodies.items()]
        complete = all(set(columns) <= set(frame) for frame in frames)
    except (OSError, ValueError, EmptyDataError, ParserError):
        complete = False
    if not complete:
        frames = [read_table(path, columns).assign(file=at) for at, path in enumerate(paths)]
    return pd.concat(frames, ignore_index=True)


def _parse_together(header: str, parts: Sequence[tuple[int, str]]) -> pd.DataFrame:
    """Parse the bodies of files that share a header; ValueError if a line is not a row."""
    lines = [body.count("\n") for _, body in parts]
    frame = _parse(StringIO("\n".join([header, "".join(body for _, body in parts)])))
    if len(frame) != sum(lines) or not isinstance(frame.index, pd.RangeIndex):
        raise ValueError("lines and rows differ in number")
    return frame.assign(file=np.repeat([number for number, _ in parts], lines))


def read_table(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a CSV of the study; an empty cell is an empty text in TEXTS, and missing elsewhere.

    A column of text is that whatever stands in it: a fold 2, a section 2, a claim called nan.

    Raises:
        StudyError: the file is missing, is not a table, or lacks one of `columns`.
    """
    try:
        frame = _parse(path)
    except FileNotFoundError as error:
        raise StudyError(f"{path}: missing; the step that makes it has not run") from error
    except (OSError, UnicodeDecodeError, EmptyDataError, ParserError) as error:
        raise StudyError(f"{path}: expected a table (CSV): {error}") from error
    missing = [column for column in columns or [] if column not in frame]
    if missing:
        raise StudyError(f"{path}: column {missing[0]} is missing")
    return frame


def _parse(source: Path | StringIO) -> pd.DataFrame:
    texts = dict.fromkeys((*TEXTS, *SAID, "models"), str)
    frame = pd.read_csv(source, dtype=texts, keep_default_na=False, na_values=[""])
    present = [column for column in TEXTS if column in frame]
    return _with_numbers(frame).fillna(dict.fromkeys(present, ""))


def _with_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn columns of numbers that are text for a `nan` in them, which a model may be called too.

    Training jobs write `nan` for a loss that diverged, and nothing for one that nobody measured.
    """
    if "models" in frame and NAMING.isdisjoint(frame):
        with contextlib.suppress(ValueError):
            frame["models"] = pd.to_numeric(frame["models"])
    for column in frame.columns.difference([*TEXTS, *SAID, "models"]):
        if frame[column].dtype == "str" and (frame[column] == "nan").any():
            with contextlib.suppress(ValueError):
                frame[column] = [float(value) for value in frame[column]]
    return frame
