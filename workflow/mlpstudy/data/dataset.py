"""The dataset: IDX files, decoded to memory-mapped arrays that every job shares.

The IDX format is described at the end of Y. LeCun's page on MNIST: two zero bytes, a type code, the
number of dimensions, each dimension as a big-endian 32-bit integer, then the values in C order.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlpstudy.errors import StudyError
from mlpstudy.files import replacing, write_text

logger = logging.getLogger(__name__)

IMAGES, LABELS, DESCRIPTION = "images.npy", "labels.npy", "dataset.json"
UNSIGNED_BYTE = 0x08  # the type code of IDX

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Dataset:
    """Prepared data: training images first, test images after them.

    `images` is uint8 of shape (train + test, height * width), memory-mapped and read-only. `labels`
    is uint8 of shape (train + test,). `digest` identifies the IDX files, as the function does.
    """

    name: str
    classes: tuple[str, ...]
    images: Bytes
    labels: Bytes
    train: int
    test: int
    height: int
    width: int
    digest: str


def digest(dataset: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the files' checksums, sorted by role, which identifies the data."""
    files = dataset["files"]
    lines = [f"{role} {files[role]['sha256'].lower()}\n" for role in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def verify(path: Path, sha256: str) -> None:
    """Raise StudyError unless the file at `path` has this SHA-256."""
    actual = _file_sha256(path)
    if actual != sha256.lower():
        raise StudyError(
            f"{path}: damaged or not the expected file: its SHA-256 is {actual}, "
            f"expected {sha256.lower()}"
        )


def _file_sha256(path: Path) -> str:
    with _reading(path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn an OSError in the block into a StudyError about the file at `path`."""
    try:
        yield
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror})") from error


def read_idx(path: Path) -> Bytes:
    """Decode an uncompressed IDX file of unsigned bytes; StudyError if it is anything else."""
    with _reading(path):
        content = path.read_bytes()
    dimensions = content[3] if len(content) >= 4 else 0
    if content[:3] != bytes([0, 0, UNSIGNED_BYTE]) or dimensions == 0:
        raise StudyError(
            f"{path}: expected an uncompressed IDX file of unsigned bytes (it begins with "
            f"00 00 08 and the number of dimensions), found '{content[:4].hex(' ')}'"
        )
    start = 4 + 4 * dimensions
    try:
        shape = struct.unpack(f">{dimensions}I", content[4:start])
        return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
    except (struct.error, ValueError) as error:
        raise StudyError(
            f"{path}: expected an IDX file of the length that its header gives, found "
            f"{len(content)} bytes ({error})"
        ) from error


def prepare(raw: Path, destination: Path, dataset: Mapping[str, Any], code: str = "") -> None:
    """Decode the four IDX files in `raw` into images.npy, labels.npy and dataset.json.

    Args:
        raw: folder of the IDX files.
        destination: folder to write into.
        dataset: the section of that name of the configuration.
        code: fingerprint of this code, which the description records.

    Raises:
        StudyError: a checksum is wrong, images and labels do not fit each other, a label has no
            class name, or `destination` cannot be written.
    """
    paths = {role: raw / file["name"] for role, file in dataset["files"].items()}
    for role, path in paths.items():
        verify(path, dataset["files"][role]["sha256"])
    train_images, train_labels = _read_part(paths, "train", dataset["classes"])
    test_images, test_labels = _read_part(paths, "test", dataset["classes"])
    if train_images.shape[1:] != test_images.shape[1:]:
        raise StudyError(
            f"{paths['test_images']}: expected images of {train_images.shape[1:]} pixels like the "
            f"training images, found {test_images.shape[1:]}"
        )
    images = np.concatenate([train_images, test_images])
    labels = np.concatenate([train_labels, test_labels])
    description = {
        "name": dataset["name"],
        "classes": list(dataset["classes"]),
        "train": len(train_images),
        "test": len(test_images),
        "height": images.shape[1],
        "width": images.shape[2],
        "digest": digest(dataset),
        "code": code,
    }
    try:
        _write(destination, images.reshape(len(images), -1), labels, description)
    except OSError as error:
        raise StudyError(f"{destination}: cannot be written ({error.strerror or error})") from error
    counts = f"{len(train_images)} training and {len(test_images)} test images"
    logger.info("prepared %s: %s in %s", dataset["name"], counts, destination)


def _read_part(paths: Mapping[str, Path], part: str, classes: Sequence[str]) -> tuple[Bytes, Bytes]:
    """Return the images and labels of `part`, train or test, once they fit each other."""
    images_path, labels_path = paths[f"{part}_images"], paths[f"{part}_labels"]
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


def _write(destination: Path, images: Bytes, labels: Bytes, description: dict[str, Any]) -> None:
    destination.mkdir(parents=True, exist_ok=True)
    # Removed first and written last, so that it never describes other arrays.
    (destination / DESCRIPTION).unlink(missing_ok=True)
    sums = {}
    for name, array in ((IMAGES, images), (LABELS, labels)):
        # In memory: on a full disk, numpy.save to a file loses the end without an error.
        file = io.BytesIO()
        np.save(file, array)
        with replacing(destination / name) as temporary:
            temporary.write_bytes(file.getbuffer())
        sums[name] = hashlib.sha256(file.getbuffer()).hexdigest()
    text = json.dumps({**description, "sha256": sums}, indent=2, sort_keys=True)
    write_text(destination / DESCRIPTION, f"{text}\n")


def load(folder: Path, *, check: bool = True) -> Dataset:
    """Open what `prepare` wrote into `folder`, with each file checked against its checksum.

    The check takes about 30 ms for 55 MB, and nothing else would notice a flipped bit. Callers that
    only count may skip it.

    Raises:
        StudyError: a file is missing, truncated, damaged or not from `prepare`.
    """
    path = folder / DESCRIPTION
    again = f"remove {folder} to prepare the data again"
    try:
        with _reading(path):
            description = json.loads(path.read_text(encoding="utf-8"))
        sizes = {key: int(description[key]) for key in ("train", "test", "height", "width")}
        name, source = description["name"], description["digest"]
        classes = tuple(description["classes"])
        sums = {file: description["sha256"][file] for file in (IMAGES, LABELS)}
    except (ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"{path}: expected the description that prepare writes ({error!r}); {again}"
        ) from error
    for file in sums if check else ():
        if _file_sha256(folder / file) != sums[file]:
            raise StudyError(f"{folder / file}: damaged or changed since it was prepared; {again}")
    count = sizes["train"] + sizes["test"]
    images = _map(folder / IMAGES, (count, sizes["height"] * sizes["width"]))
    labels = _map(folder / LABELS, (count,))
    return Dataset(name, classes, images, labels, digest=source, **sizes)


def _map(path: Path, shape: tuple[int, ...]) -> Bytes:
    try:
        with _reading(path):
            array = np.lib.format.open_memmap(path, mode="r")
    except ValueError as error:
        raise StudyError(f"{path}: expected a numpy array file ({error})") from error
    if array.dtype != np.uint8 or array.shape != shape:
        raise StudyError(
            f"{path}: expected uint8 of shape {shape} as {DESCRIPTION} says, found {array.dtype} "
            f"of shape {array.shape}"
        )
    return array
