"""Whole runs of model 6 by each implementation: one row per run, seed, test_loss, test_accuracy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

os.environ |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}

import numpy as np
import tensorflow as tf
import tf_keras as keras
import torch
from torch import nn

from benchmarks.keras_m06.exact import EPSILON, Arrays, clipped_kl
from mlpstudy.data.dataset import Dataset
from mlpstudy.spec import Job, Spec
from mlpstudy.training.trainer import Trainer

Row = dict[str, Any]
STACK = 10  # replicates that our trainer trains together
SEED = 2021  # of the study


def our_trainer(spec: Spec, dataset: Dataset, first: int, last: int) -> Trainer:
    """Return the trainer of replicates `first` to `last`, as a job of the study makes it."""
    job = Job(
        condition="keras",
        model="m06",
        fold="holdout",
        first=first,
        last=last,
        seed=SEED,
        data=dataset.digest,
        subset=None,
        code="",
        spec=spec,
    )
    return Trainer(job, dataset)


def weights_of(trainer: Trainer) -> Arrays:
    """Return copies of the first replicate's kernels and biases, layer by layer."""
    return [tensor[0].numpy().copy() for tensor in trainer.network.named_tensors().values()]


def ours(spec: Spec, dataset: Dataset, seeds: Sequence[int]) -> Iterator[Row]:
    """Train with the study's trainer; a seed is a replicate of the study."""
    for start in range(0, len(seeds), STACK):
        block = seeds[start : start + STACK]
        trainer = our_trainer(spec, dataset, block[0], block[-1])
        for epoch in range(1, spec.epochs + 1):
            trainer.train(trainer.order(epoch), epoch)
        tests = trainer.evaluate([split.test for split in trainer.splits])
        for seed, test in zip(block, tests, strict=True):
            yield _row(seed, test.loss, test.accuracy)


def keras_model(spec: Spec) -> keras.Sequential:
    """Return the model compiled as the report's author is assumed to have done it."""
    model = keras.Sequential([keras.layers.InputLayer((784,))])
    for units in spec.nodes[:-1]:
        model.add(keras.layers.Dense(units))
        model.add(keras.layers.LeakyReLU(spec.leaky_slope))
    model.add(keras.layers.Dense(spec.nodes[-1], activation="softmax"))
    optimizer = keras.optimizers.legacy.Adam(spec.learning_rate)
    model.compile(optimizer, "kl_divergence", metrics=["accuracy"])
    return model


def tf_keras_fit(spec: Spec, dataset: Dataset, seeds: Sequence[int]) -> Iterator[Row]:
    """Train with `Model.fit`, its own initial weights, shuffle and held-out last images."""
    images, targets = arrays(dataset)
    kept = round(dataset.train * (1 - spec.holdout_fraction))
    for seed in seeds:
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        model = keras_model(spec)
        model.fit(images[:kept], targets[:kept], spec.batch_size, spec.epochs, verbose=0)
        yield tested(seed, model, images, targets, dataset)


def autograd(spec: Spec, dataset: Dataset, seeds: Sequence[int]) -> Iterator[Row]:
    """Train with PyTorch's modules and autograd; only Adam's ε is set to Keras's form."""
    images = torch.from_numpy(dataset.images[:].astype(np.float32))
    labels = torch.from_numpy(dataset.labels.astype(np.int64))
    kept = round(dataset.train * (1 - spec.holdout_fraction))
    torch.set_flush_denormal(True)
    for seed in seeds:
        torch.manual_seed(seed)
        model = _torch_model(spec)
        optimizer = torch.optim.Adam(model.parameters(), lr=spec.learning_rate, fused=True)
        step = 0
        for _ in range(spec.epochs):
            for rows in torch.split(torch.randperm(kept), spec.batch_size):
                step += 1
                optimizer.zero_grad()
                loss = clipped_kl(model(images[rows]), labels[rows]).mean()
                torch.autograd.backward(loss)
                optimizer.param_groups[0]["eps"] = EPSILON / (1 - 0.999**step) ** 0.5
                optimizer.step()
        with torch.no_grad():
            logits, truth = model(images[dataset.train :]), labels[dataset.train :]
        accuracy = (logits.argmax(1) == truth).double().mean().item()
        yield _row(seed, clipped_kl(logits, truth).double().mean().item(), accuracy)


def _torch_model(spec: Spec) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, units in zip((784, *spec.nodes[:-1]), spec.nodes, strict=True):
        dense = nn.Linear(inputs, units)
        nn.init.xavier_uniform_(dense.weight)
        nn.init.zeros_(dense.bias)
        layers += [dense, nn.LeakyReLU(spec.leaky_slope)]
    return nn.Sequential(*layers[:-1])


def arrays(dataset: Dataset) -> tuple[tf.Tensor, tf.Tensor]:
    """Return all images, with pixels from 0 to 255, and one-hot labels."""
    return tf.constant(dataset.images[:].astype(np.float32)), tf.one_hot(dataset.labels, 10)


def tested(seed: int, model: Any, images: tf.Tensor, targets: tf.Tensor, dataset: Dataset) -> Row:
    """Return the row of a trained model."""
    test = slice(dataset.train, None)
    loss, accuracy = model.evaluate(images[test], targets[test], batch_size=500, verbose=0)
    return _row(seed, loss, accuracy)


def _row(seed: int, loss: float, accuracy: float) -> Row:
    return {"seed": seed, "test_loss": loss, "test_accuracy": accuracy}
