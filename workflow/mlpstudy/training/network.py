"""The multilayer perceptron over a stack of replicates: parameters, forward and backward pass.

Every tensor has a leading axis of replicates, and each operation does all replicates at once: at
these sizes most of a training step would otherwise be the overhead of starting operations. A
replicate's arithmetic does not depend on its neighbours, so its bits do not either.

A hidden layer is dense → activation → batch normalisation → dropout; the output layer is dense.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mlpstudy.spec import Spec
from mlpstudy.training.activations import ACTIVATIONS
from mlpstudy.training.batchnorm import BatchNorm
from mlpstudy.training.workspace import Batch, Room, padded

# MKL reads this at its first product. Without it, the kernel that it chooses depends on how many
# matrices there are and on their alignment, so a replicate's bits would depend on its neighbours.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")

Pair = tuple[Tensor, Tensor]  # a parameter of every replicate, and its gradient


@dataclass(frozen=True)
class Layer:
    """One layer of every replicate, as views into the network's flat vectors.

    kernel (replicates, inputs, units) and bias (replicates, 1, units), with their gradients.
    """

    kernel: Tensor
    kernel_gradient: Tensor
    bias: Tensor
    bias_gradient: Tensor
    norm: BatchNorm | None


class Network:
    """All parameters of a stack of replicates in one flat vector, their gradients in another.

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
        size = sum(padded(self.replicates * math.prod(shape)) for shape in self.shapes())
        self.parameters = like.new_zeros(size)
        self.gradients = like.new_zeros(size)
        self.layers = list(self._layers())
        for replicate, generator in enumerate(generators):
            self._draw_kernels(replicate, generator)

    def shapes(self) -> Iterator[tuple[int, int]]:
        """Yield the shape of each trained tensor of one replicate, in their order."""
        fan_ins = (self.inputs, *self.spec.nodes)
        for index, (fan_in, units) in enumerate(zip(fan_ins, self.spec.nodes, strict=False)):
            yield fan_in, units
            yield 1, units
            if self._is_normalised(index):
                yield 1, units
                yield 1, units

    @property
    def parameter_count(self) -> int:
        """Trained parameters of one replicate, as Keras counts them."""
        return sum(math.prod(shape) for shape in self.shapes())

    def named_tensors(self) -> dict[str, Tensor]:
        """Return all that the forward pass needs, by name, replicates first."""
        named: dict[str, Tensor] = {}
        for number, layer in enumerate(self.layers, start=1):
            named[f"dense_{number}.kernel"] = layer.kernel
            named[f"dense_{number}.bias"] = layer.bias.squeeze(1)
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
            torch.baddbmm(layer.bias, values, layer.kernel, out=room.dense.view)
            self.activation.forward(room.dense.flat, self.spec.leaky_slope, room.active.flat)
            if layer.norm is not None and room.normalised is not None:
                layer.norm.forward(room.active.view, room.normalised, training=batch.training)
            if room.mask is not None:
                torch.mul(room.undropped.flat, room.mask.flat, out=room.output.flat)
            values = room.output.view
        torch.baddbmm(self.layers[-1].bias, values, self.layers[-1].kernel, out=batch.logits)

    def backward(self, batch: Batch) -> None:
        """Fill `gradients` from `batch.errors`, the gradient of the loss by the logits."""
        errors = batch.errors
        for index in range(len(self.layers) - 1, 0, -1):
            room, layer = batch.rooms[index - 1], self.layers[index]
            _dense_gradients(layer, room.output.view, errors)
            torch.bmm(errors, layer.kernel.transpose(1, 2), out=room.errors.view)
            self._through_hidden(self.layers[index - 1], room)
            errors = room.errors.view
        _dense_gradients(self.layers[0], batch.inputs, errors)

    def _through_hidden(self, layer: Layer, room: Room) -> None:
        """Turn `room.errors` from those of the layer's output into those of its dense part."""
        errors = room.errors.flat
        if room.mask is not None:
            errors.mul_(room.mask.flat)
        if layer.norm is not None and room.normalised is not None:
            layer.norm.backward(room.errors.view, room.normalised)
        self.activation.backward(errors, room.kept.flat, self.spec.leaky_slope, errors)

    def _is_normalised(self, index: int) -> bool:
        return self.spec.batch_norm and index < len(self.spec.nodes) - 1

    def _layers(self) -> Iterator[Layer]:
        pairs = self._pairs()
        for index in range(len(self.spec.nodes)):
            kernel, bias = next(pairs), next(pairs)
            norm = BatchNorm(*next(pairs), *next(pairs)) if self._is_normalised(index) else None
            yield Layer(*kernel, *bias, norm)

    def _pairs(self) -> Iterator[Pair]:
        """Cut the flat vectors into (replicates, *shape); the padding between stays zero."""
        start = 0
        for shape in self.shapes():
            end = start + self.replicates * math.prod(shape)
            yield (
                self.parameters[start:end].view(self.replicates, *shape),
                self.gradients[start:end].view(self.replicates, *shape),
            )
            start += padded(end - start)

    def _draw_kernels(self, replicate: int, generator: np.random.Generator) -> None:
        for layer in self.layers:
            fan_in, units = layer.kernel.shape[1:]
            limit = math.sqrt(6.0 / (fan_in + units))
            drawn = generator.uniform(-limit, limit, size=(fan_in, units))
            layer.kernel[replicate].copy_(torch.from_numpy(drawn))


def _dense_gradients(layer: Layer, values: Tensor, errors: Tensor) -> None:
    torch.bmm(values.transpose(1, 2), errors, out=layer.kernel_gradient)
    torch.sum(errors, 1, keepdim=True, out=layer.bias_gradient)
