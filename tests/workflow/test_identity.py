"""No results that do not belong to the plan, whatever Snakemake remembers: calls as a user's."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil

import pytest
import yaml
from project import Project, make_dataset

RUNS = "results/tables/runs.csv"
M01 = "results/runs/as_reported/m01/fold-all/replicates-1-2"
BEFORE, AFTER = "nodes: [128, 64, 10]", "nodes: [96, 64, 10]"
WEIGHTS = 784 * 96 + 96 + 96 * 64 + 64 + 64 * 10 + 10  # and biases, of AFTER
CHANGED = "2 finished runs no longer match the configuration (nodes) and will be trained again"


def edit_m01(project: Project) -> None:
    project.edit("config/models.yaml", BEFORE, AFTER)


def made(project: Project, target: str = RUNS, *arguments: str) -> str:
    """Make a table with what it needs; return what Snakemake says of it."""
    done = project.study(*arguments, "--", target)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def state(project: Project) -> str:
    """Return a hash of every file and its time, but those of Snakemake itself."""
    files = sorted(path for path in project.folder.rglob("*") if ".snakemake" not in path.parts)
    text = "\n".join(
        f"{path} {path.stat().st_mtime_ns} "
        f"{hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ''}"
        for path in files
        if "__pycache__" not in path.parts
    )
    return hashlib.sha256(text.encode()).hexdigest()


def expect_m01_retrained(project: Project, said: str) -> None:
    """Check that the runs of m01, and no others, are those of the edited model."""
    assert said.count("rule train:") == 1
    spec = json.loads((project.folder / M01 / "spec.json").read_text())
    assert spec["spec"]["nodes"] == [96, 64, 10]
    rows = list(csv.DictReader((project.folder / RUNS).open()))
    assert [row["parameters"] for row in rows if row["model"] == "m01"] == [str(WEIGHTS)] * 2


def test_two_changes_at_once_and_looking_at_them(project: Project) -> None:
    """The second change is below a job that runs for the first, where Snakemake is blind."""
    edit_m01(project)
    project.edit("config/config.yaml", "Trouser", "Trousers")
    before = state(project)
    for option in ("--dry-run", "--summary", "--dag", "--unlock"):
        done = project.study(option)
        assert done.returncode == 0, done.stderr
        said = done.stderr.splitlines()
        assert said.count(CHANGED) == (option != "--unlock"), option
        assert CHANGED not in done.stdout
        assert state(project) == before, option
    # Who asks for less does not train, and is not told so.
    for target in ("resources/data/tiny/prepared/images.npy", "results/study.json"):
        done = project.study("--dry-run", "--", target)
        assert "rule train:" not in done.stdout + done.stderr
        assert "finished run" not in done.stdout + done.stderr
    assert "train" not in project.planned("--until", "prepare_dataset")

    said = made(project)
    assert said.splitlines().count(CHANGED) == 1
    expect_m01_retrained(project, said)
    prepared = project.folder / "resources/data/tiny/prepared/dataset.json"
    for path in (project.folder / "results/study.json", prepared):
        assert "Trousers" in path.read_text()
    done = project.study("--dry-run", "--", RUNS)
    assert "Nothing to be done" in done.stdout
    assert "finished run" not in done.stdout + done.stderr


def test_metadata_lost(project: Project) -> None:
    shutil.rmtree(project.folder / ".snakemake")
    shutil.rmtree(project.folder / "results/report")
    edit_m01(project)
    absolute = f"results={project.folder / 'results'}"
    assert len(project.planned("--config", absolute)["train"]) == 1
    assert len(project.planned("--rerun-triggers", "mtime")["train"]) == 1
    said = made(project)
    assert CHANGED in said
    expect_m01_retrained(project, said)
    jobs = project.planned("--config", absolute)
    assert "train" not in jobs
    assert "tabulate_runs" not in jobs


def test_touch_vouches_for_nothing(project: Project) -> None:
    edit_m01(project)
    assert project.study("--touch").returncode == 0
    project.edit("config/models.yaml", "report_name: Model 1 (Model 1_1)", "report_name: First")
    assert len(project.planned()["train"]) == 1
    # Runs and plan are made again, tables are not; then someone says that they are.
    done = project.study("--until", "train", "write_plan")
    assert done.returncode == 0, done.stderr
    assert project.study("--touch").returncode == 0
    said = made(project)
    assert "rule train:" not in said
    expect_m01_retrained(project, f"{said}rule train:")


def test_moved_results_are_the_same_results(project: Project) -> None:
    results, old = project.folder / "results", project.folder / "old"
    tables = {path.name: path.read_bytes() for path in (results / "tables").glob("*.csv")}
    results.rename(old)
    assert project.planned("--config", "results=old") == {}
    for folder in ("tables", "report"):
        shutil.rmtree(old / folder)
    said = made(project, "old/tables/runs.csv", "--config", "results=old")
    assert "rule train:" not in said
    assert "rule write_plan:" not in said
    for path in (old / "tables").glob("*.csv"):
        assert path.read_bytes() == tables[path.name], path
    assert not results.exists()


def test_claims_without_metadata(project: Project) -> None:
    shutil.rmtree(project.folder / ".snakemake")
    claims, runs = project.folder / "results/tables/claims.csv", project.folder / RUNS
    made_at = runs.stat().st_mtime_ns
    path = project.folder / "config/claims.yaml"
    mine = "{statement: So., form: higher, models: [m01], than: [m06]}"
    path.write_text(f"{path.read_text()}\n  mine: {mine}\n")
    jobs = project.planned("--", "results/tables/claims.csv")
    assert set(jobs) == {"write_claims", "judge_claims"}
    made(project, "results/tables/claims.csv")
    assert "\nmine," in claims.read_text()
    assert runs.stat().st_mtime_ns == made_at


def test_other_data_under_the_same_name(project: Project) -> None:
    shutil.rmtree(project.folder / ".snakemake")
    prepared = project.folder / "resources/data/tiny/prepared/dataset.json"
    description = prepared.read_text()
    # Prepared by other code: prepared again. The training code has the code as well, so runs that
    # match are of data that was prepared so.
    code = json.loads(description)["code"]
    prepared.write_text(description.replace(code, "0" * 64))
    assert set(project.planned()) >= {"prepare_dataset"}
    assert not {"fetch_dataset", "train"} & set(project.planned())
    prepared.write_text(description)

    shutil.rmtree(project.folder / "idx")
    files = make_dataset(project.folder / "idx", seed=1)
    tiny = yaml.safe_load((project.folder / "tiny.yaml").read_text())
    project.update_config(dataset={**tiny["dataset"], "files": files})
    assert len(project.planned()["train"]) == 8
    said = made(project, f"{M01}/spec.json")
    assert "2 finished runs no longer match the configuration (data) and will be" in said
    digest = json.loads(prepared.read_text())["digest"]
    assert digest != json.loads(description)["digest"]
    assert json.loads((project.folder / M01 / "spec.json").read_text())["data"] == digest


def test_runs_of_other_jobs_in_a_folder(project: Project) -> None:
    """Copied from another model, where Snakemake has no notes: and refused by who calls a verb."""
    shutil.rmtree(project.folder / ".snakemake")
    source = project.folder / "results/runs/as_reported/m06/fold-holdout/replicates-1-2"
    target = project.folder / "results/runs/corrected/m06/fold-holdout/replicates-1-2"
    shutil.rmtree(target)
    shutil.copytree(source, target)
    assert project.planned()["train"] == [f"{target.relative_to(project.folder)}/spec.json"]
    done = project.study("--allowed-rules", "tabulate_runs", "--forcerun", "tabulate_runs")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "error: results/runs/corrected/m06/fold-holdout/replicates-1-2: expected the run" in said


@pytest.mark.parametrize("replaced", [False, True])
def test_a_job_in_a_process_of_its_own_compares_nothing(project: Project, replaced: bool) -> None:
    """As executors start it, on a cluster too: its outputs may be there, of the time before."""
    edit_m01(project)
    if replaced:
        shutil.rmtree(project.folder / M01)
    job = "train:condition=as_reported,model=m01,fold=all,first=1,last=2"
    arguments = ["--mode", "subprocess", "--target-jobs", job, "--allowed-rules", "train"]
    done = project.study(*arguments)
    assert done.returncode == 0, done.stderr
    assert "finished run" not in done.stdout + done.stderr
    spec = json.loads((project.folder / M01 / "spec.json").read_text())
    assert spec["spec"]["nodes"] == [96, 64, 10]
