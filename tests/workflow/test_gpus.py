"""What Snakemake grants of GPUs, and what it says to the jobs; no GPU is needed to plan."""

from __future__ import annotations

import re

import pytest
from project import Project

PROFILE = ["--profile", "profiles/gpu"]


@pytest.mark.parametrize(
    ("arguments", "visible", "granted"),
    [
        ([], None, "device=auto, gpu=1"),
        (["--resources", "gpu=0"], None, "device=cpu, gpu=0"),
        # The profile counts the GPUs that are visible.
        (PROFILE, "3,5", "device=auto, gpu=1"),
        (PROFILE, "", "device=cpu, gpu=0"),
    ],
)
def test_each_job_gets_one_gpu_or_none_where_there_is_none(
    arguments: list[str],
    visible: str | None,
    granted: str,
    fresh_project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    said = fresh_project.run("--dry-run", *arguments)
    assert set(re.findall(r"device=\w+, gpu=\d+", said)) == {granted}
