"""The losses: per-example values, and the gradient of their batch mean by the logits.

Targets are one-hot. `clipped` KL divergence is Keras 2's: targets and softmax are both clipped to
[1e-7, 1], so an example whose p(true class) has fallen below 1e-7 stops giving a gradient. `exact`
KL divergence is taken on log-softmax; for one-hot targets it equals cross-entropy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

EPSILON = 1e-7  # keras.backend.epsilon()
LOG_EPSILON = math.log(EPSILON)

_threshold_backward = torch.ops.aten.threshold_backward


@dataclass(frozen=True)
class Loss:
    """One loss of logits whose classes are the last axis but one.

    `values(log_softmax, labels)` returns the loss of each example, (examples,), from the
    log-softmax (classes, examples) and the true classes (examples,).
    `gradient(softmax, targets)` turns the softmax (replicates, classes, rows), in place, into
    d(batch mean)/d(logits). `targets` of that shape are one-hot, their zeros raised to `floor`.
    """

    values: Callable[[Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor], object]
    floor: float = 0.0


def _cross_entropy_values(log_softmax: Tensor, labels: Tensor) -> Tensor:
    return -_of_class(log_softmax, labels)


def _cross_entropy_gradient(softmax: Tensor, targets: Tensor) -> None:
    softmax.sub_(targets).mul_(1.0 / softmax.shape[-1])


def _clipped_kl_values(log_softmax: Tensor, labels: Tensor) -> Tensor:
    """Σ_j t_j · log(t_j / p_j), in which t is 1 for the true class and 1e-7 for all the others."""
    clipped = log_softmax.clamp(min=LOG_EPSILON)
    of_true = _of_class(clipped, labels)
    others = (len(clipped) - 1) * LOG_EPSILON - (clipped.sum(0) - of_true)
    return EPSILON * others - of_true


def _clipped_kl_gradient(softmax: Tensor, targets: Tensor) -> None:
    """d/dz_i of -Σ_j t_j·log(clip(p_j)) is p_i·Σ_j s_j - s_i, with s = t where p is unclipped.

    No p exceeds 1, so p is clipped only where it is below 1e-7: there its derivative is 0.
    """
    passing = _threshold_backward(targets, softmax, _below_epsilon(softmax.dtype))
    softmax.mul_(passing.sum(1, keepdim=True)).sub_(passing).mul_(1.0 / softmax.shape[-1])


def _of_class(values: Tensor, labels: Tensor) -> Tensor:
    """Return from `values` (classes, examples) those of the classes `labels`, (examples,)."""
    return values.gather(0, labels.unsqueeze(0)).squeeze(0)


@cache
def _below_epsilon(dtype: torch.dtype) -> float:
    """Return the largest number below 1e-7: what is greater than it is 1e-7 or more."""
    return float(np.nextafter(torch.tensor(EPSILON, dtype=dtype).numpy(), 0))


_CROSS_ENTROPY = Loss(_cross_entropy_values, _cross_entropy_gradient)
_CLIPPED_KL = Loss(_clipped_kl_values, _clipped_kl_gradient, floor=EPSILON)


def loss_named(loss: str, kl: str) -> Loss:
    """Return the loss of a model whose fields `loss` and `kl` are these."""
    return _CLIPPED_KL if (loss, kl) == ("kl_divergence", "clipped") else _CROSS_ENTROPY
