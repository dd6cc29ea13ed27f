"""The profiles: read by the Snakemake and the executor of the lock, they plan the whole study."""

from __future__ import annotations

import math
import re

import pytest
import yaml
from project import JOBS, ROOT, Project

EVERYWHERE = ("rerun-incomplete", "nolock", "printshellcmds", "keep-going", "show-failed-logs")


def test_the_profile_of_slurm_plans_the_study_and_asks_for_what_jobs_need(
    fresh_project: Project,
) -> None:
    models = ["m01", "m03", "m06"]
    fresh_project.add_conditions(as_reported={"epochs": 15, "folds": 2, "models": models})
    said = fresh_project.run("--dry-run", "--workflow-profile", "profiles/slurm")
    rules = set(re.findall(r"(?m)^(?:local)?rule (\w+):$", said))
    assert {"fetch_dataset", "write_plan", "tabulate_runs", "render_report"} < rules
    jobs = re.split(r"\nrule train:\n", said)[1:]
    assert len(jobs) == JOBS
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
def test_a_profile_in_place_of_the_default_has_its_habits_and_names_no_site(name: str) -> None:
    texts = {
        each: (ROOT / f"profiles/{each}/config.yaml").read_text() for each in ("default", name)
    }
    default, other = (dict(re.findall(r"(?m)^([\w-]+): *(\S*)", text)) for text in texts.values())
    habits = {key: value for key, value in default.items() if key in EVERYWHERE}
    assert set(habits) == set(EVERYWHERE)
    assert habits.items() <= other.items()
    profile = yaml.safe_load(texts[name])
    assert "default-resources" not in profile
    assert [key for key in profile if re.search("account|partition|qos|reservation", key)] == []
