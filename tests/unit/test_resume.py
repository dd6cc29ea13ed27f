"""A job that was interrupted ends with the bytes of one that was not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from training_jobs import make_job, small_dataset

from mlpstudy.spec import Job
from mlpstudy.training.checkpoint import sidecar
from mlpstudy.training.job import run_job
from mlpstudy.training.trainer import Row, Trainer

EPOCHS = 4
COMPARED = ("metrics.csv", "history.csv", "predictions.npz", "weights.safetensors", "spec.json")
MODELS: list[dict[str, Any]] = [
    {"optimizer": "adam", "batch_norm": True, "dropout": 0.2},
    {"optimizer": "rmsprop", "batch_norm": True},
    {"optimizer": "adamw", "dropout": 0.3, "loss": "kl_divergence"},
    {"optimizer": "sgd", "validation": "none", "fold": "all"},
    {"optimizer": "adam", "learning_rate": 1e30},  # its history holds NaN
]


class Killed(BaseException):
    """Stands for the signal that ends a process between two epochs."""


def run(job: Job, folder: Path) -> dict[str, bytes]:
    run_job(job, small_dataset(), folder, torch.device("cpu"), threads=1)
    return {name: (folder / name).read_bytes() for name in COMPARED}


@contextmanager
def epochs_run(limit: int | None = None) -> Iterator[list[int]]:
    """Give the epochs that are trained in the block, in which a job is killed after `limit`."""
    done: list[int] = []
    run_epoch = Trainer.run_epoch

    def counting(self: Trainer, epoch: int) -> list[Row]:
        if len(done) == limit:
            raise Killed
        done.append(epoch)
        return run_epoch(self, epoch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "run_epoch", counting)
        yield done


def interrupt(job: Job, folder: Path, epochs: int) -> None:
    """Run `job` until it has finished `epochs` more epochs, then kill it."""
    with epochs_run(limit=epochs), pytest.raises(Killed):
        run(job, folder)


@pytest.mark.parametrize("fields", MODELS, ids=lambda fields: "-".join(map(str, fields.values())))
def test_interrupted_after_any_epochs_the_bytes_are_the_same(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    job = make_job(epochs=EPOCHS, **fields)
    expected = run(job, tmp_path / "whole")
    for kills in itertools.chain([(epoch,) for epoch in range(EPOCHS)], [(1,) * (EPOCHS - 1)]):
        folder = tmp_path / f"killed-{kills}"
        for epochs in kills:
            interrupt(job, folder, epochs)
        assert not folder.exists()
        assert sidecar(folder, "checkpoint").exists() == (sum(kills) > 0)
        with epochs_run() as done:
            assert run(job, folder) == expected
        assert done == list(range(sum(kills) + 1, EPOCHS + 1))
        assert not sidecar(folder, "checkpoint").exists()


def test_killed_while_writing_the_last_epoch_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(epochs=EPOCHS)
    expected = run(job, tmp_path / "whole")

    def killing(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("mlpstudy.training.job.metrics_rows", killing)
        with pytest.raises(Killed):
            run(job, tmp_path / "job")
    assert sidecar(tmp_path / "job", "checkpoint").exists()
    with epochs_run() as done:
        assert run(job, tmp_path / "job") == expected
    assert done == [EPOCHS]
