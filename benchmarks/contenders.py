"""What a contender is, and what it is given."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import cast

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


class Contender:
    """One way of training a model.

    `label` names it in tables, `packages` are the distributions whose versions matter, `models` is
    the number of models that one of its steps trains.
    """

    label: str
    packages: tuple[str, ...]
    models: int = 1

    def cannot(self, spec: Spec) -> str | None:  # noqa: ARG002 - most can express every model
        """Return what of `spec` it cannot express, or None."""
        return None

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return a function that trains a model of `spec` for a number of steps.

        It may be called often. The fixed cost of a call does not count: the time of a few steps is
        subtracted from that of many. Batches are drawn from all training images.
        """
        raise NotImplementedError


def threads() -> int:
    """Return the number of threads that this process was given."""
    return int(os.environ["OMP_NUM_THREADS"])


def peer_names() -> list[str]:
    """Return the names of the files in peers/; those with a leading underscore are helpers."""
    files = (Path(__file__).parent / "peers").glob("[!_]*.py")
    return sorted(file.stem for file in files)


def contender_named(name: str) -> Contender:
    """Return the contender of that name, importing what it needs.

    Names are `floor`, `ours-N` (our trainer with N replicates stacked), and the files in peers/.
    """
    if stack := re.fullmatch(r"ours-(\d+)", name):
        return cast(Contender, importlib.import_module("benchmarks.ours").Ours(int(stack[1])))
    module = "benchmarks.floor" if name == "floor" else f"benchmarks.peers.{name}"
    return cast(Contender, importlib.import_module(module).CONTENDER)
