"""Jobs on the pretend GPU: the CPU's files byte for byte, and what the host waits for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from pretend_gpu import CUDA, PretendDevice, pretend_cuda
from test_checkpoint import COMPARED, Killed, epochs_run
from torch import Tensor
from training_jobs import ACTIVATIONS, LOSSES, OPTIMIZERS, make_job, small_dataset

from mlpstudy.errors import StudyError
from mlpstudy.spec import Job
from mlpstudy.training.activations import Operation
from mlpstudy.training.job import run_job
from mlpstudy.training.network import Batch, Block, Network
from mlpstudy.training.optimizers import Adam
from mlpstudy.training.recorded import WARM_UP, RecordedSteps
from mlpstudy.training.trainer import BatchLoader, Trainer

CPU = torch.device("cpu")
LAYERS: list[dict[str, Any]] = [{}, {"batch_norm": True}, {"dropout": 0.3}]
LAYERS.append({"batch_norm": True, "dropout": 0.2})
# Every activation with every optimizer; losses and layers take turns.
CASES = [
    {"activation": activation, "optimizer": optimizer, "loss": LOSSES[number % 3][0]}
    | {"kl": LOSSES[number % 3][1], **LAYERS[(number + number // 4) % 4]}
    for number, (activation, optimizer) in enumerate(itertools.product(ACTIVATIONS, OPTIMIZERS))
]
# What else a study has: 11 layers, one layer, batches of one, folds, no validation.
CASES += [
    {"nodes": (40, 30, 25, 20, 18, 16, 14, 12, 11, 13, 10), "dropout": 0.2, "batch_norm": True},
    {"nodes": (10,), "pixels": "raw"},
    {"batch_size": 1, "dropout": 0.5},
    {"validation": "kfold", "fold": "2"},
    {"validation": "none", "fold": "all", "last": 1},
]
EPOCHS = 5  # batches of the last, smaller size are recorded in the fourth
BATCH = 31


def job_of(fields: dict[str, Any]) -> Job:
    return make_job(**{"epochs": EPOCHS, "batch_size": BATCH, **fields})


def files(job: Job, folder: Path, device: torch.device) -> dict[str, bytes]:
    run_job(job, small_dataset(), folder, device, threads=1)
    return {name: (folder / name).read_bytes() for name in COMPARED}


def name_of(fields: dict[str, Any]) -> str:
    return "-".join(map(str, fields.values()))


@pytest.mark.parametrize("fields", CASES, ids=name_of)
def test_a_job_that_was_interrupted_writes_the_same_bytes(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    job = job_of(fields)
    expected = files(job, tmp_path / "cpu", CPU)
    with pretend_cuda():
        with epochs_run(limit=2), pytest.raises(Killed):
            files(job, tmp_path / "gpu", CUDA)
        with epochs_run() as done:
            assert files(job, tmp_path / "gpu", CUDA) == expected
    assert done == [3, 4, 5]


@pytest.mark.parametrize("fields", CASES[:24:3] + CASES[24:], ids=name_of)
def test_a_step_waits_for_nothing_and_an_epoch_once(fields: dict[str, Any]) -> None:
    with pretend_cuda() as device:
        trainer = Trainer(job_of(fields), small_dataset(), CUDA)
        steps = -(-trainer.splits[0].train.size // trainer.spec.batch_size)
        for epoch in range(1, EPOCHS + 1):
            rows = trainer.order(epoch)
            before = device.counts()
            trainer.train(rows, epoch)
            in_steps = device.counts() - before
        before = device.counts()
        trainer.run_epoch(EPOCHS + 1)
        whole = device.counts() - before
    print(f"{steps} steps:", dict(in_steps), "whole epoch:", dict(whole))
    assert in_steps["waits"] == in_steps["to_host"] == 0
    assert in_steps["launches"] <= steps + 6  # a step is one graph
    assert whole["waits"] == whole["to_host"] == 1


def test_too_little_memory_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(self: Trainer, batch: Batch) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. …")

    monkeypatch.setattr(Trainer, "train_step", exhausted)
    with (
        pretend_cuda(),
        pytest.raises(StudyError, match=r"small for 3 .*: lower replicates_per_job"),
    ):
        files(job_of({}), tmp_path / "job", CUDA)


def test_a_step_is_recorded_once_a_size_and_only_after_the_warm_up() -> None:
    recorded: list[int] = []
    warm: list[int] = []

    def counting(self: Trainer, batch: Batch) -> None:
        (recorded if PretendDevice.current.graph else warm).append(batch.rows)
        train_step(self, batch)

    train_step = Trainer.train_step
    with pretend_cuda(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "train_step", counting)
        trainer = Trainer(job_of({}), small_dataset(), CUDA)
        for epoch in range(1, EPOCHS + 3):
            trainer.run_epoch(epoch)
    last = trainer.splits[0].train.size % BATCH
    assert recorded == [BATCH, last]
    assert sorted(warm) == [last] * WARM_UP + [BATCH] * WARM_UP


# ---- Faults that the pretend device must find ------------------------------------------------


def rate_in_new_memory(patch: pytest.MonkeyPatch) -> None:
    def step(self: RecordedSteps, block: Block) -> None:
        optimizer, batch = self._trainer.optimizer, block.batches[0]
        optimizer.fused.rate = optimizer.fused.rate.clone().fill_(optimizer.corrected_rate())
        rows = self.rows.index_select(1, self._columns[: batch.rows])
        self._trainer.loader.load(block, rows.unsqueeze(0), targets=True)
        self._trainer.train_step(batch)

    patch.setattr(RecordedSteps, "_step", step)


def step_count_of_the_host(patch: pytest.MonkeyPatch) -> None:
    update = Adam.update

    def updated(self: Adam, group: Any) -> None:
        self.fused._late = self.fused._late.new_full((), 1e9, device="cpu")
        update(self, group)

    patch.setattr(Adam, "update", updated)


def wait_in_a_step(patch: pytest.MonkeyPatch) -> None:
    forward = Network.forward

    def waiting(self: Network, batch: Batch) -> Iterator[Operation]:
        yield from forward(self, batch)
        if batch.training:
            yield lambda: batch.logits.view.sum().item()

    patch.setattr(Network, "forward", waiting)


def masks_of_the_host(patch: pytest.MonkeyPatch) -> None:
    def draw(self: RecordedSteps, block: Block) -> Tensor:
        return torch.ones(len(self.rows), block.hidden_size)

    patch.setattr(RecordedSteps, "_draw_kept", draw)


def rows_of_the_host(patch: pytest.MonkeyPatch) -> None:
    load = BatchLoader.load

    def loading(self: BatchLoader, block: Block, rows: Tensor, *, targets: bool) -> None:
        load(self, block, rows.cpu(), targets=targets)

    patch.setattr(BatchLoader, "load", loading)


def memory_that_is_freed(patch: pytest.MonkeyPatch) -> None:
    run = RecordedSteps.run

    def forgetting(self: RecordedSteps, rows: Tensor, seeds: Any) -> Tensor:
        self.rows = torch.empty_like(rows)
        return run(self, rows, seeds)

    patch.setattr(RecordedSteps, "run", forgetting)


def counter_of_the_host(patch: pytest.MonkeyPatch) -> None:
    def order(self: RecordedSteps, block: Block) -> None:
        batch = block.batches[0]
        first = self.first = getattr(self, "first", 0) % (self.rows.shape[1] - 1)
        rows = self.rows[:, first : first + batch.rows]
        self._trainer.loader.load(block, rows.unsqueeze(0), targets=True)
        self._trainer.train_step(batch)
        self.first += batch.rows

    patch.setattr(RecordedSteps, "_step", order)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (counter_of_the_host, None),
        (rate_in_new_memory, "illegal memory access"),
        (step_count_of_the_host, "to be on the same device"),
        (wait_in_a_step, "not permitted when stream is capturing"),
        (masks_of_the_host, "not permitted when stream is capturing"),
        (rows_of_the_host, "not permitted when stream is capturing|same device"),
        (memory_that_is_freed, "illegal memory access"),
    ],
)
def test_a_planted_fault_is_found(
    fault: Callable[[pytest.MonkeyPatch], None], error: str | None
) -> None:
    job = job_of({"dropout": 0.3})
    expected = history(job, CPU)
    with pretend_cuda(), pytest.MonkeyPatch.context() as patch:
        fault(patch)
        if error is None:
            assert history(job, CUDA) != expected
        else:
            with pytest.raises(RuntimeError, match=error):
                history(job, CUDA)


def history(job: Job, device: torch.device) -> str:
    trainer = Trainer(job, small_dataset(), device)
    return repr([trainer.run_epoch(epoch) for epoch in range(1, EPOCHS + 1)])
