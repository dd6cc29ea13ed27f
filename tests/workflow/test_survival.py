"""What a study survives: its scheduler killed, a second one started, a loss lost, a disk full."""

from __future__ import annotations

import contextlib
import csv
import os
import signal
import time
from pathlib import Path

import pytest
import yaml
from project import Project

from small_disk import small_disk

# One job that is still in training when a second Snakemake has read the workflow, and one whose
# loss is lost in its first epochs.
EPOCHS = 500
CONDITIONS = {
    "longer": {"epochs": EPOCHS, "models": ["m01"]},
    "diverging": {"optimizer": "sgd", "learning_rate": 1000, "epochs": 2, "models": ["m07"]},
}


def with_conditions(project: Project, **conditions: object) -> None:
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    project.update_config(conditions={**tiny["conditions"], **conditions})


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} did not appear in a minute")


def test_a_killed_scheduler_leaves_nothing_to_mend(project: Project) -> None:
    with_conditions(project, **CONDITIONS)
    runs = project.folder / "results" / "runs"
    scheduler = project.start()
    wait_for(runs / "longer/m01/fold-all/.replicates-1-2.checkpoint")
    second = project.study()
    assert second.returncode != 0
    said = second.stdout + second.stderr
    last = said.strip().splitlines()[-1]
    assert last.startswith(f"error: the study in results: process {scheduler.pid} on "), said
    scheduler.kill()  # its job goes on, an orphan
    scheduler.wait()
    done = project.study()
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [path for path in runs.rglob(".*") if path.is_file()]
    assert project.planned() == {}
    history = rows_of(runs / "longer/m01/fold-all/replicates-1-2/history.csv")
    epochs = [number for number in range(1, EPOCHS + 1) for _ in range(2)]
    assert [int(row["epoch"]) for row in history] == epochs
    diverged(project)


def diverged(project: Project) -> None:
    """The lost loss is said in the log, told from what was not measured, and the pages hold."""
    results = project.folder / "results"
    job = "diverging/m07/fold-holdout/replicates-1-2"
    log = (results / "logs/train" / f"{job}.log").read_text()
    # The process that an earlier, killed scheduler started may have finished the job.
    said = log.count("diverged in epoch 1: the loss of replicate 1, 2 is not a number")
    assert said == 1 or "the other process has finished it" in log
    (row, _) = rows_of(results / "runs" / job / "metrics.csv")
    assert (row["test_loss"], row["validation_loss"]) == ("nan", "nan")
    (row, _) = rows_of(results / "runs/longer/m01/fold-all/replicates-1-2/metrics.csv")
    assert (row["test_loss"] != "nan", row["validation_loss"]) == (True, "")
    table = rows_of(results / "tables" / "runs.csv")
    assert [row["test_loss"] for row in table if row["condition"] == "diverging"] == ["", ""]
    assert "diverging" in (results / "report" / "report.md").read_text()


def test_a_scheduler_asked_to_stop_stops_its_jobs(project: Project) -> None:
    """As Slurm and Ctrl-C do: the whole group of processes gets the signal."""
    with_conditions(project, longer=CONDITIONS["longer"] | {"epochs": 100_000})
    checkpoint = project.folder / "results/runs/longer/m01/fold-all/.replicates-1-2.checkpoint"
    scheduler = project.start()
    wait_for(checkpoint)
    os.killpg(scheduler.pid, signal.SIGINT)
    try:
        assert scheduler.wait(30) != 0
    finally:  # a scheduler that has not heard it would train on after the test
        with contextlib.suppress(ProcessLookupError):
            os.killpg(scheduler.pid, signal.SIGKILL)
    assert checkpoint.exists()
    log = project.folder / "results/logs/train/longer/m01/fold-all/replicates-1-2.log"
    assert "SIGINT; the next run goes on from the last epoch saved" in log.read_text()


@pytest.mark.slow
def test_a_small_disk_costs_a_line_and_nothing_finished(fresh_project: Project) -> None:
    results = fresh_project.folder / "results"
    with small_disk(results, "1600k") as disk:
        disk.remount("ro")
        done = fresh_project.study()
        assert done.returncode != 0
        last = (done.stdout + done.stderr).strip().splitlines()[-1]
        assert last == "error: results/.lock: cannot be made: Read-only file system"
        disk.remount("rw")
        done = fresh_project.study()
        assert done.returncode != 0
        said = done.stdout + done.stderr
        assert "No space left on device" in said
        assert "Traceback" not in said
        finished = {path: path.read_bytes() for path in results.rglob("metrics.csv")}
        assert 0 < len(finished) < 8  # there was room for the smaller ones
        disk.remount("size=50m")
        done = fresh_project.study()
        assert done.returncode == 0, done.stdout + done.stderr
        assert {path: path.read_bytes() for path in finished} == finished
        assert fresh_project.planned() == {}
