"""Model 6 step by step: tf-keras and our trainer against the same step in double precision.

All start from the same initial weights and take the same batches. Every recorded step is also done
by our trainer and in double precision from the state that tf-keras had before it, so that an error
is that of one step. Besides, each goes on from its own state, and the distances are recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import torch
from numpy.typing import NDArray

from benchmarks.keras_m06.exact import CLIP, Arrays, State, Step, exact_step
from benchmarks.keras_m06.runs import Row, keras_model, our_trainer, weights_of
from mlpstudy.data.dataset import Dataset
from mlpstudy.spec import Spec
from mlpstudy.training.network import Network
from mlpstudy.training.optimizers import optimizer_named
from mlpstudy.training.trainer import Trainer

Rows = NDArray[np.int64]
FIRST = 100  # steps that are all recorded


def compare(spec: Spec, dataset: Dataset, seed: int, every: int) -> Iterator[Row]:
    """Yield one row for each of the first steps and for every `every`-th one.

    Errors of gradients are Euclidean, over all parameters; errors of updates are the largest of
    any parameter, in units of the learning rate. Distances between the parameters are relative to
    how far those of tf-keras have moved.
    """
    keras = KerasSteps(spec, dataset, seed)
    locked, free, nudged, exact = (our_trainer(spec, dataset, seed, seed) for _ in range(4))
    start = weights_of(free)
    to_float64(exact)
    nudged.network.parameters.mul_(1 + 2.0**-23)
    for step, rows in enumerate(batches(free), 1):
        before = keras.state() if step <= FIRST or step % every == 0 else None
        theirs = keras.step(rows)
        for trainer in (free, nudged, exact):
            our_step(trainer, rows)
        if before is None:
            continue
        moved = distance(theirs.weights, start)
        ways = {
            "ours_from_keras": (weights_of(free), theirs.weights),
            "ours_from_nudged": (weights_of(free), weights_of(nudged)),
            "ours_from_exact": (weights_of(free), weights_of(exact)),
            "keras_from_exact": (theirs.weights, weights_of(exact)),
        }
        put_state(locked, before)
        ours = our_step(locked, rows)
        reference = exact_step(spec, before, keras.images[rows], keras.labels[rows])
        row = errors(spec, keras.labels[rows], reference, theirs, ours)
        row |= {name: distance(*pair) / moved for name, pair in ways.items()}
        yield {"seed": seed, "step": step} | {k: float(f"{v:.4g}") for k, v in row.items()}


def errors(spec: Spec, labels: Rows, exact: Step, theirs: Step, ours: Step) -> dict[str, float]:
    """Return how far two implementations of one step are from the exact one."""

    def of_true(step: Step) -> NDArray[Any]:
        return step.softmax[np.arange(len(labels)), labels]

    p = of_true(exact)
    row = {
        "loss": exact.loss,
        "gradient": distance(exact.gradients),
        "gradient_difference": distance(ours.gradients, theirs.gradients),
        "clipped": (p < CLIP).sum(),
        "near_clip": ((p > CLIP / 2) & (p < CLIP * 2)).sum(),
        "underflow": (of_true(theirs) == 0).sum(),
    }
    for name, step in (("keras", theirs), ("ours", ours)):
        row[f"loss_error_{name}"] = abs(step.loss - exact.loss)
        row[f"gradient_error_{name}"] = distance(step.gradients, exact.gradients)
        furthest = max(
            np.abs(a - b).max() for a, b in zip(step.weights, exact.weights, strict=True)
        )
        row[f"update_error_{name}"] = furthest / spec.learning_rate
        row[f"flips_{name}"] = ((of_true(step) < np.float32(CLIP)) != (p < CLIP)).sum()
    return row


class KerasSteps:
    """tf-keras's training step in graph mode, as `Model.fit` does it, with its gradients kept."""

    def __init__(self, spec: Spec, dataset: Dataset, seed: int) -> None:
        tf.keras.backend.clear_session()
        self.model = keras_model(spec)
        self.model.set_weights(weights_of(our_trainer(spec, dataset, seed, seed)))
        self.images = dataset.images[: dataset.train].astype(np.float32)
        self.labels = dataset.labels[: dataset.train].astype(np.int64)
        self._compiled = tf.function(self._step)

    def _step(self, images: tf.Tensor, targets: tf.Tensor) -> tuple[Any, ...]:
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            predicted = self.model(images, training=True)
            loss = self.model.compute_loss(images, targets, predicted)
        gradients = tape.gradient(loss, variables)
        self.model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss, predicted, gradients

    def step(self, rows: Rows) -> Step:
        """Train on the images `rows`."""
        targets = np.eye(10, dtype=np.float32)[self.labels[rows]]
        loss, predicted, gradients = self._compiled(self.images[rows], targets)
        arrays = [gradient.numpy() for gradient in gradients]
        return Step(float(loss), predicted.numpy(), arrays, self.model.get_weights())

    def state(self) -> State:
        """Return weights, moments and the number of steps done."""
        weights = self.model.get_weights()
        zeros = [np.zeros_like(weight) for weight in weights]
        steps, *moments = self.model.optimizer.get_weights() or [0, *zeros, *zeros]
        return State(weights, moments[: len(weights)], moments[len(weights) :], int(steps))


