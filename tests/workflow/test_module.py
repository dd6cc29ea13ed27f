"""Another workflow imports this one with `module`, says what is different, and builds upon it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from project import Project, make_project

SHIPPED_GONE = dict.fromkeys(("as_reported", "corrected", "unit_pixels", "exact_kl"))
SNAKEFILE = """
configfile: "importing.yaml"

module mlpstudy:
    snakefile: "mlpstudy/workflow/Snakefile"
    config: config["study"]

use rule * from mlpstudy as mlp_*

rule best_run:
    input:
        "out/tables/runs.csv",
    output:
        "best.txt",
    localrule: True
    default_target: True
    shell:
        "cut -d, -f1,2 {input} | tail -n 1 > {output}"
"""


@pytest.fixture
def importing(tmp_path: Path) -> Project:
    """A workflow with a checkout of this one in a folder of its own."""
    tiny = yaml.safe_load((make_project(tmp_path / "mlpstudy").folder / "tiny.yaml").read_text())
    tiny["dataset"]["sources"] = [{"folder": "mlpstudy/idx"}]
    study = {
        **{"results": "out", "seed": 7, "replicates": 1, "dataset": tiny["dataset"]},
        "conditions": {**SHIPPED_GONE, "quick": {"epochs": 1, "models": ["m16"]}},
    }
    (tmp_path / "importing.yaml").write_text(yaml.safe_dump({"study": study, "mine": 1}))
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    return Project(tmp_path)


def configure(project: Project, **keys: object) -> None:
    path = project.folder / "importing.yaml"
    config = yaml.safe_load(path.read_text())
    config["study"].update(keys)
    path.write_text(yaml.safe_dump(config))


def test_it_runs_what_the_importing_workflow_asks_for(importing: Project) -> None:
    done = importing.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (importing.folder / "best.txt").read_text() == "quick,m16\n"
    study = json.loads((importing.folder / "out/study.json").read_text())
    assert study["seed"] == 7
    assert study["replicates_per_job"] == 3  # from the shipped configuration
    assert [job["model"] for job in study["jobs"]] == ["m16"]
    assert not (importing.folder / "results").exists()
    assert not (importing.folder / "mlpstudy/results").exists()

    again = importing.snakemake("--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_the_whole_study_and_models_of_its_own(importing: Project) -> None:
    models = {"models": {"mine": {"nodes": [8, 10]}}}
    (importing.folder / "models.yaml").write_text(yaml.safe_dump(models))
    conditions = {**SHIPPED_GONE, "quick": {"epochs": 1, "models": ["mine"]}}
    configure(importing, models="models.yaml", claims=None, conditions=conditions)
    done = importing.snakemake("--dry-run", "mlp_all")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "out/report/index.html" in said
    assert "out/runs/quick/mine/fold-all/replicates-1-1" in said
    assert "rule mlp_train" in said
    assert "rule best_run" not in said


def test_a_mistake_is_one_line_that_names_the_module(importing: Project) -> None:
    configure(importing, replicates="many")
    done = importing.snakemake()
    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).splitlines()
    assert line.startswith("error: module mlpstudy: replicates: expected a whole number")


def test_a_prefix_is_refused_in_one_line(importing: Project) -> None:
    importing.edit("Snakefile", "    config: config", '    prefix: "sub"\n    config: config')
    done = importing.snakemake()
    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).splitlines()
    assert "module mlpstudy" in line
    assert "results" in line
