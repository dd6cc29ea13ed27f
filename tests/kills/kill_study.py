"""Kills a small study at random moments, and compares its tables with those of an undisturbed one.

    python tests/kills/kill_study.py --kills 20

Workers, the scheduler alone, and everything at once (as when the power goes) are killed while jobs
train; after each time the scheduler is gone, plain `snakemake --cores 2` is called again, until the
study is done. Printed is a table of what each kill cost: the training since the epoch last saved.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests" / "workflow")]

from project import Project, make_project, only  # noqa: E402 (the path to it stands above)

from mlpstudy.training.checkpoint import epoch_and_seconds, sidecar  # noqa: E402

# Folds and both losses, in jobs that train about as long as they take to start, or longer.
FIELDS = {"epochs": 40, "folds": 2}
IMAGES = {"train": 2000, "test": 500}
MODELS = ["m03", "m06", "m15"]
WORKER, SCHEDULER, EVERYTHING = "a worker", "the scheduler", "everything"
# What is killed, with which signal: SIGTERM is how a batch system takes a job off its machine.
WAYS = [
    (WORKER, signal.SIGKILL),
    (WORKER, signal.SIGTERM),
    (SCHEDULER, signal.SIGKILL),
    (EVERYTHING, signal.SIGKILL),
]
PATIENCE = 600  # seconds in which something must happen


@dataclass(frozen=True)
class Kill:
    """What one kill hit, and the seconds of training that were not saved."""

    second: float
    target: str
    signal: str
    jobs: tuple[str, ...]
    lost: float

    def row(self, number: int) -> str:
        """Return its line of the table, in Markdown."""
        jobs = "; ".join(self.jobs) or "none: its jobs went on"
        cells = (number, f"{self.second:.0f}", self.target, self.signal, jobs, f"{self.lost:.2f}")
        return f"| {' | '.join(map(str, cells))} |"


def prepare(folder: Path) -> Project:
    """Return a copy of the workflow with a study of several models on generated images."""
    project = make_project(folder, IMAGES)
    trained = {**FIELDS, "models": MODELS}
    project.update_config(conditions=only(as_reported=trained, corrected=dict(trained)))
    return project


def workers(project: Project) -> list[psutil.Process]:
    """Return the training processes of this study, orphans included."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if words[1:4] == ["-m", "mlpstudy", "train"] and process.cwd() == str(project.folder):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            continue
    return found


def checkpoint_of(project: Project, worker: psutil.Process) -> Path:
    """Return where the job of `worker` saves its progress."""
    words = worker.cmdline()
    return sidecar(project.folder / words[words.index("--output") + 1], "checkpoint")


def saved(project: Project, worker: psutil.Process) -> tuple[str, float]:
    """Return the job of `worker` with the epoch last saved, and the seconds since then."""
    checkpoint = checkpoint_of(project, worker)
    epoch, _ = epoch_and_seconds(checkpoint)
    since = max(worker.create_time(), checkpoint.stat().st_mtime if epoch else 0.0)
    condition, model, fold = checkpoint.parts[-4:-1]
    return f"{condition} {model} {fold} at epoch {epoch}", time.time() - since


def any_in_training(project: Project) -> bool:
    """Tell whether a job has saved an epoch since it was started."""
    for worker in workers(project):
        try:
            if checkpoint_of(project, worker).stat().st_mtime > worker.create_time():
                return True
        except (psutil.NoSuchProcess, OSError, ValueError):
            continue
    return False


def kill_one(
    project: Project, scheduler: subprocess.Popen[bytes], chance: random.Random, began: float
) -> Kill | None:
    """Kill something that runs; None if nothing was in training any more."""
    target, number = chance.choice(WAYS)
    training = workers(project)
    if not training:
        return None
    hit = {WORKER: [chance.choice(training)], SCHEDULER: [], EVERYTHING: training}[target]
    try:
        states = [saved(project, worker) for worker in hit]
        for worker in hit:
            worker.send_signal(number)
    except (psutil.NoSuchProcess, OSError, IndexError, ValueError):
        return None  # it came to its end at this very moment
    if target == EVERYTHING:
        os.killpg(scheduler.pid, number)
    elif target == SCHEDULER:
        scheduler.send_signal(number)
    jobs, lost = tuple(job for job, _ in states), sum(seconds for _, seconds in states)
    return Kill(time.time() - began, target, signal.Signals(number).name, jobs, lost)


def run_with_kills(project: Project, kills: int, chance: random.Random) -> Iterator[Kill]:
    """Run the study to its end with `kills` kills, or as many as come before it is done."""
    began, left = time.time(), kills
    while True:
        scheduler = project.start()
        while left and scheduler.poll() is None:
            # Four of five once something has been saved, the fifth whenever it comes.
            patient = chance.random() < 0.8
            while patient and scheduler.poll() is None and not any_in_training(project):
                time.sleep(0.1)
            time.sleep(chance.uniform(0, 2))
            if (kill := kill_one(project, scheduler, chance, began)) is not None:
                left -= 1
                yield kill
            if kill and kill.target != WORKER:
                break
        if scheduler.wait(PATIENCE) == 0:
            return


def differences(whole: Project, killed: Project) -> list[str]:
    """Name the files of tables and runs that are not the same to the byte, timings apart."""
    one, two = files_of(whole), files_of(killed)
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def files_of(project: Project) -> dict[str, bytes]:
    """Return the content of the tables and of the files of every job, but for timings.csv."""
    results = project.folder / "results"
    return {
        path.relative_to(results).as_posix(): path.read_bytes()
        for folder in ("tables", "runs")
        for path in (results / folder).rglob("*")
        if path.is_file() and path.name != "timings.csv"
    }


def main() -> None:
    """Run both studies and print the table; status 1 if they differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="an empty folder to work in, kept at the end")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        whole, killed = prepare(folder / "whole"), prepare(folder / "killed")
        began = time.time()
        if whole.start().wait(PATIENCE):
            sys.exit((whole.folder / "snakemake.log").read_text()[-4000:])
        alone = time.time() - began
        print("| kill | second | what | signal | jobs hit | training lost, s |")
        print("|---:|---:|---|---|---|---:|", flush=True)
        began, done = time.time(), []
        for kill in run_with_kills(killed, arguments.kills, random.Random(arguments.seed)):
            done.append(kill)
            print(kill.row(len(done)), flush=True)
        took = time.time() - began
        wrong = differences(whole, killed)
    lost = sum(kill.lost for kill in done)
    files = "all the same" if not wrong else f"NOT THE SAME: {', '.join(wrong)}"
    print(
        f"\n{len(done)} kills; {lost:.1f} s of training lost; the study took {took:.0f} s with "
        f"them, {alone:.0f} s without. Tables and the files of every job, to the byte: {files}."
    )
    sys.exit(bool(wrong) or len(done) < arguments.kills)


if __name__ == "__main__":
    main()
