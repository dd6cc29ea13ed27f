from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from plain_mlp import assert_near
from torch import Tensor

from mlpstudy.training.layers import ParameterGroup
from mlpstudy.training.optimizers import Adam, Optimizer, optimizer_named

STEPS = 60
RATE = 0.003
SIZE = 192


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


def trained(name: str) -> Tensor:
    parameters = start()
    groups = groups_of(parameters)
    optimizer = optimizer_named(name, groups, RATE)
    for step in range(1, STEPS + 1):
        do_step(optimizer, groups, gradient_at(step))
    assert optimizer.steps == STEPS
    return parameters


@pytest.mark.parametrize(("name", "decay"), [("adam", 0.0), ("adamw", 0.004)])
def test_adam_adds_epsilon_before_the_bias_correction(name: str, decay: float) -> None:
    weights = start().tolist()
    first, second = [0.0] * SIZE, [0.0] * SIZE
    for step in range(1, STEPS + 1):
        rate = RATE * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        for i, g in enumerate(gradient_at(step).tolist()):
            weights[i] -= RATE * decay * weights[i]
            first[i] = 0.9 * first[i] + 0.1 * g
            second[i] = 0.999 * second[i] + 0.001 * g * g
            weights[i] -= rate * first[i] / (math.sqrt(second[i]) + 1e-7)
    expected = torch.tensor(weights, dtype=torch.float64)
    assert_near(trained(name) - start(), expected - start(), 1e-12)


def test_adam_is_torch_adam_once_epsilon_is_scaled() -> None:
    weights = start().requires_grad_()
    optimizer = torch.optim.Adam([weights], lr=RATE)
    for step in range(1, STEPS + 1):
        weights.grad = gradient_at(step)
        optimizer.param_groups[0]["eps"] = 1e-7 / math.sqrt(1 - 0.999**step)
        optimizer.step()
    assert_near(trained("adam") - start(), weights.detach() - start(), 1e-12)


def test_rmsprop_is_that_of_keras_2() -> None:
    """The formula is that of `tf_keras.optimizers.legacy.RMSprop`, TF 2.6's RMSprop.

    Checked against tf_keras 2.21.0 on TensorFlow 2.21.0, in float64, over 60 steps with gradients
    as here: with rate and decay rounded to float32, as Keras keeps them, the weights agree to 2e-15
    of the largest change. `tf_keras.optimizers.RMSprop` divides by √(v + ε): another optimizer.
    """
    weights, mean_square = start().numpy(), np.zeros(SIZE)
    for step in range(1, STEPS + 1):
        gradient = gradient_at(step).numpy()
        mean_square = 0.9 * mean_square + 0.1 * gradient**2
        weights = weights - RATE * gradient / (np.sqrt(mean_square) + 1e-7)
    assert_near(trained("rmsprop") - start(), torch.from_numpy(weights) - start(), 1e-12)


def test_rmsprop_and_sgd_are_torch_ones() -> None:
    for name, make in (
        ("rmsprop", lambda w: torch.optim.RMSprop(w, lr=RATE, alpha=0.9, eps=1e-7)),
        ("sgd", lambda w: torch.optim.SGD(w, lr=RATE)),
    ):
        weights = start().requires_grad_()
        optimizer = make([weights])
        for step in range(1, STEPS + 1):
            weights.grad = gradient_at(step)
            optimizer.step()
        assert_near(trained(name) - start(), weights.detach() - start(), 1e-12)


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
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


def test_rate_starts_near_the_first_step_of_adam() -> None:
    parameters = torch.zeros(3)
    groups = [ParameterGroup(0, parameters, torch.zeros(3))]
    do_step(Adam(groups, 0.01), groups, torch.tensor([5.0, -5.0, 0.0]))
    assert parameters.tolist() == pytest.approx([-0.01, 0.01, 0.0], rel=1e-4)


def test_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no optimizer named 'adagrad'"):
        optimizer_named("adagrad", [], 0.1)
