"""The profiles are read by the Snakemake and the executor of the lock, and plan the whole study."""

from __future__ import annotations

import re

import pytest
import yaml
from project import ROOT, Project

from mlpstudy.configuration.requests import minutes
from mlpstudy.spec import Job

EVERYWHERE = ("rerun-incomplete", "nolock", "printshellcmds", "keep-going", "show-failed-logs")


@pytest.mark.parametrize("option", ["--workflow-profile profiles/slurm", "--profile profiles/gpu"])
def test_a_profile_plans_the_study(fresh_project: Project, option: str) -> None:
    jobs = fresh_project.planned(*option.split())
    assert len(jobs["train"]) == 8
    assert {"fetch_dataset", "write_plan", "tabulate_runs", "render_report"} < set(jobs)


def test_requests_come_from_the_job(project: Project) -> None:
    done = project.study("--dry-run", "--forcerun", "train", "--quiet", "host")
    said = done.stdout + done.stderr
    found = re.findall(
        r"wildcards: condition=(\w+), model=(\w+), fold=(\w+).*?runtime=(\d+)", said, re.S
    )
    assert len(found) == 8
    specs = [path.read_text() for path in (project.folder / "results/runs").rglob("spec.json")]
    expected = {
        (job.condition, job.model, job.fold): minutes(job) for job in map(Job.from_identity, specs)
    }
    assert {tuple(key): int(runtime) for *key, runtime in found} == expected
    assert len(set(expected.values())) > 1


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
