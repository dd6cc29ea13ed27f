"""The activation functions and their derivatives, written into buffers that are already there.

Each calls the kernels that PyTorch's own autograd would call, in their `out=` form, so nothing is
allocated in a training step and the arithmetic is the framework's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_aten = torch.ops.aten


@dataclass(frozen=True)
class Activation:
    """One activation function over tensors of any shape.

    `forward(z, slope, out)` writes f(z) to `out`; `backward(da, kept, slope, out)` writes
    da · f'(z) to `out`, which may be `da`. `kept` is f(z), or z itself where `keeps_input`: only
    then must `out` of the forward pass be another buffer than `z`. `slope` is leaky ReLU's.
    """

    forward: Callable[[Tensor, float, Tensor], object]
    backward: Callable[[Tensor, Tensor, float, Tensor], object]
    keeps_input: bool = False


def _relu(z: Tensor, _: float, out: Tensor) -> None:
    torch.clamp_min(z, 0.0, out=out)


def _relu_backward(da: Tensor, a: Tensor, _: float, out: Tensor) -> None:
    _aten.threshold_backward.grad_input(da, a, 0.0, grad_input=out)


def _leaky_relu(z: Tensor, slope: float, out: Tensor) -> None:
    _aten.leaky_relu.out(z, slope, out=out)


def _leaky_relu_backward(da: Tensor, a: Tensor, slope: float, out: Tensor) -> None:
    _aten.leaky_relu_backward.grad_input(da, a, slope, True, grad_input=out)


def _sigmoid(z: Tensor, _: float, out: Tensor) -> None:
    torch.sigmoid(z, out=out)


def _sigmoid_backward(da: Tensor, a: Tensor, _: float, out: Tensor) -> None:
    _aten.sigmoid_backward.grad_input(da, a, grad_input=out)


def _tanh(z: Tensor, _: float, out: Tensor) -> None:
    torch.tanh(z, out=out)


def _tanh_backward(da: Tensor, a: Tensor, _: float, out: Tensor) -> None:
    _aten.tanh_backward.grad_input(da, a, grad_input=out)


def _elu(z: Tensor, _: float, out: Tensor) -> None:
    _aten.elu.out(z, out=out)


def _elu_backward(da: Tensor, a: Tensor, _: float, out: Tensor) -> None:
    _aten.elu_backward.grad_input(da, 1.0, 1.0, 1.0, True, a, grad_input=out)


def _gelu(z: Tensor, _: float, out: Tensor) -> None:
    _aten.gelu.out(z, out=out)


def _gelu_backward(da: Tensor, z: Tensor, _: float, out: Tensor) -> None:
    _aten.gelu_backward.grad_input(da, z, grad_input=out)


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(_relu, _relu_backward),
    "leaky_relu": Activation(_leaky_relu, _leaky_relu_backward),
    "sigmoid": Activation(_sigmoid, _sigmoid_backward),
    "tanh": Activation(_tanh, _tanh_backward),
    "elu": Activation(_elu, _elu_backward),
    "gelu": Activation(_gelu, _gelu_backward, keeps_input=True),
}
