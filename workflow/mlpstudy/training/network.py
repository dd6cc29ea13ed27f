"""The multilayer perceptron over a stack of replicates: forward and backward pass.

Every tensor has a leading axis of replicates, and each operation does all replicates at once: at
these sizes most of a training step would otherwise be the overhead of starting operations. A
replicate's arithmetic does not depend on its neighbours, so its bits do not either.

A hidden layer is dense → activation → batch normalisation → dropout; the output layer is dense.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from mlpstudy.spec import Spec
from mlpstudy.training.activations import ACTIVATIONS
from mlpstudy.training.parameters import Layer, Part, allocate, layer_shapes
from mlpstudy.training.workspace import Batch, Room

# MKL reads this at its first product. Without it, the kernel that it chooses depends on how many
# matrices there are and on their alignment, so a replicate's bits would depend on its neighbours.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")


class Network:
    """The layers of a stack of replicates, and the passes through them.

    Kernels are Glorot-uniform (Glorot and Bengio 2010) and biases zero, Keras's defaults;
    `generators` has one generator a replicate, which draws its kernels in the layers' order.
    """

    def __init__(
        self, spec: Spec, inputs: int, generators: Sequence[np.random.Generator], like: Tensor
    ) -> None:
        """Allocate for `inputs` pixels an example, with the device and dtype of `like`."""
        self.spec = spec
        self.inputs = inputs
        self.replicates = len(generators)
        self.activation = ACTIVATIONS[spec.activation]
        self.parameters, self.layers, self.parts = allocate(spec, inputs, self.replicates, like)
        for replicate, generator in enumerate(generators):
            self._draw_kernels(replicate, generator)

    @property
    def parameter_count(self) -> int:
        """Trained parameters of one replicate, as Keras counts them."""
        shapes = layer_shapes(self.spec, self.inputs)
        return sum(math.prod(shape) for layer in shapes for shape in layer)

    def named_tensors(self) -> dict[str, Tensor]:
        """Return all that the forward pass needs, by name, replicates first.

        Kernels are (replicates, inputs, units), all others (replicates, units).
        """
        named: dict[str, Tensor] = {}
        for number, layer in enumerate(self.layers, start=1):
            output = layer is self.layers[-1]
            named[f"dense_{number}.kernel"] = layer.kernel.mT if output else layer.kernel
            named[f"dense_{number}.bias"] = layer.bias.flatten(1)
            if layer.norm is not None:
                for name, tensor in layer.norm.named_tensors().items():
                    named[f"norm_{number}.{name}"] = tensor.squeeze(1)
        return named

    def running(self) -> dict[str, Tensor]:
        """Return the moving moments of batch normalisation: all state beside the parameters."""
        return {name: tensor for name, tensor in self.named_tensors().items() if ".moving_" in name}

    def batch(self, rows: int, *, training: bool) -> Batch:
        """Return buffers for passes over `rows` examples a replicate."""
        return Batch(
            self.spec, self.inputs, self.replicates, rows, self.parameters, training=training
        )

    def forward(self, batch: Batch) -> None:
        """Compute `batch.logits` from `batch.inputs`."""
        values = batch.inputs
        for layer, room in zip(self.layers, batch.rooms, strict=False):
            _add_product(layer.bias, values, layer.kernel, room.dense.view)
            self.activation.forward(room.dense.flat, self.spec.leaky_slope, room.active.flat)
            if layer.norm is not None and room.normalised is not None:
                layer.norm.forward(room.active.view, room.normalised, training=batch.training)
            if room.mask is not None:
                torch.mul(room.undropped.flat, room.mask.flat, out=room.output.flat)
            values = room.output.view
        output = self.layers[-1]
        if batch.rows > 1:
            torch.baddbmm(output.bias, output.kernel, values.mT, out=batch.logits)
        else:
            _add_product(output.bias.mT, values, output.kernel.mT, batch.logits.mT)

    def backward(self, batch: Batch) -> Iterator[Part]:
        """Yield each part of the parameters when its gradients are complete, last layers first.

        It starts from `batch.errors`, the gradient of the loss by the logits, and does not come
        back to parameters that it has yielded: they may be changed at once, while they and their
        gradients are in the cache. The next part's gradients take the memory of the last one's.
        """
        inputs = [batch.inputs, *(room.output.view for room in batch.rooms)]  # of each layer
        complete = {part.first: part for part in self.parts}
        output = self.layers[-1]
        torch.bmm(batch.errors, inputs[-1], out=output.kernel_gradient)
        torch.sum(batch.errors, 2, keepdim=True, out=output.bias_gradient)
        errors, kernel = batch.errors.mT, output.kernel
        for index in range(len(batch.rooms) - 1, -1, -1):
            room, layer = batch.rooms[index], self.layers[index]
            _product(errors, kernel, room.errors.view)
            if index + 1 in complete:
                yield complete[index + 1]
            self._through_hidden(layer, room)
            errors, kernel = room.errors.view, layer.kernel.mT
            torch.bmm(inputs[index].mT, errors, out=layer.kernel_gradient)
            torch.sum(errors, 1, keepdim=True, out=layer.bias_gradient)
        yield complete[0]

    def _through_hidden(self, layer: Layer, room: Room) -> None:
        """Turn `room.errors` from those of the layer's output into those of its dense part."""
        errors = room.errors.flat
        if room.mask is not None:
            errors.mul_(room.mask.flat)
        if layer.norm is not None and room.normalised is not None:
            layer.norm.backward(room.errors.view, room.normalised)
        self.activation.backward(errors, room.kept.flat, self.spec.leaky_slope, errors)

    def _draw_kernels(self, replicate: int, generator: np.random.Generator) -> None:
        for name, kernels in self.named_tensors().items():
            if name.endswith(".kernel"):
                fan_in, units = kernels.shape[1:]
                limit = math.sqrt(6.0 / (fan_in + units))
                drawn = generator.uniform(-limit, limit, size=(fan_in, units))
                kernels[replicate].copy_(torch.from_numpy(drawn))


# MKL multiplies a single row by other kernels, whose bits depend on the number of matrices in the
# stack. So the replicates of a batch of one example are multiplied one by one.


def _add_product(bias: Tensor, rows: Tensor, kernel: Tensor, out: Tensor) -> None:
    """Write `rows` times `kernel` plus `bias`, each with a leading axis of replicates, to `out`."""
    if rows.shape[1] > 1:
        torch.baddbmm(bias, rows, kernel, out=out)
        return
    for at in range(len(rows)):
        one = slice(at, at + 1)
        torch.baddbmm(bias[one], rows[one], kernel[one], out=out[one])


def _product(rows: Tensor, kernel: Tensor, out: Tensor) -> None:
    """Write `rows` times `kernel`, each with a leading axis of replicates, to `out`."""
    if rows.shape[1] > 1:
        torch.bmm(rows, kernel, out=out)
        return
    for at in range(len(rows)):
        one = slice(at, at + 1)
        torch.bmm(rows[one], kernel[one], out=out[one])
