"""The trainer beside Keras 3, from the same weights and on the same batches.

Keras 3 keeps what the report's Keras 2 did: clipped KL divergence, batch normalisation without
Bessel's correction, where Adam adds ε. Its cross-entropy on logits stands for Keras 2's, which took
the logits behind a softmax. Its RMSprop differs (ε under the root) and is compared with PyTorch's.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from plain_mlp import assert_near
from torch import Tensor
from training_jobs import CLASSES, in_float64, make_job, make_trainer

from mlpstudy.training.losses import loss_named
from mlpstudy.training.trainer import Trainer

os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CASES = [
    {"activation": "relu"},
    {"activation": "relu", "batch_norm": True},
    {"activation": "leaky_relu", "loss": "kl_divergence", "batch_norm": True},
    {"activation": "sigmoid", "loss": "kl_divergence"},
    {"activation": "tanh", "optimizer": "adamw"},
    {"activation": "elu", "optimizer": "sgd", "learning_rate": 0.01, "batch_norm": True},
    {"activation": "gelu", "loss": "kl_divergence", "kl": "exact"},
    {"activation": "relu", "loss": "kl_divergence", "pixels": "raw"},
    {"activation": "leaky_relu", "pixels": "raw", "batch_norm": True},
]


@pytest.fixture
def float64(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keras in double precision throughout.

    Its type promotion turns float64 into float32 before a product, except on TensorFlow.
    """
    table = importlib.import_module("keras.src.backend.common.dtypes").BIT64_TO_BIT32_DTYPE
    monkeypatch.setitem(table, "float64", "float64")
    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


def keras_twin(trainer: Trainer) -> Any:
    """A Keras model of the trainer's first replicate, with its weights."""
    spec = trainer.spec
    layers: list[Any] = [keras.Input((trainer.network.inputs,))]
    for units in spec.nodes[:-1]:
        layers.append(keras.layers.Dense(units))
        layers.append(
            keras.layers.LeakyReLU(negative_slope=0.3)
            if spec.activation == "leaky_relu"
            else keras.layers.Activation(spec.activation)
        )
        if spec.batch_norm:
            layers.append(keras.layers.BatchNormalization())
    clipped = (spec.loss, spec.kl) == ("kl_divergence", "clipped")
    layers.append(keras.layers.Dense(CLASSES, activation="softmax" if clipped else None))
    model = keras.Sequential(layers)
    optimizers = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
    }
    model.compile(
        optimizer=optimizers[spec.optimizer](learning_rate=spec.learning_rate),
        loss=keras.losses.KLDivergence()
        if clipped
        else keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    model.set_weights([tensor[0].numpy() for tensor in trainer.network.named_tensors().values()])
    return model


def batches(trainer: Trainer, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Train step by step; yield the inputs and targets of each step before it is done."""
    generator = np.random.default_rng(8)
    block = trainer.block(trainer.spec.batch_size, training=True)
    batch = block.batches[0]
    for _ in range(steps):
        rows = torch.from_numpy(generator.choice(trainer.splits[0].train, batch.rows))
        trainer.loader.load(block, rows[None, None], targets=True)
        targets = torch.nn.functional.one_hot(trainer.loader.labels[rows], CLASSES).double()
        yield batch.images[0].double() * trainer.network.scale, targets
        trainer.optimizer.begin_step()
        trainer.train_step(batch)


def pairs(trainer: Trainer, model: Any) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Each tensor's name with ours and Keras's."""
    named = trainer.network.named_tensors()
    for (name, tensor), theirs in zip(named.items(), model.get_weights(), strict=True):
        yield name, tensor[0], torch.from_numpy(theirs)


@pytest.mark.parametrize("fields", CASES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_thirty_steps_in_float64_give_the_weights_of_keras(
    fields: dict[str, Any], float64: None
) -> None:
    trainer = in_float64(make_trainer(make_job(first=1, last=1, **fields)))
    model = keras_twin(trainer)
    start = trainer.network.parameters.clone()
    for inputs, targets in batches(trainer, 30):
        model.train_on_batch(inputs.numpy(), targets.numpy())
    assert not torch.equal(trainer.network.parameters, start)
    for name, ours, theirs in pairs(trainer, model):
        assert (ours - theirs).abs().max() <= 1e-9 * theirs.abs().max(), name
    rows = trainer.splits[0].validation
    logits = trainer.predict([rows])[0].T
    inputs = trainer.forward(torch.from_numpy(rows)[None]).inputs.view[0] * trainer.network.scale
    predicted = torch.as_tensor(np.array(model.predict_on_batch(inputs.numpy())))
    clipped = fields.get("loss") == "kl_divergence" and fields.get("kl") != "exact"
    assert_near(torch.softmax(logits, -1) if clipped else logits, predicted, 1e-8)


@pytest.mark.parametrize("fields", CASES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_first_steps_in_float32_agree_to_rounding(fields: dict[str, Any]) -> None:
    trainer = make_trainer(make_job(first=1, last=1, **fields))
    model = keras_twin(trainer)
    for inputs, targets in batches(trainer, 3):
        model.train_on_batch(inputs.numpy(), targets.numpy())
    for name, ours, theirs in pairs(trainer, model):
        differences = (ours - theirs).abs().flatten()
        # Where a gradient is all rounding, Adam turns it into steps of any size up to its rate:
        # behind few weights, but behind each bias that a normalisation takes out again.
        assert differences.max() <= 2 * 3 * trainer.spec.learning_rate, name
        if not (trainer.spec.batch_norm and name in ("dense_1.bias", "dense_2.bias")):
            assert torch.quantile(differences, 0.8) <= 2e-5 * theirs.abs().max(), name


def test_clipped_divergence_is_that_of_keras(float64: None) -> None:
    generator = np.random.default_rng(0)
    # Wide enough that many probabilities of the true class lie below the clip.
    logits = torch.from_numpy(generator.normal(size=(500, CLASSES)) * 20)
    labels = torch.from_numpy(generator.integers(0, CLASSES, 500))
    targets = torch.eye(CLASSES, dtype=logits.dtype)[labels]
    softmax = torch.softmax(logits, -1)
    assert (softmax[targets > 0] < 1e-7).sum() > 50
    theirs = keras.losses.KLDivergence(reduction=None)(targets.numpy(), softmax.numpy())
    log_softmax = torch.log_softmax(logits.T, 0)
    ours = loss_named("kl_divergence", "clipped").values(log_softmax, labels)
    assert_near(ours, theirs.cpu(), 1e-12)
