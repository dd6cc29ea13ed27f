"""Jobs in processes of their own, killed, doubled and out of room, end with the same bytes."""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest
import torch
from training_jobs import make_job, small_dataset

from mlpstudy.errors import StudyError, stop_on_signals
from mlpstudy.spec import Job
from mlpstudy.training.checkpoint import epoch_and_seconds, sidecar
from mlpstudy.training.job import FILES, run_job
from mlpstudy.training.trainer import Trainer
from small_disk import small_disk

EPOCHS = 40
FORK = multiprocessing.get_context("fork")  # PyTorch is imported already
RUN_EPOCH = Trainer.run_epoch


def job_of(**fields: Any) -> Job:
    return make_job(epochs=EPOCHS, optimizer="adam", dropout=0.2, batch_norm=True, **fields)


def run(job: Job, folder: Path) -> dict[str, bytes]:
    run_job(job, small_dataset(), folder, torch.device("cpu"), threads=1)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES if name != "timings.csv"}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a job that nothing happened to."""
    return run(job_of(), tmp_path_factory.mktemp("whole") / "job")


def _work(job: Job, folder: Path, log: Path, pause: float) -> None:
    """Do the job as the command line does; each epoch takes `pause` seconds more."""
    sys.stderr = log.open("a")
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr, force=True)

    def slowly(self: Trainer, epoch: int) -> Any:
        time.sleep(pause)
        return RUN_EPOCH(self, epoch)

    Trainer.run_epoch = slowly  # type: ignore[method-assign]
    stop_on_signals()
    run(job, folder)


Start = Callable[..., ForkProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[ForkProcess] = []

    def _start(job: Job, log: str = "log", pause: float = 0.01) -> ForkProcess:
        process = FORK.Process(target=_work, args=(job, tmp_path / "job", tmp_path / log, pause))
        process.start()
        started.append(process)
        return process

    yield _start
    for process in started:
        process.kill()
        process.join()


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return sidecar(tmp_path / "job", "checkpoint")


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen in 10 s")


def ended(process: ForkProcess) -> int | None:
    process.join(30)
    return process.exitcode


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.name.startswith("."))


def test_killed_at_random_moments_the_bytes_are_the_same(
    tmp_path: Path, start: Start, checkpoint: Path, expected: dict[str, bytes]
) -> None:
    moments = random.Random(4)
    numbers = [signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGKILL]
    for number in numbers:
        before, _ = epoch_and_seconds(checkpoint)
        process = start(job_of())
        wait_for(lambda before=before: epoch_and_seconds(checkpoint)[0] > before)
        time.sleep(moments.uniform(0, 0.05))
        os.kill(process.pid or 0, number)
        assert ended(process) != 0
    assert not (tmp_path / "job").exists()
    assert ended(start(job_of(), pause=0)) == 0
    assert contents(tmp_path / "job") == expected
    assert (tmp_path / "log").read_text().count("going on after epoch") == len(numbers)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_says_so_at_once_and_keeps_its_epochs(
    number: signal.Signals, tmp_path: Path, start: Start, checkpoint: Path
) -> None:
    process = start(job_of(), pause=0.05)
    wait_for(checkpoint.exists)
    asked = time.monotonic()
    os.kill(process.pid or 0, number)
    assert ended(process) == 128 + number  # what a shell makes of that signal
    assert time.monotonic() - asked < 1
    assert f"{number.name}; the next run goes on from" in (tmp_path / "log").read_text()
    assert leftovers(tmp_path) == [checkpoint.name]


def test_a_second_process_waits_and_has_nothing_left_to_do(
    tmp_path: Path, start: Start, checkpoint: Path, expected: dict[str, bytes]
) -> None:
    first = start(job_of(), "first")
    wait_for(checkpoint.exists)
    second = start(job_of(), "second")
    assert [ended(first), ended(second)] == [0, 0]
    log = (tmp_path / "second").read_text()
    assert f"process {first.pid} on " in log
    assert "the other process has finished it" in log
    assert "epoch" not in log
    assert contents(tmp_path / "job") == expected
    assert leftovers(tmp_path) == []


def test_a_second_process_goes_on_where_the_first_is_killed(
    tmp_path: Path, start: Start, checkpoint: Path, expected: dict[str, bytes]
) -> None:
    first = start(job_of(), "first", pause=0.05)
    wait_for(checkpoint.exists)
    second = start(job_of(), "second", pause=0)
    log = tmp_path / "second"
    wait_for(lambda: log.exists() and "waiting" in log.read_text())
    first.kill()
    assert ended(second) == 0
    assert "going on after epoch" in log.read_text()
    assert contents(tmp_path / "job") == expected


def test_a_process_of_another_identity_gives_way_whole(
    tmp_path: Path, start: Start, checkpoint: Path, expected: dict[str, bytes]
) -> None:
    """An engine is killed, the configuration edited, and the engine started again."""
    orphan = start(job_of(seed=8), "orphan")
    wait_for(checkpoint.exists)
    second = start(job_of(), "second", pause=0)
    assert [ended(orphan), ended(second)] == [0, 0]
    assert contents(tmp_path / "job") == expected


def test_five_at_once_write_one_job(
    tmp_path: Path, start: Start, expected: dict[str, bytes]
) -> None:
    processes = [start(job_of(), pause=0) for _ in range(5)]
    assert [ended(process) for process in processes] == [0] * 5
    assert contents(tmp_path / "job") == expected
    assert leftovers(tmp_path) == []


def test_what_a_killed_process_left_half_written_goes(tmp_path: Path) -> None:
    dead = FORK.Process(target=time.sleep, args=(0,))
    dead.start()
    dead.join()
    folder = tmp_path / "job"
    folder.mkdir()
    for path in (folder / f".metrics.{dead.pid}.csv", tmp_path / f"..job.{dead.pid}.checkpoint"):
        path.write_text("half")
    kept = folder / f".metrics.{os.getpid()}.csv.mine"
    kept.write_text("not ours")
    run(make_job(epochs=1), folder)
    assert leftovers(tmp_path) == [kept.name]


def test_a_folder_in_the_checkpoints_place_is_set_aside(
    tmp_path: Path, checkpoint: Path, caplog: pytest.LogCaptureFixture, expected: dict[str, bytes]
) -> None:
    checkpoint.mkdir()
    (checkpoint / "kept").write_text("kept")
    assert run(job_of(), tmp_path / "job") == expected
    assert "cannot be read (Is a directory): starting anew" in caplog.text
    assert len(list(tmp_path.rglob("kept"))) == 1


def test_a_full_or_read_only_disk_costs_one_line_and_no_finished_epoch(
    tmp_path: Path, expected: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", "400k") as disk:
        folder = disk.folder / "job"
        filled = {5: 0, EPOCHS: 8192}  # before that epoch, down to so much room
        done = []

        def filling(self: Trainer, epoch: int) -> Any:
            done.append(epoch)
            if epoch in filled:
                disk.fill(filled.pop(epoch))
            return RUN_EPOCH(self, epoch)

        monkeypatch.setattr(Trainer, "run_epoch", filling)
        monkeypatch.setattr("mlpstudy.training.job.SAVING_SHARE", math.inf)  # saves every epoch
        with pytest.raises(StudyError, match="epoch 5 cannot be saved: No space left on device"):
            run(job_of(), folder)
        disk.make_room()
        with pytest.raises(StudyError, match=r"job.*cannot be written: No space left on device"):
            run(job_of(), folder)
        disk.make_room()
        disk.remount("ro")
        with pytest.raises(StudyError, match=r"disk/\.job\.lock: cannot be created: Read-only"):
            run(job_of(), folder)
        disk.remount("rw")
        assert run(job_of(), folder) == expected
        assert done == [*range(1, 6), *range(5, EPOCHS + 1), EPOCHS]
        assert leftovers(disk.folder) == []
