"""A job that was interrupted ends with the bytes of one that was not."""

from __future__ import annotations

import itertools
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from training_jobs import make_job, small_dataset

from mlpstudy.spec import Job
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


def checkpoint_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.checkpoint")


def interrupt(job: Job, folder: Path, epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run `job` until it has finished `epochs` more epochs, then kill it."""
    left = itertools.count(epochs, -1)
    epoch_of = Trainer.run_epoch

    def killing(self: Trainer, epoch: int) -> list[Row]:
        if next(left) == 0:
            raise Killed
        return epoch_of(self, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "run_epoch", killing)
        with pytest.raises(Killed):
            run_job(job, small_dataset(), folder, torch.device("cpu"), threads=1)


def epochs_run(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    done: list[int] = []
    epoch_of = Trainer.run_epoch

    def counting(self: Trainer, epoch: int) -> list[Row]:
        done.append(epoch)
        return epoch_of(self, epoch)

    monkeypatch.setattr(Trainer, "run_epoch", counting)
    return done


@pytest.mark.parametrize("fields", MODELS, ids=lambda fields: "-".join(map(str, fields.values())))
def test_interrupted_after_any_epoch_the_bytes_are_the_same(
    fields: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(epochs=EPOCHS, **fields)
    expected = run(job, tmp_path / "whole")
    for epochs in range(EPOCHS):
        folder = tmp_path / f"killed-after-{epochs}"
        interrupt(job, folder, epochs, monkeypatch)
        assert not folder.exists()
        assert checkpoint_of(folder).exists() == (epochs > 0)
        with monkeypatch.context() as patch:
            done = epochs_run(patch)
            assert run(job, folder) == expected
            assert done == list(range(epochs + 1, EPOCHS + 1))
        assert not checkpoint_of(folder).exists()


def test_interrupted_again_and_again_the_bytes_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(epochs=EPOCHS, **MODELS[0])
    expected = run(job, tmp_path / "whole")
    for _ in range(EPOCHS - 1):
        interrupt(job, tmp_path / "job", 1, monkeypatch)
    assert run(job, tmp_path / "job") == expected


def test_killed_while_writing_the_last_epoch_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(epochs=EPOCHS)
    expected = run(job, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(
            "mlpstudy.training.job.metrics_rows", lambda *_: (_ for _ in ()).throw(Killed)
        )
        with pytest.raises(Killed):
            run_job(job, small_dataset(), tmp_path / "job", torch.device("cpu"), threads=1)
    assert checkpoint_of(tmp_path / "job").exists()
    done = epochs_run(monkeypatch)
    assert run(job, tmp_path / "job") == expected
    assert done == [EPOCHS]


@pytest.mark.parametrize(
    ("change", "word"), [("code", "is of another spec, data or code"), ("damage", "is damaged")]
)
def test_a_useless_checkpoint_is_said_and_the_job_starts_anew(
    change: str,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = make_job(epochs=EPOCHS)
    expected = run(job, tmp_path / "whole")
    folder = tmp_path / "job"
    interrupt(
        make_job(epochs=EPOCHS, code="old") if change == "code" else job, folder, 2, monkeypatch
    )
    if change == "damage":
        content = checkpoint_of(folder).read_bytes()
        checkpoint_of(folder).write_bytes(content[: len(content) // 2])
    done = epochs_run(monkeypatch)
    with caplog.at_level(logging.WARNING):
        assert run(job, folder) == expected
    assert word in caplog.text
    assert done == [1, 2, 3, 4]
    assert not checkpoint_of(folder).exists()
