"""IDX files → memory-mapped arrays that every job shares."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlpstudy.data.idx import file_sha256, read_idx, verify
from mlpstudy.errors import StudyError
from mlpstudy.files import replacing, write_text

__all__ = ["ROLES", "Dataset", "digest", "load", "prepare", "read_idx", "verify"]

logger = logging.getLogger(__name__)

ROLES = ("train_images", "train_labels", "test_images", "test_labels")
IMAGES, LABELS, DESCRIPTION = "images.npy", "labels.npy", "dataset.json"


@dataclass(frozen=True)
class Dataset:
    """Prepared data: training images first, test images after them.

    `images` is uint8 of shape (train + test, height * width), memory-mapped and read-only; `labels`
    is uint8 of shape (train + test,); `digest` is the checksum of the IDX files it came from.
    """

    name: str
    classes: tuple[str, ...]
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    train: int
    test: int
    height: int
    width: int
    digest: str

    def train_indices(self, subset: Mapping[str, int | None] | None = None) -> NDArray[np.int64]:
        """Rows of the first `subset["train"]` training images, or of all of them."""
        return np.arange(_limit(subset, "train", self.train), dtype=np.int64)

    def test_indices(self, subset: Mapping[str, int | None] | None = None) -> NDArray[np.int64]:
        """Rows of the first `subset["test"]` test images, counted from the first training image."""
        return self.train + np.arange(_limit(subset, "test", self.test), dtype=np.int64)


def _limit(subset: Mapping[str, int | None] | None, part: str, available: int) -> int:
    wanted = (subset or {}).get(part)
    if wanted is None:
        return available
    if not 1 <= wanted <= available:
        raise StudyError(
            f"dataset.subset.{part}: expected a number from 1 to {available}, got {wanted}"
        )
    return wanted


def digest(dataset: Mapping[str, Any]) -> str:
    """SHA-256 that identifies the data: of the sorted roles' checksums, without reading a file."""
    files = dataset["files"]
    lines = [f"{role} {files[role]['sha256'].lower()}\n" for role in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def prepare(raw: Path, destination: Path, dataset: Mapping[str, Any], code: str = "") -> None:
    """Decode the four IDX files in `raw` into images.npy, labels.npy and dataset.json.

    `dataset` is the configuration's section of that name, `code` the fingerprint of this code, of
    which only the description takes note. Raises StudyError when a checksum is
    wrong, when images and labels do not fit each other, and when a label has no class name.
    """
    paths = {}
    for role in ROLES:
        paths[role] = raw / dataset["files"][role]["name"]
        verify(paths[role], dataset["files"][role]["sha256"])
    train = _read_part(paths["train_images"], paths["train_labels"], dataset["classes"])
    test = _read_part(paths["test_images"], paths["test_labels"], dataset["classes"])
    if train[0].shape[1:] != test[0].shape[1:]:
        raise StudyError(
            f"{paths['test_images']}: expected images of {train[0].shape[1:]} pixels like the "
            f"training images, found {test[0].shape[1:]}"
        )
    images = np.concatenate([train[0], test[0]])
    labels = np.concatenate([train[1], test[1]])
    description = {
        "name": dataset["name"],
        "classes": list(dataset["classes"]),
        "train": len(train[0]),
        "test": len(test[0]),
        "height": images.shape[1],
        "width": images.shape[2],
        "digest": digest(dataset),
        "code": code,
    }
    try:
        _write(destination, images.reshape(len(images), -1), labels, description)
    except OSError as error:
        raise StudyError(f"{destination}: cannot be written ({error.strerror or error})") from error
    logger.info(
        "prepared %s: %d training and %d test images in %s",
        *(description["name"], len(train[0]), len(test[0]), destination),
    )


def _read_part(
    images_path: Path, labels_path: Path, classes: list[str]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or images.size == 0:
        raise StudyError(
            f"{images_path}: expected images as count x height x width, found {images.shape}"
        )
    if labels.shape != images.shape[:1]:
        raise StudyError(
            f"{labels_path}: expected {len(images)} labels, one for each image of "
            f"{images_path.name}, found an array of shape {labels.shape}"
        )
    if labels.max() >= len(classes):
        raise StudyError(
            f"{labels_path}: holds the label {labels.max()}, but dataset.classes names "
            f"{len(classes)} classes (0 to {len(classes) - 1})"
        )
    return images, labels


def _write(
    destination: Path,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    description: dict[str, Any],
) -> None:
    destination.mkdir(parents=True, exist_ok=True)
    # The description goes first and comes back last: no moment pairs it with other arrays.
    (destination / DESCRIPTION).unlink(missing_ok=True)
    sums = {}
    for name, array in ((IMAGES, images), (LABELS, labels)):
        with replacing(destination / name) as temporary:
            _save(temporary, array)
        sums[name] = file_sha256(destination / name)
    text = json.dumps({**description, "sha256": sums}, indent=2, sort_keys=True)
    write_text(destination / DESCRIPTION, f"{text}\n")


def _save(path: Path, array: NDArray[np.uint8]) -> None:
    # numpy.save hands real files to C, which does not notice when the disk is full at its last
    # flush: the file is short and no error is raised. Python's own write notices.
    header = np.lib.format.header_data_from_array_1_0(array)
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(np.ascontiguousarray(array).data)


def load(folder: Path, *, check: bool = True) -> Dataset:
    """Open what `prepare` wrote into `folder`, each file checked against its checksum.

    The check takes some 30 ms for 55 MB, and nothing else would notice a flipped bit; it may be
    left out by those who only count. Raises StudyError for a missing, truncated, damaged or
    foreign file.
    """
    path = folder / DESCRIPTION
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        sizes = {key: int(description[key]) for key in ("train", "test", "height", "width")}
        name, source = description["name"], description["digest"]
        classes = tuple(description["classes"])
        sums = {file: description["sha256"][file] for file in (IMAGES, LABELS)}
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"{path}: expected the description that prepare writes ({error!r}); remove "
            f"{folder} to prepare the data again"
        ) from error
    if check:
        for file, sha256 in sums.items():
            _check_sum(folder / file, sha256)
    arrays = {file: _load_array(folder / file) for file in (IMAGES, LABELS)}
    count = sizes["train"] + sizes["test"]
    _expect_shape(folder / IMAGES, arrays[IMAGES], (count, sizes["height"] * sizes["width"]))
    _expect_shape(folder / LABELS, arrays[LABELS], (count,))
    return Dataset(
        name=name,
        classes=classes,
        images=arrays[IMAGES],
        labels=arrays[LABELS],
        digest=source,
        **sizes,
    )


def _check_sum(path: Path, sha256: str) -> None:
    if file_sha256(path) != sha256:
        raise StudyError(
            f"{path}: damaged or changed since it was prepared; remove {path.parent} to prepare "
            "the data again"
        )


def _load_array(path: Path) -> NDArray[Any]:
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise StudyError(f"{path}: expected a numpy array file ({error})") from error


def _expect_shape(path: Path, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.dtype != np.uint8 or array.shape != shape:
        raise StudyError(
            f"{path}: expected uint8 of shape {shape} as {DESCRIPTION} says, found {array.dtype} "
            f"of shape {array.shape}"
        )
