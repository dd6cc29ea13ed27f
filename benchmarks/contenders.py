"""What a contender is, and what it is given."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mlpstudy.data import dataset
from mlpstudy.spec import Spec

# Train at least this many steps, as the tool does it, and return how many it were.
Train = Callable[[int], int]


class Data:
    """The dataset in the forms that contenders want it in."""

    def __init__(self, folder: Path) -> None:
        self.dataset = dataset.load(folder)

    @cached_property
    def floats(self) -> NDArray[np.float32]:
        """The training images as float32 in [0, 1], (images, pixels)."""
        return self.dataset.images[: self.dataset.train].astype(np.float32) / np.float32(255.0)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The training labels, (images,)."""
        return self.dataset.labels[: self.dataset.train].astype(np.int64)


class Contender(Protocol):
    """One way of training a model.

    `label` names it in tables, `packages` the distributions whose versions matter, `models` how
    many models one of its steps trains.
    """

    label: str
    packages: tuple[str, ...]
    models: int

    def cannot(self, spec: Spec) -> str | None:
        """Return what of `spec` it cannot express, or None."""

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return a function that trains a model of `spec` for a number of steps.

        It may be called often, and a call's fixed cost does not count: the time of a few steps is
        taken off that of many. Batches are drawn from all training images.
        """


def threads() -> int:
    """Return the number of threads that this process was given."""
    return int(os.environ["OMP_NUM_THREADS"])
