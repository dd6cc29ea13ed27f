"""The processor or GPU that a job computes on, and the leases that share out several GPUs.

A lease is a lock on a file in the machine's temporary folder, one file per GPU. The kernel releases
it however its holder ends, so no GPU stays taken by a job that was killed.
"""

from __future__ import annotations

import itertools
import logging
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlpstudy.errors import StudyError
from mlpstudy.locks import release_held, try_to_hold

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
    a machine with several GPUs, or slices of one (MIG), each job gets one to itself; `when_taken`
    says what a job does if all are taken. Call this before anything else uses CUDA.

    Raises:
        StudyError: "cuda" is wanted and there is no usable GPU, or its products are not in float32.
    """
    import torch

    if wanted == "cpu" or (wanted == "auto" and (gpus == 0 or assigned_by_slurm() is False)):
        return torch.device("cpu")
    names = list_gpus() if torch.backends.cuda.is_built() else []  # type: ignore[no-untyped-call]
    by_number = not names and torch.cuda.is_available()  # where there is no nvidia-smi
    if by_number:
        every = map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
        names = [f"GPU-{properties.uuid}" for properties in every]
    reason = "PyTorch finds none"
    if gpus == 0:
        reason = "the job was granted none"
    elif names:
        _expect_float32()
        name = names[lease(names, when_taken)]
        if not by_number:
            os.environ["CUDA_VISIBLE_DEVICES"] = name  # CUDA sees one slice only, the one named
        index = names.index(name) if by_number else 0
        reason = why_unusable(index)
        if not reason:
            return _prepared(index, name)
        release_held()  # other jobs would wait for it
        logger.warning("on the CPU: GPU %s: %s", name, reason)
    if wanted == "cuda":
        raise StudyError(f"device: expected a GPU, as configured (cuda), but {reason}")
    return torch.device("cpu")


def _expect_float32() -> None:
    if os.environ.get("NVIDIA_TF32_OVERRIDE", "0") != "0":
        raise StudyError(
            "NVIDIA_TF32_OVERRIDE: expected unset or 0: with other values, GPUs multiply in TF32"
        )


def _prepared(index: int, name: str) -> torch.device:
    """Return the leased GPU, set to compute in float32, and the same bits every time."""
    import torch

    torch.set_float32_matmul_precision("highest")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # required by the next line
    torch.use_deterministic_algorithms(True)
    # All memory is written before it is read.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.cuda.set_device(index)  # streams and graphs are created on the current device
    logger.info("on GPU %s, %s", name, torch.cuda.get_device_name(index))
    return torch.device("cuda", index)


def count_usable() -> int:
    """Return how many GPUs the jobs on this machine can use; they are taken to be alike."""
    import torch

    names = list_gpus() if torch.backends.cuda.is_built() else []  # type: ignore[no-untyped-call]
    if names:
        os.environ["CUDA_VISIBLE_DEVICES"] = names[0]
    return 0 if names and why_unusable(0) else len(names)


def why_unusable(index: int) -> str:
    """Return why PyTorch cannot compute on the GPU of this number, or nothing if it can."""
    import torch

    if not torch.cuda.is_available():
        return "PyTorch cannot use it: its driver may be too old"
    capability = torch.cuda.get_device_capability(index)
    if has_kernels(capability, torch.cuda.get_arch_list()):
        return ""
    name, version = torch.cuda.get_device_name(index), "{}.{}".format(*capability)
    return f"PyTorch {torch.__version__} has no kernels for {name}, of compute capability {version}"


def has_kernels(capability: tuple[int, int], built_for: Sequence[str]) -> bool:
    """Tell whether a GPU runs what was built for architectures such as sm_90 and compute_120.

    Machine code (sm) runs on GPUs of the same major version whose minor version is not lower. The
    driver translates the portable code (compute) for any later GPU.
    """
    for name in built_for:
        kind, _, version = name.partition("_")
        if not version.isdigit():  # sm_90a has kernels that need sm_90, but not all of them
            continue
        major, minor = divmod(int(version), 10)
        if (major, minor) <= capability and (kind == "compute" or major == capability[0]):
            return True
    return False


def list_gpus(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the UUIDs of the GPUs that CUDA_VISIBLE_DEVICES leaves to this process.

    Those of slices stand in the place of a GPU that is divided into slices. CUDA is not used, as a
    process must choose its slice before.
    """
    cards: dict[str, list[str]] = {}
    for kind, uuid in re.findall(r"^ *(GPU|MIG) .*\(UUID: ([^)]+)\)", _nvidia_smi(), re.MULTILINE):
        if kind == "GPU":
            slices = cards.setdefault(uuid, [])
        else:
            slices.append(uuid)
    parts = [slices or [card] for card, slices in cards.items()]
    inherited = environment.get("CUDA_VISIBLE_DEVICES")
    if inherited is None:
        return list(itertools.chain(*parts))
    names: list[str] = []
    for entry in map(str.strip, inherited.split(",")):
        if entry.isdigit():
            found = parts[int(entry)] if int(entry) < len(parts) else []
        else:  # the beginning of a UUID
            of_cards = [own for card, own in zip(cards, parts, strict=True) if _begins(card, entry)]
            found = of_cards[0] if of_cards else []
            found = found or [own for own in itertools.chain(*parts) if _begins(own, entry)][:1]
        if not found:  # CUDA does not read on after a GPU that it does not know
            break
        names += [name for name in found if name not in names]
    return names


def _begins(uuid: str, entry: str) -> bool:
    return bool(entry) and uuid.startswith(entry)


def _nvidia_smi() -> str:
    """Return the driver's list of GPUs and their slices; empty where there is none."""
    try:
        command = ["nvidia-smi", "-L"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


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
        raise StudyError(f"{folder}: cannot create the GPU locks: {reason}") from error
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
