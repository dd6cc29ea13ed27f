"""What is told of a network after an epoch: loss, accuracy, stuck examples and dead units."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mlpstudy.training.activations import Activation
from mlpstudy.training.losses import LOG_EPSILON, Loss
from mlpstudy.training.workspace import Batch

DEAD_DERIVATIVE = 1e-3  # a unit is dead if no probe image gives its activation a steeper slope


@dataclass(frozen=True)
class Evaluation:
    """The figures of one replicate on some examples; accuracy is a fraction.

    `stuck` is the share of examples that are misclassified with p(true class) below 1e-7, where
    clipped KL divergence gives no gradient.
    """

    loss: float
    accuracy: float
    stuck: float


def evaluate(loss: Loss, logits: Tensor, labels: Tensor) -> Evaluation:
    """Return the figures of one replicate's `logits` (classes, examples) for `labels`."""
    log_softmax = torch.log_softmax(logits, 0)
    wrong = logits.argmax(0) != labels
    vanished = log_softmax.gather(0, labels[None])[0] < LOG_EPSILON
    return Evaluation(
        loss=loss.values(log_softmax, labels).double().mean().item(),
        accuracy=(labels.numel() - int(wrong.sum())) / labels.numel(),
        stuck=(wrong & vanished).double().mean().item(),
    )


def dead_units(batch: Batch, activation: Activation, slope: float) -> list[list[float]]:
    """Return the share of dead units of each hidden layer, a list a replicate.

    `batch` has been forward through the network; its examples are the probes.
    """
    shares = []
    for room in batch.rooms:
        derivative = torch.ones_like(room.kept.view)
        activation.backward(derivative, room.kept.view, slope, derivative)
        shares.append((derivative.abs().amax(1) < DEAD_DERIVATIVE).double().mean(-1))
    return [[float(share[index]) for share in shares] for index in range(len(batch.logits))]
