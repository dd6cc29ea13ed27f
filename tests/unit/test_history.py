"""The history's own figures: dead units, stuck examples, and what is empty."""

from __future__ import annotations

import pytest
import torch
from plain_mlp import activate, forward
from torch import Tensor
from training_jobs import ACTIVATIONS, make_job, make_trainer, small_dataset

from mlpstudy.training.trainer import Trainer


def test_history_without_validation_is_empty_there() -> None:
    rows = make_trainer(make_job(validation="none", fold="all")).run_epoch(1)
    assert all(row["validation_loss"] is None for row in rows)
    assert all(row["validation_accuracy"] is None for row in rows)


def derivative(trainer: Trainer, z: Tensor) -> Tensor:
    free = z.clone().requires_grad_()
    (slope,) = torch.autograd.grad(activate(free, trainer.spec).sum(), free)
    return slope


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dead_units_are_those_without_a_slope_on_any_probe(activation: str) -> None:
    spec = {"optimizer": "sgd", "learning_rate": 1e-30, "leaky_slope": 1e-4}
    trainer = make_trainer(make_job(activation=activation, last=2, **spec))
    first, second = trainer.network.layers[:2]
    first.bias[0, 0, :5] = -60.0  # in the first replicate five units never leave zero …
    first.bias[1, 0] = torch.linspace(-12, 12, 17)  # … in the second they are ever closer to it
    second.bias[0, 0, 0] = -60.0
    rows = trainer.run_epoch(1)
    images = torch.from_numpy(small_dataset().images).double() / 255
    for index, row in enumerate(rows):
        values = images[trainer.splits[index].train[:1000]]
        for number, layer in enumerate((first, second), start=1):
            z = values @ layer.kernel[index].double() + layer.bias[index].double()
            dead = (derivative(trainer, z).abs().max(0).values < 1e-3).double().mean().item()
            assert row[f"dead_layer_{number}"] == pytest.approx(dead, abs=1e-12)
            values = activate(z, trainer.spec)
    if activation in ("relu", "elu", "gelu", "leaky_relu"):
        assert rows[0]["dead_layer_1"] >= 5 / 17
    if activation in ("sigmoid", "tanh"):
        assert 0 < rows[1]["dead_layer_1"] < 1


def test_stuck_examples_are_wrong_and_below_the_clip() -> None:
    job = make_job(loss="kl_divergence", optimizer="sgd", learning_rate=1e-30)
    trainer = make_trainer(job)
    trainer.network.layers[-1].kernel.mul_(60.0)
    images = torch.from_numpy(small_dataset().images).double() / 255
    labels = torch.from_numpy(small_dataset().labels).long()
    weights = {name: t.double() for name, t in trainer.network.named_tensors().items()}
    for index, row in enumerate(trainer.run_epoch(1)):
        train = trainer.splits[index].train
        own = {name: tensor[index] for name, tensor in weights.items()}
        softmax = torch.softmax(forward(job.spec, own, images[train], training=False), -1)
        true = softmax[torch.arange(train.size), labels[train]]
        wrong = softmax.argmax(-1) != labels[train]
        stuck = (wrong & (true < 1e-7)).double().mean().item()
        assert 0.1 < stuck < wrong.double().mean().item()
        assert row["stuck"] == pytest.approx(stuck, abs=1e-12)
