"""Filling a batch: the gather of its images and targets, and the masks of dropout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlpstudy.training.workspace import Batch

_DRAWS = 2**16  # a mask is drawn from 16 random bits a unit


class Feeder:
    """The images of a dataset, gathered by row number into batches.

    They stay bytes, as they are shared by all jobs, until a batch of them is wanted: gathering a
    quarter of the memory and converting it takes half the time of gathering float32.
    """

    def __init__(
        self, images: Tensor, labels: Tensor, *, classes: int, scale: float, floor: float
    ) -> None:
        """Take uint8 images (rows, pixels) and int64 labels (rows,).

        Pixels become byte · `scale`; targets 1 for the true one of `classes`, `floor` elsewhere.
        """
        self.images = images
        self.labels = labels
        self.scale = scale
        self.floor = floor
        self._classes = torch.arange(classes, device=images.device).view(1, -1, 1)
        self._bytes = images.new_empty(0)

    def fill(self, batch: Batch, rows: Tensor) -> None:
        """Gather the examples `rows`, (replicates, batch rows), and their targets."""
        flat = rows.reshape(-1)
        inputs = batch.inputs.view(len(flat), -1)
        if self._bytes.shape != inputs.shape:
            self._bytes = self.images.new_empty(inputs.shape)
        torch.index_select(self.images, 0, flat, out=self._bytes)
        inputs.copy_(self._bytes)
        if self.scale != 1.0:
            inputs.mul_(self.scale)
        labels = torch.index_select(self.labels, 0, flat).view(len(rows), 1, -1)
        torch.eq(labels, self._classes, out=batch.targets)
        if self.floor:
            batch.targets.clamp_(min=self.floor)


class Dropout:
    """The masks of one epoch: inverted dropout (Srivastava et al. 2014), 0 or 1 / (1 - rate).

    Each replicate draws its own masks from its own generator. A unit is kept with the probability
    1 - rate to within 1 / 65536, the grain of 16 random bits.
    """

    def __init__(self, rate: float, generators: Sequence[np.random.Generator]) -> None:
        self.rate = rate
        self.generators = generators

    def fill(self, batch: Batch) -> None:
        """Draw the masks of every hidden layer of `batch`."""
        sizes = [room.output.view[0].numel() for room in batch.rooms]
        bound, size = self._bound(), sum(sizes)
        # NumPy compares 16-bit integers, and torch converts bytes, with vector instructions; torch
        # compares the one and converts booleans without.
        kept = np.stack([_bits(g, size) < bound for g in self.generators]).view(np.uint8)
        parts = torch.split(torch.from_numpy(kept), sizes, dim=1)
        for room, part in zip(batch.rooms, parts, strict=True):
            assert room.mask is not None
            room.mask.view.copy_(part.view_as(room.mask.view))
            room.mask.flat.mul_(1.0 / (1.0 - self.rate))

    def _bound(self) -> np.int16:
        """Return the signed 16-bit number that draws of kept units stay below."""
        bound = round((1.0 - self.rate) * _DRAWS) - _DRAWS // 2
        # At a tiny rate it would be one more than there is, and wrap round to the least number.
        return np.int16(min(bound, _DRAWS // 2 - 1))


def _bits(generator: np.random.Generator, size: int) -> NDArray[np.int16]:
    """Return `size` uniform 16-bit integers, four from each raw 64-bit draw."""
    raw = generator.bit_generator.random_raw(-(-size // 4))
    return np.asarray(raw).view(np.int16)[:size]
