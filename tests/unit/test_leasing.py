"""GPUs are leased to processes: one each, freed by the kernel, named as processes see them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from configuring import ROOT

from mlpstudy.errors import StudyError
from mlpstudy.training.devices import assigned_by_slurm, lease, visible_gpus

# Leases a GPU, says which, and keeps it until it is killed or told to end.
HOLDER = """
import pathlib, sys
from mlpstudy.training import devices
devices.POLL = 0.02
names = devices.visible_gpus(int(sys.argv[2]))
taken = devices.lease(names, sys.argv[3], folder=pathlib.Path(sys.argv[1]))
print(names[taken], flush=True)
sys.stdin.read()
"""

Holder = subprocess.Popen[str]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Holder]]:
    started: list[Holder] = []

    def _start(
        count: int, when_taken: str = "wait", environment: Mapping[str, str] | None = None
    ) -> Holder:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CUDA", "SLURM"))}
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path), str(count), when_taken],
            env=inherited | {"PYTHONPATH": str(ROOT / "workflow")} | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(holder)
        return holder

    yield _start
    for holder in started:
        holder.kill()
        holder.communicate()


def gpu_of(holder: Holder) -> str:
    """The GPU that it has; waits until it has one."""
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


def waits(holder: Holder) -> bool:
    """It runs, and has had the time to get a GPU, but has none."""
    said, _, _ = select.select([holder.stdout], [], [], 1.0)
    return not said and holder.poll() is None


def test_processes_that_start_at_once_get_different_gpus(start: Callable[..., Holder]) -> None:
    holders = [start(4) for _ in range(4)]
    assert sorted(map(gpu_of, holders)) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, None])
def test_however_a_holder_ends_its_gpu_is_free(
    start: Callable[..., Holder], number: int | None
) -> None:
    holders = [start(2), start(2)]
    has = {gpu_of(holder): holder for holder in holders}
    third = start(2)
    assert waits(third)
    if number is None:
        has["1"].communicate("")
    else:
        has["1"].send_signal(number)
    assert gpu_of(third) == "1"


def test_shared_gpus_are_loaded_evenly(start: Callable[..., Holder]) -> None:
    taken = [gpu_of(start(2, "share")) for _ in range(5)]
    assert taken == ["0", "1", "0", "1", "0"]


def test_who_shares_goes_to_a_free_one_first(start: Callable[..., Holder]) -> None:
    first = start(2, "share")
    assert gpu_of(first) == "0"
    assert gpu_of(start(2, "share")) == "1"
    first.communicate("")
    assert gpu_of(start(2, "share")) == "0"


def test_the_same_gpu_has_one_name_in_processes_that_see_others(
    start: Callable[..., Holder],
) -> None:
    assert gpu_of(start(1, environment={"CUDA_VISIBLE_DEVICES": "3"})) == "3"
    assert gpu_of(start(2, environment={"CUDA_VISIBLE_DEVICES": "3,5"})) == "5"
    assert waits(start(2, environment={"CUDA_VISIBLE_DEVICES": "5,3"}))


def test_inside_a_slurm_job_only_its_own_processes_share_out(
    start: Callable[..., Holder],
) -> None:
    def in_job(job: str, gpus: str) -> str:
        given = {"SLURM_JOB_ID": job, "CUDA_VISIBLE_DEVICES": gpus}
        return gpu_of(start(gpus.count(",") + 1, environment=given))

    # Where Slurm confines jobs, the GPUs of each are numbered from 0: those are not the same ones.
    assert [in_job("7", "0,1"), in_job("7", "0,1")] == ["0", "1"]
    assert [in_job("8", "0,1"), in_job("8", "0,1")] == ["0", "1"]
    assert [in_job("9", "0"), in_job("9", "0")] == ["0", "0"]


@pytest.mark.parametrize(
    ("count", "inherited", "names"),
    [
        (2, None, ["0", "1"]),
        (2, "4,7", ["4", "7"]),
        (1, "2,-1,3", ["2"]),  # what follows a -1 is not seen
        (1, " GPU-8932f937 ", ["GPU-8932f937"]),
        (0, "", []),
    ],
)
def test_gpus_are_named_as_the_environment_names_them(
    count: int, inherited: str | None, names: list[str]
) -> None:
    environment = {} if inherited is None else {"CUDA_VISIBLE_DEVICES": inherited}
    assert visible_gpus(count, environment) == names


def test_any_name_is_that_of_a_lock(tmp_path: Path) -> None:
    names = ["MIG-GPU-5c89852c/1/0", "GPU-../../x"]
    assert [lease(names, folder=tmp_path / "locks", environment={}) for _ in names] == [0, 1]
    assert len(list((tmp_path / "locks").iterdir())) == 2


@pytest.mark.parametrize(
    ("environment", "assigned"),
    [
        ({}, None),
        ({"CUDA_VISIBLE_DEVICES": "0"}, None),
        ({"SLURM_JOB_ID": "1"}, False),
        ({"SLURM_JOB_ID": "1", "CUDA_VISIBLE_DEVICES": ""}, False),
        ({"SLURM_JOB_ID": "1", "CUDA_VISIBLE_DEVICES": "1"}, True),
        ({"SLURM_JOB_ID": "1", "SLURM_JOB_GPUS": "3"}, True),
    ],
)
def test_what_slurm_has_assigned(environment: dict[str, str], assigned: bool | None) -> None:
    assert assigned_by_slurm(environment) is assigned


def test_a_folder_that_cannot_hold_locks_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudyError, match=r"file.locks: the locks of the GPUs cannot be made: Not"):
        lease(["0"], environment={}, folder=tmp_path / "file" / "locks")
