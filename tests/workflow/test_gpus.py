"""What Snakemake grants of GPUs, and what it says to the jobs; no GPU is needed to plan."""

from __future__ import annotations

import re

import pytest
from project import Project


def resources_of(project: Project, *arguments: str) -> str:
    """Return device and GPUs of the planned training jobs, which are those of each."""
    done = project.study("--dry-run", *arguments)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    (granted,) = set(re.findall(r"device=\w+, gpu=\d+", said))
    return str(granted)


def test_a_job_wants_one_gpu_and_none_when_there_is_none_to_have(fresh_project: Project) -> None:
    assert resources_of(fresh_project) == "device=auto, gpu=1"
    assert resources_of(fresh_project, "--resources", "gpu=0") == "device=cpu, gpu=0"


@pytest.mark.parametrize(
    ("visible", "granted"), [("3,5", "device=auto, gpu=1"), ("", "device=cpu, gpu=0")]
)
def test_the_profile_counts_the_visible_gpus(
    visible: str, granted: str, fresh_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert granted == resources_of(fresh_project, "--profile", "profiles/gpu")
