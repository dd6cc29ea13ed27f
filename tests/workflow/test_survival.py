"""What a study survives: its scheduler killed, a second one started, a loss lost, a disk full."""

from __future__ import annotations

import contextlib
import csv
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from project import JOBS, Project

from small_disk import small_disk

# One job that is still in training when a second Snakemake has read the workflow, and one whose
# loss is lost in its first epochs.
EPOCHS = 150
CONDITIONS = {
    "longer": {"epochs": EPOCHS, "models": ["m01"]},
    "diverging": {"optimizer": "sgd", "learning_rate": 1000, "epochs": 2, "models": ["m07"]},
}
LONGER = "longer/m01/fold-all/replicates-1-2"
DIVERGING = "diverging/m07/fold-holdout/replicates-1-2"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1800):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen in three minutes")


def test_a_study_goes_on_after_its_scheduler_was_stopped_and_killed(project: Project) -> None:
    project.add_conditions(**CONDITIONS)
    results = project.folder / "results"
    checkpoint = (results / f"runs/{LONGER}").with_name(".replicates-1-2.checkpoint")
    log = results / f"logs/train/{LONGER}.log"

    # As Slurm and Ctrl-C ask it to stop: the whole group of processes gets the signal.
    scheduler = project.start()
    wait_for(checkpoint.exists)
    os.killpg(scheduler.pid, signal.SIGINT)
    try:
        assert scheduler.wait(60) != 0
    finally:  # a scheduler that has not heard it would train on after the test
        with contextlib.suppress(ProcessLookupError):
            os.killpg(scheduler.pid, signal.SIGKILL)
    assert checkpoint.exists()
    assert "SIGINT; the next run goes on from the last epoch saved" in log.read_text()

    scheduler = project.start()
    wait_for(lambda: log.is_file() and "going on after epoch" in log.read_text())
    last = project.refused().strip().splitlines()[-1]
    assert last.startswith(f"error: the study in results: in use by process {scheduler.pid} on "), (
        last
    )
    scheduler.kill()  # its job goes on, an orphan
    scheduler.wait()

    project.run("--", "results/tables/runs.csv")
    assert not [path for path in (results / "runs").rglob(".*") if path.is_file()]
    assert project.planned("--", "results/tables/runs.csv") == {}
    history = rows_of(results / f"runs/{LONGER}/history.csv")
    epochs = [number for number in range(1, EPOCHS + 1) for _ in range(2)]
    assert [int(row["epoch"]) for row in history] == epochs
    diverged(results)


def diverged(results: Path) -> None:
    """The lost loss is said in the log, and told from what was not measured."""
    log = (results / f"logs/train/{DIVERGING}.log").read_text()
    # The process that an earlier, killed scheduler started may have finished the job.
    said = log.count("diverged in epoch 1: the loss of replicate 1, 2 is not a number")
    assert said == 1 or "the other process has finished it" in log
    (row, _) = rows_of(results / f"runs/{DIVERGING}/metrics.csv")
    assert (row["test_loss"], row["validation_loss"]) == ("nan", "nan")
    (row, _) = rows_of(results / f"runs/{LONGER}/metrics.csv")
    assert (row["test_loss"] != "nan", row["validation_loss"]) == (True, "")
    table = rows_of(results / "tables/runs.csv")
    assert [row["test_loss"] for row in table if row["condition"] == "diverging"] == ["", ""]


@pytest.mark.slow
def test_a_small_disk_costs_a_line_and_nothing_finished(fresh_project: Project) -> None:
    results = fresh_project.folder / "results"
    with small_disk(results, "1600k") as disk:
        disk.remount("ro")
        last = fresh_project.refused().strip().splitlines()[-1]
        assert last == "error: results/.lock: cannot be created: Read-only file system"
        disk.remount("rw")
        assert "No space left on device" in fresh_project.refused()
        finished = {path: path.read_bytes() for path in results.rglob("metrics.csv")}
        assert 0 < len(finished) < JOBS  # there was room for the smaller ones
        disk.remount("size=50m")
        fresh_project.run()
        assert {path: path.read_bytes() for path in finished} == finished
        assert fresh_project.planned() == {}
