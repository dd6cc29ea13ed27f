"""Locks between processes, as locks on files: the kernel releases them however a holder ends."""

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

UNSUPPORTED = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK}  # raised by some network file systems
POLL = 0.5  # seconds between two attempts at a lock that another process holds

_held: list[FileLock] = []  # until the process ends


def try_to_hold(path: Path) -> bool:
    """Lock `path` until this process ends, unless another process has locked it; return whether.

    Raises:
        OSError: the lock file cannot be created.
    """
    lock = _try(path)
    if lock is not None:
        _held.append(lock)
    return lock is not None


def release_held() -> None:
    """Release all that `try_to_hold` has locked."""
    while _held:
        _held.pop().release()


def lock_until_exit(path: Path, what: str) -> None:
    """Hold the lock at `path` until this process ends; `what` names the work in the error.

    Raises:
        StudyError: another process holds it, or the lock file cannot be created.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not try_to_hold(path):
            raise StudyError(f"{what}: in use by {_holder(path)}; wait for it, or stop it")
    except OSError as error:
        _expect_unsupported(path, error)
    _write_holder(path)


@contextlib.contextmanager
def locked(path: Path, what: str) -> Iterator[bool]:
    """Hold the lock at `path` during the block; yield whether another process held it before.

    A workflow engine that was killed leaves its jobs running, and its successor starts them again.
    The second process waits for the first. If the first is killed too, the kernel releases its
    lock, and the second resumes from its checkpoint. `what` names the work in the log.

    Raises:
        StudyError: the lock file cannot be created.
    """
    lock = FileLock(path, fallback_to_soft=False)
    waited = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        waited = _acquire(lock, path, what)
    except OSError as error:
        _expect_unsupported(path, error)
        logger.warning("%s: no locks on this disk, so nothing prevents a second process", path)
    try:
        yield waited
    finally:
        # Removed while it is held: a process that waits for it notices, and creates a new one.
        with contextlib.suppress(OSError):
            path.unlink()
        lock.release()


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock at `path`."""
    if not path.is_file():
        return False
    try:
        lock = _try(path)
    except OSError:  # another user's file, or a disk without locks
        return False
    if lock is not None:
        lock.release()
    return lock is None


def _try(path: Path) -> FileLock | None:
    """Return the lock at `path`, acquired, or None if it is held already."""
    lock = FileLock(path, fallback_to_soft=False)
    with contextlib.suppress(Timeout):
        lock.acquire(blocking=False)
        return lock
    return None


def _acquire(lock: FileLock, path: Path, what: str) -> bool:
    """Wait for the lock at `path` and acquire it; return whether another process held it."""
    try:
        lock.acquire(blocking=False)
        waited = False
    except Timeout:
        logger.warning("%s: in use by %s; waiting for it", what, _holder(path))
        lock.acquire(poll_interval=POLL)
        waited = True
    _write_holder(path)
    return waited


def _expect_unsupported(path: Path, error: OSError) -> None:
    """Raise a StudyError unless `error` means that the disk has no locks."""
    if error.errno not in UNSUPPORTED:
        raise StudyError(f"{path}: cannot be created: {error.strerror or error}") from error


def _write_holder(path: Path) -> None:
    """Write who holds the lock, for messages only: an error, such as a full disk, is ignored."""
    with contextlib.suppress(OSError):
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")


def _holder(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8") or "another process"
    return "another process"
