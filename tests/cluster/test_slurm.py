"""The study through a real Slurm: what it asks for, what it survives, and that it is the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from disturbed_study import DISTURBED, Outcome, run_disturbed, run_locally, small_study
from slurm_box import SlurmBox

from mlpstudy.config import resources
from mlpstudy.spec import Job

SHORT = "short_train"


@pytest.fixture(scope="session")
def outcome(box: SlurmBox, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The small study after its disturbed run through Slurm."""
    ran = run_disturbed(box, small_study(tmp_path_factory.mktemp("cluster") / "study"))
    assert ran.status == 0, f"{ran.said}\n{box.logs()}"
    return ran


@pytest.fixture(scope="session")
def local_results(outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the same study on this machine alone."""
    project = small_study(tmp_path_factory.mktemp("local") / "study")
    run_locally(project)
    return project.folder / "results"


def trained(outcome: Outcome) -> dict[str, Job]:
    """Return the study's jobs by their folder."""
    runs = outcome.project.folder / "results/runs"
    jobs = [Job.from_identity(path.read_text()) for path in runs.rglob("spec.json")]
    return {job.folder: job for job in jobs}


def minutes(limit: str) -> int:
    """Read Slurm's [days-]hours:minutes:seconds."""
    days, _, clock = limit.rpartition("-")
    hours, mins, seconds = map(int, clock.split(":"))
    assert seconds == 0
    return (int(days or 0) * 24 + hours) * 60 + mins


def memory(job: dict[str, str]) -> str:
    """Return the memory of a job as Slurm writes it."""
    return re.search(r"mem=(\w+)", job["TRES"]).group(1)  # type: ignore[union-attr]


def without_times(table: Path) -> bytes:
    """Return a table's bytes, of timings.csv none."""
    return b"" if table.name == "timings.csv" else table.read_bytes()


def test_what_happened(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        f"{'job':>4} {'state':10} {'starts':>6} {'CPUs':>4} {'memory':>7} {'time':>9}  GPU  what"
    ]
    for number, job in sorted(outcome.jobs.items(), key=lambda item: int(item[0])):
        lines.append(
            f"{number:>4} {job['JobState']:10} {int(job['Restarts']) + 1:>6} {job['NumCPUs']:>4} "
            f"{memory(job):>7} {job['TimeLimit']:>9}  {job.get('TresPerJob', '-')[-1]:3}  "
            f"{job.get('Comment', 'somebody more important').removeprefix('rule_')}"
        )
    for condition in DISTURBED:
        lines += [line for line in outcome.log(condition).splitlines() if "going on" in line]
    with capsys.disabled():
        print("", *lines, sep="\n")
    assert len(outcome.jobs) == 6  # the short ones, three long ones, one again, and the urgent one


def test_all_training_and_nothing_else_ran_in_slurm(outcome: Outcome) -> None:
    comments = {job["Comment"] for job in outcome.jobs.values() if "Comment" in job}
    long = {f"rule_train_wildcards_{condition}_m01_all_1_2" for condition in DISTURBED}
    assert comments == {f"rule_{SHORT}", *long}
    assert len(trained(outcome)) == 6 + len(long)


def test_short_jobs_wait_in_the_queue_once(outcome: Outcome) -> None:
    (together,) = [job for job in outcome.jobs.values() if SHORT in job.get("Comment", "")]
    jobs = [job for job in trained(outcome).values() if job.condition == "as_reported"]
    assert len(jobs) == 6
    assert together["JobState"] == "COMPLETED"
    assert together["NumCPUs"] == "1"
    assert minutes(together["TimeLimit"]) == sum(resources.minutes(job) for job in jobs)
    assert memory(together) == f"{max(resources.megabytes(job) for job in jobs)}M"


@pytest.mark.parametrize("condition", DISTURBED)
def test_a_job_asks_for_what_it_needs(outcome: Outcome, condition: str) -> None:
    job = trained(outcome)[f"{condition}/m01/fold-all/replicates-1-2"]
    asked = outcome.of(condition)[0]
    assert asked["NumCPUs"] == "1"
    assert minutes(asked["TimeLimit"]) == resources.minutes(job)
    assert memory(asked) == f"{resources.megabytes(job)}M"
    assert asked.get("TresPerJob") == ("gres:gpu:1" if condition == "preempted" else None)


def test_a_cancelled_job_is_tried_again_with_more(outcome: Outcome) -> None:
    first, second = outcome.of("cancelled")
    assert (first["JobState"], second["JobState"]) == ("CANCELLED", "COMPLETED")
    assert minutes(second["TimeLimit"]) == 2 * minutes(first["TimeLimit"])
    assert int(memory(second)[:-1]) == 2 * int(memory(first)[:-1])


@pytest.mark.parametrize("condition", ["requeued", "preempted"])
def test_a_job_sent_back_to_the_queue_starts_again(outcome: Outcome, condition: str) -> None:
    (job,) = outcome.of(condition)
    assert job["JobState"] == "COMPLETED"
    assert job["Restarts"] == "1"
    records = [
        line for line in outcome.completions.splitlines() if f"JobId={job['JobId']} " in line
    ]
    states = [re.search(r"JobState=(\w+)", line).group(1) for line in records]  # type: ignore[union-attr]
    assert states[-1] == "COMPLETED"
    assert ("PREEMPTED" in states) == (condition == "preempted")


@pytest.mark.parametrize("condition", DISTURBED)
def test_a_disturbed_job_goes_on_where_it_was(outcome: Outcome, condition: str) -> None:
    log = outcome.log(condition)
    resumed = re.search(r"going on after epoch (\d+)", log)
    assert resumed, log
    assert "epoch 1/" not in log


def test_the_tables_are_those_of_one_machine(outcome: Outcome, local_results: Path) -> None:
    here, there = (
        {path.name: without_times(path) for path in (results / "tables").glob("*.csv")}
        for results in (local_results, outcome.project.folder / "results")
    )
    assert {"runs.csv", "history.csv", "models.csv"} < set(here)
    assert {name: there.get(name) == here[name] for name in here} == dict.fromkeys(there, True)


def test_the_weights_are_those_of_one_machine(outcome: Outcome, local_results: Path) -> None:
    runs = outcome.project.folder / "results/runs"
    paths = [path.relative_to(runs) for path in runs.rglob("weights.safetensors")]
    assert len(paths) == 9
    for path in paths:
        assert (runs / path).read_bytes() == (local_results / "runs" / path).read_bytes(), path


def test_no_checkpoint_is_left(outcome: Outcome) -> None:
    assert list((outcome.project.folder / "results").rglob("*.checkpoint")) == []
