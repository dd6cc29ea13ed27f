"""The network written once more, one replicate at a time, for autograd: the tests' oracle.

It shares no code with the trainer: activations and losses are spelt out in elementary operations,
and batch normalisation in training is PyTorch's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from mlpstudy.spec import Spec

Weights = dict[str, Tensor]
MOMENTUM, NORM_EPSILON, CLIP = 0.99, 1e-3, 1e-7


def activate(z: Tensor, spec: Spec) -> Tensor:
    match spec.activation:
        case "relu":
            return torch.where(z > 0, z, 0.0)
        case "leaky_relu":
            return torch.where(z > 0, z, spec.leaky_slope * z)
        case "sigmoid":
            return 1.0 / (1.0 + torch.exp(-z))
        case "tanh":
            return 2.0 / (1.0 + torch.exp(-2.0 * z)) - 1.0
        case "elu":
            return torch.where(z > 0, z, torch.expm1(z.clamp(max=0.0)))
        case "gelu":
            return z * 0.5 * (1.0 + torch.erf(z / math.sqrt(2.0)))
    raise ValueError(spec.activation)


def forward(
    spec: Spec,
    weights: Mapping[str, Tensor],
    inputs: Tensor,
    masks: Sequence[Tensor] | None = None,
    *,
    training: bool,
) -> Tensor:
    """Return the logits (rows, classes); in training, move the moments in `weights`."""
    values = inputs
    last = len(spec.nodes)
    for number in range(1, last):
        kernel, bias = weights[f"dense_{number}.kernel"], weights[f"dense_{number}.bias"]
        values = activate(values @ kernel + bias, spec)
        if spec.batch_norm:
            values = _normalise(weights, f"norm_{number}", values, training=training)
        if masks is not None:
            values = values * masks[number - 1]
    return values @ weights[f"dense_{last}.kernel"] + weights[f"dense_{last}.bias"]


def _normalise(
    weights: Mapping[str, Tensor], norm: str, values: Tensor, *, training: bool
) -> Tensor:
    scale, offset = weights[f"{norm}.scale"], weights[f"{norm}.offset"]
    mean, variance = weights[f"{norm}.moving_mean"], weights[f"{norm}.moving_variance"]
    if not training:
        return functional.batch_norm(
            values, mean, variance, scale, offset, False, 0.0, NORM_EPSILON
        )
    with torch.no_grad():
        centre = values.sum(0) / len(values)
        spread = ((values - centre) ** 2).sum(0) / len(values)
        mean.copy_(MOMENTUM * mean + (1 - MOMENTUM) * centre)
        variance.copy_(MOMENTUM * variance + (1 - MOMENTUM) * spread)
    return functional.batch_norm(values, None, None, scale, offset, True, 0.0, NORM_EPSILON)


def mean_loss(spec: Spec, logits: Tensor, labels: Tensor) -> Tensor:
    """Return the batch's mean loss for integer `labels`."""
    if spec.loss == "cross_entropy":
        return functional.cross_entropy(logits, labels)
    targets = functional.one_hot(labels, logits.shape[-1]).to(logits.dtype)
    if spec.kl == "exact":
        return functional.kl_div(torch.log_softmax(logits, -1), targets, reduction="batchmean")
    clipped = targets.clamp(CLIP, 1.0)
    predicted = torch.softmax(logits, -1).clamp(CLIP, 1.0)
    return functional.kl_div(torch.log(predicted), clipped, reduction="batchmean")


def assert_near(actual: Tensor, expected: Tensor, relative: float, floor: float = 0.0) -> None:
    """Assert that no element differs by more than `relative` of the largest one, or by `floor`."""
    assert actual.shape == expected.shape
    allowed = max(relative * expected.abs().max().item(), floor)
    difference = (actual - expected).abs().max().item()
    assert difference <= allowed
