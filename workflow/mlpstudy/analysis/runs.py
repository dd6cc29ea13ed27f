"""The runs of a study: what its jobs wrote, in one table each, checked against the plan."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mlpstudy.analysis.conditions import Cell
from mlpstudy.analysis.schemas import HISTORY, JOB_TIMINGS, RUNS
from mlpstudy.config.study import Job, Study
from mlpstudy.errors import StudyError
from mlpstudy.machine import recorded_machine

RUN_KEYS = ["condition", "model", "fold", "replicate"]
JOB_FILES = {"metrics": RUNS, "timings": JOB_TIMINGS, "history": HISTORY}


def collect(study: Study, name: str) -> pd.DataFrame:
    """Return the rows of one of JOB_FILES of all jobs.

    The rows are in the order of the study, then of fold, replicate and epoch. Those of `timings`
    have the columns of machine.json too.

    Raises:
        StudyError: a job's file is missing, is not a table, lacks a column or a replicate.
    """
    if not study.jobs:
        raise StudyError("study.json: names no job, so there is nothing to tabulate")
    frame = pd.concat([_rows_of(job, name) for job in study.jobs], ignore_index=True)
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


def _rows_of(job: Job, name: str) -> pd.DataFrame:
    """Read a job's file; StudyError if it does not hold the runs of the job and no others."""
    path = job.folder / f"{name}.csv"
    frame = JOB_FILES[name].read_file(path)
    run = (job.condition, job.model, job.fold)
    if set(frame[RUN_KEYS[:3]].itertuples(index=False, name=None)) != {run}:
        named = f"{job.condition}, {job.model}, fold {job.fold}"
        raise StudyError(f"{path}: expected rows of {named}")
    if set(frame["replicate"]) != set(range(job.first, job.last + 1)):
        raise StudyError(f"{path}: expected replicates {job.first} to {job.last}")
    return frame.assign(**recorded_machine(job.folder)) if name == "timings" else frame


def check_planned(study: Study, frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return `frame`, which was read from `path`.

    Raises:
        StudyError: it has other runs than `study` plans.
    """
    planned = {
        (job.condition, job.model, job.fold, replicate)
        for job in study.jobs
        for replicate in range(job.first, job.last + 1)
    }
    found = set(frame[RUN_KEYS].drop_duplicates().itertuples(index=False, name=None))
    if found != planned:
        raise StudyError(
            f"{path}: expected the runs in study.json: {len(found - planned)} are unexpected, "
            f"{len(planned - found)} are missing"
        )
    return frame


def replicates(runs: pd.DataFrame, timings: pd.DataFrame) -> pd.DataFrame:
    """Return one row per condition, model and replicate, in the order of `runs`.

    Accuracies and losses are means over folds, missing where a fold's is missing; `seconds` is the
    sum over folds.
    """
    keys = ["condition", "model", "replicate"]
    means = ["test_accuracy", "test_loss", "train_accuracy", "train_loss"]
    frame = runs.groupby(keys, sort=False)[means].mean(skipna=False)
    seconds = timings.groupby(keys, sort=False)["seconds"].sum(min_count=1)
    return frame.join(seconds).reset_index()


def by_cell(frame: pd.DataFrame) -> dict[Cell, pd.DataFrame]:
    """Return the rows of every condition and model."""
    cells = frame.groupby(["condition", "model"], sort=False)
    return {(str(condition), str(model)): rows for (condition, model), rows in cells}


def accuracies_by_cell(values: pd.DataFrame) -> dict[Cell, pd.Series[float]]:
    """Return the test accuracies of every condition and model, indexed by replicate.

    Args:
        values: what `replicates` returned.
    """
    cells = by_cell(values.set_index("replicate"))
    return {cell: rows["test_accuracy"] for cell, rows in cells.items()}


def _ranks(names: Iterable[str]) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(names)}


def _fold_number(fold: str) -> int:
    """Return the number of a numbered fold, so that 10 comes after 9; 0 for `all` and `holdout`."""
    return int(fold) if fold.isdecimal() else 0
