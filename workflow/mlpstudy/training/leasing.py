"""Which of several GPUs a process has to itself: leases that end with the process.

A lease is a lock on a file of the machine's temporary folder, one file a GPU. The kernel lets go of
it however its holder ends, so no GPU stays taken by a job that was killed.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from mlpstudy.errors import StudyError

logger = logging.getLogger(__name__)

WhenTaken = Literal["wait", "share"]

POLL = 0.5  # seconds between two looks at GPUs that are all taken
_held: list[FileLock] = []  # until the process ends


def visible_gpus(count: int, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Name the `count` GPUs that PyTorch sees, as an inherited CUDA_VISIBLE_DEVICES names them.

    The position in the list is PyTorch's number; the name tells the same GPU in another process,
    which may see others.
    """
    inherited = environment.get("CUDA_VISIBLE_DEVICES")
    names = inherited.split(",") if inherited is not None else map(str, range(count))
    return [name.strip() for name in itertools.islice(names, count)]


def assigned_by_slurm(environment: Mapping[str, str] = os.environ) -> bool | None:
    """Tell whether Slurm has given this process GPUs; None outside Slurm."""
    if "SLURM_JOB_ID" not in environment:
        return None
    given = ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SLURM_GPUS_ON_NODE")
    return any(environment.get(name) for name in given)


def lease(
    gpus: Sequence[str],
    when_taken: WhenTaken = "wait",
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> int:
    """Return the position in `gpus` of one that is this process's from now on.

    If all are taken, "wait" waits until a process ends that holds one, and "share" takes the one
    that the fewest have. Inside a Slurm job that was given one GPU, it is that one, and nothing is
    locked: Slurm has seen to it. If it was given several, the processes of this Slurm job share
    them out among themselves.

    Raises:
        StudyError: the locks cannot be made.
    """
    job = environment.get("SLURM_JOB_ID")
    if job and len(gpus) == 1:
        return 0
    folder = folder or Path(tempfile.gettempdir(), f"mlpstudy-gpus-{os.getuid()}")
    names = [_file_name(f"slurm-{job}-{gpu}" if job else gpu) for gpu in gpus]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = _take_one(folder, names, when_taken)
        if taken is None:
            logger.info("all %d GPUs are taken: waiting for one", len(gpus))
            while taken is None:
                time.sleep(POLL)
                taken = _take_one(folder, names, when_taken)
    except OSError as error:
        reason = error.strerror or error
        raise StudyError(f"{folder}: the locks of the GPUs cannot be made: {reason}") from error
    return taken


def _take_one(folder: Path, names: Sequence[str], when_taken: WhenTaken) -> int | None:
    """Try every GPU once; with "share" there is always a second, third, … place on each."""
    for place in itertools.count(1) if when_taken == "share" else [1]:
        for index, name in enumerate(names):
            lock = FileLock(folder / f"{name}.{place}.lock", fallback_to_soft=False)
            with contextlib.suppress(Timeout):
                lock.acquire(blocking=False)
                _held.append(lock)
                return index
    return None


def _file_name(gpu: str) -> str:
    """Write the name of a GPU (a number, GPU-…, MIG-…/1/0) as that of a file."""
    return "".join(letter if letter.isalnum() or letter == "-" else "_" for letter in gpu)
