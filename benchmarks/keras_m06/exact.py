"""One training step of model 6 in double precision, from the formulas of Keras 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from mlpstudy.spec import Spec

Arrays = list[NDArray[Any]]
CLIP = 1e-7
BETAS = (0.9, 0.999)
EPSILON = 1e-7


@dataclass(frozen=True)
class State:
    """Kernels and biases layer by layer, Adam's moments of each, and the steps done."""

    weights: Arrays
    first: Arrays
    second: Arrays
    steps: int


@dataclass(frozen=True)
class Step:
    """What a step computes: loss, softmax (rows, classes), gradients, and weights after it."""

    loss: float
    softmax: NDArray[Any]
    gradients: Arrays
    weights: Arrays


def clipped_kl(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the loss of each example, by Keras 2's formula, for autograd."""
    targets = one_hot(labels, logits.shape[-1]).to(logits.dtype).clamp(CLIP, 1.0)
    predicted = torch.softmax(logits, -1).clamp(CLIP, 1.0)
    return (targets * torch.log(targets / predicted)).sum(-1)


def exact_step(
    spec: Spec, state: State, images: NDArray[np.float32], labels: NDArray[np.int64]
) -> Step:
    """Return the step from `state`, with the gradients of autograd."""
    leaves = [torch.from_numpy(w.astype(np.float64)).requires_grad_() for w in state.weights]
    values = torch.from_numpy(images).double()
    for kernel, bias in zip(leaves[::2], leaves[1::2], strict=True):
        logits = values @ kernel + bias
        values = torch.where(logits > 0, logits, spec.leaky_slope * logits)
    loss = clipped_kl(logits, torch.from_numpy(labels)).mean()
    gradients = [g.numpy() for g in torch.autograd.grad(loss, leaves)]
    tensors = zip(state.weights, state.first, state.second, gradients, strict=True)
    weights = [_adam(spec, *of_one, state.steps + 1) for of_one in tensors]
    return Step(loss.item(), torch.softmax(logits.detach(), 1).numpy(), gradients, weights)


def _adam(
    spec: Spec,
    weight: NDArray[Any],
    first: NDArray[Any],
    second: NDArray[Any],
    gradient: NDArray[Any],
    step: int,
) -> Any:
    first = BETAS[0] * first.astype(np.float64) + (1 - BETAS[0]) * gradient
    second = BETAS[1] * second.astype(np.float64) + (1 - BETAS[1]) * gradient**2
    rate = spec.learning_rate * (1 - BETAS[1] ** step) ** 0.5 / (1 - BETAS[0] ** step)
    return weight - rate * first / (np.sqrt(second) + EPSILON)
