"""A finished run as an ordinary `torch.nn.Module`, and its predictions for new images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from mlpstudy.config.study import load_study
from mlpstudy.data.dataset import read_idx
from mlpstudy.errors import StudyError
from mlpstudy.spec import Job, Spec
from mlpstudy.training.activations import activation_named
from mlpstudy.training.layers import EPSILON, MOMENTUM


class Scale(nn.Module):
    """Flattens images (n, height, width) or (n, pixels) of bytes and multiplies them."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, images: Tensor) -> Tensor:
        """Return float32 (n, pixels)."""
        return images.flatten(1).to(torch.float32) * self.factor


def load_model(folder: Path, replicate: int) -> nn.Sequential:
    """Return the trained network of one replicate, in evaluation mode.

    `folder` is a job's: results/runs/CONDITION/MODEL/fold-FOLD/replicates-FIRST-LAST. The module
    takes images as bytes from 0 to 255, (n, height, width) or (n, pixels), scales them as its
    model does, and gives logits (n, classes). Dropout is left out: it does nothing at evaluation.

    Raises:
        StudyError: a file is missing or damaged, or the job has no such replicate.
    """
    with _finished(folder):
        job = Job.from_identity((folder / "spec.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "weights.safetensors")
    if replicate not in job.replicates:
        raise StudyError(
            f"{folder}: expected a replicate from {job.first} to {job.last}, got {replicate}"
        )
    own = {name: tensor[replicate - job.first] for name, tensor in tensors.items()}
    return nn.Sequential(*_modules(job.spec, own)).eval()


@contextmanager
def _finished(folder: Path) -> Iterator[None]:
    """Turn an error from reading a file of a finished job into a StudyError."""
    try:
        yield
    except OSError as error:
        raise StudyError(f"{folder}: expected the folder of a finished job: {error}") from error
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise StudyError(f"{folder}: spec.json or weights.safetensors is damaged") from error


def class_names(folder: Path, study: Path | None = None) -> tuple[str, ...] | None:
    """Return the names of the classes of a finished job, or None if no study.json is found.

    Args:
        folder: of the job.
        study: study.json; by default the one in a folder above.

    Raises:
        StudyError: `study` is no study or about other data than the job, or this is unfinished.
    """
    above = (parent / "study.json" for parent in folder.resolve().parents)
    path = study or next((file for file in above if file.is_file()), None)
    if path is None:
        return None
    plan = load_study(path)
    with _finished(folder):
        job = Job.from_identity((folder / "spec.json").read_text(encoding="utf-8"))
    if plan.dataset.digest != job.data:
        raise StudyError(f"{path}: expected the study of {folder}, found one of other data")
    return tuple(plan.labels)


def predict(
    model: nn.Module, images: NDArray[np.uint8], rows: int = 1000
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return class and probability, each (n,), of uint8 `images`, (n, height, width)."""
    with torch.inference_mode():
        parts = torch.split(torch.from_numpy(images.copy()), rows)
        probability, label = torch.cat([model(part).softmax(-1) for part in parts]).max(-1)
    return label.numpy(), probability.numpy()


def read_images(paths: Sequence[Path], invert: bool = False) -> tuple[list[str], NDArray[np.uint8]]:
    """Return a name and a 28 by 28 image for each picture of `paths`, (n, 28, 28).

    A file whose name has "idx" in it is an IDX file of many images; any other is a picture that
    Pillow reads, made grey and resized. The datasets show light things on a dark ground: `invert`
    is for pictures that have it the other way.

    Raises:
        StudyError: a file is missing or is not an image.
    """
    names: list[str] = []
    images = []
    for path in paths:
        found = read_idx(path) if "idx" in path.name else _read_picture(path, invert)[None]
        if found.ndim != 3:
            raise StudyError(f"{path}: expected images, found {found.ndim} dimensions")
        names += (
            [f"{path}:{index}" for index in range(len(found))] if len(found) > 1 else [f"{path}"]
        )
        images.append(found)
    return names, np.concatenate(images)


def _read_picture(path: Path, invert: bool) -> NDArray[np.uint8]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            grey = np.asarray(picture.convert("L").resize((28, 28)), dtype=np.uint8)
    except (OSError, UnidentifiedImageError) as error:
        raise StudyError(f"{path}: expected a picture or an IDX file: {error}") from error
    return 255 - grey if invert else grey


def _modules(spec: Spec, tensors: dict[str, Tensor]) -> Iterator[nn.Module]:
    yield Scale(1.0 / 255.0 if spec.pixels == "unit" else 1.0)
    for number in range(1, len(spec.nodes) + 1):
        yield _linear(tensors[f"dense_{number}.kernel"], tensors[f"dense_{number}.bias"])
        if number < len(spec.nodes):
            yield activation_named(spec.activation, spec.leaky_slope).module
            if spec.batch_norm:
                yield _batch_norm(tensors, number)


def _linear(kernel: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(*kernel.shape)
    layer.weight = nn.Parameter(kernel.T.contiguous())
    layer.bias = nn.Parameter(bias.clone())
    return layer


def _batch_norm(tensors: dict[str, Tensor], number: int) -> nn.BatchNorm1d:
    own = {name: tensors[f"norm_{number}.{name}"] for name in _NORM_NAMES}
    layer = nn.BatchNorm1d(len(own["scale"]), eps=EPSILON, momentum=1.0 - MOMENTUM)
    layer.load_state_dict({_NORM_NAMES[name]: tensor for name, tensor in own.items()}, strict=False)
    return layer


_NORM_NAMES = {
    "scale": "weight",
    "offset": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
