"""What a contender is, and where the contender of a name is found.

A contender is a module or object with the attributes of `Contender`: `floor`, `ours-N` (our
trainer with N replicates stacked), or a file in peers/ by its name.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

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


def peer_names() -> list[str]:
    """Return the names of the files in peers/; those with a leading underscore are helpers."""
    files = (Path(__file__).parent / "peers").glob("[!_]*.py")
    return sorted(file.stem for file in files)


def contender_named(name: str) -> Contender:
    """Return the contender of that name, importing what it needs."""
    if stack := re.fullmatch(r"ours-(\d+)", name):
        from benchmarks.ours import Ours

        return Ours(int(stack[1]))
    module = "benchmarks.floor" if name == "floor" else f"benchmarks.peers.{name}"
    return cast(Contender, importlib.import_module(module).CONTENDER)


def threads() -> int:
    """Return the number of threads that this process was given."""
    return int(os.environ["OMP_NUM_THREADS"])
