"""The processor or GPU that a job computes on, and the leases that share out several GPUs.

A lease is a lock on a file in the machine's temporary folder, one file per GPU. The kernel releases
it however its holder ends, so no GPU stays taken by a job that was killed.
"""

from __future__ import annotations

import itertools
import logging
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlpstudy.errors import StudyError
from mlpstudy.locks import try_to_hold

if TYPE_CHECKING:  # a process that only leases a GPU does not import PyTorch
    import torch

logger = logging.getLogger(__name__)

WhenTaken = Literal["wait", "share"]

POLL = 0.5  # seconds between two attempts while all GPUs are taken


def choose_device(
    wanted: str, gpus: int | None = None, when_taken: WhenTaken = "wait"
) -> torch.device:
    """Return the device for `wanted` (auto, cpu or cuda) and the GPUs granted by the scheduler.

    `gpus` is 0 if none may be used, and None if the scheduler does not count them. With "auto" a
    job takes a GPU where there is one, but inside a Slurm job only one that Slurm has assigned. On
    a machine with several GPUs each job gets one to itself; `when_taken` says what a job does if
    all are taken.

    Raises:
        StudyError: "cuda" is wanted and there is no usable GPU.
    """
    import torch

    usable = wanted != "cpu" and gpus != 0 and torch.cuda.is_available()
    if wanted == "cuda" and not usable:
        reason = "the job was granted none" if gpus == 0 else "PyTorch finds none"
        raise StudyError(f"device: expected a GPU, as configured (cuda), but {reason}")
    if not usable or (wanted == "auto" and assigned_by_slurm() is False):
        return torch.device("cpu")
    names = visible_gpus(torch.cuda.device_count())
    index = lease(names, when_taken)
    torch.cuda.set_device(index)  # streams and graphs are created on the current device
    logger.info("on GPU %s, %s", names[index], torch.cuda.get_device_name(index))
    return torch.device("cuda", index)


def visible_gpus(count: int, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the `count` GPUs that PyTorch sees, as in CUDA_VISIBLE_DEVICES.

    The position in the list is PyTorch's number. The name identifies the same GPU in another
    process, which may see other GPUs.
    """
    inherited = environment.get("CUDA_VISIBLE_DEVICES")
    names = inherited.split(",") if inherited is not None else map(str, range(count))
    return [name.strip() for name in itertools.islice(names, count)]


def assigned_by_slurm(environment: Mapping[str, str] = os.environ) -> bool | None:
    """Return whether Slurm has assigned GPUs to this process; None outside Slurm."""
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
    """Return the position in `gpus` of a GPU that this process holds until it ends.

    If all are taken, "wait" waits until a process that holds one ends, and "share" takes the one
    with the fewest holders. Inside a Slurm job with one GPU that GPU is returned without a lock,
    as Slurm has assigned it. With several GPUs, the processes of the Slurm job share them.

    Raises:
        StudyError: the lock files cannot be created.
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
    """Try every GPU once; with "share", continue with a second, third, … lock on each."""
    for number in itertools.count(1) if when_taken == "share" else [1]:
        for index, name in enumerate(names):
            if try_to_hold(folder / f"{name}.{number}.lock"):
                return index
    return None


def _file_name(gpu: str) -> str:
    """Return the name of a GPU (a number, GPU-…, MIG-…/1/0) as a file name."""
    return "".join(letter if letter.isalnum() or letter == "-" else "_" for letter in gpu)
