"""Checkpoints: what is saved and what is damaged; interrupted jobs end with the same bytes."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor
from training_jobs import make_job, small_dataset

from mlpstudy.spec import Job
from mlpstudy.training import checkpoint as module
from mlpstudy.training.checkpoint import Checkpoint, Progress, sidecar
from mlpstudy.training.job import run_job
from mlpstudy.training.trainer import Row, Trainer

NUMBERS = [*np.random.default_rng(0).normal(size=200).tolist(), 5e-324, 1e308, -0.0]
HISTORY: list[dict[str, Any]] = [{"loss": value} for value in (*NUMBERS, float("inf"), None)]
Saved = tuple[Progress, dict[str, Tensor]]


def progress(fill: float = 1.5) -> Saved:
    generator = torch.Generator().manual_seed(0)
    tensors = {
        "network.parameters": torch.randn(50, generator=generator),
        "optimizer.first": torch.full((4, 3), fill, dtype=torch.float64),
    }
    return Progress(epoch=3, seconds=fill, steps=12, history=HISTORY), tensors


@pytest.fixture
def saved(tmp_path: Path) -> Checkpoint:
    checkpoint = Checkpoint(tmp_path / "deep" / ".replicates-1-3.checkpoint", "identity")
    checkpoint.save(*progress())
    return checkpoint


def assert_holds(checkpoint: Checkpoint, expected: Saved) -> None:
    found = checkpoint.load()
    assert found is not None
    assert repr(found[0]) == repr(expected[0])
    assert found[1].keys() == expected[1].keys()
    assert all(torch.equal(found[1][name], expected[1][name]) for name in found[1])
    assert [path.name for path in checkpoint.path.parent.iterdir()] == [checkpoint.path.name]


def test_what_is_saved_is_loaded_until_it_is_deleted(
    saved: Checkpoint, caplog: pytest.LogCaptureFixture
) -> None:
    assert_holds(saved, progress())
    saved.save(*progress(2.5))
    assert_holds(Checkpoint(saved.path, "identity"), progress(2.5))
    saved.delete()
    assert not saved.path.exists()
    assert saved.load() is None
    saved.delete()
    assert caplog.records == []


def test_a_failed_save_leaves_the_last_checkpoint(
    saved: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No bytes: file.write raises after the header has been written.
    monkeypatch.setattr("safetensors.torch.save", lambda _: object())
    monkeypatch.setattr(module, "_checksum", lambda *_: 0)
    with pytest.raises(TypeError):
        saved.save(*progress(9.0))
    monkeypatch.undo()
    assert_holds(saved, progress())


def assert_damage_is_reported(checkpoint: Checkpoint, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert checkpoint.load() is None
    (record,) = caplog.records
    assert "damaged" in record.getMessage() or "another spec" in record.getMessage()
    assert str(checkpoint.path) in record.getMessage()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"{}\n",
        b"[]\nrest",
        b"null\n",
        b'{"key": 1, "checksum": 2, "progress": 3}\n',
        b'{"key": "k", "checksum": 0, "progress": null}\nxx',
        b"\xff\xfe\x00\x01" * 40,
        b"[" * 100_000,
        bytes(4096),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_garbage_is_reported_and_ignored(
    content: bytes, saved: Checkpoint, caplog: pytest.LogCaptureFixture
) -> None:
    saved.path.write_bytes(content)
    assert_damage_is_reported(saved, caplog)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_cut_or_a_flipped_bit_is_reported_and_ignored(
    saved: Checkpoint, caplog: pytest.LogCaptureFixture, data: st.DataObject
) -> None:
    saved.save(*progress())
    content = bytearray(saved.path.read_bytes())
    header = content.index(b"\n") + 1
    places = st.one_of(st.integers(0, header - 1), st.integers(header, len(content) - 1))
    position = data.draw(places)
    if data.draw(st.booleans()):
        del content[position:]
    else:
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    saved.path.write_bytes(content)
    assert_damage_is_reported(saved, caplog)


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
    """Give the epochs that are trained in the block, in which a job is killed after `limit`.

    Each of them is saved, however long saving takes.
    """
    done: list[int] = []
    run_epoch = Trainer.run_epoch

    def counting(self: Trainer, epoch: int) -> list[Row]:
        if len(done) == limit:
            raise Killed
        done.append(epoch)
        return run_epoch(self, epoch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "run_epoch", counting)
        patch.setattr("mlpstudy.training.job.SAVING_SHARE", math.inf)
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
        with epochs_run(), pytest.raises(Killed):
            run(job, tmp_path / "job")
    assert sidecar(tmp_path / "job", "checkpoint").exists()
    with epochs_run() as done:
        assert run(job, tmp_path / "job") == expected
    assert done == [EPOCHS]


def test_saving_takes_a_small_share_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epochs of 1 s, of which saving one takes 0.19 s: saved are the 1st, the 5th, the 9th."""
    job = make_job(epochs=12)
    expected = run(job, tmp_path / "whole")
    clock = Clock()
    saved: list[int] = []
    save = Checkpoint.save

    def slow(self: Checkpoint, progress: Progress, tensors: dict[str, Tensor]) -> None:
        saved.append(progress.epoch)
        clock.now += 0.19
        save(self, progress, tensors)

    def run_epoch(self: Trainer, epoch: int) -> list[Row]:
        if epoch == 11 and 10 not in saved:
            raise Killed
        clock.now += 1.0
        return train(self, epoch)

    train = Trainer.run_epoch
    monkeypatch.setattr("mlpstudy.training.job.time", clock)
    monkeypatch.setattr(Checkpoint, "save", slow)
    monkeypatch.setattr(Trainer, "run_epoch", run_epoch)
    with pytest.raises(Killed):
        run(job, tmp_path / "job")
    assert saved == [1, 5, 9]
    assert run(job, tmp_path / "job") == expected
    assert saved == [1, 5, 9, 10]  # anew, as after a start


class Clock:
    """A clock that stands still."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now
