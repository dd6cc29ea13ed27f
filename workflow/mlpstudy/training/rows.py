"""The rows of the data that a job trains and tests on, and whether they can be split as it asks.

The workflow checks this before any job starts, so this module does not import PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mlpstudy.data.dataset import Dataset, load
from mlpstudy.errors import StudyError
from mlpstudy.spec import Job
from mlpstudy.training.splits import Rows


def check_prepared(jobs: Iterable[Job], folder: Path) -> None:
    """Check that the data can be split as `jobs` ask, if `folder` has it already.

    Raises:
        StudyError: a class has too few images.
    """
    try:
        dataset = load(folder, check=False)
    except StudyError:
        return  # `prepare` makes it, or the job says what is wrong with it
    # One job of each kind of split.
    kinds = {
        (job.spec.validation, job.spec.holdout_fraction, job.spec.folds, job.spec.kfold_pool): job
        for job in jobs
        if job.data == dataset.digest
    }
    for job in kinds.values():
        rows_of(job, dataset)


def rows_of(job: Job, dataset: Dataset) -> tuple[Rows, Rows]:
    """Return the rows that `job` has for training and for testing, before they are split.

    Raises:
        StudyError: there are fewer images than `dataset.subset` takes, or too few of a class.
    """
    limits = None if job.subset is None else dict(zip(("train", "test"), job.subset, strict=True))
    train, test = dataset.train_indices(limits), dataset.test_indices(limits)
    for part, rows, every in (
        ("train", train, dataset.train_indices()),
        ("test", test, dataset.test_indices()),
    ):
        lost = np.setdiff1d(dataset.labels[every], dataset.labels[rows])
        if lost.size:
            raise StudyError(
                f"dataset.subset.{part}: expected enough images for one of each class, got "
                f"{rows.size}, which have none of {dataset.classes[lost[0]]!r}"
            )
    together = job.spec.validation == "kfold" and job.spec.kfold_pool == "all"
    _check_split(job, dataset, np.concatenate([train, test]) if together else train)
    return train, test


def _check_split(job: Job, dataset: Dataset, pool: Rows) -> None:
    """Check that every class of the rows `pool`, which are split, can be in each part."""
    spec = job.spec
    labels, counts = np.unique(dataset.labels[pool], return_counts=True)
    count, name = counts.min(), dataset.classes[labels[counts.argmin()]]
    who = f"model {job.model} under {job.condition}"
    if spec.validation == "kfold" and count < spec.folds:
        raise StudyError(
            f"folds: expected at most {count}, the number of images of {name!r} ({who}), "
            f"got {spec.folds}"
        )
    if spec.validation == "holdout":
        held_out = math.ceil(spec.holdout_fraction * pool.size)
        if min(held_out, pool.size - held_out) < labels.size or count < 2:
            raise StudyError(
                f"holdout_fraction: expected an image of each class inside and outside a hold-out "
                f"of {spec.holdout_fraction} ({who}), got {pool.size} images, {count} of {name!r}"
            )
