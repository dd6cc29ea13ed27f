"""One step of an optimizer over the flat vector of all parameters, in place.

Formulas and defaults are Keras 2's (tf.keras 2.6, the report's time), which differ from PyTorch's
in where Adam adds ε: Keras adds it to √v before the bias correction.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

EPSILON = 1e-7
ADAM_BETAS = (0.9, 0.999)
ADAMW_WEIGHT_DECAY = 0.004
RMSPROP_RHO = 0.9


class Optimizer(Protocol):
    """What the training loop needs of an optimizer; `moments` and `steps` are all its state."""

    moments: dict[str, Tensor]
    steps: int

    def step(self, parameters: Tensor, gradients: Tensor) -> None:
        """Update `parameters` in place; both are flat vectors of the same length."""


class Adam:
    """Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019) with weight decay."""

    def __init__(self, parameters: Tensor, learning_rate: float, weight_decay: float = 0.0) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.steps = 0
        self.moments = {
            "first": torch.zeros_like(parameters),
            "second": torch.zeros_like(parameters),
        }
        # The fused kernel's own bias corrections, 1 - βᵗ, are 1 at this step count.
        self._late = torch.full((), 1e9, dtype=torch.float32, device=parameters.device)

    def step(self, parameters: Tensor, gradients: Tensor) -> None:
        """Update `parameters` in one fused pass over memory, w -= lr_t · m / (√v + ε)."""
        self.steps += 1
        if self.weight_decay:
            parameters.mul_(1.0 - self.learning_rate * self.weight_decay)
        torch._fused_adam_(
            [parameters],
            [gradients],
            [self.moments["first"]],
            [self.moments["second"]],
            [],
            [self._late],
            lr=self.corrected_rate(),
            beta1=ADAM_BETAS[0],
            beta2=ADAM_BETAS[1],
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )

    def corrected_rate(self) -> float:
        """Return lr_t = lr · √(1 - β₂ᵗ) / (1 - β₁ᵗ), which holds both bias corrections."""
        first, second = (1.0 - beta**self.steps for beta in ADAM_BETAS)
        return self.learning_rate * math.sqrt(second) / first


class RMSprop:
    """RMSprop (Tieleman and Hinton 2012) without momentum; ε is added to the root."""

    def __init__(self, parameters: Tensor, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self.moments = {"mean_square": torch.zeros_like(parameters)}
        self._root = torch.empty_like(parameters)

    def step(self, parameters: Tensor, gradients: Tensor) -> None:
        """Update `parameters` in place."""
        self.steps += 1
        mean_square = self.moments["mean_square"].mul_(RMSPROP_RHO)
        mean_square.addcmul_(gradients, gradients, value=1.0 - RMSPROP_RHO)
        torch.sqrt(mean_square, out=self._root).add_(EPSILON)
        parameters.addcdiv_(gradients, self._root, value=-self.learning_rate)


class SGD:
    """Stochastic gradient descent without momentum."""

    def __init__(self, _: Tensor, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self.moments: dict[str, Tensor] = {}

    def step(self, parameters: Tensor, gradients: Tensor) -> None:
        """Update `parameters` in place."""
        self.steps += 1
        parameters.add_(gradients, alpha=-self.learning_rate)


def optimizer_named(name: str, parameters: Tensor, learning_rate: float) -> Optimizer:
    """Return the optimizer of that name (adam, adamw, rmsprop, sgd) for `parameters`."""
    match name:
        case "adam":
            return Adam(parameters, learning_rate)
        case "adamw":
            return Adam(parameters, learning_rate, ADAMW_WEIGHT_DECAY)
        case "rmsprop":
            return RMSprop(parameters, learning_rate)
        case "sgd":
            return SGD(parameters, learning_rate)
    raise ValueError(f"no optimizer named {name!r}")
