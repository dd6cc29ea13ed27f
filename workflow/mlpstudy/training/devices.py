"""Which processor or GPU a job computes on."""

from __future__ import annotations

import torch

from mlpstudy.errors import StudyError


def choose_device(wanted: str, gpus: int | None = None) -> torch.device:
    """Return the device for `wanted` (auto, cpu or cuda) and the GPUs granted by the scheduler.

    `gpus` of 0 means that none may be used; None that nobody counted them. With "auto" a job takes
    a GPU where there is one.

    Raises:
        StudyError: "cuda" is wanted and there is no usable GPU.
    """
    usable = gpus != 0 and torch.cuda.is_available()
    if wanted == "cuda" and not usable:
        reason = "the job was granted none" if gpus == 0 else "PyTorch finds none"
        raise StudyError(f"device: expected a GPU, as configured (cuda), but {reason}")
    return torch.device("cuda" if usable and wanted != "cpu" else "cpu")
