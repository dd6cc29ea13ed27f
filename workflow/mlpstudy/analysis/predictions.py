"""The predictions of every replicate of a model for every test image, from its jobs' files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlpstudy.config.study import Job, Study
from mlpstudy.errors import StudyError

ARRAYS = ("replicate", "index", "true", "predicted")


@dataclass(frozen=True)
class Predictions:
    """The predictions of one model under one condition.

    A cross-validated replicate is tested on every image of its pool once, each fold on its part.

    Attributes:
        replicates: shape (replicates,), ascending.
        true: shape (images,), the class of each image, uint8.
        predicted: shape (replicates, images), uint8.
        images: shape (images,), ascending, the images' rows in the prepared data.
    """

    replicates: NDArray[np.int64]
    true: NDArray[np.uint8]
    predicted: NDArray[np.uint8]
    images: NDArray[np.int32]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Which predictions are right, of shape (replicates, images)."""
        return np.equal(self.predicted, self.true)

    def confusions(self, classes: int) -> NDArray[np.int64]:
        """Count predictions by replicate, true class and predicted class."""
        replicates = len(self.replicates)
        cells = self.true.astype(np.int64) * classes + self.predicted
        cells += (np.arange(replicates) * classes**2)[:, None]
        counts = np.bincount(cells.ravel(), minlength=replicates * classes**2)
        return counts.reshape(replicates, classes, classes)


def each_model(study: Study) -> Iterator[tuple[tuple[str, str], Predictions]]:
    """Yield (condition, model) and its predictions, in the study's order.

    Raises:
        StudyError: a job's file is missing, is not what the trainer writes, or the replicates of a
            model were not tested on the same images.
    """
    jobs: dict[tuple[str, str], list[Job]] = {}
    for job in study.jobs:
        jobs.setdefault((job.condition, job.model), []).append(job)
    for pair in study.pairs:
        if pair in jobs:
            yield pair, _joined(jobs[pair], len(study.labels))


def _joined(jobs: Sequence[Job], classes: int) -> Predictions:
    """Join the folds and the replicates of one model; images are ordered by their number."""
    blocks: dict[int, list[dict[str, NDArray[Any]]]] = {}
    for job in jobs:
        blocks.setdefault(job.first, []).append(_read(job, classes))
    parts = []
    for first, folds in sorted(blocks.items()):
        index = np.concatenate([fold["index"] for fold in folds], axis=1)
        order = np.argsort(index, axis=1, kind="stable")
        block = {"replicate": folds[0]["replicate"]}
        for name in ("index", "true", "predicted"):
            joined = np.concatenate([fold[name] for fold in folds], axis=1)
            block[name] = np.take_along_axis(joined, order, axis=1)
        parts.append(block)
        for name in ("index", "true"):
            same = block[name].shape[1] == parts[0][name].shape[1]
            if not same or (block[name] != parts[0][name][0]).any():
                folder = next(job.folder for job in jobs if job.first == first)
                raise StudyError(
                    f"{folder / 'predictions.npz'}: expected the same test images for every "
                    "replicate"
                )
    return Predictions(
        replicates=np.concatenate([block["replicate"] for block in parts]),
        true=parts[0]["true"][0],
        predicted=np.concatenate([block["predicted"] for block in parts]),
        images=parts[0]["index"][0],
    )


def _read(job: Job, classes: int) -> dict[str, NDArray[Any]]:
    """Read one job's file; the arrays but `replicate` have shape (replicates, images)."""
    path = job.folder / "predictions.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ARRAYS}
    except FileNotFoundError as error:
        raise StudyError(f"{path}: missing; the step that makes it has not run") from error
    except KeyError as error:
        raise StudyError(f"{path}: expected arrays {', '.join(ARRAYS)}") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise StudyError(f"{path}: expected arrays as numpy.savez writes them") from error
    _check(path, job, arrays, classes)
    return arrays


def _check(path: Path, job: Job, arrays: dict[str, NDArray[Any]], classes: int) -> None:
    """Refuse other replicates than the job's, uneven arrays, and classes that the data lacks."""
    expected = list(range(job.first, job.last + 1))
    if arrays["replicate"].tolist() != expected:
        raise StudyError(f"{path}: expected replicates {job.first} to {job.last}")
    shapes = {arrays[name].shape for name in ("index", "true", "predicted")}
    shape = next(iter(shapes))
    if len(shapes) > 1 or len(shape) != 2 or shape[0] != len(expected) or not shape[1]:
        raise StudyError(f"{path}: expected one row of images for each replicate")
    if max(arrays["true"].max(), arrays["predicted"].max()) >= classes:
        raise StudyError(f"{path}: expected classes below {classes}")
