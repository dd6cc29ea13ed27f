"""The multilayer perceptron over a stack of replicates: its forward and its backward pass.

Every tensor has a leading axis of replicates, and each operation computes all replicates at once:
at these sizes, starting operations would otherwise take most of a training step. A replicate's
arithmetic does not depend on the others in its stack, so its bits do not either.

Both passes are written out on preallocated buffers. With autograd, a step takes half as long again
and cannot update parameters while they are in the cache.

A hidden layer is dense → activation → batch normalisation → dropout; the output layer is dense.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from mlpstudy.spec import Spec
from mlpstudy.training.activations import activation_named
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


class LayerBuffers:
    """The buffers of one hidden layer for one batch, each (replicates, rows, units).

    dense → activated → norm.output → output; a step that needs no memory of its own writes to the
    buffer before it. `saved` is what the activation's backward pass needs, `mask` the dropout mask
    and `gradient` that of the loss.
    """

    def __init__(self, spec: Spec, shape: Sequence[int], like: Tensor, *, training: bool) -> None:
        saves_input = activation_named(spec.activation, spec.leaky_slope).saves_input
        self.dense = Buffer(shape, like)
        self.activated = Buffer(shape, like) if saves_input else self.dense
        self.saved = self.dense if saves_input else self.activated
        self.norm = BatchNormBuffers(shape, like) if spec.batch_norm else None
        self.before_dropout = self.norm.output if self.norm else self.activated
        self.mask = Buffer(shape, like) if training and spec.dropout > 0 else None
        # Dropout must not overwrite what the activation has saved.
        separate = self.mask is not None and self.norm is None
        self.output = Buffer(shape, like) if separate else self.before_dropout
        self.gradient = Buffer(shape if training else (shape[0], 0, 0), like)


class Batch:
    """The examples of `steps` consecutive steps, and the buffers of one step.

    `rows` is the number of examples per replicate and step. The caller fills `images` (steps,
    replicates, rows, pixels) and `targets` (replicates, classes, rows) of each step, and if there
    is dropout, the masks of the present step. `start(step)` chooses the step. The forward pass then
    fills its `logits` (replicates, classes, rows), and the loss `gradient`, that of the batch's
    mean loss with respect to the logits. Classes come before rows because a softmax over the last
    axis, of ten elements, cannot use vector instructions and takes ten times as long.
    """

    def __init__(
        self,
        spec: Spec,
        inputs: int,
        replicates: int,
        rows: int,
        like: Tensor,
        *,
        training: bool,
        steps: int = 1,
    ) -> None:
        self.rows = rows
        self.training = training
        self.images = like.new_zeros(steps, replicates, rows, inputs, dtype=torch.uint8)
        self.inputs = Buffer((replicates, rows, inputs), like)
        self.layers = [
            LayerBuffers(spec, (replicates, rows, units), like, training=training)
            for units in spec.nodes[:-1]
        ]
        classes = (spec.nodes[-1], rows)
        self.all_logits = Buffer((steps * replicates, *classes), like)
        self.all_targets = Buffer((steps * replicates, *classes), like)
        self.gradient = Buffer((replicates, *classes), like)
        self._steps = list(
            zip(
                self.images.unbind(),
                self.all_logits.split(steps),
                self.all_targets.split(steps),
                strict=True,
            )
        )
        self._dropout = spec.dropout
        self.start(0)

    def start(self, step: int) -> None:
        """Make `step` the present one: `inputs`, `logits` and `targets` are then its own."""
        images, self.logits, self.targets = self._steps[step]
        self.inputs.view.copy_(images)

    @property
    def hidden_size(self) -> int:
        """The number of elements of all hidden layers for one replicate: rows · Σ units."""
        return sum(layer.output.view[0].numel() for layer in self.layers)

    def set_masks(self, kept: Tensor) -> None:
        """Set the masks of inverted dropout (Srivastava et al. 2014), 0 or 1 / (1 - rate).

        `kept`, (replicates, hidden_size), is 1 where a unit is kept and 0 where it is dropped.
        """
        sizes = [layer.output.view[0].numel() for layer in self.layers]
        for layer, own in zip(self.layers, torch.split(kept, sizes, dim=1), strict=True):
            assert layer.mask is not None
            layer.mask.view.copy_(own.view_as(layer.mask.view))
            layer.mask.flat.mul_(1.0 / (1.0 - self._dropout))


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
        self._groups = {group.first: group for group in self.groups}
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

    def batch(self, rows: int, *, training: bool, steps: int = 1) -> Batch:
        """Return the buffers for passes over `rows` examples per replicate, `steps` at a time."""
        return Batch(
            self.spec,
            self.inputs,
            self.replicates,
            rows,
            self.parameters,
            training=training,
            steps=steps,
        )

    def forward(self, batch: Batch) -> None:
        """Compute `batch.logits` from `batch.inputs`."""
        values, scale = batch.inputs, self.scale
        for layer, buffers in zip(self.layers, batch.layers, strict=False):
            dense = buffers.dense.view
            _stacked(torch.baddbmm, dense, layer.bias, values.view, layer.kernel, alpha=scale)
            self.activation.forward(buffers.dense.flat, buffers.activated.flat)
            if layer.norm is not None and buffers.norm is not None:
                layer.norm.forward(buffers.activated.view, buffers.norm, training=batch.training)
            if buffers.mask is not None:
                torch.mul(buffers.before_dropout.flat, buffers.mask.flat, out=buffers.output.flat)
            values, scale = buffers.output, 1.0
        output, logits = self.layers[-1], batch.logits
        if batch.rows > 1:
            torch.baddbmm(
                output.bias, output.kernel, values.transposed, alpha=scale, out=logits.view
            )
        else:
            _stacked(
                torch.baddbmm,
                logits.transposed,
                output.bias.mT,
                values.view,
                output.transposed,
                alpha=scale,
            )

    def backward(self, batch: Batch) -> Iterator[ParameterGroup]:
        """Compute the gradients from `batch.gradient`; yield each group when its own are complete.

        Groups are yielded from the last layers to the first. The backward pass has then no further
        use for a group's parameters, so they may be updated at once, while they and their gradients
        are in the cache. The gradients of the next group overwrite those of the last.
        """
        inputs = [batch.inputs, *(buffers.output for buffers in batch.layers)]  # of each layer
        output, gradient = self.layers[-1], batch.gradient
        self._kernel_gradient(output, len(batch.layers), gradient.view, inputs[-1].view)
        torch.sum(gradient.view, 2, keepdim=True, out=output.bias_gradient)
        arriving, kernel = gradient.transposed, output.kernel
        for index in range(len(batch.layers) - 1, -1, -1):
            layer, buffers = self.layers[index], batch.layers[index]
            _stacked(torch.bmm, buffers.gradient.view, arriving, kernel)
            if index + 1 in self._groups:
                yield self._groups[index + 1]
            self._backward_hidden(layer, buffers)
            arriving, kernel = buffers.gradient.view, layer.transposed
            self._kernel_gradient(layer, index, inputs[index].transposed, arriving)
            torch.sum(arriving, 1, keepdim=True, out=layer.bias_gradient)
        yield self._groups[0]

    def _kernel_gradient(self, layer: Layer, index: int, left: Tensor, right: Tensor) -> None:
        out = layer.kernel_gradient
        if index == 0 and self.scale != 1.0:
            torch.baddbmm(out, left, right, beta=0.0, alpha=self.scale, out=out)
        else:
            torch.bmm(left, right, out=out)

    def _backward_hidden(self, layer: Layer, buffers: LayerBuffers) -> None:
        """Replace the gradient of a hidden layer's output by that of its dense part, in place."""
        gradient = buffers.gradient.flat
        if buffers.mask is not None:
            gradient.mul_(buffers.mask.flat)
        if layer.norm is not None and buffers.norm is not None:
            layer.norm.backward(buffers.gradient.view, buffers.norm)
        self.activation.backward(gradient, buffers.saved.flat, gradient)

    def activation_slopes(self, batch: Batch) -> Iterator[Tensor]:
        """Yield |f'(z)| at each hidden layer after a forward pass, (replicates, rows, units)."""
        for buffers in batch.layers:
            slope = torch.ones_like(buffers.saved.view)
            self.activation.backward(slope, buffers.saved.view, slope)
            yield slope.abs_()

    def _draw_kernels(self, replicate: int, generator: np.random.Generator) -> None:
        for name, kernels in self.named_tensors().items():
            if name.endswith(".kernel"):
                fan_in, units = kernels.shape[1:]
                limit = math.sqrt(6.0 / (fan_in + units))
                drawn = generator.uniform(-limit, limit, size=(fan_in, units))
                kernels[replicate].copy_(torch.from_numpy(drawn))


def _stacked(product: Callable[..., object], out: Tensor, *factors: Tensor, **scale: float) -> None:
    """Write `product` (bmm or baddbmm) of tensors with a leading axis of replicates to `out`.

    MKL multiplies a single row by other kernels, whose bits depend on the number of matrices in the
    stack. So the replicates of a batch of one example are multiplied one by one.
    """
    if out.shape[1] > 1:
        product(*factors, **scale, out=out)
        return
    for part, *own in zip(*(torch.split(each, 1) for each in (out, *factors)), strict=True):
        product(*own, **scale, out=part)
