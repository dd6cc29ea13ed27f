"""No results that do not belong to the plan, whatever Snakemake remembers: calls as a user's."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil

from project import JOBS, Project, make_dataset

RUNS = "results/tables/runs.csv"
M01 = "results/runs/as_reported/m01/fold-all/replicates-1-2"
DATA = "resources/data/tiny/prepared"
MODELS = "config/models.yaml"
NODES = [96, 64, 10]
WEIGHTS = 784 * 96 + 96 + 96 * 64 + 64 + 64 * 10 + 10  # and biases
CHANGED = "2 finished runs no longer match the configuration (nodes) and will be trained again"


def edit_m01(project: Project) -> None:
    project.edit(MODELS, "nodes: [128, 64, 10]", f"nodes: {NODES}")


def forget(project: Project) -> None:
    """Delete all that Snakemake itself has noted."""
    shutil.rmtree(project.folder / ".snakemake")


def state(project: Project) -> str:
    """Return a hash of every file and its time, but those of Snakemake itself."""
    text = "\n".join(
        f"{path} {path.stat().st_mtime_ns} "
        f"{hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ''}"
        for path in sorted(project.folder.rglob("*"))
        if not {".snakemake", "__pycache__"} & set(path.parts)
    )
    return hashlib.sha256(text.encode()).hexdigest()


def expect_m01_retrained(project: Project) -> None:
    """Check that the runs of m01, and no others, are those of the edited model."""
    spec = json.loads((project.folder / M01 / "spec.json").read_text())
    assert spec["spec"]["nodes"] == NODES
    rows = list(csv.DictReader((project.folder / RUNS).open()))
    assert [row["parameters"] for row in rows if row["model"] == "m01"] == [str(WEIGHTS)] * 2


def test_two_changes_at_once_and_looking_at_them(project: Project) -> None:
    """The second change is below a job that runs for the first, where Snakemake is blind."""
    edit_m01(project)
    project.edit("tiny.yaml", "Trouser", "Trousers")
    before = state(project)
    for option in ("--dry-run", "--summary", "--dag", "--unlock"):
        done = project.study(option)
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines().count(CHANGED) == (option != "--unlock"), option
        assert CHANGED not in done.stdout
        assert state(project) == before, option
    # Who asks for less does not train, and is not told so.
    said = project.run("--dry-run", "--", f"{DATA}/images.npy", "results/study.json")
    assert "rule train:" not in said
    assert "finished run" not in said
    assert "train" not in project.planned("--until", "prepare_dataset")

    said = project.run("--", RUNS)
    assert said.splitlines().count(CHANGED) == 1
    assert said.count("rule train:") == 1
    expect_m01_retrained(project)
    for path in ("results/study.json", f"{DATA}/dataset.json"):
        assert "Trousers" in (project.folder / path).read_text()
    said = project.run("--dry-run", "--", RUNS)
    assert "Nothing to be done" in said
    assert "finished run" not in said


def test_metadata_lost(project: Project) -> None:
    forget(project)
    shutil.rmtree(project.folder / "results/report")
    edit_m01(project)
    absolute = f"results={project.folder / 'results'}"
    assert len(project.planned("--config", absolute)["train"]) == 1
    assert len(project.planned("--rerun-triggers", "mtime")["train"]) == 1
    said = project.run("--", RUNS)
    assert CHANGED in said
    assert said.count("rule train:") == 1
    expect_m01_retrained(project)
    assert not {"train", "tabulate_runs"} & set(project.planned("--config", absolute))


def test_claims_and_metadata_lost(project: Project) -> None:
    forget(project)
    mine = "{statement: So., form: higher, models: [m01], than: [m06]}"
    project.append("config/claims.yaml", f"\n  mine: {mine}\n")
    jobs = project.planned("--", "results/tables/claims.csv")
    assert set(jobs) == {"write_claims", "judge_claims"}


def test_touch_vouches_for_nothing(project: Project) -> None:
    edit_m01(project)
    project.run("--touch")
    project.edit(MODELS, "report_name: Model 1 (Model 1_1)", "report_name: First")
    assert len(project.planned()["train"]) == 1
    # Runs and plan are made again, tables are not; then someone says that they are.
    project.run("--until", "train", "write_plan")
    project.run("--touch")
    assert "rule train:" not in project.run("--", RUNS)
    expect_m01_retrained(project)


def test_moved_results_are_the_same_results(project: Project) -> None:
    results, old = project.folder / "results", project.folder / "old"
    tables = {path.name: path.read_bytes() for path in (results / "tables").glob("*.csv")}
    results.rename(old)
    assert project.planned("--config", "results=old") == {}
    for folder in ("tables", "report"):
        shutil.rmtree(old / folder)
    said = project.run("--config", "results=old", "--", "old/tables/runs.csv")
    assert "rule train:" not in said
    assert "rule write_plan:" not in said
    for path in (old / "tables").glob("*.csv"):
        assert path.read_bytes() == tables[path.name], path
    assert not results.exists()


def test_other_data_under_the_same_name(project: Project) -> None:
    forget(project)
    prepared = project.folder / DATA / "dataset.json"
    description = prepared.read_text()
    # Prepared by other code: prepared again. The training code has the code as well, so runs that
    # match are of data that was prepared so.
    prepared.write_text(description.replace(json.loads(description)["code"], "0" * 64))
    jobs = set(project.planned())
    assert "prepare_dataset" in jobs
    assert not {"fetch_dataset", "train"} & jobs
    prepared.write_text(description)

    shutil.rmtree(project.folder / "idx")
    files = make_dataset(project.folder / "idx", seed=1)
    project.update_config(dataset=project.config["dataset"] | {"files": files})
    assert len(project.planned()["train"]) == JOBS
    said = project.run("--", f"{M01}/spec.json")
    assert "2 finished runs no longer match the configuration (data) and will be" in said
    digest = json.loads(prepared.read_text())["digest"]
    assert digest != json.loads(description)["digest"]
    assert json.loads((project.folder / M01 / "spec.json").read_text())["data"] == digest


def test_runs_of_other_jobs_in_a_folder(project: Project) -> None:
    """A copy of another model is found without Snakemake's metadata, refused by subcommands."""
    forget(project)
    job = "m06/fold-holdout/replicates-1-2"
    target = f"results/runs/corrected/{job}"
    shutil.rmtree(project.folder / target)
    shutil.copytree(project.folder / "results/runs/as_reported" / job, project.folder / target)
    assert project.planned()["train"] == [f"{target}/spec.json"]
    said = project.refused("--allowed-rules", "tabulate_runs", "--forcerun", "tabulate_runs")
    assert f"error: {target}: expected the run" in said


def test_a_job_in_a_process_of_its_own_compares_nothing(project: Project) -> None:
    """As executors start it, on a cluster too: its outputs are there, of the time before."""
    edit_m01(project)
    job = "train:condition=as_reported,model=m01,fold=all,first=1,last=2"
    said = project.run(
        "--mode", "subprocess", "--target-jobs", job, "--allowed-rules", "train"
    )  # fmt: skip
    assert "finished run" not in said
    spec = json.loads((project.folder / M01 / "spec.json").read_text())
    assert spec["spec"]["nodes"] == NODES
