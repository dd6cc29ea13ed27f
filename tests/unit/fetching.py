"""A dataset to fetch, and what must hold after a fetch that succeeds and one that fails."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from idx_files import NAMES, configure, idx_bytes, make_arrays

from mlpstudy.data.fetching import fetch
from mlpstudy.data.sources import Patience
from mlpstudy.errors import StudyError

CONTENTS = {role: idx_bytes(array) for role, array in make_arrays().items()}
FILES = configure(CONTENTS)["files"]
PACKED = {role: gzip.compress(content, mtime=0) for role, content in CONTENTS.items()}
BIG, BIG_NAME = PACKED["train_images"], NAMES["train_images"]
ONE = {"train_images": FILES["train_images"]}
QUICK = Patience(connect=2.0, stall=0.3, attempts=3, backoff=0.01)


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


def assert_fetched(
    sources: list[dict[str, Any]], destination: Path, files: dict[str, Any] = FILES
) -> None:
    """Fetch: exactly the wanted files are there, byte for byte, and nothing else."""
    fetch(files, sources, destination, patience=QUICK)
    there = {path.name: path.read_bytes() for path in destination.iterdir()}
    assert there == {files[role]["name"]: CONTENTS[role] for role in files}


def fetch_in_vain(
    sources: list[dict[str, Any]], destination: Path, files: dict[str, Any] = ONE
) -> str:
    """Fetch: the first file is refused and not left there; return the one line of the error."""
    with pytest.raises(StudyError) as raised:
        fetch(files, sources, destination, patience=QUICK)
    assert "\n" not in str(raised.value)
    assert not (destination / BIG_NAME).exists()
    return str(raised.value)
