"""The training loop: a stack of replicates of one model, epoch by epoch.

As in Keras, the last, smaller batch of an epoch is used; the epoch's training loss and accuracy are
running means over its batches; the validation metrics are computed at its end.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlpstudy.data.dataset import Dataset
from mlpstudy.data.splits import splits_of
from mlpstudy.randomness import Purpose, draw_kept, stream
from mlpstudy.spec import Job
from mlpstudy.training.activations import Operation
from mlpstudy.training.losses import Loss, Metrics, loss_named
from mlpstudy.training.network import Batch, Block, Network
from mlpstudy.training.optimizers import optimizer_named

LOADED_ROWS = 512  # examples per replicate that are gathered at once, for one or more steps
EVALUATION_ROWS = 500  # examples per replicate in one forward pass: a few MB of activations
PROBE_ROWS = 1000  # training images on which dead units are counted
DEAD_SLOPE = 1e-3  # a unit is dead if its activation's slope is smaller on every probe image
WARM_UP = 3  # steps before a CUDA graph is recorded, during which libraries choose their kernels

Row = dict[str, Any]
Rows = NDArray[np.int64]
Step = Callable[[Batch], object]
Recorder = Callable[[Callable[[], object]], Callable[[], object]]


class BatchLoader:
    """Gathers the images and labels of batches by row number.

    The images stay bytes, in memory shared by all jobs, until they are used: gathering bytes, a
    quarter of the memory, and converting them takes half the time of gathering float32.
    """

    def __init__(self, images: Tensor, labels: Tensor, loss: Loss) -> None:
        """Take uint8 images (rows, pixels), int64 labels (rows,), and the loss of the targets."""
        self.images = images
        self.labels = labels
        self.loss = loss

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
            self.loss.set_targets(labels.view(len(out), 1, -1), out)


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
            self.loss,
        )
        like = torch.empty(0, dtype=torch.float32, device=self.device)
        pixels = dataset.images.shape[1]
        self.network = Network(self.spec, pixels, self.streams("weights"), like)
        self.optimizer = optimizer_named(
            self.spec.optimizer, self.network.groups, self.spec.learning_rate
        )
        self._graphs = GraphedStep(self.train_step) if self.device.type == "cuda" else None
        self._blocks: dict[tuple[int, bool], Block] = {}
        self._operations: dict[Batch, list[Operation]] = {}

    def streams(self, purpose: Purpose, epoch: int = 0) -> list[np.random.Generator]:
        """Return one generator per replicate."""
        job = self.job
        return [stream(job.seed, r, job.fold, purpose, epoch) for r in job.replicates]

    def run_epoch(self, epoch: int) -> list[Row]:
        """Train for one epoch, counted from 1; return its history, one row per replicate.

        The validation metrics are None where there is no validation set.
        """
        rows = self.order(epoch)
        trained = self.metrics(self.train(rows, epoch), rows)
        held_out = [split.validation for split in self.splits]
        validated = self.evaluate(held_out) if held_out[0].size else [None] * len(held_out)
        return [
            {
                "replicate": replicate,
                "epoch": epoch,
                "train_loss": training.loss,
                "train_accuracy": training.accuracy,
                "validation_loss": validation and validation.loss,
                "validation_accuracy": validation and validation.accuracy,
                "stuck": training.stuck,
                **{f"dead_layer_{n}": share for n, share in enumerate(dead, start=1)},
            }
            for replicate, training, validation, dead in zip(
                self.job.replicates, trained, validated, self._dead_units(), strict=True
            )
        ]

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
        dropout = self.streams("dropout", epoch)
        logits = self._new_logits(rows)
        train_step = self._graphs or self.train_step
        for block, steps in self._loaded(rows, logits, self.spec.batch_size, training=True):
            for batch in block.batches[:steps]:
                if self.spec.dropout:
                    kept = draw_kept(dropout, self.spec.dropout, block.masks.shape[1])
                    block.set_masks(torch.from_numpy(kept))
                self.optimizer.begin_step()
                train_step(batch)
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
            steps = min(max(1, LOADED_ROWS // size), (examples - start) // size)
            end = start + steps * size
            block = self.block(size, training=training)
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
        stacked = self._stacked(rows)
        logits = self._new_logits(stacked)
        for block, steps in self._loaded(stacked, logits, EVALUATION_ROWS, training=False):
            for batch in block.batches[:steps]:
                run(self.network.forward(batch))
        return logits

    def evaluate(self, rows: Sequence[Rows]) -> list[Metrics]:
        """Return the metrics of each replicate on its `rows`."""
        return self.metrics(self.predict(rows), self._stacked(rows))

    def metrics(self, logits: Tensor, rows: Tensor) -> list[Metrics]:
        """Return the metrics of `logits` (replicates, classes, examples) on `rows`.

        They are computed one replicate at a time: in one tensor, the bits of a replicate could
        depend on the others.
        """
        return [
            self.loss.metrics(own, self.loader.labels[examples])
            for own, examples in zip(logits, rows, strict=True)
        ]

    def forward(self, rows: Tensor, *, training: bool = False) -> Batch:
        """Return a batch after the forward pass of `rows`, (replicates, examples)."""
        block = self.block(rows.shape[1], training=training)
        self.loader.load(block, rows.unsqueeze(0), targets=training)
        run(self.network.forward(block.batches[0]))
        return block.batches[0]

    def block(self, rows: int, *, training: bool) -> Block:
        """Return the block of batches of this size, allocated once, with the data of its last use.

        It has as many steps as fit into LOADED_ROWS, and at least one.
        """
        key = (rows, training)
        if key not in self._blocks:
            steps = max(1, LOADED_ROWS // rows)
            self._blocks[key] = self.network.block(rows, steps, training=training)
        return self._blocks[key]

    def _new_logits(self, rows: Tensor) -> Tensor:
        replicates, examples = rows.shape
        return self.network.parameters.new_empty(replicates, self.spec.nodes[-1], examples)

    def _stacked(self, rows: Sequence[Rows]) -> Tensor:
        return torch.from_numpy(np.stack(rows)).to(self.device)

    def _dead_units(self) -> list[list[float]]:
        """Return the share of dead units of each hidden layer, one list per replicate."""
        batch = self.forward(self._stacked([split.train[:PROBE_ROWS] for split in self.splits]))
        shares = [
            (slopes.amax(1) < DEAD_SLOPE).double().mean(-1).tolist()
            for slopes in self.network.activation_slopes(batch)
        ]
        return [[share[index] for share in shares] for index in range(len(self.splits))]


class GraphedStep:
    """A training step that is recorded as a CUDA graph for each batch, and then replayed.

    A step of these networks is a few dozen operations of a few microseconds each, and on a GPU
    starting them takes longer than computing them. A graph starts them all at once.

    The first WARM_UP steps on a batch are ordinary ones. All that `step` reads and writes must lie
    in the same memory in every call with the same batch: a graph holds addresses, and the values
    that Python numbers had when it was recorded. `record(call)` must record `call()` without
    executing it, and return the function that replays it.
    """

    def __init__(self, step: Step, record: Recorder | None = None) -> None:
        self.step = step
        self._record = record or _record_graph
        self._calls: Counter[Batch] = Counter()
        self._replays: dict[Batch, Callable[[], object]] = {}

    def __call__(self, batch: Batch) -> None:
        """Do one step on `batch`."""
        self._calls[batch] += 1
        if self._calls[batch] <= WARM_UP:
            self.step(batch)
            return
        if batch not in self._replays:
            self._replays[batch] = self._record(lambda: self.step(batch))
        self._replays[batch]()


def _record_graph(call: Callable[[], object]) -> Callable[[], object]:
    torch.cuda.synchronize()  # no earlier call may still be running on another stream
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):  # records operations, on a stream of its own, without doing them
        call()
    return graph.replay


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
