from __future__ import annotations

import math

import pytest
import torch
from plain_mlp import assert_near
from torch import Tensor

from mlpstudy.training.optimizers import Adam, optimizer_named

STEPS = 60
RATE = 0.003
SIZE = 192


def gradient_at(step: int) -> Tensor:
    """Gradients of every magnitude down to 1e-10: where Adam's ε is no longer small."""
    generator = torch.Generator().manual_seed(step)
    magnitudes = 10.0 ** torch.linspace(-10, 2, SIZE, dtype=torch.float64)
    return magnitudes * torch.randn(SIZE, generator=generator, dtype=torch.float64)


def start() -> Tensor:
    return torch.linspace(-1, 1, SIZE, dtype=torch.float64)


def trained(name: str) -> Tensor:
    parameters = start()
    optimizer = optimizer_named(name, parameters, RATE)
    for step in range(1, STEPS + 1):
        optimizer.step(parameters, gradient_at(step))
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
    pair = [(w, optimizer_named(name, w, RATE)) for w in (single, double)]
    for step in range(1, 11):
        gradient = gradient_at(step)
        gradient[:8] = 0.0  # as the padding between tensors has it
        for weights, optimizer in pair:
            optimizer.step(weights, gradient.to(weights.dtype))
    assert_near(single.double(), double, 1e-5)
    assert single[:8].count_nonzero() == 0


def test_rate_starts_near_the_first_step_of_adam() -> None:
    parameters = torch.zeros(3)
    optimizer = Adam(parameters, 0.01)
    optimizer.step(parameters, torch.tensor([5.0, -5.0, 0.0]))
    assert parameters.tolist() == pytest.approx([-0.01, 0.01, 0.0], rel=1e-4)


def test_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no optimizer named 'adagrad'"):
        optimizer_named("adagrad", torch.zeros(1), 0.1)
