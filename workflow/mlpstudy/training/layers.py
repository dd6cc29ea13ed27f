"""The layers' operations on preallocated buffers: activations and batch normalisation.

Each operation has a forward and a backward pass that write to buffers allocated once, so a training
step allocates nothing. They call the kernels of PyTorch's autograd in their `out=` form, so the
arithmetic is PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

# In elements: 256 bytes of float32, a whole number of the vector registers of any processor.
ALIGNMENT = 64

MOMENTUM = 0.99  # Keras's defaults for batch normalisation
EPSILON = 1e-3

_aten = torch.ops.aten


def padded(size: int) -> int:
    """Return `size` rounded up to a multiple of ALIGNMENT."""
    return -(-size // ALIGNMENT) * ALIGNMENT


class Buffer:
    """A contiguous tensor whose memory is padded to a whole number of vector registers.

    `view` has the given shape, for matrix products and reductions; `flat` is the whole memory, for
    elementwise operations. These process the elements after the last full vector in a scalar loop,
    which may round differently. In `flat` only padding comes after the last full vector, so the
    bits of an element do not depend on its position, and so not on the number of replicates.
    """

    def __init__(self, shape: Sequence[int], like: Tensor) -> None:
        size = math.prod(shape)
        self.flat = like.new_zeros(padded(size))
        self.view = self.flat[:size].view(*shape)


@dataclass(frozen=True)
class Activation:
    """An activation function f for tensors of any shape.

    `forward(z, slope, out)` writes f(z) to `out`, which may be `z` unless `saves_input`.
    `backward(gradient, saved, slope, out)` writes gradient · f'(z) to `out`, which may be
    `gradient`. `saved` is z if `saves_input`, otherwise f(z). `slope` is that of leaky ReLU.
    """

    forward: Callable[[Tensor, float, Tensor], object]
    backward: Callable[[Tensor, Tensor, float, Tensor], object]
    saves_input: bool = False


def _relu(z: Tensor, _: float, out: Tensor) -> None:
    torch.clamp_min(z, 0.0, out=out)


def _relu_backward(gradient: Tensor, a: Tensor, _: float, out: Tensor) -> None:
    _aten.threshold_backward.grad_input(gradient, a, 0.0, grad_input=out)


def _leaky_relu(z: Tensor, slope: float, out: Tensor) -> None:
    _aten.leaky_relu.out(z, slope, out=out)


def _leaky_relu_backward(gradient: Tensor, a: Tensor, slope: float, out: Tensor) -> None:
    _aten.leaky_relu_backward.grad_input(gradient, a, slope, True, grad_input=out)


def _sigmoid(z: Tensor, _: float, out: Tensor) -> None:
    torch.sigmoid(z, out=out)


def _sigmoid_backward(gradient: Tensor, a: Tensor, _: float, out: Tensor) -> None:
    _aten.sigmoid_backward.grad_input(gradient, a, grad_input=out)


def _tanh(z: Tensor, _: float, out: Tensor) -> None:
    torch.tanh(z, out=out)


def _tanh_backward(gradient: Tensor, a: Tensor, _: float, out: Tensor) -> None:
    _aten.tanh_backward.grad_input(gradient, a, grad_input=out)


def _elu(z: Tensor, _: float, out: Tensor) -> None:
    _aten.elu.out(z, out=out)


def _elu_backward(gradient: Tensor, a: Tensor, _: float, out: Tensor) -> None:
    _aten.elu_backward.grad_input(gradient, 1.0, 1.0, 1.0, True, a, grad_input=out)


def _gelu(z: Tensor, _: float, out: Tensor) -> None:
    _aten.gelu.out(z, out=out)


def _gelu_backward(gradient: Tensor, z: Tensor, _: float, out: Tensor) -> None:
    _aten.gelu_backward.grad_input(gradient, z, grad_input=out)


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(_relu, _relu_backward),
    "leaky_relu": Activation(_leaky_relu, _leaky_relu_backward),
    "sigmoid": Activation(_sigmoid, _sigmoid_backward),
    "tanh": Activation(_tanh, _tanh_backward),
    "elu": Activation(_elu, _elu_backward),
    "gelu": Activation(_gelu, _gelu_backward, saves_input=True),
}


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
