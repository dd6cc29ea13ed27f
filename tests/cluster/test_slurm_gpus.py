"""Which GPUs the study asks a real Slurm for, by the configured device."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from project import make_project, only
from slurm_box import SlurmBox

OPTIONS = (
    *("--configfile", "tiny.yaml", "--workflow-profile", "profiles/slurm", "--retries", "0"),
    *("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3"),
)


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_job_asks_for_a_gpu_if_it_must_have_one(
    box: SlurmBox, tmp_path: Path, device: str
) -> None:
    project = make_project(tmp_path / "study")
    conditions = only(quick={"epochs": 1, "models": ["m16"]})
    project.update_config(device=device, replicates=1, conditions=conditions)
    before = set(box.jobs())
    target = "results/runs/quick/m16/fold-all/replicates-1-1/metrics.csv"
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *OPTIONS, target],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    (job,) = [job for number, job in box.jobs().items() if number not in before]
    assert job.get("TresPerJob") == (None if device == "auto" else "gres:gpu:1")
    trained = (project.folder / target).exists()
    assert (done.returncode == 0) is trained, done.stdout + done.stderr
    if not trained:  # Slurm's GPU is none: the job that must have one says so
        assert device == "cuda"
        log = next((project.folder / "results/logs/train").rglob("*.log")).read_text()
        assert log.startswith("error: device: expected a GPU, as configured (cuda)")
