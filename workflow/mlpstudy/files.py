"""Files: where the package's own are, and writing, which gives the whole file or none.

Everything is written beside its target and renamed when it is complete.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlpstudy.errors import StudyError

if TYPE_CHECKING:  # importing pandas takes longer than a short job's other start
    import pandas as pd

PACKAGE = Path(__file__).parent


def shipped(folder: str) -> Path:
    """Return the path of a folder such as `templates` that comes with the package.

    In a checkout it lies beside the package, where users of Snakemake look for it; pip puts it into
    the package.
    """
    inside = PACKAGE / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends without error.

    The temporary name keeps the suffix of `path`, as writers such as `numpy.savez` look at it.
    A block that fails leaves whatever stood at `path` as it was. What is `durable` is on the disk
    before it gets its name, some milliseconds later: a loss of power leaves no empty file either.

    Raises:
        StudyError: the folder cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"{path.parent}: cannot make this folder: {error.strerror}") from error
    sweep(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        if durable:
            _flush(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Remove the temporary files for `path` of processes that were killed while they wrote."""
    with contextlib.suppress(OSError):
        for other in path.parent.iterdir():
            writer = other.name.removeprefix(f".{path.stem}.").removesuffix(path.suffix)
            ours = other.name == f".{path.stem}.{writer}{path.suffix}"
            if ours and writer.isdecimal() and not _is_running(int(writer)):
                other.unlink()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is another user's
        return True
    return True


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write `content` whole or not at all.

    Raises:
        StudyError: the file cannot be written.
    """
    try:
        with replacing(path, durable=durable) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise StudyError(f"{path}: cannot be written: {error.strerror}") from error


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write `text` as UTF-8 with the line ends it has, the same on every system.

    Raises:
        StudyError: the file cannot be written.
    """
    write_bytes(path, text.encode(), durable=durable)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` without its index; floats in the shortest form that reads back the same."""
    write_text(path, frame.to_csv(index=False, lineterminator="\n"))
