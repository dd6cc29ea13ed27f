"""Where the parameters of a stack of replicates lie: one flat vector, cut into parts and layers.

A part is what the optimizer updates at once: a few layers, so that a part and its gradients are
still in the cache when it is updated, and many enough elements to be worth starting an operation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from mlpstudy.spec import Spec
from mlpstudy.training.batchnorm import BatchNorm
from mlpstudy.training.workspace import padded

PART = 2**17  # elements, 512 KiB of float32: the least that is updated alone

Shape = tuple[int, int]


@dataclass(frozen=True)
class Layer:
    """One layer of every replicate, as views into flat vectors, and its gradients.

    kernel (replicates, inputs, units) and bias (replicates, 1, units). The output layer's are
    class by class, (replicates, units, inputs) and (replicates, units, 1): products with ten
    columns take up to four times as long as those with ten rows.
    """

    kernel: Tensor
    kernel_gradient: Tensor
    bias: Tensor
    bias_gradient: Tensor
    norm: BatchNorm | None


@dataclass(frozen=True)
class Part:
    """The flat parameters of consecutive layers, from layer `first` (0 is the lowest) on.

    `gradients` is as long; all parts have theirs in the same memory, one after the other.
    """

    first: int
    parameters: Tensor
    gradients: Tensor


def layer_shapes(spec: Spec, inputs: int) -> list[list[Shape]]:
    """Return the shapes of one replicate's trained tensors: kernel, bias, scale, offset."""
    shapes: list[list[Shape]] = []
    fan_in = inputs
    for units in spec.nodes[:-1]:
        shapes.append([(fan_in, units)] + [(1, units)] * (3 if spec.batch_norm else 1))
        fan_in = units
    return [*shapes, [(spec.nodes[-1], fan_in), (spec.nodes[-1], 1)]]


def allocate(
    spec: Spec, inputs: int, replicates: int, like: Tensor
) -> tuple[Tensor, list[Layer], list[Part]]:
    """Return all parameters as one flat vector of zeros, its layers and its parts, in order."""
    shapes = layer_shapes(spec, inputs)
    sizes = [sum(padded(replicates * math.prod(shape)) for shape in layer) for layer in shapes]
    parameters = like.new_zeros(sum(sizes))
    groups = _groups(sizes)
    shared = like.new_zeros(max(sum(sizes[first:end]) for first, end in groups))
    layers: list[Layer] = []
    parts: list[Part] = []
    for first, end in groups:
        start, size = sum(sizes[:first]), sum(sizes[first:end])
        part = Part(first, parameters[start : start + size], shared[:size])
        parts.append(part)
        layers += _layers(part, replicates, shapes[first:end])
    return parameters, layers, parts


def _groups(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return the (first, end) of each part, in order, going together from the last layer down."""
    groups: list[tuple[int, int]] = []
    end = len(sizes)
    for first in range(len(sizes) - 1, -1, -1):
        if first == 0 or sum(sizes[first:end]) >= PART:
            groups.insert(0, (first, end))
            end = first
    return groups


def _layers(part: Part, replicates: int, shapes: Sequence[Sequence[Shape]]) -> Iterator[Layer]:
    """Cut a part into (replicates, *shape); the padding between stays zero."""
    start = 0
    for layer in shapes:
        views: list[Tensor] = []
        for shape in layer:
            end = start + replicates * math.prod(shape)
            for flat in (part.parameters, part.gradients):
                views.append(flat[start:end].view(replicates, *shape))
            start += padded(end - start)
        kernel, kernel_gradient, bias, bias_gradient, *rest = views
        norm = BatchNorm(*rest) if rest else None
        yield Layer(kernel, kernel_gradient, bias, bias_gradient, norm)
