"""The runs of a study: what its jobs wrote, in one table each, checked against the plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from mlpstudy.analysis.schemas import HISTORY, RUNS, TIMINGS
from mlpstudy.config.study import Job, Study
from mlpstudy.errors import StudyError

RUN_KEYS = ["condition", "model", "fold", "replicate"]
JOB_FILES = {"metrics": RUNS, "timings": TIMINGS, "history": HISTORY}


def collect(study: Study, name: str) -> pd.DataFrame:
    """Return the rows of one of JOB_FILES of all jobs.

    The rows are in the order of the study, then of fold, replicate and epoch.

    Raises:
        StudyError: a job's file is missing, is not a table, lacks a column or a replicate.
    """
    if not study.jobs:
        raise StudyError("study.json: names no job, so there is nothing to tabulate")
    paths = [job.folder / f"{name}.csv" for job in study.jobs]
    frame = JOB_FILES[name].read_files(paths)
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
            f"{path}: expected the runs that study.json plans, "
            f"got {len(found - planned)} others and not {len(planned - found)} of them"
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


def _ranks(names: Iterable[str]) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(names)}


def _fold_number(fold: str) -> int:
    """Return the number of a numbered fold, so that 10 comes after 9; 0 for `all` and `holdout`."""
    return int(fold) if fold.isdecimal() else 0


def _check(jobs: Sequence[Job], paths: Sequence[Path], frame: pd.DataFrame) -> None:
    """Check that each file holds the runs of its job and no others."""
    keys = frame.drop_duplicates(["file", *RUN_KEYS])[["file", *RUN_KEYS]]
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
