"""Hostile inputs: what a training job meets."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from hostile_case import Case, flip, logged, no_room, refusal
from training_jobs import make_job, small_dataset

from mlpstudy.errors import Stopped, stop_on_signals
from mlpstudy.training.checkpoint import Checkpoint, Progress, sidecar
from mlpstudy.training.devices import choose_device
from mlpstudy.training.job import run_job

CPU = torch.device("cpu")


def train(**fields: Any) -> None:
    run_job(make_job(**fields), small_dataset(), Path("job"), CPU, threads=1)


def warning(**fields: Any) -> str:
    """What the log of a job says that ends well."""
    with logged() as text:
        train(**fields)
    return text.getvalue().strip()


def checkpoint(change: Callable[[Path], object], **fields: Any) -> Callable[[], str]:
    """A job finds this in place of the progress that it saved."""

    def say() -> str:
        path = sidecar(Path("job"), "checkpoint")
        saved = Checkpoint(path, make_job(**fields).identity())
        saved.save(Progress(), {"a": torch.zeros(9)})
        change(path)
        return warning()

    return say


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def full_while_saving() -> str:
    with no_room(20_000):
        return refusal(train)


def full_while_writing() -> str:
    with no_room(5_000):
        return refusal(lambda: train(epochs=1))


def in_the_way() -> str:
    Path("file").write_text("no folder")
    folder = Path("file/job")
    return refusal(lambda: run_job(make_job(), small_dataset(), folder, CPU, threads=1))


def other_data() -> str:
    return refusal(lambda: train(data="0123456789abcdef"))


def stopped() -> str:
    """Ask a job that has trained for some epochs to end."""
    stop_on_signals()
    job = make_job(epochs=100_000)
    path = sidecar(Path("job"), "checkpoint")
    child = multiprocessing.get_context("fork").Process(target=_stop, args=(os.getpid(), path))
    child.start()
    with logged() as text, contextlib.suppress(Stopped):
        run_job(job, small_dataset(), Path("job"), CPU, threads=1)
    child.join()
    return text.getvalue().strip()


def _stop(process: int, once_there: Path) -> None:
    while not once_there.exists():
        time.sleep(0.01)
    os.kill(process, signal.SIGTERM)


TRAINING = [
    Case("a loss that becomes NaN", lambda: warning(learning_rate=1e30)),
    Case("a checkpoint with a bit flipped", checkpoint(flip)),
    Case("a checkpoint cut short", checkpoint(lambda path: os.truncate(path, 100))),
    Case("an empty checkpoint", checkpoint(lambda path: os.truncate(path, 0))),
    Case("a folder in the checkpoint's place", checkpoint(as_folder)),
    Case("the checkpoint of another configuration", checkpoint(lambda _: None, seed=8)),
    Case("SIGTERM in mid-training", stopped),
    Case("the disk full while an epoch is saved", full_while_saving),
    Case("the disk full while the results are written", full_while_writing),
    Case("a file where the results' folder should be", in_the_way),
    Case("data that is not what the job names", other_data),
    Case(
        "more folds than a class has images",
        lambda: refusal(lambda: train(validation="kfold", fold="1", folds=100)),
    ),
    Case("a subset that leaves a class out", lambda: refusal(lambda: train(subset=(9, 60)))),
    Case("`device: cuda` with `--gpus 0`", lambda: refusal(lambda: choose_device("cuda", 0))),
]
