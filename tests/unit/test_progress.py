"""What `progress` says of a study, and what `tidy` takes away."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from study_fixture import Paths, make_study

from mlpstudy.analysis.progress import describe, remove_leftovers
from mlpstudy.config.study import load_study
from mlpstudy.errors import StudyError
from mlpstudy.locks import is_locked, lock_until_exit
from mlpstudy.training.checkpoint import Checkpoint, Progress, epoch_and_seconds, sidecar

MODELS = {"small": {"nodes": [10, 10]}, "large": {"nodes": [100, 10], "epochs": 10}}
DAY = 86400.0


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Two models under one condition, three replicates each of which took 2, 4 and 6 s."""
    return make_study(tmp_path, MODELS, lambda *_: (0.8, 0.5), {"only": {}}, block=3)


def folder_of(paths: Paths, model: str) -> Path:
    (folder,) = [job.folder for job in load_study(paths.study).jobs if job.model == model]
    return folder


def save(folder: Path, epoch: int, seconds: float) -> Path:
    """Leave the checkpoint of a job that has come so far, and take its results away."""
    shutil.rmtree(folder, ignore_errors=True)
    checkpoint = Checkpoint(sidecar(folder, "checkpoint"), "identity")
    checkpoint.save(Progress(epoch, seconds), {"a": torch.zeros(2)})
    return checkpoint.path


def test_nothing_is_guessed_where_nothing_is_left_or_known(paths: Paths) -> None:
    text = describe(paths.study)
    assert text.startswith(
        "2 of 2 training jobs done, 0 in training, 0 interrupted, 0 not started\n"
    )
    assert "about" not in text
    shutil.rmtree(paths.runs)
    assert describe(paths.study) == (
        "0 of 2 training jobs done, 0 in training, 0 interrupted, 2 not started\n"
    )
    assert remove_leftovers(paths.study) == []
    assert remove_leftovers(paths.study.with_name("unplanned.json")) == []
    with pytest.raises(StudyError, match=r"unplanned\.json: missing"):
        describe(paths.study.with_name("unplanned.json"))


def test_what_is_left_takes_the_pace_of_its_own_model(paths: Paths) -> None:
    # 4 of 10 epochs in 80 s: 6 epochs more are 120 s, whatever the small model took.
    save(folder_of(paths, "large"), epoch=4, seconds=80.0)
    text = describe(paths.study)
    assert text.splitlines() == [
        "1 of 2 training jobs done, 0 in training, 1 interrupted, 0 not started",
        "about 2 min of training left, for one job at a time",
        "interrupted:",
        "  only large fold all 1-3: epoch 4 of 10",
    ]


def test_what_is_unknown_takes_the_pace_of_the_rest(paths: Paths) -> None:
    # The small model has 784 x 10 + 10 x 10 weights, 3 epochs, 12 s; the large one 10 epochs.
    shutil.rmtree(folder_of(paths, "large"))
    seconds = 12 * (10 * (784 * 100 + 100 * 10)) / (3 * (784 * 10 + 10 * 10))
    assert f"about {seconds / 60:.0f} min of training left" in describe(paths.study)


def test_a_job_in_training_is_told_from_an_interrupted_one(paths: Paths) -> None:
    save(folder_of(paths, "large"), epoch=4, seconds=80.0)
    save(folder_of(paths, "small"), epoch=1, seconds=5.0)
    lock = FileLock(sidecar(folder_of(paths, "large"), "lock"))
    with lock:
        lines = describe(paths.study).splitlines()
    assert lines == [
        "0 of 2 training jobs done, 1 in training, 1 interrupted, 0 not started",
        "about 2 min of training left, with 1 jobs at a time as now",
        "in training:",
        "  only large fold all 1-3: epoch 4 of 10",
        "interrupted:",
        "  only small fold all 1-3: epoch 1 of 3",
    ]


@pytest.mark.parametrize("content", [b"", b"{}\n", b"junk\xff", b'{"values": "[]"}\n', b"[1]\n"])
def test_a_damaged_checkpoint_tells_nothing(content: bytes, paths: Paths) -> None:
    path = save(folder_of(paths, "large"), epoch=4, seconds=80.0)
    assert epoch_and_seconds(path) == (4, 80.0)
    path.write_bytes(content)
    assert epoch_and_seconds(path) == (0, 0.0)
    assert "1 not started" in describe(paths.study)


def aged(path: Path, days: float) -> Path:
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))
    return path


def test_only_old_checkpoints_of_no_job_are_removed(paths: Paths) -> None:
    large = folder_of(paths, "large")
    waiting = aged(save(large, 4, 80.0), 400)
    gone = large.parents[2] / "dropped" / "fold-all" / "replicates-1-3"
    stale = aged(save(gone, 1, 5.0), 31)
    recent = aged(save(gone.with_name("replicates-4-6"), 1, 5.0), 29)
    held = aged(save(gone.with_name("replicates-7-9"), 1, 5.0), 31)
    of_a_finished_job = sidecar(folder_of(paths, "small"), "checkpoint")
    aged(shutil.copy2(waiting, of_a_finished_job), 31)
    with FileLock(sidecar(gone.with_name("replicates-7-9"), "lock")):
        removed = remove_leftovers(paths.study)
    assert sorted(removed) == sorted([stale, of_a_finished_job])
    assert [path.exists() for path in (waiting, recent, held)] == [True] * 3
    assert not stale.exists()
    assert not of_a_finished_job.exists()


def test_a_lock_is_kept_until_the_process_ends(tmp_path: Path) -> None:
    lock = tmp_path / "results" / ".lock"
    assert not is_locked(lock)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        lock_until_exit(lock, "the study")
        os.write(writer, b"x")
        time.sleep(60)
        os._exit(0)
    try:
        assert os.read(reader, 1) == b"x"
        assert is_locked(lock)
        with pytest.raises(StudyError, match=f"the study: in use by process {child} on "):
            lock_until_exit(lock, "the study")
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert not is_locked(lock)
    lock_until_exit(lock, "the study")
    assert is_locked(lock)
