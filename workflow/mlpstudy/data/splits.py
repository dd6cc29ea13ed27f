"""The rows that a run trains on, validates on and is tested on, and whether they are enough.

Rows are those of the prepared arrays: the training images first, then the test images. The workflow
checks them before any job starts, so this module does not import PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlpstudy.data.dataset import Dataset, load
from mlpstudy.errors import StudyError
from mlpstudy.randomness import stream
from mlpstudy.spec import Job, Spec

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Row numbers of one run: each an int64 vector; `validation` may be empty."""

    train: Rows
    validation: Rows
    test: Rows


def split(
    spec: Spec, labels: NDArray[np.uint8], train: Rows, test: Rows, seed: int, run: tuple[int, str]
) -> Split:
    """Split the rows `train` and `test` for the run (replicate, fold) under `spec`.

    Splits are stratified by `labels`, which is indexed by row. In k-fold validation the held-out
    fold is both the validation and the test set, taken from the training rows or from all rows
    (`kfold_pool`). The folds of one replicate share one shuffle and hold out every row once.
    """
    replicate, fold = run
    if spec.validation == "none":
        return Split(train, train[:0], test)
    # The import takes a second, which jobs without validation need not wait.
    from sklearn.model_selection import StratifiedKFold, train_test_split

    # scikit-learn takes a 32-bit seed. It is drawn from a stream that all folds have in common.
    state = int(stream(seed, replicate, "all", "split").integers(2**32, dtype=np.uint32))
    if spec.validation == "holdout":
        kept, held_out = train_test_split(
            train, test_size=spec.holdout_fraction, stratify=labels[train], random_state=state
        )
        return Split(np.sort(kept), np.sort(held_out), test)
    pool = train if spec.kfold_pool == "train" else np.concatenate([train, test])
    folds = StratifiedKFold(spec.folds, shuffle=True, random_state=state)
    kept, held_out = list(folds.split(pool, labels[pool]))[int(fold) - 1]
    return Split(pool[kept], pool[held_out], pool[held_out])


def splits_of(job: Job, dataset: Dataset) -> list[Split]:
    """Return the split of each replicate of `job`.

    Raises:
        StudyError: a class has too few images.
    """
    train, test = rows_of(job, dataset)
    return [
        split(job.spec, dataset.labels, train, test, job.seed, (replicate, job.fold))
        for replicate in job.replicates
    ]


def check_prepared(jobs: Iterable[Job], folder: Path) -> None:
    """Check that the data can be split as `jobs` ask, if it is already prepared in `folder`.

    Raises:
        StudyError: a class has too few images.
    """
    try:
        dataset = load(folder, check=False)
    except StudyError:
        return  # `prepare` makes it, or the job says what is wrong with it
    # One job of each kind of split suffices.
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
    first, last = job.subset or (None, None)
    train = _subset("train", first, np.arange(dataset.train), dataset)
    test = _subset("test", last, dataset.train + np.arange(dataset.test), dataset)
    together = job.spec.validation == "kfold" and job.spec.kfold_pool == "all"
    _check_split(job, dataset, np.concatenate([train, test]) if together else train)
    return train, test


def _subset(part: str, count: int | None, rows: Rows, dataset: Dataset) -> Rows:
    """Return the first `count` of `rows`, or all; each of their classes has to be left."""
    if count is not None and not 1 <= count <= rows.size:
        raise StudyError(
            f"dataset.subset.{part}: expected a number from 1 to {rows.size}, got {count}"
        )
    kept = rows[:count]
    lost = np.setdiff1d(dataset.labels[rows], dataset.labels[kept])
    if lost.size:
        raise StudyError(
            f"dataset.subset.{part}: expected enough images for one of each class, got "
            f"{kept.size}, which have none of {dataset.classes[lost[0]]!r}"
        )
    return kept


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
