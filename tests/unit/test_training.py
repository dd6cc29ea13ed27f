"""A whole epoch beside a plain training loop on autograd."""

from __future__ import annotations

import dataclasses
import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from plain_mlp import forward, mean_loss
from torch import Tensor
from training_jobs import (
    TEST_IMAGES,
    TRAIN_IMAGES,
    in_float64,
    make_job,
    make_trainer,
    small_dataset,
)

from mlpstudy.randomness import stream
from mlpstudy.training.trainer import Trainer

Masks = list[list[Tensor]]


class PlainLoop:
    """One replicate trained as a textbook would: autograd, torch.optim, a loop over batches."""

    def __init__(self, trainer: Trainer, replicate: int) -> None:
        self.job, self.spec = trainer.job, trainer.spec
        self.index = trainer.job.replicates.index(replicate)
        self.replicate = replicate
        self.split = trainer.splits[self.index]
        data = small_dataset()
        scale = 255.0 if self.spec.pixels == "unit" else 1.0
        self.inputs = torch.from_numpy(data.images).double() / scale
        self.labels = torch.from_numpy(data.labels).long()
        self.weights = {
            name: tensor[self.index].clone().requires_grad_(".moving_" not in name)
            for name, tensor in trainer.network.named_tensors().items()
        }
        trained = [tensor for tensor in self.weights.values() if tensor.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=self.spec.learning_rate)
        self.steps = 0

    def epoch(self, number: int, masks: Masks) -> dict[str, float]:
        job, size = self.job, self.spec.batch_size
        generator = stream(job.seed, self.replicate, job.fold, "order", number)
        order = generator.permutation(self.split.train)
        loss_sum, right = 0.0, 0
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        for rows, step_masks in zip(batches, masks, strict=True):
            own = [mask[self.index] for mask in step_masks] or None
            inputs, labels = self.inputs[rows], self.labels[rows]
            logits = forward(self.spec, self.weights, inputs, own, training=True)
            loss = mean_loss(self.spec, logits, labels)
            self._step(loss)
            loss_sum += loss.item() * len(rows)
            right += int((logits.argmax(-1) == labels).sum())
        return {
            "train_loss": loss_sum / len(order),
            "train_accuracy": right / len(order),
            **self._validation(),
        }

    def _step(self, loss: Tensor) -> None:
        self.steps += 1
        # Keras adds ε to √v before the bias correction, PyTorch after it.
        self.optimizer.param_groups[0]["eps"] = 1e-7 / math.sqrt(1 - 0.999**self.steps)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()

    def _validation(self) -> dict[str, float]:
        rows = self.split.validation
        with torch.no_grad():
            logits = forward(self.spec, self.weights, self.inputs[rows], training=False)
            loss = mean_loss(self.spec, logits, self.labels[rows]).item()
        accuracy = (logits.argmax(-1) == self.labels[rows]).double().mean().item()
        return {"validation_loss": loss, "validation_accuracy": accuracy}


def record_masks(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> Masks:
    """The masks of every step, in order, as the trainer comes to use them."""
    masks: Masks = []
    step = trainer.train_step

    def recording(batch: Any) -> None:
        masks.append([layer.mask.clone() for layer in batch.layers if layer.mask is not None])
        step(batch)

    monkeypatch.setattr(trainer, "train_step", recording)
    return masks


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"nodes": (10,), "loss": "kl_divergence"},
        {"loss": "kl_divergence", "activation": "leaky_relu", "batch_norm": True, "dropout": 0.2},
        {"loss": "kl_divergence", "kl": "exact", "activation": "gelu", "dropout": 0.4},
        {"pixels": "raw", "activation": "sigmoid", "batch_norm": True, "batch_size": 27},
        {"pixels": "raw", "loss": "kl_divergence", "activation": "elu", "validation": "kfold"},
    ],
)
def test_epochs_agree_with_a_plain_loop(
    fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"batch_size": 33, "first": 2, "last": 3} | fields
    fold = "4" if fields.get("validation") == "kfold" else "holdout"
    trainer = in_float64(make_trainer(make_job(fold=fold, **fields)))
    assert trainer.splits[0].train.size % fields["batch_size"]  # the last batch is smaller
    loops = [PlainLoop(trainer, replicate) for replicate in (2, 3)]
    masks = record_masks(trainer, monkeypatch)
    for epoch in (1, 2):
        masks.clear()
        history = trainer.run_epoch(epoch)
        for row, loop in zip(history, loops, strict=True):
            expected = loop.epoch(epoch, masks)
            assert (row["replicate"], row["epoch"]) == (loop.replicate, epoch)
            for name, value in expected.items():
                assert row[name] == pytest.approx(value, rel=1e-9), name
            for name, tensor in trainer.network.named_tensors().items():
                difference = (tensor[loop.index] - loop.weights[name]).abs().max().item()
                assert difference < 1e-9, name


def test_evaluation_is_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = in_float64(make_trainer(make_job(batch_norm=True, dropout=0.5)))
    trainer.run_epoch(1)
    rows = [split.test for split in trainer.splits]
    whole = trainer.predict(rows)
    assert whole.shape == (3, 10, TEST_IMAGES)
    monkeypatch.setattr("mlpstudy.training.trainer.EVALUATION_ROWS", 7)
    assert torch.allclose(trainer.predict(rows), whole, rtol=0, atol=1e-12)


def test_read_only_images_are_taken_without_a_warning_and_stay() -> None:
    data = small_dataset()
    before: NDArray[np.uint8] = data.images.copy()
    data.images.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer = make_trainer(make_job(pixels="raw"), dataclasses.replace(data))
        trainer.run_epoch(1)
    assert trainer.loader.images.data_ptr() == data.images.ctypes.data  # shared, not copied
    assert (data.images == before).all()
    assert len(data.images) == TRAIN_IMAGES + TEST_IMAGES
