"""The activation functions, each as operations on preallocated buffers and as a PyTorch module.

The operations are the kernels of PyTorch's autograd in their `out=` form: the arithmetic is
PyTorch's, and a training step allocates no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from mlpstudy.spec import Activation

_aten = torch.ops.aten

Operation = Callable[[], object]  # an operation with its arguments, to be done again and again


@dataclass(frozen=True)
class ActivationFunction:
    """An activation function f for tensors of any shape.

    `module` is the same function as an ordinary module of PyTorch.
    `forward(z, out)` returns the operation that writes f(z) to `out`, which may be `z` unless
    `saves_input`. `backward(gradient, saved, out)` returns the one that writes gradient · f'(z) to
    `out`, which may be `gradient`. `saved` is z if `saves_input`, otherwise f(z).
    """

    module: nn.Module
    forward: Callable[[Tensor, Tensor], Operation]
    backward: Callable[[Tensor, Tensor, Tensor], Operation]
    saves_input: bool = False


def activation_named(name: Activation, leaky_slope: float) -> ActivationFunction:
    """Return the activation function of that name; `leaky_slope` is that of leaky_relu below 0."""
    match name:
        case "relu":
            return ActivationFunction(
                nn.ReLU(),
                forward=lambda z, out: partial(torch.clamp_min, z, 0.0, out=out),
                backward=lambda gradient, y, out: partial(
                    _aten.threshold_backward.grad_input, gradient, y, 0.0, grad_input=out
                ),
            )
        case "leaky_relu":
            return ActivationFunction(
                nn.LeakyReLU(leaky_slope),
                forward=lambda z, out: partial(_aten.leaky_relu.out, z, leaky_slope, out=out),
                backward=lambda gradient, y, out: partial(
                    _aten.leaky_relu_backward.grad_input,
                    gradient,
                    y,
                    leaky_slope,
                    True,
                    grad_input=out,
                ),
            )
        case "sigmoid":
            return ActivationFunction(
                nn.Sigmoid(),
                forward=lambda z, out: partial(torch.sigmoid, z, out=out),
                backward=lambda gradient, y, out: partial(
                    _aten.sigmoid_backward.grad_input, gradient, y, grad_input=out
                ),
            )
        case "tanh":
            return ActivationFunction(
                nn.Tanh(),
                forward=lambda z, out: partial(torch.tanh, z, out=out),
                backward=lambda gradient, y, out: partial(
                    _aten.tanh_backward.grad_input, gradient, y, grad_input=out
                ),
            )
        case "elu":
            return ActivationFunction(
                nn.ELU(),
                forward=lambda z, out: partial(_aten.elu.out, z, out=out),
                backward=lambda gradient, y, out: partial(
                    _aten.elu_backward.grad_input, gradient, 1.0, 1.0, 1.0, True, y, grad_input=out
                ),
            )
        case "gelu":
            return ActivationFunction(
                nn.GELU(),
                forward=lambda z, out: partial(_aten.gelu.out, z, out=out),
                backward=lambda gradient, z, out: partial(
                    _aten.gelu_backward.grad_input, gradient, z, grad_input=out
                ),
                saves_input=True,
            )
