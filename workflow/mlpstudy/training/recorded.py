"""Training steps on a GPU, recorded as CUDA graphs, without a wait between GPU and host."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlpstudy.randomness import kept_below, scramble, word_offsets
from mlpstudy.training.network import Block
from mlpstudy.training.optimizers import Adam

if TYPE_CHECKING:
    from mlpstudy.training.trainer import Trainer

WARM_UP = 3  # steps before one is recorded, during which libraries choose their kernels


class RecordedSteps:
    """The steps of an epoch on a GPU, for epochs of the same number of examples.

    A step of these networks is a few dozen operations of a few microseconds each, and starting them
    takes longer than computing them. A CUDA graph starts them all at once. A graph repeats the same
    operations in the same memory, so what differs between steps is in that memory before the first
    one: the order of the examples, the learning rates, and the seeds of the dropout masks. Each
    step finds its own by counters, which it increments.
    """

    def __init__(self, trainer: Trainer, rows: Tensor) -> None:
        """Allocate for steps of `trainer` on as many examples as `rows`, (replicates, examples)."""
        self.rows = torch.empty_like(rows)
        self.logits = trainer.new_logits(rows)
        self._trainer = trainer
        self._sizes = [part.shape[1] for part in torch.split(rows, trainer.spec.batch_size, 1)]
        self._columns = rows.new_empty(self._sizes[0])  # of the step's examples in `rows`
        self._number = rows.new_empty(1)  # of the step in the epoch
        self._rates = trainer.network.parameters.new_empty(len(self._sizes))
        self._state = rows.new_empty(len(rows), 1)  # of the generators of dropout masks
        hidden_size = trainer.block(self._sizes[0], training=True).hidden_size
        self._offsets = trainer.to_device(word_offsets(hidden_size))
        self._done: Counter[Block] = Counter()
        self._graphs: dict[Block, torch.cuda.CUDAGraph] = {}

    def run(self, rows: Tensor, seeds: NDArray[np.int64]) -> Tensor:
        """Do the steps of an epoch; return the logits, which the next epoch overwrites.

        `seeds`, (replicates, 1), are those of the dropout masks.
        """
        trainer = self._trainer
        self.rows.copy_(rows)
        torch.arange(len(self._columns), out=self._columns)
        self._number.zero_()
        self._rates.copy_(trainer.to_device(np.array(self._next_rates(), np.float32)))
        self._state.copy_(trainer.to_device(seeds))
        for size in self._sizes:
            self._do(trainer.block(size, training=True))
        return self.logits

    def _next_rates(self) -> list[float]:
        """Count the steps of an epoch; return their learning rates, or 0 if they do not change."""
        optimizer = self._trainer.optimizer
        rates = []
        for _ in self._sizes:
            optimizer.steps += 1
            rates.append(optimizer.corrected_rate() if isinstance(optimizer, Adam) else 0.0)
        return rates

    def _do(self, block: Block) -> None:
        """Do the next step, recording it if the warm-up for batches of its size has ended."""
        self._done[block] += 1
        if self._done[block] <= WARM_UP:
            self._step(block)
            return
        if block not in self._graphs:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):  # on a stream of its own, which does nothing yet
                self._step(block)
            self._graphs[block] = graph
        self._graphs[block].replay()

    def _step(self, block: Block) -> None:
        trainer = self._trainer
        batch = block.batches[0]
        columns = self._columns[: batch.rows]
        rows = torch.index_select(self.rows, 1, columns).unsqueeze(0)
        trainer.loader.load(block, rows, targets=True)
        if trainer.spec.dropout:
            block.set_masks(self._draw_kept(block))
        if isinstance(trainer.optimizer, Adam):
            rate = trainer.optimizer.fused.rate
            assert isinstance(rate, Tensor)
            torch.index_select(self._rates, 0, self._number, out=rate.view(1))
        trainer.train_step(batch)
        with _any_order():
            self.logits.index_copy_(2, columns, batch.logits.view)
        self._columns.add_(batch.rows)
        self._number.add_(1)

    def _draw_kept(self, block: Block) -> Tensor:
        """Return what `MaskGenerator.draw` does, as bool."""
        words = self._state + self._offsets[: -(-block.hidden_size // 4)]
        self._state.copy_(words[:, -1:])
        scramble(words)
        kept = words.view(torch.int16) < kept_below(self._trainer.spec.dropout)
        return kept[:, : block.hidden_size]


@contextlib.contextmanager
def _any_order() -> Iterator[None]:
    """Let operations write in any order in the block, which takes one kernel instead of ten.

    The result is the same as long as they write to each place once.
    """
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
