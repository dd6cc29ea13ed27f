"""The multilayer perceptron over a stack of replicates: its forward and its backward pass.

Every tensor has a leading axis of replicates, and each operation computes all replicates at once:
at these sizes, starting operations would otherwise take most of a training step. A replicate's
arithmetic does not depend on the others in its stack, so its bits do not either.

Both passes are written out as operations on preallocated buffers, which are listed once and then
repeated. With autograd, a step takes half as long again and cannot update parameters while they are
in the cache.

A hidden layer is dense → activation → batch normalisation → dropout; the output layer is dense.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from mlpstudy.spec import Spec
from mlpstudy.training.activations import Operation, activation_named
from mlpstudy.training.layers import (
    BatchNormBuffers,
    Buffer,
    Layer,
    ParameterGroup,
    allocate,
    layer_shapes,
)

# MKL reads this at its first product: equally aligned matrices then have the same product, however
# many there are. Without it, a replicate's bits could depend on its stack.
os.environ.setdefault("MKL_CBWR", "AUTO")


Update = Callable[[ParameterGroup], object]


class LayerBuffers:
    """The buffers of one hidden layer for one batch, each (replicates, rows, units).

    dense → activated → norm.output → output; a step that needs no memory of its own writes to the
    buffer before it. `saved` is what the activation's backward pass needs, `mask` the dropout mask
    and `gradient` that of the loss.
    """

    def __init__(
        self, spec: Spec, shape: Sequence[int], like: Tensor, mask: Tensor | None, *, training: bool
    ) -> None:
        saves_input = activation_named(spec.activation, spec.leaky_slope).saves_input
        self.dense = Buffer(shape, like)
        self.activated = Buffer(shape, like) if saves_input else self.dense
        self.saved = self.dense if saves_input else self.activated
        self.norm = BatchNormBuffers(shape, like) if spec.batch_norm else None
        self.before_dropout = self.norm.output if self.norm else self.activated
        self.mask = mask
        # Dropout must not overwrite what the activation has saved.
        separate = self.mask is not None and self.norm is None
        self.output = Buffer(shape, like) if separate else self.before_dropout
        self.gradient = Buffer(shape if training else (shape[0], 0, 0), like)


@dataclass(frozen=True, eq=False)
class Batch:
    """The examples of one step and the buffers for it.

    The caller fills `images`, bytes (replicates, rows, pixels), and for training `targets`
    (replicates, classes, rows) by the loss. The forward pass fills `logits` (replicates, classes,
    rows), and the loss `gradient`, that of the batch's mean loss with respect to the logits.
    Classes come before rows because a softmax over the last axis, of ten elements, cannot use
    vector instructions and takes ten times as long.
    """

    images: Tensor
    inputs: Buffer
    layers: Sequence[LayerBuffers]
    logits: Buffer
    targets: Buffer
    gradient: Buffer
    training: bool

    @property
    def rows(self) -> int:
        """The number of examples per replicate."""
        return self.images.shape[1]


class Block:
    """The batches of `steps` consecutive steps, whose examples are gathered at once.

    The memory of `images` (steps, replicates, rows, pixels), `logits` and `targets` (steps ·
    replicates, classes, rows) belongs to all steps; all other buffers are those of the present one.
    """

    def __init__(
        self, spec: Spec, shape: Sequence[int], steps: int, like: Tensor, *, training: bool
    ) -> None:
        """Allocate for batches of (replicates, rows, pixels)."""
        replicates, rows, pixels = shape
        self.dropout = spec.dropout if training else 0.0
        sizes = [rows * units for units in spec.nodes[:-1]]
        self.masks = like.new_zeros(replicates, sum(sizes) if self.dropout else 0)
        masks = torch.split(self.masks, sizes, 1) if self.dropout else [None] * len(sizes)
        layers = []
        for units, mask in zip(spec.nodes[:-1], masks, strict=True):
            own = (replicates, rows, units)
            mask = None if mask is None else mask.view(own)
            layers.append(LayerBuffers(spec, own, like, mask, training=training))
        classes = spec.nodes[-1]
        self.images = like.new_zeros(steps, replicates, rows, pixels, dtype=torch.uint8)
        self.logits = Buffer((steps * replicates, classes, rows), like)
        self.targets = Buffer((steps * replicates, classes, rows), like)
        inputs = Buffer(shape, like)
        gradient = Buffer((replicates, classes, rows), like)
        own_parts = (self.images, self.logits.split(steps), self.targets.split(steps))
        self.batches = [
            Batch(images, inputs, layers, logits, targets, gradient, training)
            for images, logits, targets in zip(*own_parts, strict=True)
        ]

    @property
    def hidden_size(self) -> int:
        """The number of elements of all hidden layers for one replicate: rows · Σ units."""
        return self.masks.shape[1]

    def set_masks(self, kept: Tensor) -> None:
        """Set the masks of inverted dropout (Srivastava et al. 2014), 0 or 1 / (1 - rate).

        `kept`, (replicates, hidden_size), is 1 where a unit is kept and 0 where it is dropped.
        """
        self.masks.copy_(kept).mul_(1.0 / (1.0 - self.dropout))


class Network:
    """The layers of a stack of replicates, and the passes through them.

    Kernels are Glorot-uniform (Glorot and Bengio 2010) and biases zero, Keras's defaults.
    `generators` has one generator per replicate, which draws its kernels in the layers' order.
    """

    def __init__(
        self, spec: Spec, inputs: int, generators: Sequence[np.random.Generator], like: Tensor
    ) -> None:
        """Allocate for `inputs` pixels per example, with the device and dtype of `like`."""
        self.spec = spec
        self.inputs = inputs
        self.replicates = len(generators)
        self.activation = activation_named(spec.activation, spec.leaky_slope)
        # The first layer's products are scaled rather than its inputs, which costs nothing.
        self.scale = 1.0 / 255.0 if spec.pixels == "unit" else 1.0
        self.parameters, self.layers, self.groups = allocate(spec, inputs, self.replicates, like)
        for replicate, generator in enumerate(generators):
            self._draw_kernels(replicate, generator)

    @property
    def parameter_count(self) -> int:
        """The number of trained parameters of one replicate, as Keras counts them."""
        shapes = layer_shapes(self.spec, self.inputs)
        return sum(math.prod(shape) for layer in shapes for shape in layer)

    def named_tensors(self) -> dict[str, Tensor]:
        """Return the parameters and moving moments by name, replicates first.

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

    def moving_moments(self) -> dict[str, Tensor]:
        """Return the moving moments of batch normalisation: all state besides the parameters."""
        return {name: tensor for name, tensor in self.named_tensors().items() if ".moving_" in name}

    def block(self, rows: int, steps: int, *, training: bool) -> Block:
        """Return buffers for `steps` passes over `rows` examples per replicate."""
        shape = (self.replicates, rows, self.inputs)
        return Block(self.spec, shape, steps, self.parameters, training=training)

    def forward(self, batch: Batch) -> Iterator[Operation]:
        """Yield the operations that compute `batch.logits` from `batch.inputs`."""
        yield partial(batch.inputs.view.copy_, batch.images)
        previous, scale = batch.inputs, self.scale
        for layer, buffers in zip(self.layers, batch.layers, strict=False):
            dense = buffers.dense.view
            yield from _product(dense, previous.view, layer.kernel, plus=layer.bias, scale=scale)
            yield self.activation.forward(buffers.dense.flat, buffers.activated.flat)
            if layer.norm is not None and buffers.norm is not None:
                activated = buffers.activated.view
                yield partial(layer.norm.forward, activated, buffers.norm, training=batch.training)
            if buffers.mask is not None:
                values, output = buffers.before_dropout.view, buffers.output.view
                yield partial(torch.mul, values, buffers.mask, out=output)
            previous, scale = buffers.output, 1.0
        last, logits = self.layers[-1], batch.logits
        if batch.rows > 1:
            factors = last.kernel, previous.transposed
            yield from _product(logits.view, *factors, plus=last.bias, scale=scale)
        else:
            factors = previous.view, last.transposed
            yield from _product(logits.transposed, *factors, plus=last.bias.mT, scale=scale)

    def backward(self, batch: Batch, update: Update) -> Iterator[Operation]:
        """Yield the operations that compute the gradients from `batch.gradient`.

        Among them is `update(group)` for each group of parameters, from the last layers to the
        first, as soon as its gradients are complete. The backward pass has then no further use for
        the group's parameters, and they and their gradients are in the cache. The gradients of the
        next group overwrite those of the last.
        """
        groups = {group.first: group for group in self.groups}
        inputs = [batch.inputs, *(buffers.output for buffers in batch.layers)]  # of each layer
        last, gradient = self.layers[-1], batch.gradient
        scale = self.scale if len(inputs) == 1 else 1.0
        yield from _product(last.kernel_gradient, gradient.view, inputs[-1].view, scale=scale)
        yield partial(torch.sum, gradient.view, 2, keepdim=True, out=last.bias_gradient)
        arriving, kernel = gradient.transposed, last.kernel
        for index in range(len(batch.layers) - 1, -1, -1):
            layer, buffers = self.layers[index], batch.layers[index]
            yield from _product(buffers.gradient.view, arriving, kernel)
            if index + 1 in groups:
                yield partial(update, groups[index + 1])
            yield from self._backward_hidden(layer, buffers)
            arriving, kernel = buffers.gradient.view, layer.transposed
            scale = 1.0 if index else self.scale
            out, values = layer.kernel_gradient, inputs[index].transposed
            yield from _product(out, values, arriving, scale=scale)
            yield partial(torch.sum, arriving, 1, keepdim=True, out=layer.bias_gradient)
        yield partial(update, groups[0])

    def _backward_hidden(self, layer: Layer, buffers: LayerBuffers) -> Iterator[Operation]:
        """Replace the gradient of a hidden layer's output by that of its dense part, in place."""
        gradient = buffers.gradient.flat
        if buffers.mask is not None:
            yield partial(buffers.gradient.view.mul_, buffers.mask)
        if layer.norm is not None and buffers.norm is not None:
            yield partial(layer.norm.backward, buffers.gradient.view, buffers.norm)
        yield self.activation.backward(gradient, buffers.saved.flat, gradient)

    def activation_slopes(self, batch: Batch) -> Iterator[Tensor]:
        """Yield |f'(z)| at each hidden layer after a forward pass, (replicates, rows, units)."""
        for buffers in batch.layers:
            slope = torch.ones_like(buffers.saved.view)
            self.activation.backward(slope, buffers.saved.view, slope)()
            yield slope.abs_()

    def _draw_kernels(self, replicate: int, generator: np.random.Generator) -> None:
        for name, kernels in self.named_tensors().items():
            if name.endswith(".kernel"):
                fan_in, units = kernels.shape[1:]
                limit = math.sqrt(6.0 / (fan_in + units))
                drawn = generator.uniform(-limit, limit, size=(fan_in, units))
                kernels[replicate].copy_(torch.from_numpy(drawn))


def _product(
    out: Tensor, left: Tensor, right: Tensor, *, plus: Tensor | None = None, scale: float = 1.0
) -> Iterator[Operation]:
    """Yield the operations that write scale · left · right + plus to `out`.

    All have a leading axis of replicates. MKL multiplies a single row by other kernels, whose bits
    depend on the number of matrices in the stack, so the replicates of a batch of one example are
    multiplied one by one.
    """
    factors = (out, left, right, out if plus is None else plus)
    alone = zip(*(torch.split(each, 1) for each in factors), strict=True)
    for target, one, other, added in alone if out.shape[1] == 1 else [factors]:
        if plus is None and scale == 1.0:
            yield partial(torch.bmm, one, other, out=target)
        else:
            beta = 0.0 if plus is None else 1.0
            yield partial(torch.baddbmm, added, one, other, beta=beta, alpha=scale, out=target)
