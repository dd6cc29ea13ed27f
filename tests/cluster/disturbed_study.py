"""A small study run through profiles/slurm, three of its jobs disturbed while they train."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from project import Project, make_project, only
from slurm_box import SlurmBox

SECONDS = 1200  # on two busy cores it takes 150
LONG = {"epochs": 300, "models": ["m01"]}
DISTURBED = ("cancelled", "requeued", "preempted")
CONDITIONS = only(
    as_reported={"epochs": 1, "models": ["m01", "m03"]}, **dict.fromkeys(DISTURBED, LONG)
)
# What a user of this cluster would say: how its partitions are called, and who wants a GPU.
SITE = (
    *("--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "5"),
    "--set-resources",
    "train:slurm_partition='spare' if wildcards.condition == 'preempted' else 'main'",
    "train:gpu=1 if wildcards.condition == 'preempted' else 0",
)


@dataclass(frozen=True)
class Outcome:
    """What is left of a study when snakemake has ended."""

    project: Project
    status: int
    said: str
    jobs: dict[str, dict[str, str]]
    completions: str

    def of(self, condition: str) -> list[dict[str, str]]:
        """Return the Slurm jobs that trained the disturbed job of `condition`, oldest first."""
        mine = [job for job in self.jobs.values() if f"_{condition}_" in job.get("Comment", "")]
        return sorted(mine, key=lambda job: int(job["JobId"]))

    def log(self, condition: str) -> str:
        """Return the log of the last start of the disturbed job of `condition`."""
        return log_of(self.project, condition).read_text()


def small_study(folder: Path) -> Project:
    """Return a copy of the workflow whose study is a handful of short jobs and three long ones."""
    project = make_project(folder)
    # With `auto` no job but the one that is given a GPU may ask for one. Where that were a real
    # one, its results would be others than the processor's.
    device = "cpu" if Path("/dev/nvidia0").exists() else "auto"
    project.update_config(conditions=CONDITIONS, device=device)
    return project


def log_of(project: Project, condition: str) -> Path:
    """Return where the disturbed job of `condition` logs."""
    return project.folder / f"results/logs/train/{condition}/m01/fold-all/replicates-1-2.log"


def run_disturbed(box: SlurmBox, project: Project) -> Outcome:
    """Run the study through Slurm and disturb each long job once it has trained for two epochs."""
    said = project.folder / "snakemake.log"
    with said.open("wb") as file:
        snakemake = _start(project, file, "--workflow-profile", "profiles/slurm", *SITE)
    waiting = list(DISTURBED)
    deadline = time.monotonic() + SECONDS
    try:
        while snakemake.poll() is None and time.monotonic() < deadline:
            for condition in [each for each in waiting if _has_trained(project, each)]:
                _disturb(box, condition)
                waiting.remove(condition)
            time.sleep(0.3)
    finally:
        snakemake.kill()
        status = snakemake.wait()
    completions = (box.folder / "completed.txt").read_text()
    return Outcome(project, status, said.read_text(), box.jobs(), completions)


def run_locally(project: Project) -> None:
    """Run the study on this machine, two jobs at a time."""
    said = project.folder / "snakemake.log"
    with said.open("wb") as file:
        snakemake = _start(project, file, "--cores", "2")
    try:
        status = snakemake.wait(SECONDS)
    finally:
        snakemake.kill()
    assert status == 0, said.read_text()


def _start(project: Project, said: BinaryIO, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "snakemake", "--configfile", "tiny.yaml"]
    command += ["--omit-from", "draw_figures"]  # every table, but no pages
    return subprocess.Popen(
        [*command, *arguments],
        cwd=project.folder,
        env=project.environment,
        stdout=said,
        stderr=subprocess.STDOUT,
    )


def _has_trained(project: Project, condition: str) -> bool:
    path = log_of(project, condition)
    return path.exists() and f"epoch 2/{LONG['epochs']}" in path.read_text()


def _disturb(box: SlurmBox, condition: str) -> None:
    """Do to the job of `condition` what its name says."""
    number = next(
        job["JobId"] for job in box.jobs().values() if f"_{condition}_" in job.get("Comment", "")
    )
    if condition == "cancelled":
        box.call("scancel", number)
    elif condition == "requeued":
        box.call("scontrol", "requeue", number)
    else:  # somebody more important wants the GPU
        urgent = ["--partition=urgent", "--gpus=1", "--mem=100", "--time=1", "--output=/dev/null"]
        box.call("sbatch", *urgent, "--wrap=sleep 1")
