"""The losses and metrics of logits: loss, gradient, accuracy and the share of stuck examples.

Targets are one-hot. `clipped` KL divergence is Keras 2's: targets and softmax are both clipped to
[1e-7, 1], so an example whose p(true class) is below 1e-7 has almost no gradient. `exact` KL
divergence is computed from the log-softmax; for one-hot targets it equals cross-entropy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch
from torch import Tensor

from mlpstudy.spec import LossName
from mlpstudy.training.activations import Operation

EPSILON = 1e-7  # keras.backend.epsilon()
LOG_EPSILON = math.log(EPSILON)

_threshold_backward = torch.ops.aten.threshold_backward.grad_input


@dataclass(frozen=True)
class Metrics:
    """The metrics of one replicate on some examples; accuracy is a fraction.

    `stuck` is the share of examples that are misclassified with p(true class) below 1e-7, where
    clipped KL divergence has no gradient.
    """

    loss: float
    accuracy: float
    stuck: float


@dataclass(frozen=True)
class Loss:
    """A loss function of logits, whose classes are the last axis but one.

    `values(log_softmax, labels)` returns the loss of each example, (…, examples), from the
    log-softmax (…, classes, examples) and the true classes (…, examples).
    `gradient(softmax, targets)` replaces the softmax (replicates, classes, rows), in place, by
    d(batch mean)/d(logits). `targets` of that shape are one-hot, with zeros raised to `floor`, and
    divided by the number of rows.
    """

    values: Callable[[Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor], list[Operation]]
    floor: float = 0.0

    def set_targets(self, labels: Tensor, classes: Tensor, out: Tensor) -> None:
        """Write the targets of `labels`, (…, 1, rows), to `out`, (…, classes, rows).

        They are minus the one-hot targets, whose zeros are raised to `floor`, divided by the number
        of rows: what both gradients add to a multiple of the softmax. `classes` are the numbers
        from 0, (classes, 1).
        """
        torch.eq(labels, classes, out=out)
        if self.floor:
            out.clamp_(min=self.floor)
        out.mul_(-1.0 / out.shape[-1])

    def metrics(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the fields of Metrics, (replicates, 3), as float64.

        `logits` are (replicates, classes, examples) and `labels` (replicates, examples).
        """
        log_softmax = torch.log_softmax(logits, 1)
        wrong = logits.argmax(1) != labels
        vanished = _of_class(log_softmax, labels) < LOG_EPSILON
        values = (self.values(log_softmax, labels), ~wrong, wrong & vanished)
        return torch.stack([value.double().mean(1) for value in values], 1)


def _cross_entropy_values(log_softmax: Tensor, labels: Tensor) -> Tensor:
    return -_of_class(log_softmax, labels)


def _cross_entropy_gradient(softmax: Tensor, targets: Tensor) -> list[Operation]:
    return [partial(torch.add, targets, softmax, alpha=1.0 / softmax.shape[-1], out=softmax)]


def _clipped_kl_values(log_softmax: Tensor, labels: Tensor) -> Tensor:
    """Σ_j t_j · log(t_j / p_j), where t is 1 for the true class and 1e-7 for all others."""
    clipped = log_softmax.clamp(min=LOG_EPSILON)
    of_true = _of_class(clipped, labels)
    others = (clipped.shape[-2] - 1) * LOG_EPSILON - (clipped.sum(-2) - of_true)
    return EPSILON * others - of_true


def _clipped_kl_gradient(softmax: Tensor, targets: Tensor) -> list[Operation]:
    """d/dz_i of -Σ_j t_j·log(clip(p_j)) is p_i·Σ_j s_j - s_i, with s = t where p is not clipped.

    No p exceeds 1, so p is clipped only where it is below 1e-7: there its derivative is 0.
    """
    passing = torch.empty_like(softmax)
    total = torch.empty_like(softmax[:, :1])
    below = _below_epsilon(softmax.dtype)
    return [
        partial(_threshold_backward, targets, softmax, below, grad_input=passing),
        partial(torch.sum, passing, 1, keepdim=True, out=total),
        partial(torch.addcmul, passing, softmax, total, value=-1.0, out=softmax),
    ]


def _of_class(values: Tensor, labels: Tensor) -> Tensor:
    """Return from `values` (…, classes, examples) those of the classes `labels` (…, examples)."""
    return values.gather(-2, labels.unsqueeze(-2)).squeeze(-2)


@cache
def _below_epsilon(dtype: torch.dtype) -> float:
    """Return the largest number below 1e-7: what is greater than it is 1e-7 or more."""
    return float(np.nextafter(torch.tensor(EPSILON, dtype=dtype).numpy(), 0))


_CROSS_ENTROPY = Loss(_cross_entropy_values, _cross_entropy_gradient)
_CLIPPED_KL = Loss(_clipped_kl_values, _clipped_kl_gradient, floor=EPSILON)


def loss_named(name: LossName, kl: str) -> Loss:
    """Return the loss function of that name; `kl` is the form of the KL divergence."""
    match name:
        case "cross_entropy":
            return _CROSS_ENTROPY
        case "kl_divergence":
            return _CLIPPED_KL if kl == "clipped" else _CROSS_ENTROPY
