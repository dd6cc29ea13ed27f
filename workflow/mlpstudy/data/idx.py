"""Data files as they come: their checksums and the IDX format.

IDX is described at the end of Y. LeCun's page on MNIST: two zero bytes, a type code, the number of
dimensions, each dimension as a big-endian 32-bit integer, then the values in C order.
"""

from __future__ import annotations

import hashlib
import math
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlpstudy.errors import StudyError

UNSIGNED_BYTE = 0x08


def verify(path: Path, sha256: str, name: str | None = None) -> None:
    """Raise StudyError unless the file at `path` has this SHA-256; `name` is what to call it."""
    shown = f"{path}" if name in (None, path.name) else f"{name} ({path})"
    actual = file_sha256(path, shown)
    if actual != sha256.lower():
        raise StudyError(
            f"{shown}: damaged or not the expected file: its SHA-256 is {actual}, "
            f"expected {sha256.lower()}"
        )


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Decode an uncompressed IDX file of unsigned bytes; StudyError if it is anything else."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror})") from error
    dimensions = content[3] if len(content) >= 4 else 0
    if content[:3] != bytes([0, 0, UNSIGNED_BYTE]) or dimensions == 0:
        raise StudyError(
            f"{path}: expected an uncompressed IDX file of unsigned bytes (it begins with "
            f"00 00 08 and the number of dimensions), found '{content[:4].hex(' ')}'"
        )
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise StudyError(f"{path}: ends inside its header: {len(content)} of {start} bytes")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) != start + math.prod(shape):
        raise StudyError(
            f"{path}: expected {start + math.prod(shape)} bytes for the shape {shape} in its "
            f"header, found {len(content)}"
        )
    try:
        return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
    except ValueError as error:  # more dimensions, or longer ones, than numpy has
        raise StudyError(f"{path}: expected images or labels, found {error}") from error


def file_sha256(path: Path, shown: str | None = None) -> str:
    """SHA-256 of a file in hexadecimal; StudyError, which calls it `shown`, if it is unreadable."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise StudyError(f"{shown or path}: cannot be read ({error.strerror})") from error
