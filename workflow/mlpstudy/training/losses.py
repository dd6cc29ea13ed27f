"""The losses: per-example values, and the gradient of their batch mean by the logits.

Targets are one-hot rows. `clipped` KL divergence is Keras 2's: targets and softmax are both clipped
to [1e-7, 1], so an example whose p(true class) has fallen below 1e-7 stops giving a gradient.
`exact` KL divergence is taken on log-softmax; for one-hot targets it equals cross-entropy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

EPSILON = 1e-7  # keras.backend.epsilon()


@dataclass(frozen=True)
class Loss:
    """One loss over logits and one-hot targets, both of shape (replicates, batch, classes).

    `values(logits, targets)` returns the loss of each example, (replicates, batch).
    `gradient(softmax, targets, out)` writes d(batch mean)/d(logits) to `out`; `out` may be
    `softmax`.
    """

    values: Callable[[Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor, Tensor], object]


def _cross_entropy_values(logits: Tensor, targets: Tensor) -> Tensor:
    # A target of 0 must not meet a log-probability of minus infinity: their product would be NaN.
    return -torch.where(targets > 0, torch.log_softmax(logits, -1), 0.0).sum(-1)


def _cross_entropy_gradient(softmax: Tensor, targets: Tensor, out: Tensor) -> None:
    torch.sub(softmax, targets, out=out)
    out.mul_(1.0 / softmax.shape[1])


def _clipped_kl_values(logits: Tensor, targets: Tensor) -> Tensor:
    target = targets.clamp(EPSILON, 1.0)
    softmax = torch.softmax(logits, -1).clamp(EPSILON, 1.0)
    return (target * torch.log(target / softmax)).sum(-1)


def _clipped_kl_gradient(softmax: Tensor, targets: Tensor, out: Tensor) -> None:
    """d/dz_i of -Σ_j t_j·log(clip(p_j)) is p_i·Σ_j s_j - s_i, with s = t where p is unclipped.

    No p exceeds 1, so p is clipped only where it is below 1e-7: there its derivative is 0.
    """
    passing = targets.clamp(EPSILON, 1.0) * (softmax >= EPSILON)
    torch.mul(softmax, passing.sum(-1, keepdim=True), out=out)
    out.sub_(passing).mul_(1.0 / softmax.shape[1])


_CROSS_ENTROPY = Loss(_cross_entropy_values, _cross_entropy_gradient)
_CLIPPED_KL = Loss(_clipped_kl_values, _clipped_kl_gradient)


def loss_named(loss: str, kl: str) -> Loss:
    """Return the loss of a model whose fields `loss` and `kl` are these."""
    return _CLIPPED_KL if (loss, kl) == ("kl_divergence", "clipped") else _CROSS_ENTROPY
