"""Which device a job gets, and how jobs share out several GPUs; the GPUs are simulated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from configuring import ROOT

from mlpstudy import locks
from mlpstudy.errors import StudyError
from mlpstudy.training import devices
from mlpstudy.training.devices import (
    WhenTaken,
    choose_device,
    count_usable,
    has_kernels,
    lease,
    list_gpus,
)

current: list[int] = []
CARDS = [f"GPU-{number}{number}e5d5ba0d6-d33d-2b2c" for number in range(4)]


def simulate(
    monkeypatch: pytest.MonkeyPatch, folder: Path, count: int, listing: str | None = None
) -> None:
    """Let there be `count` GPUs, or those of nvidia-smi's `listing`; locks are kept in `folder`."""
    if listing is None:
        listing = "".join(f"GPU {n}: NVIDIA X (UUID: {CARDS[n]})\n" for n in range(count))
    monkeypatch.setattr(devices, "_nvidia_smi", lambda: listing)
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"simulated {index}")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_80", "sm_90"])
    monkeypatch.setattr(devices.tempfile, "gettempdir", lambda: str(folder))
    monkeypatch.setattr(locks, "_held", [])
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID", "SLURM_JOB_GPUS", "SLURM_GPUS_ON_NODE"):
        monkeypatch.setenv(name, "")  # and unset, whoever sets it, when the test ends
        monkeypatch.delenv(name)


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


def leased(when_taken: WhenTaken = "wait") -> str:
    """The GPU that a process gets; a lease is a process's, but each call stands for one."""
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    assert choose_device("cuda", None, when_taken).index == 0  # CUDA sees no other
    return os.environ["CUDA_VISIBLE_DEVICES"]


def test_several_gpus_are_shared_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    simulate(monkeypatch, tmp_path, 3)
    assert [leased() for _ in range(3)] == CARDS[:3]
    # Now all three are taken.
    assert [leased("share") for _ in range(4)] == [*CARDS[:3], CARDS[0]]


def test_without_nvidia_smi_gpus_are_numbered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    simulate(monkeypatch, tmp_path, 2, listing="")
    properties = [SimpleNamespace(uuid=f"{number}-e5d5") for number in range(2)]
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: properties[index])
    assert [choose_device("auto").index for _ in range(2)] == [0, 1]
    assert current[-2:] == [0, 1]


SLICED = f"""\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: {CARDS[0]})
  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef)
  MIG 1g.5gb      Device  1: (UUID: MIG-cba663e8)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: {CARDS[1]})
"""


@pytest.mark.parametrize(
    ("inherited", "names"),
    [
        (None, ["MIG-c6d4f1ef", "MIG-cba663e8", CARDS[1]]),
        ("0", ["MIG-c6d4f1ef", "MIG-cba663e8"]),
        ("1,0", [CARDS[1], "MIG-c6d4f1ef", "MIG-cba663e8"]),
        (" MIG-cba663e8 ", ["MIG-cba663e8"]),
        ("GPU-11", [CARDS[1]]),
        (f"{CARDS[0]},1", ["MIG-c6d4f1ef", "MIG-cba663e8", CARDS[1]]),
        ("1,-1,0", [CARDS[1]]),  # what follows a -1 is not seen
        ("7", []),
        ("", []),
    ],
)
def test_gpus_are_those_that_the_environment_leaves(
    inherited: str | None, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_nvidia_smi", lambda: SLICED)
    assert list_gpus({} if inherited is None else {"CUDA_VISIBLE_DEVICES": inherited}) == names


def test_each_job_gets_a_slice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    simulate(monkeypatch, tmp_path, 1, SLICED)
    assert [leased() for _ in range(3)] == ["MIG-c6d4f1ef", "MIG-cba663e8", CARDS[1]]


@pytest.mark.parametrize(
    ("capability", "built_for", "runs"),
    [
        ((9, 0), ["sm_80", "sm_90"], True),
        ((8, 6), ["sm_80", "sm_90"], True),  # an earlier minor version's kernels run
        ((8, 0), ["sm_86"], False),
        ((3, 5), ["sm_75", "sm_80", "compute_120"], False),
        ((12, 1), ["sm_90", "sm_90a"], False),
        ((12, 1), ["sm_90", "compute_90"], True),  # the driver translates
        ((10, 0), ["sm_100"], True),
        ((9, 0), [], False),
    ],
)
def test_which_gpus_a_build_has_kernels_for(
    capability: tuple[int, int], built_for: list[str], runs: bool
) -> None:
    assert has_kernels(capability, built_for) == runs


def test_a_gpu_that_pytorch_has_no_kernels_for_is_left_to_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    simulate(monkeypatch, tmp_path, 1)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (3, 5))
    for _ in range(2):  # the second does not wait for the first
        assert choose_device("auto").type == "cpu"
    assert "no kernels for simulated 0, of compute capability 3.5" in caplog.text
    with pytest.raises(StudyError, match=r"expected a GPU.*but PyTorch .* has no kernels for"):
        choose_device("cuda")
    assert count_usable() == 0


def test_products_that_are_not_in_float32_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    simulate(monkeypatch, tmp_path, 2)
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    with pytest.raises(StudyError, match="NVIDIA_TF32_OVERRIDE: expected unset or 0"):
        choose_device("auto")
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    assert choose_device("auto").type == "cuda"
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.are_deterministic_algorithms_enabled()


# Leases a GPU, says which, and keeps it until it is killed or told to end.
HOLDER = """
import logging, pathlib, sys
from mlpstudy.training import devices
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
devices.POLL = 0.02
names = sys.argv[2].split(",")
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
        gpus: int | str, when_taken: str = "wait", environment: Mapping[str, str] | None = None
    ) -> Holder:
        names = gpus if isinstance(gpus, str) else ",".join(map(str, range(gpus)))
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CUDA", "SLURM"))}
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path), names, when_taken],
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
        return said(start(gpus))

    assert [seeing("3"), seeing("3,5"), seeing("5,3")] == ["3", "5", WAITS]


def test_inside_a_slurm_job_only_its_own_processes_share_out(start: Start) -> None:
    def in_job(job: str, gpus: str) -> str:
        return said(start(gpus, environment={"SLURM_JOB_ID": job}))

    # Where Slurm confines jobs, the GPUs of each are numbered from 0: those are not the same ones.
    assert [in_job("7", "0,1"), in_job("7", "0,1")] == ["0", "1"]
    assert [in_job("8", "0,1"), in_job("9", "0"), in_job("9", "0")] == ["0", "0", "0"]


def test_any_name_is_that_of_a_lock(tmp_path: Path) -> None:
    names = ["MIG-GPU-5c89852c/1/0", "GPU-../../x"]
    assert [lease(names, folder=tmp_path / "locks", environment={}) for _ in names] == [0, 1]
    assert len(list((tmp_path / "locks").iterdir())) == 2


def test_a_folder_that_cannot_hold_locks_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudyError, match=r"file.locks: cannot create the GPU locks: Not"):
        lease(["0"], environment={}, folder=tmp_path / "file" / "locks")
