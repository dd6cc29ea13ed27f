"""The parts of the network: buffers, batch normalisation, and the parameters of all layers.

All parameters lie in one flat vector, of which the layers hold views. The optimizer updates it in
groups of consecutive layers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mlpstudy.spec import Spec

# In elements: 256 bytes of float32, a whole number of the vector registers of any processor.
ALIGNMENT = 64

GROUP_SIZE = 2**17  # elements, 512 KiB of float32: the minimum size of a parameter group

MOMENTUM = 0.99  # Keras's defaults for batch normalisation
EPSILON = 1e-3

Shape = tuple[int, int]


def padded(size: int) -> int:
    """Return `size` rounded up to a multiple of ALIGNMENT."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def aligned_view(memory: Tensor, shape: Sequence[int]) -> Tensor:
    """Return flat `memory` as (replicates, ...), without the padding after each replicate."""
    size = math.prod(shape[1:])
    return memory.view(shape[0], padded(size))[:, :size].view(*shape)


class Buffer:
    """A tensor of shape (replicates, ...) in which each replicate's memory is aligned and padded.

    `view` has the given shape, for matrix products and reductions; `flat` is the whole memory, for
    elementwise operations. Both give a replicate the same bits in any stack: MKL's products depend
    on the alignment of a matrix, and elementwise operations may round the elements after the last
    full vector register differently, which are only padding here.

    Views are made once. A step that makes them anew takes up to a tenth longer.
    """

    def __init__(self, shape: Sequence[int], like: Tensor) -> None:
        memory = like.new_zeros(shape[0] * padded(math.prod(shape[1:])))
        self._set(memory, shape)

    def _set(self, memory: Tensor, shape: Sequence[int]) -> None:
        self.flat = memory
        self.view = aligned_view(memory, shape)
        self.transposed = self.view.mT

    def split(self, parts: int) -> list[Buffer]:
        """Return the buffer as `parts` consecutive ones."""
        replicates, *shape = self.view.shape
        buffers = []
        for memory in torch.split(self.flat, len(self.flat) // parts):
            part = Buffer.__new__(Buffer)
            part._set(memory, (replicates // parts, *shape))
            buffers.append(part)
        return buffers


class BatchNormBuffers:
    """The buffers of batch normalisation for one batch: x̂, the output and 1 / √(variance + ε)."""

    def __init__(self, shape: Sequence[int], like: Tensor) -> None:
        self.normalized = Buffer(shape, like)
        self.output = Buffer(shape, like)
        self.inverse_deviation = like.new_zeros(shape[0], 1, shape[2])


@dataclass
class BatchNorm:
    """Batch normalisation (Ioffe and Szegedy 2015) of a stack of replicates, as in Keras 2.

    The moving variance is that of the batch without Bessel's correction, as in Keras's code for
    two-dimensional input; PyTorch's own layer corrects it. All tensors are (replicates, 1, units).
    """

    scale: Tensor
    scale_gradient: Tensor
    offset: Tensor
    offset_gradient: Tensor
    moving_mean: Tensor = field(init=False)
    moving_variance: Tensor = field(init=False)

    def __post_init__(self) -> None:
        """Initialise to scale 1, offset 0, mean 0 and variance 1."""
        self.scale.fill_(1.0)
        self.moving_mean = torch.zeros_like(self.scale)
        self.moving_variance = torch.ones_like(self.scale)

    def forward(self, values: Tensor, buffers: BatchNormBuffers, *, training: bool) -> None:
        """Write the normalised `values`, (replicates, rows, units), to `buffers.output`.

        In training the batch's own moments are used, and the moving ones updated by them; otherwise
        the moving ones are used.
        """
        normalized, output = buffers.normalized.view, buffers.output.view
        mean, variance = self.moving_mean, self.moving_variance
        if training:
            mean = values.mean(1, keepdim=True)
        torch.sub(values, mean, out=normalized)
        if training:
            # Two plain sums: torch.var_mean takes several times as long over this axis.
            variance = torch.mul(normalized, normalized, out=output).mean(1, keepdim=True)
            self.moving_mean.lerp_(mean, 1.0 - MOMENTUM)
            self.moving_variance.lerp_(variance, 1.0 - MOMENTUM)
        torch.add(variance, EPSILON, out=buffers.inverse_deviation).rsqrt_()
        normalized.mul_(buffers.inverse_deviation)
        torch.addcmul(self.offset, normalized, self.scale, out=output)

    def backward(self, gradient: Tensor, buffers: BatchNormBuffers) -> None:
        """Replace the gradient of the output by the gradient of the input, in place.

        With x̂ the normalised input, g the gradient and n rows, the result is
        scale / deviation · (g - Σg / n - x̂ · Σ(g · x̂) / n).
        """
        rows = gradient.shape[1]
        normalized = buffers.normalized.view
        # The output is no longer needed: its memory holds the product.
        product = torch.mul(gradient, normalized, out=buffers.output.view)
        torch.sum(product, 1, keepdim=True, out=self.scale_gradient)
        torch.sum(gradient, 1, keepdim=True, out=self.offset_gradient)
        gradient.sub_(self.offset_gradient / rows)
        gradient.addcmul_(normalized, self.scale_gradient / rows, value=-1.0)
        gradient.mul_(self.scale * buffers.inverse_deviation)

    def named_tensors(self) -> dict[str, Tensor]:
        """Return the layer's parameters and moving moments by name."""
        return {
            "scale": self.scale,
            "offset": self.offset,
            "moving_mean": self.moving_mean,
            "moving_variance": self.moving_variance,
        }


@dataclass(frozen=True)
class Layer:
    """The dense layer and batch normalisation of every replicate, as views into flat vectors.

    kernel (replicates, inputs, units) and bias (replicates, 1, units). Those of the output layer
    are transposed, (replicates, units, inputs) and (replicates, units, 1): products with ten
    columns take up to four times as long as those with ten rows.
    """

    kernel: Tensor
    kernel_gradient: Tensor
    bias: Tensor
    bias_gradient: Tensor
    norm: BatchNorm | None
    transposed: Tensor  # the kernel with its last two axes swapped


@dataclass(frozen=True)
class ParameterGroup:
    """The flat parameters of consecutive layers, which the optimizer updates at once.

    `first` is the index of the lowest of these layers. A group is small enough that it and its
    gradients are still in the cache when it is updated, and large enough to be worth an operation.
    `gradients` has the length of `parameters`; the gradients of all groups share their memory.
    """

    first: int
    parameters: Tensor
    gradients: Tensor


def layer_shapes(spec: Spec, inputs: int) -> list[list[Shape]]:
    """Return the shapes of one replicate's parameters per layer: kernel, bias, scale, offset."""
    shapes: list[list[Shape]] = []
    fan_in = inputs
    for units in spec.nodes[:-1]:
        shapes.append([(fan_in, units)] + [(1, units)] * (3 if spec.batch_norm else 1))
        fan_in = units
    return [*shapes, [(spec.nodes[-1], fan_in), (spec.nodes[-1], 1)]]


def allocate(
    spec: Spec, inputs: int, replicates: int, like: Tensor
) -> tuple[Tensor, list[Layer], list[ParameterGroup]]:
    """Return all parameters as one flat vector of zeros, its layers and its groups, in order."""
    shapes = layer_shapes(spec, inputs)
    sizes = [replicates * sum(padded(math.prod(shape)) for shape in layer) for layer in shapes]
    ranges = _group_ranges(sizes)
    group_sizes = [sum(sizes[first:end]) for first, end in ranges]
    parameters = like.new_zeros(sum(sizes))
    gradients = like.new_zeros(max(group_sizes))
    layers: list[Layer] = []
    groups: list[ParameterGroup] = []
    for (first, end), own in zip(ranges, torch.split(parameters, group_sizes), strict=True):
        group = ParameterGroup(first, own, gradients[: len(own)])
        groups.append(group)
        layers += _layers_of(group, replicates, shapes[first:end])
    return parameters, layers, groups


def _group_ranges(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return the (first, end) layers of each group, in order, collected from the last layer on."""
    ranges: list[tuple[int, int]] = []
    end = len(sizes)
    for first in range(len(sizes) - 1, -1, -1):
        if first == 0 or sum(sizes[first:end]) >= GROUP_SIZE:
            ranges.insert(0, (first, end))
            end = first
    return ranges


def _layers_of(
    group: ParameterGroup, replicates: int, shapes: Sequence[Sequence[Shape]]
) -> Iterator[Layer]:
    """Split a group into views of (replicates, *shape); the padding between them stays zero."""
    start = 0
    for layer in shapes:
        views: list[Tensor] = []
        for shape in layer:
            end = start + replicates * padded(math.prod(shape))
            for flat in (group.parameters, group.gradients):
                views.append(aligned_view(flat[start:end], (replicates, *shape)))
            start = end
        kernel, kernel_gradient, bias, bias_gradient, *rest = views
        norm = BatchNorm(*rest) if rest else None
        yield Layer(kernel, kernel_gradient, bias, bias_gradient, norm, kernel.mT)