def batches(trainer: Trainer) -> Iterator[Rows]:
    """Yield the rows of every step of the trainer's one replicate."""
    for epoch in range(1, trainer.spec.epochs + 1):
        for rows in torch.split(trainer.order(epoch)[0], trainer.spec.batch_size):
            yield rows.numpy()


def our_step(trainer: Trainer, rows: Rows) -> Step:
    """Train on the images `rows`; all layers of model 6 are one group, whose gradients stay."""
    block = trainer.block(len(rows), training=True)
    trainer.loader.load(block, torch.from_numpy(rows)[None, None], targets=True)
    batch = block.batches[0]
    trainer.optimizer.begin_step()
    trainer.train_step(batch)
    (group,) = trainer.network.groups
    loss = trainer.metrics(batch.logits.view, torch.from_numpy(rows)[None])[0].loss
    softmax = torch.softmax(batch.logits.view, 1)[0].T.numpy()
    weights = weights_of(trainer)
    parameters = group.parameters.clone()
    group.parameters.copy_(group.gradients)  # to read the gradients by the names of the parameters
    gradients = weights_of(trainer)
    group.parameters.copy_(parameters)
    return Step(loss, softmax, gradients, weights)


def put_state(trainer: Trainer, state: State) -> None:
    """Give the trainer these weights, moments and number of steps."""
    trainer.optimizer.steps = state.steps
    (group,) = trainer.network.groups
    moments = trainer.optimizer.moments
    put_weights(trainer, state.first)
    moments["first.0"].copy_(group.parameters)
    put_weights(trainer, state.second)
    moments["second.0"].copy_(group.parameters)
    put_weights(trainer, state.weights)


def put_weights(trainer: Trainer, weights: Arrays) -> None:
    """Give the trainer's one replicate these kernels and biases."""
    for tensor, array in zip(trainer.network.named_tensors().values(), weights, strict=True):
        tensor[0].copy_(torch.from_numpy(array))


def to_float64(trainer: Trainer) -> None:
    """Let the trainer, which must not have trained yet, compute in double precision."""
    start, spec, like = weights_of(trainer), trainer.spec, torch.empty(0, dtype=torch.float64)
    trainer.network = Network(spec, trainer.network.inputs, trainer.streams("weights"), like)
    trainer.optimizer = optimizer_named(spec.optimizer, trainer.network.groups, spec.learning_rate)
    put_weights(trainer, start)


def distance(left: Arrays, right: Arrays | None = None) -> float:
    """Return the Euclidean distance over all arrays, from zero where there is one list."""
    pairs = zip(left, right or [np.zeros(())] * len(left), strict=True)
    return float(sum(np.square(a.astype(np.float64) - b).sum() for a, b in pairs) ** 0.5)
