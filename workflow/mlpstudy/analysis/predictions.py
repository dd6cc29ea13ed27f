"""What every replicate of a model answered to every test image, from its jobs' predictions.npz."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlpstudy.config.study import Job, Study
from mlpstudy.errors import StudyError

ARRAYS = ("replicate", "index", "true", "predicted")


@dataclass(frozen=True)
class Predictions:
    """The answers of one model under one condition.

    A cross-validated replicate has tested every image of its pool once, each fold its own part.

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
        """Which answers are right, of shape (replicates, images)."""
        return np.equal(self.predicted, self.true)

    def confusions(self, classes: int) -> NDArray[np.int64]:
        """Count answers by replicate, true class, predicted class."""
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
    classes = len(study.labels)
    jobs: dict[tuple[str, str], list[Job]] = {}
    for job in study.jobs:
        jobs.setdefault((job.condition, job.model), []).append(job)
    for pair in study.pairs:
        if pair in jobs:
            yield pair, _joined(jobs[pair], classes)


def _joined(jobs: Sequence[Job], classes: int) -> Predictions:
    """Put the folds of each replicate together, and the blocks of replicates on one another."""
    blocks: dict[int, list[Job]] = {}
    for job in jobs:
        blocks.setdefault(job.first, []).append(job)
    parts = [_block(blocks[first], classes) for first in sorted(blocks)]
    true, index = parts[0][2:]
    for (_, _, other, images), first in zip(parts, sorted(blocks), strict=True):
        if not (np.array_equal(true, other) and np.array_equal(index, images)):
            path = blocks[first][0].folder / "predictions.npz"
            raise StudyError(f"{path}: expected the images on which replicate 1 was tested")
    replicates, predicted = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
    return Predictions(replicates, true, predicted, index)


Block = tuple[
    NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int32]
]  # replicates, predicted, true, index


def _block(jobs: Sequence[Job], classes: int) -> Block:
    """Return the folds of one block of replicates side by side, the images by their number."""
    arrays = [_read(job, classes) for job in jobs]
    index, true, predicted = (
        np.concatenate([part[name] for part in arrays], axis=1)
        for name in ("index", "true", "predicted")
    )
    order = np.argsort(index, axis=1, kind="stable")
    index, true, predicted = (
        np.take_along_axis(array, order, axis=1) for array in (index, true, predicted)
    )
    if (index != index[0]).any() or (true != true[0]).any():
        path = jobs[0].folder / "predictions.npz"
        raise StudyError(f"{path}: expected the same test images for every replicate")
    return arrays[0]["replicate"], predicted, true[0], index[0]


def _read(job: Job, classes: int) -> dict[str, NDArray[np.int64]]:
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


def _check(path: Path, job: Job, arrays: dict[str, NDArray[np.int64]], classes: int) -> None:
    """Refuse other replicates than the job's, uneven arrays, and classes that the data has not."""
    expected = list(range(job.first, job.last + 1))
    if arrays["replicate"].tolist() != expected:
        raise StudyError(f"{path}: expected replicates {job.first} to {job.last}")
    shapes = {arrays[name].shape for name in ("index", "true", "predicted")}
    shape = next(iter(shapes))
    if len(shapes) > 1 or len(shape) != 2 or shape[0] != len(expected) or not shape[1]:
        raise StudyError(f"{path}: expected one row of images for each replicate")
    if max(arrays["true"].max(), arrays["predicted"].max()) >= classes:
        raise StudyError(f"{path}: expected classes below {classes}")
