from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from plain_mlp import assert_near, forward, mean_loss
from torch import Tensor
from training_jobs import ACTIVATIONS, CLASSES, LOSSES, PIXELS, make_spec

from mlpstudy.spec import Spec
from mlpstudy.training import layers
from mlpstudy.training.layers import ParameterGroup
from mlpstudy.training.losses import loss_named
from mlpstudy.training.network import Batch, Network
from mlpstudy.training.trainer import run

ROWS = 23
FLOAT64 = torch.empty(0, dtype=torch.float64)
COMBINATIONS = list(itertools.product(ACTIVATIONS, LOSSES, (False, True), (0.0, 0.3)))


def make_network(spec: Spec, replicates: int, gain: float = 1.0) -> Network:
    """A network whose biases, scales and moments are anything but their initial values.

    `gain` multiplies the last kernel: at 2000 the softmax underflows to exact zeros and ones.
    """
    generator = torch.Generator().manual_seed(3)
    network = Network(spec, PIXELS, [np.random.default_rng(r) for r in range(replicates)], FLOAT64)
    for name, tensor in network.named_tensors().items():
        if "kernel" not in name:
            tensor.add_(torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype) - 0.4)
    network.layers[-1].kernel.mul_(gain)
    return network


def filled_batch(network: Network, *, training: bool) -> tuple[Batch, Tensor]:
    """A batch of random inputs, targets and masks, and its labels (replicates, rows)."""
    generator = torch.Generator().manual_seed(4)
    block = network.block(ROWS, steps=1, training=training)
    batch = block.batches[0]
    batch.images.copy_(torch.randint(0, 256, batch.images.shape, generator=generator))
    labels = torch.randint(0, CLASSES, batch.images.shape[:2], generator=generator)
    loss = loss_named(network.spec.loss, network.spec.kl)
    loss.set_targets(labels.unsqueeze(1), torch.arange(CLASSES).view(-1, 1), batch.targets.view)
    block.set_masks(torch.rand(block.masks.shape, generator=generator) < 0.7)
    return batch, labels


def weights_of(network: Network, replicate: int) -> dict[str, Tensor]:
    """One replicate's tensors, copied, for autograd where they are trained."""
    return {
        name: tensor[replicate].clone().requires_grad_(".moving_" not in name)
        for name, tensor in network.named_tensors().items()
    }


def gradients_of(network: Network, batch: Batch) -> dict[str, Tensor]:
    """Every gradient by name, (replicates, ...).

    The parameters of each group are spoilt as soon as it is updated, which shows that the rest of
    the backward pass does not need them. The gradients are then put in their place, to be named.
    """
    yielded = []

    def update(group: ParameterGroup) -> None:
        yielded.append((group, group.gradients.clone()))
        group.parameters.fill_(torch.nan)

    run(network.backward(batch, update))
    for group, gradients in yielded:
        group.parameters.copy_(gradients)
    named = network.named_tensors().items()
    return {name: tensor for name, tensor in named if ".moving_" not in name}


@pytest.mark.parametrize(
    ("gain", "replicates", "least"),
    [(1.0, 3, 1), (2000.0, 1, layers.GROUP_SIZE)],
    ids=["moderate", "saturated"],
)
@pytest.mark.parametrize(("activation", "loss", "batch_norm", "dropout"), COMBINATIONS)
def test_forward_loss_and_gradient_agree_with_autograd(
    activation: str,
    loss: tuple[str, str],
    batch_norm: bool,
    dropout: float,
    gain: float,
    replicates: int,
    least: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layers, "GROUP_SIZE", least)
    spec = make_spec(
        activation=activation, loss=loss[0], kl=loss[1], batch_norm=batch_norm, dropout=dropout
    )
    network = make_network(spec, replicates, gain)
    batch, labels = filled_batch(network, training=True)
    before = [weights_of(network, replicate) for replicate in range(replicates)]
    masks = [layer.mask.clone() for layer in batch.layers if layer.mask is not None]
    measure = loss_named(spec.loss, spec.kl)

    run(network.forward(batch))
    log_softmax = torch.log_softmax(batch.logits.view, 1)
    losses = [measure.values(*pair).mean() for pair in zip(log_softmax, labels, strict=True)]
    softmax = torch.softmax(batch.logits.view, 1)
    run(measure.gradient(batch.gradient.view.copy_(softmax), batch.targets.view))
    gradients = gradients_of(network, batch)

    if gain > 1.0:
        assert (softmax == 1.0).any()
        assert (softmax == 0.0).any()
        assert (softmax.gather(1, labels.unsqueeze(1)) < 1e-7).any()
    for r, weights in enumerate(before):
        own = [mask[r] for mask in masks] if masks else None
        logits = forward(spec, weights, batch.inputs.view[r] * network.scale, own, training=True)
        expected = mean_loss(spec, logits, labels[r])
        torch.autograd.backward(expected)
        assert_near(batch.logits.view[r].T, logits.detach(), 1e-10)
        assert losses[r].item() == pytest.approx(expected.item(), rel=1e-10)
        for name, gradient in gradients.items():
            wanted = weights[name].grad
            assert wanted is not None, name
            # Clipped, whole gradients may vanish below the rounding of the terms they are made of.
            assert_near(gradient[r], wanted, 1e-10, floor=gain * 1e-16)
        for name, moment in network.moving_moments().items():
            assert_near(moment[r], weights[name], 1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_evaluation_uses_moving_moments_and_no_dropout(activation: str, batch_norm: bool) -> None:
    spec = make_spec(activation=activation, batch_norm=batch_norm, dropout=0.3)
    network = make_network(spec, 2)
    batch, _ = filled_batch(network, training=False)
    moments = {name: tensor.clone() for name, tensor in network.moving_moments().items()}
    run(network.forward(batch))
    assert all(layer.mask is None for layer in batch.layers)
    for r in range(2):
        expected = forward(
            spec, weights_of(network, r), batch.inputs.view[r] * network.scale, training=False
        )
        assert_near(batch.logits.view[r].T, expected.detach(), 1e-12)
    for name, tensor in network.moving_moments().items():
        assert torch.equal(tensor, moments[name]), name


def test_initial_kernels_are_glorot_uniform_and_biases_zero() -> None:
    spec = make_spec(nodes=(300, 200, CLASSES), batch_norm=True)
    generators = [np.random.default_rng(seed) for seed in (1, 2)]
    network = Network(spec, 784, generators, torch.empty(0))
    named = network.named_tensors()
    for number in (1, 2, 3):
        kernels, bias = named[f"dense_{number}.kernel"], named[f"dense_{number}.bias"]
        fan_in, units = kernels.shape[1:]
        limit = math.sqrt(6.0 / (fan_in + units))
        for kernel in kernels.double():
            count = kernel.numel()
            assert 0.999 * limit < kernel.abs().max().item() <= limit * (1 + 1e-7)
            # Five standard errors of a uniform sample's mean and mean square.
            assert abs(kernel.mean().item()) < 5 * limit / math.sqrt(3 * count)
            square_error = 5 * limit**2 * math.sqrt(4 / 45 / count)
            assert (kernel**2).mean().item() == pytest.approx(limit**2 / 3, abs=square_error)
        assert not torch.equal(kernels[0], kernels[1])
        assert bias.count_nonzero() == 0
    assert (named["norm_1.scale"] == 1).all()
    assert named["norm_1.offset"].count_nonzero() == 0
    assert (named["norm_1.moving_variance"] == 1).all()
