"""What is made again after which change: dry-runs of the real Snakefile over a finished study."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from project import JOBS, PARTS, Project

from mlpstudy.formats import date

REPORT = {"draw_figures", "write_provenance", "render_report", "typeset_report", "all"}
TABLES = {"tabulate_runs", "probe_saturation", "contrast_runs", "judge_claims", "audit_report"}
MODELS, CLAIMS = "config/models.yaml", "config/claims.yaml"
M01 = "report_name: Model 1 (Model 1_1)"
CHECKS = "workflow/mlpstudy/audit/checks.yaml"
CAPTION = "workflow/templates/figures/groups.j2"
PAGE = "workflow/templates/html/page.css.j2"
PAPER = "workflow/templates/pdf/style.typ"
WORDS = "workflow/templates/report/appendix.md.j2"
CLAIM = """
  mine:
    statement: Mine is so.
    form: higher
    models: [m01]
    than: [m06]
"""
ACROSS = """
  across:
    statement: The other condition is better.
    form: higher
    models: [m06]
    conditions: [as_reported]
    against: corrected
"""


def trained(jobs: dict[str, list[str]]) -> set[str]:
    """Name the training jobs as condition/model/fold/block."""
    return {Path(output).parent.relative_to("results/runs").as_posix() for output in jobs["train"]}


@pytest.mark.parametrize(
    ("path", "before", "after", "rules"),
    [
        (MODELS, "nodes: [128, 64, 10]", "nodes: [96, 64, 10]",
         {"train", "write_plan"} | TABLES | REPORT),
        (CHECKS, "The report announces", "The title page announces",
         {"audit_report"} | REPORT - {"draw_figures"}),
        (CAPTION, "Models by", "The models by", REPORT - {"write_provenance"}),
        (PAGE, "\n", " \n", {"render_report", "all"}),
        (PAPER, "\n", " \n", {"typeset_report", "all"}),
        (WORDS, "Appendix", "The appendix", {"render_report", "typeset_report", "all"}),
        (CLAIMS, "claims:\n", "claims: # here they come\n", set()),
    ],
    ids=["model", "check", "caption", "style", "typesetting", "sentence", "comment"],
)  # fmt: skip
def test_an_edit_makes_what_depends_on_it_again(
    project: Project, path: str, before: str, after: str, rules: set[str]
) -> None:
    project.edit(path, before, after)
    jobs = project.planned()
    assert set(jobs) == rules
    if path == CAPTION:
        assert jobs["draw_figures"] == ["results/figures/study"]
    if "train" in rules:
        assert trained(jobs) == {"as_reported/m01/fold-all/replicates-1-2"}


def test_the_same_study_in_other_words_makes_nothing_again(project: Project) -> None:
    """Keys in another order, another form of a number, other comments and docstrings."""
    path = project.folder / MODELS
    models = yaml.safe_load(path.read_text())
    models["models"]["m03"] = dict(reversed(models["models"]["m03"].items()))
    models["defaults"] = dict(reversed(models["defaults"].items()))
    path.write_text(yaml.safe_dump(models, sort_keys=False))
    project.edit(MODELS, "value: 1e-3", "value: 0.001")
    project.update_config(**{key: project.config[key] for key in reversed(project.config)})
    code = project.folder / "workflow/mlpstudy/training/trainer.py"
    text = re.sub(r"(?m)^( +)(return .*)$", r"\1# why\n\1\2", code.read_text())
    code.write_text(text.replace('"""', '"""Other words. ', 1))
    assert project.planned() == {}


def test_what_cannot_change_a_run_trains_nothing(project: Project) -> None:
    """File times, a label, another device or source, and the way in which files are written."""
    for part in (*PARTS, "tiny.yaml", "idx", "resources/data"):
        path = project.folder / part
        for file in [path, *path.rglob("*")]:
            os.utime(file)
    project.edit(MODELS, M01, "report_name: First")
    project.append("workflow/mlpstudy/files.py", "\nX = 1\n")
    dataset = project.config["dataset"]
    dataset["sources"] = [{"folder": "elsewhere"}, {"folder": "idx"}]
    project.update_config(device="cpu", when_gpus_are_taken="share", dataset=dataset)
    for arguments in ([], ["--resources", "gpu=0"]):
        jobs = project.planned(*arguments)
        assert "write_plan" in jobs
        assert not {"train", "fetch_dataset"} & set(jobs)


def test_editing_the_training_code_trains_everything(project: Project) -> None:
    project.append("workflow/mlpstudy/training/losses.py", "\nX = 1\n")
    assert len(project.planned()["train"]) == JOBS


def test_more_replicates_and_a_new_condition_train_only_their_own_jobs(project: Project) -> None:
    project.update_config(replicates=4)
    jobs = trained(project.planned())
    assert len(jobs) == JOBS
    assert all(job.endswith("replicates-3-4") for job in jobs)
    # A block that is not full.
    project.update_config(replicates=3)
    project.add_conditions(sgd={"optimizer": "sgd", "epochs": 1, "models": ["m01"]})
    jobs = trained(project.planned())
    new = {"sgd/m01/fold-all/replicates-1-2", "sgd/m01/fold-all/replicates-3-3"}
    assert new < jobs
    assert len(jobs) == JOBS + 2
    assert all(job.endswith("replicates-3-3") for job in jobs - new)


def test_a_new_claim_is_judged_and_nothing_else(project: Project) -> None:
    table = "results/tables/claims.csv"
    assert "\nmine," not in (project.folder / table).read_text()
    project.append(CLAIMS, CLAIM)
    jobs = project.planned()
    assert set(jobs) == {"write_claims", "judge_claims"} | REPORT
    assert jobs["draw_figures"] == ["results/figures/verdicts"]
    project.run("--", table)
    row = "mine,,,,,Mine is so.,higher,m01 m06,as_reported,,undecided"
    assert row in (project.folder / table).read_text()
    # Two cells that no claim compared before become a row of contrasts.csv.
    project.append(CLAIMS, ACROSS)
    assert "contrast_runs" in project.planned()


def test_every_form_carries_the_provenance_of_the_tables(project: Project) -> None:
    path = project.folder / "results/report/provenance.json"
    first = path.read_bytes()
    assert json.loads(first)["command"].endswith("--configfile tiny.yaml")
    project.edit(WORDS, "Appendix", "The appendix")
    project.run()
    assert path.read_bytes() == first  # a sentence changes no table
    project.append(CLAIMS, CLAIM)
    project.run("--printshellcmds")
    found = json.loads(path.read_text())
    assert found["command"].endswith("--printshellcmds")
    for name in ("index.html", "report.md", "tables/provenance.md"):
        text = (path.parent / name).read_text()
        assert date(found["date"]) in text
        assert "--printshellcmds" in text
    for arguments in (["init"], ["add", "workflow"], ["commit", "-m", "All"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *arguments], cwd=project.folder, check=True)
    assert project.planned() == {}  # though it is another command, second and commit


def test_a_study_without_claims_and_report_has_a_page(project: Project) -> None:
    project.update_config(claims=None)
    for path in (project.folder / "resources/reported").glob("*.csv"):
        path.unlink()
    assert "rule train" not in project.run("--", "results/report/index.html")
    results = project.folder / "results"
    for name in ("claims", "audit"):
        assert len((results / f"tables/{name}.csv").read_text().splitlines()) == 1
    page = (results / "report/index.html").read_text()
    assert '<th class="" scope="col">this study</th>' in page
    assert 'scope="col">report</th>' not in page


def test_jobs_read_the_configuration_as_it_stands(fresh_project: Project) -> None:
    """Snakemake's YAML is 1.1, which has `no` as false and a date as one."""
    (fresh_project.folder / MODELS).write_text(
        "models: {no: {nodes: [8, 10], assumed: {nodes: So.}}}\n"
    )
    (fresh_project.folder / "mine.yaml").write_text(
        "claims: null\nresults: 2024-01-01\n"
        "conditions: {as_reported: null, corrected: null, mine: {models: [no]}}\n"
    )
    fresh_project.run("mine.yaml", "--until", "write_plan")
    study = json.loads((fresh_project.folder / "2024-01-01/study.json").read_text())
    assert study["conditions"]["mine"]["models"] == ["no"]


