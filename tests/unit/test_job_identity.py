"""A run belongs to the plan if spec.json is exactly its job's identity, and to nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from configuring import ROOT, plan_of
from study_fixture import REPORTED, Paths, make_study
from training_jobs import SPEC, make_job

from mlpstudy.analysis.progress import describe
from mlpstudy.analysis.tables import tabulate
from mlpstudy.config.outdated import Outdated, outdated
from mlpstudy.config.planning import Plan
from mlpstudy.errors import StudyError
from mlpstudy.identity import differences
from mlpstudy.spec import Job, Spec

# A field without effect → the fields under which it has one.
ONLY_WITH = {
    "leaky_slope": {"activation": "leaky_relu"},
    "kl": {"loss": "kl_divergence"},
    "holdout_fraction": {"validation": "holdout"},
    "folds": {"validation": "kfold"},
    "kfold_pool": {"validation": "kfold"},
}
OTHER = {
    "nodes": (5, 10), "activation": "tanh", "leaky_slope": 0.1, "loss": "kl_divergence",
    "kl": "exact", "pixels": "raw", "optimizer": "sgd", "learning_rate": 0.1, "epochs": 9,
    "batch_size": 9, "validation": "kfold", "holdout_fraction": 0.5, "folds": 9,
    "kfold_pool": "all", "dropout": 0.5, "batch_norm": True,
}  # fmt: skip


@pytest.mark.parametrize("field", OTHER)
def test_exactly_the_fields_in_effect_are_in_the_identity(field: str) -> None:
    plain = {"validation": "none"}
    effective = plain | ONLY_WITH.get(field, {})
    changed = effective | {field: OTHER[field]}
    assert make_job(**effective).identity() != make_job(**changed).identity()
    if field in ONLY_WITH:
        one, other = make_job(**plain), make_job(**plain, **{field: OTHER[field]})
        assert one.identity() == other.identity()
        assert field not in one.identity()


def test_a_specification_of_an_older_version_is_read() -> None:
    """Version 1.0 wrote every field."""
    job = make_job()
    fields = json.loads(job.identity())
    assert set(fields["spec"]) < set(SPEC)
    fields["spec"] = {**SPEC, **fields["spec"]}
    assert Job.from_identity(json.dumps(fields)) == job
    assert Spec.from_fields(SPEC) == job.spec


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, ("no spec.json",)),
        ("{", ("unreadable spec.json",)),
        ("[]", ("unreadable spec.json",)),
        ("\udcff", ("unreadable spec.json",)),
        (f"{make_job().identity()}\n", ()),
        (make_job().identity(), ("form of spec.json",)),
        (make_job(seed=8, epochs=9).identity(), ("epochs", "seed")),
        (make_job(code="other", data="other", subset=(1, 1)).identity(),
         ("data", "subset", "training code")),
        (make_job(activation="leaky_relu").identity(), ("activation",)),
    ],
)  # fmt: skip
def test_what_differs_is_named(written: str | None, told: tuple[str, ...], tmp_path: Path) -> None:
    if written is not None:
        (tmp_path / "spec.json").write_bytes(written.encode(errors="surrogateescape"))
    assert tuple(sorted(differences(make_job(), tmp_path))) == told


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    models = {"m01": {}, "m03": {"validation": "kfold"}}
    return make_study(tmp_path / "study", models, lambda *_: (0.8, 0.5), block=2)


def reseed(paths: Paths, model: str) -> list[Path]:
    """Give the runs of a model another seed; return their folders."""
    specs = sorted(paths.runs.glob(f"*/{model}/*/*/spec.json"))
    for spec in specs:
        spec.write_text(spec.read_text().replace('"seed": 1,', '"seed": 2,'))
    return [spec.parent for spec in specs]


def test_no_table_is_written_from_runs_of_another_study(paths: Paths) -> None:
    folders = reseed(paths, "m03")
    with pytest.raises(StudyError) as caught:
        tabulate(paths.study, REPORTED, paths.tables)
    assert str(caught.value) == (
        f"{folders[0]}: expected the run that study.json describes, found another (seed); "
        "20 of 24 folders are wrong: run snakemake, which trains them again"
    )
    assert not paths.tables.exists()


def test_runs_of_another_study_are_not_done(paths: Paths) -> None:
    reseed(paths, "m01")
    assert describe(paths.study).startswith("20 of 24 training jobs done, 0 in training")


def test_code_edited_since_the_plan_was_made_trains_nothing(tmp_path: Path) -> None:
    """Its results would have the name of the code before, and stay after that is restored."""
    job = make_job(code="0" * 64)
    command = [sys.executable, "-m", "mlpstudy", "train", "--job", job.identity()]
    done = subprocess.run(
        [*command, "--data", tmp_path, "--output", tmp_path / "job"],
        cwd=ROOT / "workflow", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "error: tested m01 fold holdout 1-3: the training code was edited after the job was "
        "planned: run snakemake again\n"
    )
    assert list(tmp_path.iterdir()) == []


def write_specs(plan: Plan, **changes: Any) -> None:
    """Write the files by which finished jobs are known; `changes` are made to each identity."""
    for job in plan.jobs.values():
        folder = Path(plan.config.results, "runs", job.folder)
        folder.mkdir(parents=True)
        identity = json.dumps(json.loads(job.identity()) | changes, sort_keys=True)
        (folder / "spec.json").write_text(f"{identity}\n")
        (folder / "metrics.csv").touch()


def compared(plan: Plan) -> Outdated:
    return outdated(plan, Path("data"))


@pytest.mark.usefixtures("project_folder")
def test_what_is_outdated_is_counted_and_named() -> None:
    plan = plan_of(replicates=4, replicates_per_job=3)
    write_specs(plan, seed=1)
    Path("results/study.json").write_text(plan.document())
    Path("results/claims.json").write_text(plan.claims_document())
    runs = [job for job in plan.jobs.values() if job.model == "m03"]
    paths = {f"results/runs/{job.folder}/spec.json" for job in runs}
    found = compared(plan)
    assert len(found.files) == len(plan.jobs)  # and nothing but their runs
    count = 4 * 5 * 2
    assert found.message(paths) == (
        f"{count} finished runs no longer match the configuration (seed) and will be trained again"
    )
    (last,) = [path for path in paths if "as_reported/m03/fold-1/replicates-4-4" in path]
    assert found.message({last}).startswith("1 finished run no longer matches the configuration")
    assert found.message({"results/study.json"}) == ""
    Path(last).with_name("metrics.csv").unlink()
    assert last in compared(plan).files
    assert last not in compared(plan).finished
    Path(last).unlink()  # never begun: the engine knows
    assert last not in compared(plan).files


@pytest.mark.usefixtures("project_folder")
def test_comparing_a_thousand_runs_costs_a_fraction_of_a_millisecond_each() -> None:
    plan = plan_of(replicates=24, replicates_per_job=1)
    write_specs(plan)
    assert len(plan.jobs) > 1000
    compared(plan)
    started = time.process_time()
    assert compared(plan).finished == {}
    assert (time.process_time() - started) / len(plan.jobs) < 0.001
