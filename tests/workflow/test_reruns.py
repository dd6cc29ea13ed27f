"""What is made again after which change: dry-runs of the real Snakefile over a finished study."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
from pathlib import Path

import yaml
from project import PARTS, Project

REPORT = {"draw_figures", "write_provenance", "render_report", "typeset_report"}
TRAINER = "workflow/mlpstudy/training/trainer.py"


def trained(jobs: dict[str, list[str]]) -> set[str]:
    """Name the training jobs as condition/model/fold/block."""
    return {Path(output).parent.relative_to("results/runs").as_posix() for output in jobs["train"]}


def add_claim(project: Project) -> None:
    """Add a claim about the first and the sixth model."""
    path = project.folder / "config/claims.yaml"
    path.write_text(
        f"{path.read_text()}\n  mine:\n    statement: Mine is so.\n    form: higher\n"
        "    models: [m01]\n    than: [m06]\n"
    )


def test_editing_a_model_reruns_its_jobs_and_what_depends_on_them(project: Project) -> None:
    project.edit("config/models.yaml", "nodes: [128, 64, 10]", "nodes: [96, 64, 10]")
    jobs = project.planned()
    assert trained(jobs) == {"as_reported/m01/fold-all/replicates-1-2"}
    tables = {"tabulate_runs", "probe_saturation", "contrast_runs", "judge_claims", "audit_report"}
    assert {"write_plan", *tables, *REPORT, "all"} == set(jobs) - {"train"}


def test_a_finished_study_has_nothing_to_do_for_the_same_in_other_words(project: Project) -> None:
    """Keys in another order, another form of a number, comments, and other docstrings."""
    path = project.folder / "config/models.yaml"
    models = yaml.safe_load(path.read_text())
    models["models"]["m03"] = dict(reversed(models["models"]["m03"].items()))
    models["defaults"] = dict(reversed(models["defaults"].items()))
    text = yaml.safe_dump(models, sort_keys=False)
    assert "value: 1e-3" in text
    path.write_text(text.replace("value: 1e-3", "value: 0.001"))
    project.edit("config/claims.yaml", "claims:\n", "claims: # here they come\n")
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    (project.folder / "tiny.yaml").write_text(
        yaml.safe_dump(dict(reversed(tiny.items())), sort_keys=False)
    )
    code = project.folder / TRAINER
    text = code.read_text()
    changed = re.sub(r"(?m)^( +)(return .*)$", r"\1# why\n\1\2", text)
    changed = changed.replace('"""The training loop', '"""The loop of training')
    assert changed != text
    code.write_text(changed)
    assert project.planned() == {}


def test_touching_files_trains_nothing(project: Project) -> None:
    """As a fresh checkout of the same commit does."""
    for part in (*PARTS, "tiny.yaml", "idx", "resources/data"):
        path = project.folder / part
        for file in [path, *path.rglob("*")]:
            os.utime(file)
    assert "train" not in project.planned()


def test_what_cannot_change_a_run_trains_nothing(project: Project) -> None:
    """A label, another device, another source, and the way in which files are written."""
    project.edit("config/models.yaml", "report_name: Model 1 (Model 1_1)", "report_name: First")
    project.edit("workflow/mlpstudy/files.py", "def _is_running(", "X = 1\n\n\ndef _is_running(")
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    sources = [{"folder": "elsewhere"}, {"folder": "idx"}]
    dataset = {**tiny["dataset"], "sources": sources}
    project.update_config(device="cpu", when_gpus_are_taken="share", dataset=dataset)
    for arguments in ([], ["--resources", "gpu=0"]):
        jobs = project.planned(*arguments)
        assert "write_plan" in jobs
        assert not {"train", "fetch_dataset"} & set(jobs)


def test_editing_the_training_logic_trains_everything(project: Project) -> None:
    project.edit("workflow/mlpstudy/training/losses.py", "EPSILON = 1e-7", "EPSILON = 1e-8")
    assert len(project.planned()["train"]) == 8


def test_editing_a_template_only_renders(project: Project) -> None:
    template = next((project.folder / "workflow/templates").rglob("*.html*"))
    template.write_text(template.read_text() + "\n<!-- edited -->\n")
    # Every form of the report carries the provenance of one moment.
    assert set(project.planned()) == REPORT - {"draw_figures"} | {"all"}


def test_editing_a_caption_only_draws_and_renders(project: Project) -> None:
    project.edit("workflow/templates/figures/groups.j2", "Models by", "The models by")
    assert set(project.planned()) == {*REPORT, "all"}


def test_editing_a_claim_only_judges_it_and_renders(project: Project) -> None:
    table = "results/tables/claims.csv"
    assert "\nmine," not in (project.folder / table).read_text()
    add_claim(project)
    assert set(project.planned()) == {
        "write_claims",
        "contrast_runs",
        "judge_claims",
        *REPORT,
        "all",
    }
    done = project.snakemake(table, "--configfile", "tiny.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    row = "mine,,,,,Mine is so.,higher,m01 m06,as_reported,,undecided"
    assert row in (project.folder / table).read_text()


def test_editing_a_check_only_audits_and_renders(project: Project) -> None:
    checks = "workflow/mlpstudy/audit/checks.yaml"
    project.edit(checks, "The report announces", "The title page announces")
    assert set(project.planned()) == {"audit_report", *REPORT, "all"}
    project.edit(checks, "when: announced != described", "when: announced !=")
    done = project.snakemake("results/tables/audit.csv", "--configfile", "tiny.yaml")
    assert done.returncode == 1
    log = (project.folder / "results/logs/audit_report.log").read_text()
    assert "number_of_models-s01, key when: expected an expression" in log
    assert "Traceback" not in log


def test_a_study_without_claims_has_an_empty_table(project: Project) -> None:
    project.update_config(claims=None)
    done = project.snakemake("results/tables/claims.csv", "--configfile", "tiny.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rule train" not in done.stdout + done.stderr
    table = project.folder / "results/tables/claims.csv"
    assert len(table.read_text().splitlines()) == 1


def test_a_study_that_redoes_no_report_runs_to_its_end(project: Project) -> None:
    for path in (project.folder / "resources/reported").glob("*.csv"):
        path.unlink()
    done = project.study()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rule train" not in done.stdout + done.stderr
    assert len((project.folder / "results/tables/audit.csv").read_text().splitlines()) == 1
    page = (project.folder / "results/report/index.html").read_text()
    assert '<th scope="col">This study</th>' in page
    assert '<th scope="col">Report</th>' not in page


def test_raising_replicates_by_a_block_trains_only_the_new_one(project: Project) -> None:
    project.update_config(replicates=4)
    jobs = trained(project.planned())
    assert len(jobs) == 8
    assert all(job.endswith("replicates-3-4") for job in jobs)


def test_a_partial_block_and_a_new_condition_train_only_their_own_jobs(project: Project) -> None:
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    sgd = {"optimizer": "sgd", "epochs": 1, "models": ["m01"]}
    project.update_config(conditions={**tiny["conditions"], "sgd": sgd}, replicates=3)
    jobs = trained(project.planned())
    new = {"sgd/m01/fold-all/replicates-1-2", "sgd/m01/fold-all/replicates-3-3"}
    assert new < jobs
    assert len(jobs) == 8 + 2
    assert all(job.endswith("replicates-3-3") for job in jobs - new)


def test_jobs_read_the_configuration_as_it_stands(fresh_project: Project) -> None:
    """Snakemake's YAML is 1.1, which has `no` as false and a date as one."""
    (fresh_project.folder / "config/models.yaml").write_text(
        "models: {no: {nodes: [8, 10], assumed: {nodes: So.}}}\n"
    )
    (fresh_project.folder / "mine.yaml").write_text(
        "claims: null\nresults: 2024-01-01\n"
        "conditions: {as_reported: null, corrected: null, mine: {models: [no]}}\n"
    )
    done = fresh_project.study("mine.yaml", "--until", "write_plan")
    assert done.returncode == 0, done.stdout + done.stderr
    study = json.loads((fresh_project.folder / "2024-01-01/study.json").read_text())
    assert study["conditions"]["mine"]["models"] == ["no"]