def test_what_the_configuration_no_longer_names_leaves_the_tables(project: Project) -> None:
    """Replicates, models and conditions, whose runs are still there."""
    folder = project.folder / "results"
    runs, claims, audit = (folder / f"tables/{name}.csv" for name in ("runs", "claims", "audit"))
    project.add_conditions(as_reported={"epochs": 1, "models": ["m01"]}, corrected=None)
    project.update_config(replicates=4)
    assert project.run("--", "results/tables/runs.csv").count("rule train:") == 1
    assert len(runs.read_text().splitlines()) == 1 + 4

    # Model 5 is new: there are claims about it alone, so that some are judged.
    project.add_conditions(as_reported={"epochs": 1, "models": ["m01", "m05", "m06"]})
    project.update_config(replicates=2)
    project.append(CLAIMS, CLAIM)
    tables = sorted((folder / "tables").glob("*.csv"))
    assert len(tables) >= 7
    said = project.run("--", *(str(path.relative_to(project.folder)) for path in tables))
    assert said.count("rule train:") == 1
    assert (folder / "runs/as_reported/m03").is_dir()
    assert len(runs.read_text().splitlines()) == 1 + 6
    judged = [row for row in csv.DictReader(claims.open()) if row["condition"]]
    assert judged
    assert not [row for row in judged if "m03" in row["models"] or row["condition"] == "corrected"]
    # The audit is of the report as printed, with all of its models; what it says of ours is not.
    ours = [row for row in csv.DictReader(audit.open()) if row["kind"] == "replicates"]
    assert not [row for row in ours if "m03" in row["models"] or "corrected" in row["values"]]
    for table in set(tables) - {claims, audit}:
        text = table.read_text()
        assert "m03" not in text, table
        assert "corrected" not in text, table
