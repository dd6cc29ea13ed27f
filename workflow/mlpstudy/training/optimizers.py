"""The optimizers, which update the parameters in place, part by part.

Formulas and defaults are Keras 2's (tf.keras 2.6, the report's time), which differ from PyTorch's
in where Adam adds ε: Keras adds it to √v before the bias correction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from mlpstudy.training.parameters import Part

EPSILON = 1e-7
ADAM_BETAS = (0.9, 0.999)
ADAMW_WEIGHT_DECAY = 0.004
RMSPROP_RHO = 0.9


class Optimizer(Protocol):
    """What the training loop needs of an optimizer; `moments` and `steps` are all its state.

    It is made for the parts of the parameters. A step is `advance()` and then `update(part)` for
    each of them, whose gradients need be there only then.
    """

    moments: dict[str, Tensor]
    steps: int

    def advance(self) -> None:
        """Begin a step: count it, and set what changes from step to step."""

    def update(self, part: Part) -> None:
        """Update the part's parameters in place from its gradients."""


class Adam:
    """Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019) with weight decay."""

    def __init__(
        self, parts: Sequence[Part], learning_rate: float, weight_decay: float = 0.0
    ) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.steps = 0
        self.moments = _zeros_like(parts, "first", "second")
        # A tensor: a step recorded on a GPU must find its rate in memory.
        self._rate = parts[0].parameters.new_zeros(())
        # The fused kernel's own bias corrections, 1 - βᵗ, are 1 at this step count.
        self._late = torch.full_like(self._rate, 1e9, dtype=torch.float32)

    def advance(self) -> None:
        """Begin a step."""
        self.steps += 1
        self._rate.fill_(self.corrected_rate())

    def update(self, part: Part) -> None:
        """Update a part in one fused pass over memory, w -= lr_t · m / (√v + ε)."""
        if self.weight_decay:
            part.parameters.mul_(1.0 - self.learning_rate * self.weight_decay)
        torch._fused_adam_(
            [part.parameters],
            [part.gradients],
            [self.moments[f"first.{part.first}"]],
            [self.moments[f"second.{part.first}"]],
            [],
            [self._late],
            lr=self._rate,
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

    def __init__(self, parts: Sequence[Part], learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self.moments = _zeros_like(parts, "mean_square")
        self._root = torch.empty_like(max((part.gradients for part in parts), key=len))

    def advance(self) -> None:
        """Begin a step."""
        self.steps += 1

    def update(self, part: Part) -> None:
        """Update a part in place."""
        gradients, root = part.gradients, self._root[: len(part.gradients)]
        mean_square = self.moments[f"mean_square.{part.first}"].mul_(RMSPROP_RHO)
        mean_square.addcmul_(gradients, gradients, value=1.0 - RMSPROP_RHO)
        torch.sqrt(mean_square, out=root).add_(EPSILON)
        part.parameters.addcdiv_(gradients, root, value=-self.learning_rate)


class SGD:
    """Stochastic gradient descent without momentum."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self.moments: dict[str, Tensor] = {}

    def advance(self) -> None:
        """Begin a step."""
        self.steps += 1

    def update(self, part: Part) -> None:
        """Update a part in place."""
        part.parameters.add_(part.gradients, alpha=-self.learning_rate)


def optimizer_named(name: str, parts: Sequence[Part], learning_rate: float) -> Optimizer:
    """Return the optimizer of that name (adam, adamw, rmsprop, sgd) for `parts`."""
    match name:
        case "adam":
            return Adam(parts, learning_rate)
        case "adamw":
            return Adam(parts, learning_rate, ADAMW_WEIGHT_DECAY)
        case "rmsprop":
            return RMSprop(parts, learning_rate)
        case "sgd":
            return SGD(learning_rate)
    raise ValueError(f"no optimizer named {name!r}")


def _zeros_like(parts: Sequence[Part], *names: str) -> dict[str, Tensor]:
    """Return moments of the names given, one for each part."""
    return {
        f"{name}.{part.first}": torch.zeros_like(part.parameters)
        for name in names
        for part in parts
    }
