"""The buffers of a training or evaluation step: allocated once, written in every step.

Every buffer has a leading axis of replicates: (replicates, rows, units).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from mlpstudy.spec import Spec
from mlpstudy.training.activations import ACTIVATIONS

# In elements: 256 bytes of float32, a whole number of the vector registers of any processor.
ALIGNMENT = 64


def padded(size: int) -> int:
    """Return `size` rounded up to a multiple of ALIGNMENT."""
    return -(-size // ALIGNMENT) * ALIGNMENT


class Buffer:
    """A contiguous tensor whose memory is padded to a whole number of vector registers.

    `view` has the wanted shape, for matrix products and reductions; `flat` is all its memory, for
    elementwise operations. Those have a scalar loop for what is left over after the last full
    vector, whose rounding may differ; over `flat` only padding is left over, so the bits of an
    element do not depend on where a stack of another depth would have put it.
    """

    def __init__(self, shape: Sequence[int], like: Tensor) -> None:
        size = math.prod(shape)
        self.flat = like.new_zeros(padded(size))
        self.view = self.flat[:size].view(*shape)


class Normalised:
    """What batch normalisation keeps of a batch: x̂, its output and 1 / √(variance + ε)."""

    def __init__(self, shape: Sequence[int], like: Tensor) -> None:
        self.standard = Buffer(shape, like)
        self.output = Buffer(shape, like)
        self.inverse_deviation = like.new_zeros(shape[0], 1, shape[2])


class Room:
    """What a hidden layer leaves behind for one batch, each (replicates, rows, units).

    dense → active → normalised → output; a stage that needs no memory of its own shares the last
    one's. `mask` holds dropout's zeros and its scale, and `errors` the loss's gradient.
    """

    def __init__(self, spec: Spec, shape: Sequence[int], like: Tensor, *, training: bool) -> None:
        keeps_input = ACTIVATIONS[spec.activation].keeps_input
        self.dense = Buffer(shape, like)
        self.active = Buffer(shape, like) if keeps_input else self.dense
        self.kept = self.dense if keeps_input else self.active
        self.normalised = Normalised(shape, like) if spec.batch_norm else None
        self.undropped = self.normalised.output if self.normalised else self.active
        self.mask = Buffer(shape, like) if training and spec.dropout > 0 else None
        # The activation's derivative is taken at its output, which dropout must then not touch.
        separate = self.mask is not None and self.normalised is None
        self.output = Buffer(shape, like) if separate else self.undropped
        self.errors = Buffer(shape if training else (0,), like)


class Batch:
    """All buffers of one step over `rows` examples a replicate.

    `inputs` (replicates, rows, pixels) and `targets` (replicates, classes, rows) are filled by the
    caller, `logits` (replicates, classes, rows) by the forward pass, `errors` (the gradient of the
    batch's mean loss by the logits) by the loss. Classes come before rows because a softmax over
    the last of the axes cannot use vector instructions: it takes ten times as long.
    """

    def __init__(
        self, spec: Spec, inputs: int, replicates: int, rows: int, like: Tensor, *, training: bool
    ) -> None:
        self.rows = rows
        self.training = training
        self.inputs = like.new_zeros(replicates, rows, inputs)
        self.rooms = [
            Room(spec, (replicates, rows, units), like, training=training)
            for units in spec.nodes[:-1]
        ]
        classes = (replicates, spec.nodes[-1], rows)
        self.logits = like.new_zeros(classes)
        self.targets = like.new_zeros(classes)
        self.errors = like.new_zeros(classes)
