from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_mlp import assert_near, mean_loss
from torch import Tensor
from training_jobs import LOSSES, make_spec

from mlpstudy.training.losses import Loss, loss_named
from mlpstudy.training.trainer import run

CLASSES = 4
numbers = st.floats(-60, 60) | st.floats(-1e4, 1e4) | st.just(0.0)
examples = st.tuples(
    st.lists(numbers, min_size=CLASSES, max_size=CLASSES), st.integers(0, CLASSES - 1)
)


def tensors(rows: list[tuple[list[float], int]]) -> tuple[Tensor, Tensor]:
    """Logits (classes, rows) and labels (rows,)."""
    logits = torch.tensor([row for row, _ in rows], dtype=torch.float64).T
    return logits, torch.tensor([label for _, label in rows])


def gradient_of(measure: Loss, logits: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient of the mean loss by `logits` (classes, rows)."""
    gradient = torch.softmax(logits, 0)[None]
    targets = torch.empty_like(gradient)
    measure.set_targets(labels.view(1, 1, -1), torch.arange(len(logits)).view(-1, 1), targets)
    run(measure.gradient(gradient, targets))
    return gradient[0]


@pytest.mark.parametrize("loss", LOSSES)
@settings(max_examples=50, deadline=None)
@given(rows=st.lists(examples, min_size=1, max_size=5))
def test_values_and_gradients_agree_with_autograd(
    loss: tuple[str, str], rows: list[tuple[list[float], int]]
) -> None:
    logits, labels = tensors(rows)
    measure = loss_named(*loss)
    gradient = gradient_of(measure, logits, labels)

    free = logits.T.clone().requires_grad_()
    expected = mean_loss(make_spec(loss=loss[0], kl=loss[1]), free, labels)
    torch.autograd.backward(expected)
    value = measure.values(torch.log_softmax(logits, 0), labels).mean().item()
    assert value == pytest.approx(expected.item(), rel=1e-10, abs=1e-12)
    assert free.grad is not None
    # A gradient is a difference of numbers up to 1 / rows: that sets its rounding.
    assert (gradient.T - free.grad).abs().max().item() <= 1e-10 * max(
        free.grad.abs().max().item(), 1e-4
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("loss", LOSSES)
def test_certainty_gives_finite_losses_and_gradients(
    loss: tuple[str, str], dtype: torch.dtype
) -> None:
    logits = torch.tensor([[1e4, 0.0], [0.0, 1e4], [-1e4, 0.0], [0.0, 0.0]], dtype=dtype)
    labels = torch.tensor([0, 0])  # certainly right, certainly wrong
    assert torch.softmax(logits, 0)[0].tolist() == [1.0, 0.0]
    measure = loss_named(*loss)
    right, wrong = measure.values(torch.log_softmax(logits, 0), labels).tolist()
    gradient = gradient_of(measure, logits, labels)
    assert gradient.isfinite().all()
    assert right == pytest.approx(0.0, abs=1e-5)
    if loss == ("kl_divergence", "clipped"):
        # The report's arithmetic: a certain mistake costs -log(1e-7) and gives no gradient.
        assert wrong == pytest.approx(-math.log(1e-7), rel=1e-5)
        assert gradient.abs().max().item() < 1e-6
    else:
        assert wrong == pytest.approx(1e4, rel=1e-6)
        assert_near(gradient[:, 1], torch.tensor([-0.5, 0.5, 0.0, 0.0], dtype=dtype), 1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_clipping_begins_below_epsilon(dtype: torch.dtype) -> None:
    edge = torch.tensor(1e-7, dtype=dtype)
    below = torch.nextafter(edge, torch.zeros((), dtype=dtype))
    softmax = torch.stack([torch.stack([edge, below]), 1 - torch.stack([edge, below])])[None]
    targets = -0.5 * torch.tensor([[[1.0, 1.0], [1e-7, 1e-7]]], dtype=dtype)
    run(loss_named("kl_divergence", "clipped").gradient(softmax, targets))
    at_edge, under_it = softmax[0, 0].tolist()
    assert at_edge == pytest.approx(-0.5, rel=1e-5)
    assert abs(under_it) < 1e-12
