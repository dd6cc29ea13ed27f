"""Which processor or GPU a job computes on."""

from __future__ import annotations

import logging

import torch

from mlpstudy.errors import StudyError
from mlpstudy.training.leasing import WhenTaken, assigned_by_slurm, lease, visible_gpus

logger = logging.getLogger(__name__)


def choose_device(
    wanted: str, gpus: int | None = None, when_taken: WhenTaken = "wait"
) -> torch.device:
    """Return the device for `wanted` (auto, cpu or cuda) and the GPUs granted by the scheduler.

    `gpus` of 0 means that none may be used; None that nobody counted them. With "auto" a job takes
    a GPU where there is one, but inside a Slurm job only one that Slurm has given it. Of several
    GPUs a job gets one to itself; `when_taken` says what it does when there is none left.

    Raises:
        StudyError: "cuda" is wanted and there is no usable GPU.
    """
    usable = wanted != "cpu" and gpus != 0 and torch.cuda.is_available()
    if wanted == "cuda" and not usable:
        reason = "the job was granted none" if gpus == 0 else "PyTorch finds none"
        raise StudyError(f"device: expected a GPU, as configured (cuda), but {reason}")
    if not usable or (wanted == "auto" and assigned_by_slurm() is False):
        return torch.device("cpu")
    names = visible_gpus(torch.cuda.device_count())
    index = lease(names, when_taken)
    torch.cuda.set_device(index)  # streams and graphs are made on the current one
    logger.info("on GPU %s, %s", names[index], torch.cuda.get_device_name(index))
    return torch.device("cuda", index)
