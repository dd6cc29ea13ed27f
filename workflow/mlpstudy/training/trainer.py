"""The training loop: a stack of replicates of one model, epoch by epoch.

Keras's conventions hold: the last, smaller batch is used; an epoch's training loss and accuracy
are running means over its batches, the validation figures are taken at its end.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlpstudy.spec import Job
from mlpstudy.training.feeding import Dropout, Feeder
from mlpstudy.training.losses import EPSILON, loss_named
from mlpstudy.training.network import Network
from mlpstudy.training.optimizers import optimizer_named
from mlpstudy.training.randomness import Purpose, stream
from mlpstudy.training.splits import Split
from mlpstudy.training.workspace import Batch

EVALUATION_ROWS = 500  # examples a replicate in one forward pass: some megabytes of activations
PROBE_ROWS = 1000  # training images that dead units are looked for with
DEAD_DERIVATIVE = 1e-3  # a unit is dead if no probe image gives its activation a steeper slope

HistoryRow = dict[str, float | int]


@dataclass(frozen=True)
class Evaluation:
    """The figures of one replicate on some examples; accuracy is a fraction.

    `stuck` is the share of examples that are misclassified with p(true class) below 1e-7, where
    clipped KL divergence gives no gradient.
    """

    loss: float
    accuracy: float
    stuck: float


class Trainer:
    """One job in training: network, optimizer and data of a stack of replicates."""

    def __init__(
        self,
        job: Job,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        splits: Sequence[Split],
        device: torch.device | None = None,
    ) -> None:
        """Take images (rows, pixels), labels (rows,) and one split a replicate of the job."""
        # Saturated softmaxes are full of subnormal numbers, on which a processor is many times
        # slower; TensorFlow, whose results are reproduced here, takes them for zero as well.
        torch.set_flush_denormal(True)
        self.job = job
        self.spec = job.spec
        self.splits = splits
        self.device = device or torch.device("cpu")
        self.loss = loss_named(self.spec.loss, self.spec.kl)
        self.feeder = Feeder(
            _tensor_over(images).to(self.device),
            torch.from_numpy(labels.astype(np.int64)).to(self.device),
            classes=self.spec.nodes[-1],
            scale=1.0 / 255.0 if self.spec.pixels == "unit" else 1.0,
        )
        like = torch.empty(0, dtype=torch.float32, device=self.device)
        self.network = Network(self.spec, images.shape[1], self.streams("weights"), like)
        self.optimizer = optimizer_named(
            self.spec.optimizer, self.network.parameters, self.spec.learning_rate
        )
        self._batches: dict[tuple[int, bool], Batch] = {}

    def streams(self, purpose: Purpose, epoch: int = 0) -> list[np.random.Generator]:
        """Return one generator a replicate."""
        job = self.job
        return [stream(job.seed, r, job.fold, purpose, epoch) for r in job.replicates]

    def run_epoch(self, epoch: int) -> list[HistoryRow]:
        """Train for one epoch, counted from 1; return its history, a row a replicate."""
        rows = self._order(epoch)
        logits = self._train(rows, epoch)
        training = self.figures(logits, rows)
        validation = self.evaluate([split.validation for split in self.splits])
        dead = self._dead_units()
        return [
            {
                "replicate": replicate,
                "epoch": epoch,
                "train_loss": training[index].loss,
                "train_accuracy": training[index].accuracy,
                "validation_loss": validation[index].loss,
                "validation_accuracy": validation[index].accuracy,
                "stuck": training[index].stuck,
                **{f"dead_layer_{n}": share for n, share in enumerate(dead[index], start=1)},
            }
            for index, replicate in enumerate(self.job.replicates)
        ]

    def train_step(self, batch: Batch) -> None:
        """Do one optimizer step on the examples (and masks) that `batch` holds."""
        self.network.forward(batch)
        torch.softmax(batch.logits, -1, out=batch.errors)
        self.loss.gradient(batch.errors, batch.targets, batch.errors)
        self.network.backward(batch)
        self.optimizer.step(self.network.parameters, self.network.gradients)

    def tensors(self) -> dict[str, Tensor]:
        """Return all state that the next epoch depends on; random streams depend on none."""
        return (
            {f"optimizer.{name}": moment for name, moment in self.optimizer.moments.items()}
            | {f"network.{name}": tensor for name, tensor in self.network.running().items()}
            | {"network.parameters": self.network.parameters}
        )

    def restore(self, tensors: dict[str, Tensor], steps: int) -> None:
        """Go back to the state that `tensors` returned after `steps` optimizer steps."""
        for name, tensor in self.tensors().items():
            tensor.copy_(tensors[name])
        self.optimizer.steps = steps

    def predict(self, rows: Sequence[NDArray[np.int64]]) -> Tensor:
        """Return the logits (replicates, examples, classes) of as many `rows` a replicate."""
        stacked = torch.from_numpy(np.stack(rows)).to(self.device)
        return torch.cat([logits.clone() for logits in self._forward_only(stacked)], dim=1)

    def evaluate(self, rows: Sequence[NDArray[np.int64]]) -> list[Evaluation]:
        """Return the figures of each replicate on its `rows`; NaN where there are none."""
        if rows[0].size == 0:
            return [Evaluation(np.nan, np.nan, np.nan)] * len(rows)
        return self.figures(self.predict(rows), torch.from_numpy(np.stack(rows)).to(self.device))

    def figures(self, logits: Tensor, rows: Tensor) -> list[Evaluation]:
        """Return the figures of `logits` (replicates, examples, classes) on `rows`.

        Each replicate is judged alone: in one tensor, its bits could depend on its neighbours.
        """
        return [self._figures_of(*pair) for pair in zip(logits, rows, strict=True)]

    def _order(self, epoch: int) -> Tensor:
        """Return each replicate's training rows in the order of this epoch."""
        orders = [
            generator.permutation(split.train)
            for generator, split in zip(self.streams("order", epoch), self.splits, strict=True)
        ]
        return torch.from_numpy(np.stack(orders)).to(self.device)

    def _train(self, rows: Tensor, epoch: int) -> Tensor:
        """Do the steps of an epoch; return the logits that each example had in its step.

        They are kept, a few megabytes, so that losses need not be computed in every step.
        """
        dropout = Dropout(self.spec.dropout, self.streams("dropout", epoch))
        logits = self.network.parameters.new_empty(*rows.shape, self.spec.nodes[-1])
        for start, step_rows in self._steps(rows, self.spec.batch_size):
            batch = self._batch(step_rows.shape[1], training=True)
            self.feeder.fill(batch, step_rows.reshape(-1))
            if dropout.rate:
                dropout.fill(batch)
            self.train_step(batch)
            logits[:, start : start + batch.rows].copy_(batch.logits)
        return logits

    def _forward_only(self, rows: Tensor) -> Iterator[Tensor]:
        for _, step_rows in self._steps(rows, EVALUATION_ROWS):
            batch = self._batch(step_rows.shape[1], training=False)
            self.feeder.fill(batch, step_rows.reshape(-1))
            self.network.forward(batch)
            yield batch.logits

    def _steps(self, rows: Tensor, size: int) -> Iterator[tuple[int, Tensor]]:
        for start in range(0, rows.shape[1], size):
            yield start, rows[:, start : start + size]

    def _batch(self, rows: int, *, training: bool) -> Batch:
        key = (rows, training)
        if key not in self._batches:
            self._batches[key] = self.network.batch(rows, training=training)
        return self._batches[key]

    def _figures_of(self, logits: Tensor, rows: Tensor) -> Evaluation:
        targets = self.feeder.targets_of(rows, like=logits)
        wrong = logits.argmax(-1) != self.feeder.labels[rows]
        vanished = (torch.softmax(logits, -1) * targets).sum(-1) < EPSILON
        return Evaluation(
            loss=self.loss.values(logits, targets).double().mean().item(),
            accuracy=(rows.numel() - int(wrong.sum())) / rows.numel(),
            stuck=(wrong & vanished).double().mean().item(),
        )

    def _dead_units(self) -> list[list[float]]:
        """Return the share of dead units of each hidden layer, a list a replicate."""
        rows = [split.train[:PROBE_ROWS] for split in self.splits]
        stacked = torch.from_numpy(np.stack(rows)).to(self.device)
        batch = self._batch(stacked.shape[1], training=False)
        self.feeder.fill(batch, stacked.reshape(-1))
        self.network.forward(batch)
        shares = []
        for room in batch.rooms:
            slope = torch.ones_like(room.kept.view)
            self.network.activation.backward(slope, room.kept.view, self.spec.leaky_slope, slope)
            shares.append((slope.abs().amax(1) < DEAD_DERIVATIVE).double().mean(-1))
        return [list(map(float, layers)) for layers in torch.stack(shares, dim=1)]


def _tensor_over(images: NDArray[np.uint8]) -> Tensor:
    """Return a tensor over the memory of `images`, which may be mapped read-only.

    PyTorch has no read-only tensors and warns that writing to one would be undefined; the trainer
    only reads its images, and the mapping keeps it to that.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(images)
