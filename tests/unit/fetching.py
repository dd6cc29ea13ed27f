"""A dataset to fetch, and what must hold after a fetch that succeeds and one that fails."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from idx_files import NAMES, configure, idx_bytes, make_arrays

from mlpstudy.data import fetching, sources
from mlpstudy.errors import StudyError

CONTENTS = {role: idx_bytes(array) for role, array in make_arrays().items()}
FILES = configure(CONTENTS)["files"]
PACKED = {role: gzip.compress(content, mtime=0) for role, content in CONTENTS.items()}
BIG, BIG_NAME = PACKED["train_images"], NAMES["train_images"]
ONE = {"train_images": FILES["train_images"]}


def fetch(files: Mapping[str, Any], places: Sequence[Mapping[str, Any]], destination: Path) -> None:
    """Fetch with the patience of a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"CONNECT": 2.0, "STALL": 0.3, "ATTEMPTS": 3, "BACKOFF": 0.01}.items():
            patch.setattr(sources, name, value)
        fetching.fetch(files, places, destination)


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


def assert_fetched(
    places: list[dict[str, Any]], destination: Path, files: dict[str, Any] = FILES
) -> None:
    """Fetch: exactly the wanted files are there, byte for byte, and nothing else."""
    fetch(files, places, destination)
    there = {path.name: path.read_bytes() for path in destination.iterdir()}
    assert there == {files[role]["name"]: CONTENTS[role] for role in files}


def fetch_in_vain(
    places: list[dict[str, Any]], destination: Path, files: dict[str, Any] = ONE
) -> str:
    """Fetch: the first file is refused and not left there; return the one line of the error."""
    with pytest.raises(StudyError) as raised:
        fetch(files, places, destination)
    assert "\n" not in str(raised.value)
    assert not (destination / BIG_NAME).exists()
    return str(raised.value)
