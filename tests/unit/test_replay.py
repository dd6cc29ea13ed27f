"""What a GPU records of a training step must be the whole of it: shown on a CPU.

The stand-in for a CUDA graph records every operation of one step with the very tensors that it was
called with, and repeats them on these. Anything else that a step depended on (a number worked out
in Python, memory allocated anew) would be wrong from the second step on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten
from training_jobs import ACTIVATIONS, LOSSES, OPTIMIZERS, make_job, make_trainer

from mlpstudy.training.network import Batch
from mlpstudy.training.trainer import WARM_UP, GraphedStep, Trainer


class Tape(TorchDispatchMode):
    """The operations done under it, and their repetition in the same memory."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, tuple[Any, ...], dict[str, Any], list[torch.Tensor]]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, _tensors(result)))
        return result

    def replay(self) -> None:
        for func, args, kwargs, before in self.calls:
            for old, new in zip(before, _tensors(func(*args, **kwargs)), strict=True):
                if old.data_ptr() != new.data_ptr():
                    old.copy_(new)


def _tensors(value: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_flatten(value)[0] if isinstance(leaf, torch.Tensor)]


def record_on(trainer: Trainer) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Return a recorder that, as a CUDA graph does, leaves all state as it was."""

    def record(call: Callable[[], object]) -> Callable[[], object]:
        kept = {name: tensor.clone() for name, tensor in trainer.tensors().items()}
        with Tape() as tape:
            call()
        trainer.restore(kept, trainer.optimizer.steps)
        return tape.replay

    return record


EXTRAS: list[dict[str, Any]] = [{}, {"batch_norm": True}, {"dropout": 0.3}]
CASES = [
    {
        "activation": activation,
        "loss": LOSSES[number % 3][0],
        "kl": LOSSES[number % 3][1],
        "optimizer": OPTIMIZERS[number % 4],
        **EXTRAS[number % 3],
    }
    for number, activation in enumerate(ACTIVATIONS)
]


@pytest.mark.parametrize("fields", CASES, ids=lambda fields: "-".join(map(str, fields.values())))
def test_replayed_steps_are_the_same_bits(fields: dict[str, Any]) -> None:
    plain, replayed = (make_trainer(make_job(**fields, epochs=5)) for _ in range(2))
    replayed._graphs = GraphedStep(replayed.train_step, record_on(replayed))
    for epoch in range(1, 6):  # batches of the last, smaller size are recorded in the fourth
        assert repr(plain.run_epoch(epoch)) == repr(replayed.run_epoch(epoch))
    for name, tensor in plain.tensors().items():
        assert torch.equal(tensor, replayed.tensors()[name]), name


def test_a_step_is_recorded_once_a_size_and_only_after_the_warm_up() -> None:
    trainer = make_trainer(make_job())
    small, large = (trainer.network.batch(rows, training=True) for rows in (3, 5))
    done: list[tuple[str, int]] = []

    def step(batch: Batch) -> None:
        done.append(("step", batch.rows))

    def record(call: Callable[[], object]) -> Callable[[], object]:
        call()
        rows = done.pop()[1]
        done.append(("recorded", rows))
        return lambda: done.append(("replayed", rows))

    replayed = GraphedStep(step, record)
    for batch in [small, large] * (WARM_UP + 2):
        replayed(batch)
    for rows in (3, 5):
        mine = [kind for kind, size in done if size == rows]
        assert mine == ["step"] * WARM_UP + ["recorded", "replayed", "replayed"]
