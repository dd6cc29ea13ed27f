"""One process a job, one engine a study: locks that the kernel releases however a holder ends."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from mlpstudy.errors import StudyError

logger = logging.getLogger(__name__)

_kept: list[FileLock] = []  # until the process ends

WITHOUT_LOCKS = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK}  # said by some network disks
POLL = 0.5  # seconds between two looks at a lock that another process holds


@contextlib.contextmanager
def alone(path: Path, what: str) -> Iterator[bool]:
    """Hold the lock at `path` while the block runs; give whether another process held it before.

    A workflow engine that was killed leaves its jobs running, and its successor starts them again:
    the second waits for the first, which is further. Where the first is killed too, the kernel lets
    go of its lock, and the second goes on from its checkpoint. `what` is told to those who wait.

    Raises:
        StudyError: the lock cannot be made.
    """
    lock = FileLock(path, fallback_to_soft=False)
    waited = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        waited = _acquire(lock, path, what)
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise StudyError(f"{path}: cannot be made: {error.strerror or error}") from error
        logger.warning("%s: no locks on this disk, so nothing keeps a second process off", path)
    try:
        yield waited
    finally:
        # While it is held: who waits for it notices, and makes a new one.
        with contextlib.suppress(OSError):
            path.unlink()
        lock.release()


def keep_alone(path: Path, what: str) -> None:
    """Hold the lock at `path` until this process ends.

    Raises:
        StudyError: another process holds it, or it cannot be made.
    """
    lock = FileLock(path, fallback_to_soft=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout as error:
        raise StudyError(f"{what}: {_holder(path)} is at it; wait for it, or stop it") from error
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise StudyError(f"{path}: cannot be made: {error.strerror or error}") from error
    _sign(path)
    _kept.append(lock)


def is_held(path: Path) -> bool:
    """Tell whether a process holds the lock at `path`."""
    if not path.is_file():
        return False
    lock = FileLock(path, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except OSError:  # another user's, or a disk without locks
        return False
    lock.release()
    return False


def _acquire(lock: FileLock, path: Path, what: str) -> bool:
    try:
        lock.acquire(blocking=False)
        waited = False
    except Timeout:
        logger.warning("%s: %s is at it; waiting for it to end", what, _holder(path))
        lock.acquire(poll_interval=POLL)
        waited = True
    _sign(path)
    return waited


def _sign(path: Path) -> None:
    """Write who holds the lock, for people only: a full disk is no reason to stop here."""
    with contextlib.suppress(OSError):
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")


def _holder(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8") or "another process"
    return "another process"