def test_results_that_the_configuration_no_longer_names_leave_the_tables(project: Project) -> None:
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    # Model 5 is new: there are claims about it alone, so that some are judged.
    models = ["m01", "m05", "m06"]
    conditions = {"as_reported": {"epochs": 1, "models": models}, "corrected": None}
    project.update_config(conditions={**tiny["conditions"], **conditions})
    add_claim(project)
    tables = sorted((project.folder / "results/tables").glob("*.csv"))
    done = project.study("--", *(str(path.relative_to(project.folder)) for path in tables))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.folder / "results/runs/as_reported/m03").is_dir()  # still on disk
    assert len(tables) >= 7
    claims = project.folder / "results/tables/claims.csv"
    judged = [row for row in csv.DictReader(claims.open()) if row["condition"]]
    assert judged
    assert not [row for row in judged if "m03" in row["models"] or row["condition"] == "corrected"]
    # The audit is of the report as printed, with all of its models; what it says of ours is not.
    audit = project.folder / "results/tables/audit.csv"
    ours = [row for row in csv.DictReader(audit.open()) if row["kind"] == "replicates"]
    assert not [row for row in ours if "m03" in row["models"] or "corrected" in row["values"]]
    for table in set(tables) - {claims, audit}:
        text = table.read_text()
        assert "m03" not in text, table
        assert "corrected" not in text, table
    runs = (project.folder / "results/tables/runs.csv").read_text().splitlines()
    assert len(runs) == 1 + 6


def test_replicates_that_are_no_longer_named_leave_the_tables(project: Project) -> None:
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    conditions = {"as_reported": {"epochs": 1, "models": ["m01"]}, "corrected": None}
    project.update_config(conditions={**tiny["conditions"], **conditions})
    table = "results/tables/runs.csv"
    for replicates, jobs in ((4, 1), (2, 0)):
        project.update_config(replicates=replicates)
        done = project.study("--", table)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (done.stdout + done.stderr).count("rule train:") == jobs
        assert len((project.folder / table).read_text().splitlines()) == 1 + replicates


def test_a_report_carries_the_provenance_of_its_moment(project: Project) -> None:
    path = project.folder / "results/report/provenance.json"
    assert json.loads(path.read_text())["command"].endswith("--configfile tiny.yaml")
    before = path.read_bytes()
    project.edit("workflow/templates/markdown/report.md.j2", "# {{ title", "# Title: {{ title")
    done = project.study("--printshellcmds")
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_bytes() != before
    assert json.loads(path.read_text())["command"].endswith("--printshellcmds")
    for arguments in (["init"], ["add", "workflow"], ["commit", "-m", "All"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *arguments], cwd=project.folder, check=True)
    assert project.planned() == {}  # though it is another command, second and commit
