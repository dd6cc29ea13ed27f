"""The training loop: a stack of replicates of one model, epoch by epoch.

As in Keras, the last, smaller batch of an epoch is used; the epoch's training loss and accuracy are
running means over its batches; the validation metrics are computed at its end.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlpstudy.data.dataset import Dataset
from mlpstudy.data.splits import splits_of
from mlpstudy.randomness import MaskGenerator, Purpose, mask_seeds, stream
from mlpstudy.spec import Job
from mlpstudy.training.activations import Operation
from mlpstudy.training.losses import Loss, Metrics, loss_named
from mlpstudy.training.network import Batch, Block, Network
from mlpstudy.training.optimizers import optimizer_named
from mlpstudy.training.recorded import RecordedSteps

LOADED_ROWS = 512  # examples per replicate that are gathered at once, for one or more steps
EVALUATION_ROWS = 500  # examples per replicate in one forward pass: a few MB of activations
PROBE_ROWS = 1000  # training images on which dead units are counted
DEAD_SLOPE = 1e-3  # a unit is dead if its activation's slope is smaller on every probe image

Row = dict[str, Any]
Rows = NDArray[np.int64]


class BatchLoader:
    """Gathers the images and labels of batches by row number.

    The images stay bytes, in memory shared by all jobs, until they are used: gathering bytes, a
    quarter of the memory, and converting them takes half the time of gathering float32.
    """

    def __init__(self, images: Tensor, labels: Tensor, classes: int, loss: Loss) -> None:
        """Take uint8 images (rows, pixels), int64 labels (rows,), and the loss of the targets."""
        self.images = images
        self.labels = labels
        self.loss = loss
        self._classes = torch.arange(classes, device=images.device).view(-1, 1)

    def load(self, block: Block, rows: Tensor, *, targets: bool) -> None:
        """Fill the first steps of `block` with the examples `rows`, (steps, replicates, rows).

        The `targets` are only needed for training.
        """
        flat = rows.reshape(-1)
        images = block.images[: len(rows)].view(len(flat), -1)
        torch.index_select(self.images, 0, flat, out=images)
        if targets:
            labels = torch.index_select(self.labels, 0, flat)
            out = block.targets.view[: len(rows) * rows.shape[1]]
            self.loss.set_targets(labels.view(len(out), 1, -1), self._classes, out)


class Trainer:
    """One job in training: network, optimizer and data of a stack of replicates."""

    def __init__(self, job: Job, dataset: Dataset, device: torch.device | None = None) -> None:
        """Split the data and draw the initial weights; `device` is the CPU unless given.

        Raises:
            StudyError: a class has too few images to be split.
        """
        # Saturated softmaxes are full of subnormal numbers, on which a processor is many times
        # slower; TensorFlow, whose results are reproduced here, flushes them to zero as well.
        torch.set_flush_denormal(True)
        self.job = job
        self.spec = job.spec
        self.splits = splits_of(job, dataset)
        self.device = device or torch.device("cpu")
        self.loss = loss_named(self.spec.loss, self.spec.kl)
        self.loader = BatchLoader(
            _tensor_over(dataset.images).to(self.device),
            torch.from_numpy(dataset.labels.astype(np.int64)).to(self.device),
            self.spec.nodes[-1],
            self.loss,
        )
        like = torch.empty(0, dtype=torch.float32, device=self.device)
        pixels = dataset.images.shape[1]
        self.network = Network(self.spec, pixels, self.streams("weights"), like)
        self.optimizer = optimizer_named(
            self.spec.optimizer, self.network.groups, self.spec.learning_rate
        )
        self._blocks: dict[tuple[int, bool], Block] = {}
        self._operations: dict[Batch, list[Operation]] = {}
        self._orders: dict[int, Tensor] = {}
        self._recorded: RecordedSteps | None = None
        self._held_out = self._stacked([split.validation for split in self.splits])
        self._probe = self._stacked([split.train[:PROBE_ROWS] for split in self.splits])

    def streams(self, purpose: Purpose, epoch: int = 0) -> list[np.random.Generator]:
        """Return one generator per replicate."""
        job = self.job
        return [stream(job.seed, r, job.fold, purpose, epoch) for r in job.replicates]

    def run_epoch(self, epoch: int) -> list[Row]:
        """Train for one epoch, counted from 1; return its history, one row per replicate.

        The validation metrics are None where there is no validation set.
        """
        rows = self._orders.pop(epoch) if epoch in self._orders else self.order(epoch)
        measured = [self._measure(self.train(rows, epoch), rows)]
        if self._held_out.numel():
            measured.append(self._measure(self._predict(self._held_out), self._held_out))
        table = torch.cat(measured + self._dead_units(), 1)
        if self.device.type == "cuda" and epoch < self.spec.epochs:
            self._orders[epoch + 1] = self.order(epoch + 1)  # while the GPU still computes
        values = table.tolist()  # the only wait for a GPU in an epoch
        return [
            self._history_row(replicate, epoch, own)
            for replicate, own in zip(self.job.replicates, values, strict=True)
        ]

    def _history_row(self, replicate: int, epoch: int, values: list[float]) -> Row:
        """Return a row of history.csv from the values that `run_epoch` has measured."""
        dead = values[len(values) - len(self.network.layers) + 1 :]
        training = Metrics(*values[:3])
        validation = Metrics(*values[3:6]) if self._held_out.numel() else None
        return {
            "replicate": replicate,
            "epoch": epoch,
            "train_loss": training.loss,
            "train_accuracy": training.accuracy,
            "validation_loss": validation and validation.loss,
            "validation_accuracy": validation and validation.accuracy,
            "stuck": training.stuck,
            **{f"dead_layer_{n}": share for n, share in enumerate(dead, start=1)},
        }

    def order(self, epoch: int) -> Tensor:
        """Return each replicate's training rows in the order of this epoch, (replicates, rows)."""
        orders = [
            generator.permutation(split.train)
            for generator, split in zip(self.streams("order", epoch), self.splits, strict=True)
        ]
        return self._stacked(orders)

    def train(self, rows: Tensor, epoch: int) -> Tensor:
        """Do the steps of an epoch; return the logits that each example had in its step.

        The logits, (replicates, classes, rows), take a few megabytes. Losses are computed from them
        once per epoch rather than in every step.
        """
        seeds = mask_seeds(self.streams("dropout", epoch))
        if self.device.type == "cuda":
            if self._recorded is None or self._recorded.rows.shape != rows.shape:
                self._recorded = RecordedSteps(self, rows)
            return self._recorded.run(rows, seeds)
        masks = MaskGenerator(seeds, self.spec.dropout)
        logits = self.new_logits(rows)
        for block, steps in self._loaded(rows, logits, self.spec.batch_size, training=True):
            for batch in block.batches[:steps]:
                if self.spec.dropout:
                    block.set_masks(torch.from_numpy(masks.draw(block.hidden_size)))
                self.optimizer.begin_step()
                self.train_step(batch)
        return logits

    def _loaded(
        self, rows: Tensor, logits: Tensor, size: int, *, training: bool
    ) -> Iterator[tuple[Block, int]]:
        """Yield blocks of batches of `size` rows, loaded, and the number of their steps in use.

        Afterwards the logits of these steps are copied to `logits`, (replicates, classes, rows).
        """
        replicates, examples = rows.shape
        start = 0
        while start < examples:
            size = min(size, examples - start)  # the last batch may be smaller
            block = self.block(size, training=training)
            steps = min(len(block.batches), (examples - start) // size)
            end = start + steps * size
            own_rows = rows[:, start:end].view(replicates, steps, size).transpose(0, 1)
            self.loader.load(block, own_rows, targets=training)
            yield block, steps
            done = block.logits.view[: steps * replicates].view(steps, replicates, -1, size)
            part = logits[:, :, start:end].view(replicates, -1, steps, size)
            part.copy_(done.permute(1, 2, 0, 3))
            start = end

    def train_step(self, batch: Batch) -> None:
        """Do the step that `optimizer.begin_step()` has begun, on a batch that has been filled.

        The operations of a step are the same each time, on the same memory. Preparing their
        arguments takes longer than many of them, so that is done once per batch.
        """
        if batch not in self._operations:
            softmax, targets = batch.gradient.view, batch.targets.view
            self._operations[batch] = [
                *self.network.forward(batch),
                partial(torch.softmax, batch.logits.view, 1, out=softmax),
                *self.loss.gradient(softmax, targets),
                *self.network.backward(batch, self.optimizer.update),
            ]
        run(self._operations[batch])

    def tensors(self) -> dict[str, Tensor]:
        """Return all state that the next epoch depends on; random streams have none."""
        return (
            {f"optimizer.{name}": moment for name, moment in self.optimizer.moments.items()}
            | {f"network.{name}": value for name, value in self.network.moving_moments().items()}
            | {"network.parameters": self.network.parameters}
        )

    def restore(self, tensors: dict[str, Tensor], steps: int) -> None:
        """Restore the state that `tensors()` returned after `steps` optimizer steps."""
        for name, tensor in self.tensors().items():
            tensor.copy_(tensors[name])
        self.optimizer.steps = steps

    def predict(self, rows: Sequence[Rows]) -> Tensor:
        """Return the logits (replicates, classes, examples) of each replicate's `rows`."""
        return self._predict(self._stacked(rows))

    def evaluate(self, rows: Sequence[Rows]) -> list[Metrics]:
        """Return the metrics of each replicate on its `rows`."""
        return self.metrics(self.predict(rows), self._stacked(rows))

    def metrics(self, logits: Tensor, rows: Tensor) -> list[Metrics]:
        """Return the metrics of `logits` (replicates, classes, examples) on `rows`."""
        return [Metrics(*values) for values in self._measure(logits, rows).tolist()]

    def forward(self, rows: Tensor, *, training: bool = False) -> Batch:
        """Return a batch after the forward pass of `rows`, (replicates, examples)."""
        block = self.block(rows.shape[1], training=training)
        self.loader.load(block, rows.unsqueeze(0), targets=training)
        run(self.network.forward(block.batches[0]))
        return block.batches[0]

    def block(self, rows: int, *, training: bool) -> Block:
        """Return the block of batches of this size, allocated once, with the data of its last use.

        It has as many steps as fit into LOADED_ROWS, at least one, and on a GPU exactly one.
        """
        key = (rows, training)
        if key not in self._blocks:
            steps = max(1, LOADED_ROWS // rows) if self.device.type == "cpu" else 1
            self._blocks[key] = self.network.block(rows, steps, training=training)
        return self._blocks[key]

    def new_logits(self, rows: Tensor) -> Tensor:
        """Return memory for the logits of `rows`, (replicates, examples)."""
        replicates, examples = rows.shape
        return self.network.parameters.new_empty(replicates, self.spec.nodes[-1], examples)

    def to_device(self, array: NDArray[Any]) -> Tensor:
        """Return `array` on the device; the copy to a GPU goes on while the host continues."""
        tensor = torch.from_numpy(array)
        if self.device.type == "cuda":
            tensor = tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor

    def _stacked(self, rows: Sequence[Rows]) -> Tensor:
        return self.to_device(np.stack(rows))

    def _predict(self, rows: Tensor) -> Tensor:
        logits = self.new_logits(rows)
        for block, steps in self._loaded(rows, logits, EVALUATION_ROWS, training=False):
            for batch in block.batches[:steps]:
                run(self.network.forward(batch))
        return logits

    def _measure(self, logits: Tensor, rows: Tensor) -> Tensor:
        """Return the metrics of `logits` on `rows` as (replicates, 3), the fields of Metrics.

        On a CPU they are computed one replicate at a time: in one tensor, the bits of a replicate
        could depend on the others.
        """
        labels = self.loader.labels[rows]
        size = 1 if self.device.type == "cpu" else len(rows)
        parts = zip(torch.split(logits, size), torch.split(labels, size), strict=True)
        return torch.cat([self.loss.metrics(*own) for own in parts])

    def _dead_units(self) -> list[Tensor]:
        """Return the share of dead units of each hidden layer, (replicates, 1) each."""
        return [
            (slopes.amax(1) < DEAD_SLOPE).double().mean(-1, keepdim=True)
            for slopes in self.network.activation_slopes(self.forward(self._probe))
        ]


def run(operations: Iterable[Operation]) -> None:
    """Do the operations, in order."""
    for operation in operations:
        operation()


def _tensor_over(images: NDArray[np.uint8]) -> Tensor:
    """Return a tensor that shares the memory of `images`, which may be mapped read-only.

    PyTorch has no read-only tensors and warns that writing to one would be undefined; the trainer
    only reads its images.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(images)
