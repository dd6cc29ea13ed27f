"""What Snakemake grants of GPUs, and what it says to the jobs; no GPU is needed to plan."""

from __future__ import annotations

import os
import re

import pytest
from project import Project

PROFILE = ["--profile", "profiles/gpu"]


@pytest.mark.parametrize(
    ("arguments", "granted"),
    [([], "device=auto, gpu=1"), (["--resources", "gpu=0"], "device=cpu, gpu=0")],
)
def test_each_job_gets_one_gpu_or_none_where_there_is_none(
    arguments: list[str], granted: str, fresh_project: Project
) -> None:
    said = fresh_project.run("--dry-run", *arguments)
    assert set(re.findall(r"device=\w+, gpu=\d+", said)) == {granted}


@pytest.mark.parametrize(("arguments", "blocks"), [([], {"1-3", "4-5"}), (PROFILE, {"1-5"})])
def test_the_profile_trains_more_replicates_together(
    arguments: list[str], blocks: set[str], fresh_project: Project
) -> None:
    fresh_project.update_config(replicates=5, replicates_per_job=3)
    said = fresh_project.run("--dry-run", *arguments)
    assert set(re.findall(r"replicates-(\d+-\d+)/spec.json", said)) == blocks


@pytest.mark.parametrize(
    ("usable", "settings", "provided"),
    [
        (2, {}, 2),
        (2, {"when_gpus_are_taken": "share"}, None),
        (2, {"device": "cpu"}, None),
        (0, {}, None),  # as where PyTorch is a build without CUDA
    ],
)
def test_as_many_jobs_start_as_there_are_gpus(
    usable: int,
    settings: dict[str, str],
    provided: int | None,
    fresh_project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    programs = fresh_project.folder / "bin"
    programs.mkdir()
    (programs / "nvidia-smi").write_text("#!/bin/sh\n")
    (programs / "nvidia-smi").chmod(0o755)
    with (fresh_project.folder / "workflow/mlpstudy/training/devices.py").open("a") as code:
        code.write(f"\n\ndef count_usable() -> int:\n    return {usable}\n")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    fresh_project.update_config(**settings)
    said = fresh_project.run("--until", "prepare_dataset")
    found = re.search(r"Provided resources: gpu=.*\b(\d)\b", said)
    assert (found and int(found[1])) == provided
