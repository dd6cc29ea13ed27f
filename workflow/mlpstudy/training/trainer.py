"""The training loop: a stack of replicates of one model, epoch by epoch.

Keras's conventions hold: the last, smaller batch is used; an epoch's training loss and accuracy
are running means over its batches, the validation figures are taken at its end.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlpstudy.data.splits import Split
from mlpstudy.spec import Job
from mlpstudy.training.evaluation import Evaluation, dead_units, evaluate
from mlpstudy.training.feeding import Dropout, Feeder
from mlpstudy.training.losses import loss_named
from mlpstudy.training.network import Network
from mlpstudy.training.optimizers import optimizer_named
from mlpstudy.training.randomness import Purpose, stream
from mlpstudy.training.replay import Replayed
from mlpstudy.training.workspace import Batch

EVALUATION_ROWS = 500  # examples a replicate in one forward pass: some megabytes of activations
PROBE_ROWS = 1000  # training images that dead units are looked for with

HistoryRow = dict[str, float | int]


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
            floor=self.loss.floor,
        )
        like = torch.empty(0, dtype=torch.float32, device=self.device)
        self.network = Network(self.spec, images.shape[1], self.streams("weights"), like)
        self.optimizer = optimizer_named(
            self.spec.optimizer, self.network.parts, self.spec.learning_rate
        )
        self._replayed = Replayed(self.train_step) if self.device.type == "cuda" else None
        self._batches: dict[tuple[int, bool], Batch] = {}

    def streams(self, purpose: Purpose, epoch: int = 0) -> list[np.random.Generator]:
        """Return one generator a replicate."""
        job = self.job
        return [stream(job.seed, r, job.fold, purpose, epoch) for r in job.replicates]

    def run_epoch(self, epoch: int) -> list[HistoryRow]:
        """Train for one epoch, counted from 1; return its history, a row a replicate."""
        rows = self.order(epoch)
        logits = self.train(rows, epoch)
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

    def order(self, epoch: int) -> Tensor:
        """Return each replicate's training rows in the order of this epoch, (replicates, rows)."""
        orders = [
            generator.permutation(split.train)
            for generator, split in zip(self.streams("order", epoch), self.splits, strict=True)
        ]
        return torch.from_numpy(np.stack(orders)).to(self.device)

    def train(self, rows: Tensor, epoch: int) -> Tensor:
        """Do the steps of an epoch; return the logits that each example had in its step.

        They are kept, a few megabytes, so that losses need not be computed in every step:
        (replicates, classes, rows).
        """
        dropout = Dropout(self.spec.dropout, self.streams("dropout", epoch))
        logits = self._new_logits(rows)
        step = self._replayed or self.train_step
        for start, step_rows in self._steps(rows, self.spec.batch_size):
            batch = self._batch(step_rows.shape[1], training=True)
            self.feeder.fill(batch, step_rows)
            if dropout.rate:
                dropout.fill(batch)
            self.optimizer.advance()
            step(batch)
            logits[..., start : start + batch.rows] = batch.logits
        return logits

    def train_step(self, batch: Batch) -> None:
        """Do the step that `optimizer.advance()` has begun on what `batch` was filled with."""
        self.network.forward(batch)
        torch.softmax(batch.logits, 1, out=batch.errors)
        self.loss.gradient(batch.errors, batch.targets)
        for part in self.network.backward(batch):
            self.optimizer.update(part)

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
        """Return the logits (replicates, classes, examples) of as many `rows` a replicate."""
        stacked = torch.from_numpy(np.stack(rows)).to(self.device)
        logits = self._new_logits(stacked)
        for start, step_rows in self._steps(stacked, EVALUATION_ROWS):
            batch = self._look_at(step_rows)
            logits[..., start : start + batch.rows] = batch.logits
        return logits

    def evaluate(self, rows: Sequence[NDArray[np.int64]]) -> list[Evaluation]:
        """Return the figures of each replicate on its `rows`; NaN where there are none."""
        if rows[0].size == 0:
            return [Evaluation(np.nan, np.nan, np.nan)] * len(rows)
        return self.figures(self.predict(rows), torch.from_numpy(np.stack(rows)).to(self.device))

    def figures(self, logits: Tensor, rows: Tensor) -> list[Evaluation]:
        """Return the figures of `logits` (replicates, classes, examples) on `rows`.

        Each replicate is judged alone: in one tensor, its bits could depend on its neighbours.
        """
        return [
            evaluate(self.loss, own, self.feeder.labels[examples])
            for own, examples in zip(logits, rows, strict=True)
        ]

    def _look_at(self, rows: Tensor) -> Batch:
        """Return a batch with the forward pass of `rows`, (replicates, examples)."""
        batch = self._batch(rows.shape[1], training=False)
        self.feeder.fill(batch, rows)
        self.network.forward(batch)
        return batch

    def _new_logits(self, rows: Tensor) -> Tensor:
        replicates, examples = rows.shape
        return self.network.parameters.new_empty(replicates, self.spec.nodes[-1], examples)

    def _steps(self, rows: Tensor, size: int) -> Iterator[tuple[int, Tensor]]:
        for start in range(0, rows.shape[1], size):
            yield start, rows[:, start : start + size]

    def _batch(self, rows: int, *, training: bool) -> Batch:
        key = (rows, training)
        if key not in self._batches:
            self._batches[key] = self.network.batch(rows, training=training)
        return self._batches[key]

    def _dead_units(self) -> list[list[float]]:
        rows = [split.train[:PROBE_ROWS] for split in self.splits]
        batch = self._look_at(torch.from_numpy(np.stack(rows)).to(self.device))
        return dead_units(batch, self.network.activation, self.spec.leaky_slope)


def _tensor_over(images: NDArray[np.uint8]) -> Tensor:
    """Return a tensor over the memory of `images`, which may be mapped read-only.

    PyTorch has no read-only tensors and warns that writing to one would be undefined; the trainer
    only reads its images, and the mapping keeps it to that.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(images)
