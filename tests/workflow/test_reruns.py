"""What is made again after which change: dry-runs of the real Snakefile over a finished study."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from project import Project

REPORT = {"draw_figures", "render_report"}
TRAINER = "workflow/mlpstudy/training/trainer.py"


def trained(jobs: dict[str, list[str]]) -> set[str]:
    """Name the training jobs as condition/model/fold/block."""
    return {Path(output).parent.relative_to("results/runs").as_posix() for output in jobs["train"]}


def test_a_finished_study_has_nothing_to_do(project: Project) -> None:
    assert project.planned() == {}


def test_editing_a_model_reruns_its_jobs_and_what_depends_on_them(project: Project) -> None:
    project.edit("config/models.yaml", "nodes: [128, 64, 10]", "nodes: [96, 64, 10]")
    jobs = project.planned()
    assert trained(jobs) == {"as_reported/m01/fold-all/replicates-1-2"}
    assert {"write_plan", "tabulate_runs", *REPORT, "all"} == set(jobs) - {"train"}


def test_editing_a_label_trains_nothing(project: Project) -> None:
    project.edit("config/models.yaml", "report_name: Model 1 (Model 1_1)", "report_name: First")
    assert "train" not in project.planned()
    assert "write_plan" in project.planned()


def test_reordering_keys_reruns_nothing(project: Project) -> None:
    path = project.folder / "config/models.yaml"
    models = yaml.safe_load(path.read_text())
    models["models"]["m03"] = dict(reversed(models["models"]["m03"].items()))
    models["defaults"] = dict(reversed(models["defaults"].items()))
    text = yaml.safe_dump(models, sort_keys=False)
    assert "value: 1e-3" in text
    path.write_text(text.replace("value: 1e-3", "value: 0.001"))
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    (project.folder / "tiny.yaml").write_text(
        yaml.safe_dump(dict(reversed(tiny.items())), sort_keys=False)
    )
    assert project.planned() == {}


@pytest.mark.parametrize("touched", ["workflow", "config", "resources/data", "idx", "Snakefile"])
def test_touching_files_trains_nothing(project: Project, touched: str) -> None:
    path = project.folder / touched
    for file in [path, *path.rglob("*")]:
        os.utime(file)
    assert "train" not in project.planned()


def test_a_fresh_checkout_of_the_same_commit_trains_nothing(project: Project) -> None:
    for part in ("workflow", "config", "resources/reported", "Snakefile", "profiles"):
        for file in [project.folder / part, *(project.folder / part).rglob("*")]:
            os.utime(file, (2_000_000_000, 2_000_000_000))
    assert "train" not in project.planned()


def test_editing_comments_of_the_training_code_trains_nothing(project: Project) -> None:
    path = project.folder / TRAINER
    text = path.read_text()
    changed = re.sub(r"(?m)^( +)(return .*)$", r"\1# why\n\1\2", text)
    changed = changed.replace('"""The training loop', '"""The loop of training')
    assert changed != text
    path.write_text(changed)
    assert project.planned() == {}


def test_editing_the_training_logic_trains_everything(project: Project) -> None:
    project.edit("workflow/mlpstudy/training/losses.py", "EPSILON = 1e-7", "EPSILON = 1e-8")
    assert len(project.planned()["train"]) == 8


def test_editing_a_template_only_renders(project: Project) -> None:
    template = next((project.folder / "workflow/templates").rglob("*.html*"))
    template.write_text(template.read_text() + "\n<!-- edited -->\n")
    assert set(project.planned()) == {"render_report", "all"}


def test_raising_replicates_by_a_block_trains_only_the_new_one(project: Project) -> None:
    project.update_config(replicates=4)
    jobs = trained(project.planned())
    assert len(jobs) == 8
    assert all(job.endswith("replicates-3-4") for job in jobs)


def test_a_partial_last_block_is_trained_alone(project: Project) -> None:
    project.update_config(replicates=3)
    assert all(job.endswith("replicates-3-3") for job in trained(project.planned()))


def test_a_new_condition_trains_only_its_own_jobs(project: Project) -> None:
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    sgd = {"optimizer": "sgd", "epochs": 1, "models": ["m01"]}
    project.update_config(conditions={**tiny["conditions"], "sgd": sgd})
    assert trained(project.planned()) == {"sgd/m01/fold-all/replicates-1-2"}


def test_another_device_or_source_is_no_reason_to_run(project: Project) -> None:
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    sources = [{"folder": "elsewhere"}, {"folder": "idx"}]
    dataset = {**tiny["dataset"], "sources": sources}
    project.update_config(device="cpu", when_gpus_are_taken="share", dataset=dataset)
    for arguments in ([], ["--resources", "gpu=0"]):
        jobs = project.planned(*arguments)
        assert "train" not in jobs
        assert "fetch_dataset" not in jobs


def test_how_files_are_written_is_no_reason_to_train(project: Project) -> None:
    project.edit("workflow/mlpstudy/files.py", "def _is_running(", "X = 1\n\n\ndef _is_running(")
    assert "train" not in project.planned()


def test_results_that_the_configuration_no_longer_names_leave_the_tables(project: Project) -> None:
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    conditions = {"as_reported": {"epochs": 1, "models": ["m01", "m06"]}, "corrected": None}
    project.update_config(conditions={**tiny["conditions"], **conditions})
    done = project.study()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.folder / "results/runs/as_reported/m03").is_dir()  # still on disk
    tables = sorted((project.folder / "results/tables").glob("*.csv"))
    assert len(tables) >= 7
    for table in tables:
        text = table.read_text()
        assert "m03" not in text, table
        assert "corrected" not in text, table
    runs = (project.folder / "results/tables/runs.csv").read_text().splitlines()
    assert len(runs) == 1 + 4


def test_replicates_that_are_no_longer_named_leave_the_tables(project: Project) -> None:
    project.update_config(replicates=4)
    assert project.study().returncode == 0
    project.update_config(replicates=2)
    assert "train" not in project.planned()
    assert project.study().returncode == 0
    runs = (project.folder / "results/tables/runs.csv").read_text().splitlines()
    assert len(runs) == 1 + 8 * 2
