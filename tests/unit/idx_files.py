"""A small data set as IDX files, written with struct and not with the code under test."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim)
    return header + b"".join(struct.pack(">I", size) for size in array.shape) + array.tobytes()


def make_arrays(train: int = 250, test: int = 40, side: int = 28) -> dict[str, NDArray[np.uint8]]:
    """Random images, which do not compress, and labels 0 to 2 by role."""
    generator = np.random.default_rng(20)
    return {
        "train_images": generator.integers(0, 256, (train, side, side), np.uint8),
        "train_labels": generator.integers(0, 3, train, np.uint8),
        "test_images": generator.integers(0, 256, (test, side, side), np.uint8),
        "test_labels": generator.integers(0, 3, test, np.uint8),
    }


def configure(contents: dict[str, bytes]) -> dict[str, Any]:
    """The configuration's section `dataset` for files with these contents by role."""
    return {
        "name": "little",
        "classes": ["bag", "coat", "shoe"],
        "files": {
            role: {"name": NAMES[role], "sha256": hashlib.sha256(content).hexdigest()}
            for role, content in contents.items()
        },
        "sources": [],
        "subset": None,
    }


def write_files(folder: Path, contents: dict[str, bytes], packed: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for role, content in contents.items():
        if packed:
            (folder / f"{NAMES[role]}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / NAMES[role]).write_bytes(content)
    return folder
