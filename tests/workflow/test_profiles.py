"""The profiles: read by the Snakemake and the executor of the lock, they plan the whole study."""

from __future__ import annotations

import math
import re

import pytest
import yaml
from project import ROOT, Project

EVERYWHERE = ("rerun-incomplete", "nolock", "printshellcmds", "keep-going", "show-failed-logs")


@pytest.mark.parametrize("option", ["--workflow-profile profiles/slurm", "--profile profiles/gpu"])
def test_a_profile_plans_the_study(fresh_project: Project, option: str) -> None:
    jobs = fresh_project.planned(*option.split())
    assert len(jobs["train"]) == 8
    assert {"fetch_dataset", "write_plan", "tabulate_runs", "render_report"} < set(jobs)


def test_requests_are_in_the_plan(fresh_project: Project) -> None:
    done = fresh_project.study("--dry-run", "--config", "conditions={as_reported: {epochs: 15}}")
    jobs = re.split(r"\nrule train:\n", done.stdout + done.stderr)[1:]
    assert len(jobs) == 8
    minutes = []
    for job in jobs:
        work, resources = re.search(r"priority: (\d+)\n +resources: (.*)", job).groups()  # type: ignore[union-attr]
        asked = dict(item.split("=") for item in resources.split(", "))
        minutes.append(int(asked["runtime"]))
        # 60,000 images, a thousand million multiplications a second.
        assert minutes[-1] == 10 + math.ceil(int(work) * 60_000 / 1e9 / 60)
        assert 1000 < int(asked["mem_mb"]) < 1100
    assert len(set(minutes)) > 1


@pytest.mark.parametrize("name", ["slurm", "generic"])
def test_a_profile_in_place_of_the_default_has_its_habits(name: str) -> None:
    default, other = (
        re.findall(r"(?m)^([\w-]+): *(\S*)", (ROOT / f"profiles/{each}/config.yaml").read_text())
        for each in ("default", name)
    )
    habits = {key: value for key, value in default if key in EVERYWHERE}
    assert set(habits) == set(EVERYWHERE)
    assert habits.items() <= dict(other).items()


@pytest.mark.parametrize("name", ["slurm", "generic"])
def test_a_profile_names_no_site(name: str) -> None:
    text = (ROOT / f"profiles/{name}/config.yaml").read_text()
    profile = yaml.safe_load(text)
    assert "default-resources" not in profile
    assert [key for key in profile if re.search("account|partition|qos|reservation", key)] == []
