"""Another workflow imports this one with `module`, says what is different, and builds upon it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from project import ROOT, Project, make_project

PAGE = (ROOT / "docs/reuse.md").read_text()
SHIPPED = yaml.safe_load((ROOT / "config/config.yaml").read_text())
SHIPPED_GONE = dict.fromkeys(SHIPPED["conditions"])


def example(language: str) -> str:
    """Return the page's example in `language`."""
    return PAGE.split(f"```{language}\n")[1].split("```")[0]


@pytest.fixture
def importing(tmp_path: Path) -> Project:
    """The page's workflow, with a checkout of this one in a folder of its own, on tiny data."""
    tiny = yaml.safe_load((make_project(tmp_path / "mlpstudy").folder / "tiny.yaml").read_text())
    tiny["dataset"]["sources"] = [{"folder": "mlpstudy/idx"}]
    (tmp_path / "Snakefile").write_text(example("python"))
    (tmp_path / "config.yaml").write_text(example("yaml"))
    importing = Project(tmp_path)
    conditions = {**SHIPPED_GONE, "quick": {"epochs": 1, "models": ["m16"]}}
    configure(importing, replicates=1, seed=7, dataset=tiny["dataset"], conditions=conditions)
    return importing


def configure(project: Project, **keys: object) -> None:
    path = project.folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["study"].update(keys)
    path.write_text(yaml.safe_dump(config))


def test_it_runs_what_the_importing_workflow_asks_for(importing: Project) -> None:
    done = importing.snakemake("best.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (importing.folder / "best.csv").read_text().startswith("quick,m16,all,1,sigmoid,3,")
    study = json.loads((importing.folder / "results/mlp/study.json").read_text())
    assert study["seed"] == 7
    assert study["replicates_per_job"] == SHIPPED["replicates_per_job"]
    assert [job["model"] for job in study["jobs"]] == ["m16"]
    assert [path.name for path in (importing.folder / "results").iterdir()] == ["mlp"]
    assert not (importing.folder / "mlpstudy/results").exists()

    again = importing.snakemake("--dry-run", "best.csv")
    assert "Nothing to be done" in again.stdout + again.stderr

    configure(importing, seed=8)
    again = importing.snakemake("--dry-run", "--rerun-triggers", "mtime", "--", "best.csv")
    said = again.stdout + again.stderr
    assert "1 finished run no longer matches the configuration (seed) and will be trained" in said
    assert "rule mlp_train:" in said


def test_the_whole_study_and_models_of_its_own(importing: Project) -> None:
    models = {"models": {"mine": {"nodes": [8, 10]}}}
    (importing.folder / "models.yaml").write_text(yaml.safe_dump(models))
    conditions = {**SHIPPED_GONE, "quick": {"epochs": 1, "models": ["mine"]}}
    configure(importing, models="models.yaml", claims=None, conditions=conditions)
    done = importing.snakemake("--dry-run")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "results/mlp/report/index.html" in said
    assert "results/mlp/runs/quick/mine/fold-all/replicates-1-1" in said
    assert "rule mlp_train" in said
    assert "rule best_run" in said


def test_the_checkout_may_lie_anywhere(importing: Project) -> None:
    """Whatever its path is called, it is one word of each command."""
    (importing.folder / "mlpstudy").rename(importing.folder / "a; b")
    importing.edit("Snakefile", '"mlpstudy/workflow/Snakefile"', '"a; b/workflow/Snakefile"')
    done = importing.snakemake("--dry-run", "--printshellcmds")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    commands = re.findall(r"^Shell command: (.*)$", said, re.MULTILINE)
    words = [word for command in commands for word in shlex.split(command)]
    assert {"a; b/resources/reported", "a; b/envs/study.txt"} <= set(words)
    assert not [word for word in words if word.endswith(";")]


def test_a_mistake_is_one_line_that_names_the_module(importing: Project) -> None:
    configure(importing, replicates="many")
    done = importing.snakemake()
    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).splitlines()
    assert line.startswith("error: module mlpstudy: replicates: expected a whole number")


def test_a_prefix_is_refused_in_one_line(importing: Project) -> None:
    importing.edit("Snakefile", "    config:\n", '    prefix: "sub"\n    config:\n')
    done = importing.snakemake()
    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).splitlines()
    assert "module mlpstudy" in line
    assert "results" in line


def test_rules_without_the_package_beside_them_are_refused_in_one_line(importing: Project) -> None:
    checkout = importing.folder / "mlpstudy"
    author = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=all"]):
        subprocess.run(["git", *author, *command], cwd=checkout, check=True)
    address = f'gitfile("{checkout}", path="workflow/Snakefile", commit="HEAD")'
    importing.edit("Snakefile", '"mlpstudy/workflow/Snakefile"', address)
    done = importing.snakemake()
    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).splitlines()
    assert line.startswith("error: expected the rules of a checkout on this machine")
