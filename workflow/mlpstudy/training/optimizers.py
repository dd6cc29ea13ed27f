"""The optimizers, which update the parameters in place, group by group.

Formulas and defaults are Keras 2's (tf.keras 2.6, the report's time). They differ from PyTorch's in
where Adam adds ε: Keras adds it to √v before the bias correction.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from mlpstudy.spec import OptimizerName
from mlpstudy.training.layers import ParameterGroup

EPSILON = 1e-7
ADAM_BETAS = (0.9, 0.999)
ADAMW_WEIGHT_DECAY = 0.004
RMSPROP_RHO = 0.9


class Optimizer(ABC):
    """An optimizer of parameter groups; `moments` and `steps` are its whole state.

    A training step calls `begin_step()` once, then `update(group)` for each group as soon as its
    gradients are complete.
    """

    def __init__(self, learning_rate: float, moments: dict[str, Tensor]) -> None:
        self.learning_rate = learning_rate
        self.moments = moments
        self.steps = 0

    def begin_step(self) -> None:
        """Count the step."""
        self.steps += 1

    @abstractmethod
    def update(self, group: ParameterGroup) -> None:
        """Update the group's parameters in place from its gradients."""


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019) with weight decay."""

    def __init__(
        self, groups: Sequence[ParameterGroup], learning_rate: float, weight_decay: float = 0.0
    ) -> None:
        super().__init__(learning_rate, _zeros_like(groups, "first", "second"))
        self.weight_decay = weight_decay
        self.fused = FusedStep(groups, ADAM_BETAS)

    def begin_step(self) -> None:
        """Count the step, and set its learning rate."""
        super().begin_step()
        self.fused.set_rate(self.corrected_rate())

    def update(self, group: ParameterGroup) -> None:
        """Update a group, w -= lr_t · m / (√v + ε)."""
        if self.weight_decay:
            group.parameters.mul_(1.0 - self.learning_rate * self.weight_decay)
        first, second = (self.moments[f"{name}.{group.first}"] for name in ("first", "second"))
        self.fused(group, first, second)

    def corrected_rate(self) -> float:
        """Return lr_t = lr · √(1 - β₂ᵗ) / (1 - β₁ᵗ), which holds both bias corrections."""
        first, second = (1.0 - beta**self.steps for beta in ADAM_BETAS)
        return self.learning_rate * math.sqrt(second) / first


class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton 2012) without momentum; ε is added to the root."""

    def __init__(self, groups: Sequence[ParameterGroup], learning_rate: float) -> None:
        super().__init__(learning_rate, _zeros_like(groups, "mean_square"))
        self._fused = FusedStep(groups, (0.0, RMSPROP_RHO))
        self._fused.set_rate(learning_rate)

    def update(self, group: ParameterGroup) -> None:
        """Update a group, w -= lr · g / (√v + ε): Adam whose first moment is the gradient."""
        self._fused(group, group.gradients, self.moments[f"mean_square.{group.first}"])


class FusedStep:
    """PyTorch's fused Adam without its bias corrections: one pass over the memory of a group."""

    def __init__(self, groups: Sequence[ParameterGroup], betas: tuple[float, float]) -> None:
        self.betas = betas
        like = groups[0].parameters
        # On a GPU a tensor, so that a step recorded as a CUDA graph reads its present value.
        self.rate: Tensor | float = 0.0
        if like.device.type == "cuda":
            self.rate = like.new_zeros(())
        # The kernel's bias corrections, 1 - βᵗ, are 1 at this step count.
        self._late = torch.full((), 1e9, dtype=torch.float32, device=like.device)

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the next updates."""
        if isinstance(self.rate, Tensor):
            self.rate.fill_(rate)
        else:
            self.rate = rate

    def __call__(self, group: ParameterGroup, first: Tensor, second: Tensor) -> None:
        """Update the parameters and both moments, each of the group's length."""
        torch._fused_adam_(
            [group.parameters],
            [group.gradients],
            [first],
            [second],
            [],
            [self._late],
            lr=self.rate,
            beta1=self.betas[0],
            beta2=self.betas[1],
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )


class SGD(Optimizer):
    """Stochastic gradient descent without momentum."""

    def __init__(self, learning_rate: float) -> None:
        super().__init__(learning_rate, moments={})

    def update(self, group: ParameterGroup) -> None:
        """Update a group in place."""
        group.parameters.add_(group.gradients, alpha=-self.learning_rate)


def optimizer_named(
    name: OptimizerName, groups: Sequence[ParameterGroup], learning_rate: float
) -> Optimizer:
    """Return the optimizer of that name for `groups`."""
    match name:
        case "adam":
            return Adam(groups, learning_rate)
        case "adamw":
            return Adam(groups, learning_rate, ADAMW_WEIGHT_DECAY)
        case "rmsprop":
            return RMSprop(groups, learning_rate)
        case "sgd":
            return SGD(learning_rate)


def _zeros_like(groups: Sequence[ParameterGroup], *names: str) -> dict[str, Tensor]:
    """Return moments of the given names, one for each group."""
    return {
        f"{name}.{group.first}": torch.zeros_like(group.parameters)
        for name in names
        for group in groups
    }
