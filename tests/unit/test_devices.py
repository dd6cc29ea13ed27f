"""Which device a job gets, and how jobs share out several GPUs; the GPUs are simulated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch
from configuring import ROOT

from mlpstudy import locks
from mlpstudy.errors import StudyError
from mlpstudy.training import devices
from mlpstudy.training.devices import choose_device, lease, visible_gpus

current: list[int] = []


def simulate(monkeypatch: pytest.MonkeyPatch, folder: Path, count: int) -> None:
    """Let PyTorch see `count` GPUs, and keep their locks in `folder`."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"simulated {index}")
    monkeypatch.setattr(devices.tempfile, "gettempdir", lambda: str(folder))
    monkeypatch.setattr(locks, "_held", [])
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID", "SLURM_JOB_GPUS", "SLURM_GPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("count", "wanted", "gpus", "environment", "device"),
    [
        (1, "auto", None, {}, "cuda"),
        (1, "auto", None, {"CUDA_VISIBLE_DEVICES": "0"}, "cuda"),
        (1, "auto", 1, {}, "cuda"),
        (1, "auto", 0, {}, "cpu"),
        (1, "cuda", 1, {}, "cuda"),
        (1, "cpu", None, {}, "cpu"),
        (1, "cpu", 1, {}, "cpu"),
        (0, "auto", None, {}, "cpu"),
        # Inside a Slurm job, auto takes what Slurm has assigned.
        (1, "auto", None, {"SLURM_JOB_ID": "17"}, "cpu"),
        (1, "auto", None, {"SLURM_JOB_ID": "17", "CUDA_VISIBLE_DEVICES": ""}, "cpu"),
        (1, "auto", None, {"SLURM_JOB_ID": "17", "CUDA_VISIBLE_DEVICES": "0"}, "cuda"),
        (1, "auto", None, {"SLURM_JOB_ID": "17", "SLURM_JOB_GPUS": "3"}, "cuda"),
        (1, "cuda", None, {"SLURM_JOB_ID": "17"}, "cuda"),
    ],
)
def test_the_device_of_a_job(
    count: int, wanted: str, gpus: int | None, environment: dict[str, str], device: str,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    simulate(monkeypatch, tmp_path, count)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert choose_device(wanted, gpus).type == device
    if "SLURM_JOB_ID" in environment:  # its one GPU may be given twice: nothing is locked
        assert choose_device(wanted, gpus).type == device


@pytest.mark.parametrize(
    ("count", "gpus", "reason"), [(0, None, "PyTorch finds none"), (1, 0, "was granted none")]
)
def test_a_gpu_that_is_not_there_is_one_line(
    count: int, gpus: int | None, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    simulate(monkeypatch, tmp_path, count)
    with pytest.raises(StudyError, match=f"expected a GPU, as configured .cuda., but .*{reason}"):
        choose_device("cuda", gpus)


def test_several_gpus_are_shared_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    simulate(monkeypatch, tmp_path, 3)
    assert [choose_device("auto").index for _ in range(3)] == [0, 1, 2]
    assert current[-3:] == [0, 1, 2]
    # A lease is a process's, but each call here stands for one: now all three are taken.
    assert [choose_device("cuda", None, "share").index for _ in range(4)] == [0, 1, 2, 0]


# Leases a GPU, says which, and keeps it until it is killed or told to end.
HOLDER = """
import logging, pathlib, sys
from mlpstudy.training import devices
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
devices.POLL = 0.02
names = devices.visible_gpus(int(sys.argv[2]))
taken = devices.lease(names, sys.argv[3], folder=pathlib.Path(sys.argv[1]))
print(names[taken], flush=True)
sys.stdin.read()
"""

Holder = subprocess.Popen[str]
Start = Callable[..., Holder]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
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


def said(holder: Holder) -> str:
    """The GPU that it has, or that it waits for one."""
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


WAITS = "all 2 GPUs are taken: waiting for one"


def test_processes_that_start_at_once_get_different_gpus(start: Start) -> None:
    holders = [start(4) for _ in range(4)]
    assert sorted(map(said, holders)) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, None])
def test_however_a_holder_ends_its_gpu_is_free(start: Start, number: int | None) -> None:
    holders = [start(2), start(2)]
    has = {said(holder): holder for holder in holders}
    third = start(2)
    assert said(third) == WAITS
    if number is None:
        has["1"].communicate("")
    else:
        has["1"].send_signal(number)
    assert said(third) == "1"


def test_shared_gpus_are_loaded_evenly(start: Start) -> None:
    holders = [start(2, "share")]
    taken = [said(holders[0])]
    for _ in range(4):
        holders.append(start(2, "share"))
        taken.append(said(holders[-1]))
    assert taken == ["0", "1", "0", "1", "0"]
    for holder in holders[1::2]:
        holder.communicate("")
    assert said(start(2, "share")) == "1"  # a free one first


def test_the_same_gpu_has_one_name_in_processes_that_see_others(start: Start) -> None:
    def seeing(gpus: str) -> str:
        return said(start(gpus.count(",") + 1, environment={"CUDA_VISIBLE_DEVICES": gpus}))

    assert [seeing("3"), seeing("3,5"), seeing("5,3")] == ["3", "5", WAITS]


def test_inside_a_slurm_job_only_its_own_processes_share_out(start: Start) -> None:
    def in_job(job: str, gpus: str) -> str:
        given = {"SLURM_JOB_ID": job, "CUDA_VISIBLE_DEVICES": gpus}
        return said(start(gpus.count(",") + 1, environment=given))

    # Where Slurm confines jobs, the GPUs of each are numbered from 0: those are not the same ones.
    assert [in_job("7", "0,1"), in_job("7", "0,1")] == ["0", "1"]
    assert [in_job("8", "0,1"), in_job("9", "0"), in_job("9", "0")] == ["0", "0", "0"]


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


def test_a_folder_that_cannot_hold_locks_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudyError, match=r"file.locks: the locks of the GPUs cannot be made: Not"):
        lease(["0"], environment={}, folder=tmp_path / "file" / "locks")
