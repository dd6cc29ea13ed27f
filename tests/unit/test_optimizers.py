from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from plain_mlp import assert_near
from torch import Tensor
from training_jobs import OPTIMIZERS

from mlpstudy.training.layers import ParameterGroup
from mlpstudy.training.optimizers import Optimizer, optimizer_named

STEPS = 60
RATE = 0.003
SIZE = 192

TORCH: dict[str, Callable[[list[Tensor]], torch.optim.Optimizer]] = {
    "adam": lambda weights: torch.optim.Adam(weights, lr=RATE),
    "adamw": lambda weights: torch.optim.AdamW(weights, lr=RATE, weight_decay=0.004),
    "rmsprop": lambda weights: torch.optim.RMSprop(weights, lr=RATE, alpha=0.9, eps=1e-7),
    "sgd": lambda weights: torch.optim.SGD(weights, lr=RATE),
}


def gradient_at(step: int) -> Tensor:
    """Gradients of magnitudes from 1e-12, where ε outweighs the root of the moment, to 1e2."""
    generator = torch.Generator().manual_seed(step)
    magnitudes = 10.0 ** torch.linspace(-12, 2, SIZE, dtype=torch.float64)
    return magnitudes * torch.randn(SIZE, generator=generator, dtype=torch.float64)


def start() -> Tensor:
    return torch.linspace(-1, 1, SIZE, dtype=torch.float64)


def groups_of(parameters: Tensor) -> list[ParameterGroup]:
    """Two groups of `parameters`, one after the other in the memory of their gradients."""
    shared = torch.zeros(2 * SIZE // 3, dtype=parameters.dtype)
    ends = ((0, SIZE // 3), (SIZE // 3, SIZE))
    return [ParameterGroup(n, parameters[a:b], shared[: b - a]) for n, (a, b) in enumerate(ends)]


def do_step(optimizer: Optimizer, groups: list[ParameterGroup], gradient: Tensor) -> None:
    optimizer.begin_step()
    end = len(gradient)
    for group in reversed(groups):
        group.gradients.copy_(gradient[end - len(group.gradients) : end])
        optimizer.update(group)
        end -= len(group.gradients)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_those_of_torch(name: str) -> None:
    """PyTorch's Adam adds ε after the bias correction, so there ε is scaled to be added before it.

    RMSprop is that of Keras 2, `tf_keras.optimizers.legacy.RMSprop`. Checked against tf_keras
    2.21.0 on TensorFlow 2.21.0, in float64, over 60 steps with gradients as here: with rate and
    decay rounded to float32, as Keras keeps them, the weights agree to 2e-15 of the largest change.
    `tf_keras.optimizers.RMSprop` divides by √(v + ε): another optimizer.
    """
    parameters, weights = start(), start().requires_grad_()
    groups = groups_of(parameters)
    ours, theirs = optimizer_named(name, groups, RATE), TORCH[name]([weights])
    for step in range(1, STEPS + 1):
        if name.startswith("adam"):
            theirs.param_groups[0]["eps"] = 1e-7 / math.sqrt(1 - 0.999**step)
        weights.grad = gradient_at(step)
        theirs.step()
        do_step(ours, groups, gradient_at(step))
    assert ours.steps == STEPS
    assert_near(parameters - start(), weights.detach() - start(), 1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float32_follows_float64_and_zeros_stay(name: str) -> None:
    single, double = start().float(), start()
    single[:8] = double[:8] = 0.0
    pair = [
        (groups, optimizer_named(name, groups, RATE)) for groups in map(groups_of, (single, double))
    ]
    for step in range(1, 11):
        gradient = gradient_at(step)
        gradient[:8] = 0.0  # as the padding between tensors has it
        for groups, optimizer in pair:
            do_step(optimizer, groups, gradient.to(groups[0].parameters.dtype))
    assert_near(single.double(), double, 1e-5)
    assert single[:8].count_nonzero() == 0
