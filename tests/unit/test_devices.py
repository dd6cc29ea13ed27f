"""Which device a job gets, with and without GPUs; the GPUs are simulated."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mlpstudy.errors import StudyError
from mlpstudy.training import devices
from mlpstudy.training.devices import choose_device

current: list[int] = []


def simulate(monkeypatch: pytest.MonkeyPatch, folder: Path, count: int) -> None:
    """Let PyTorch see `count` GPUs, and keep their locks in `folder`."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"simulated {index}")
    monkeypatch.setattr(devices.tempfile, "gettempdir", lambda: str(folder))
    monkeypatch.setattr(devices, "_held", [])
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID", "SLURM_JOB_GPUS", "SLURM_GPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    simulate(monkeypatch, tmp_path, 1)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    simulate(monkeypatch, tmp_path, 0)


@pytest.mark.usefixtures("a_gpu")
@pytest.mark.parametrize(
    ("wanted", "gpus", "device"),
    [
        ("auto", None, "cuda"),
        ("auto", 1, "cuda"),
        ("auto", 0, "cpu"),
        ("cuda", 1, "cuda"),
        ("cpu", None, "cpu"),
        ("cpu", 1, "cpu"),
    ],
)
def test_with_a_gpu(wanted: str, gpus: int | None, device: str) -> None:
    assert choose_device(wanted, gpus).type == device


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu() -> None:
    assert choose_device("auto").type == "cpu"
    with pytest.raises(StudyError, match="PyTorch finds none"):
        choose_device("cuda")


@pytest.mark.usefixtures("a_gpu")
def test_a_job_that_was_granted_none() -> None:
    with pytest.raises(StudyError, match="granted none"):
        choose_device("cuda", 0)


def test_several_gpus_are_shared_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    simulate(monkeypatch, tmp_path, 3)
    assert [choose_device("auto").index for _ in range(3)] == [0, 1, 2]
    assert current[-3:] == [0, 1, 2]
    # A lease is a process's, but each call here stands for one: now all three are taken.
    assert [choose_device("cuda", None, "share").index for _ in range(4)] == [0, 1, 2, 0]


@pytest.mark.usefixtures("a_gpu")
@pytest.mark.parametrize(
    ("wanted", "assigned", "device"),
    [("auto", None, "cpu"), ("auto", "", "cpu"), ("auto", "0", "cuda"), ("cuda", None, "cuda")],
)
def test_inside_slurm_auto_takes_what_slurm_has_given(
    wanted: str, assigned: str | None, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    if assigned is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", assigned)
    for _ in range(2):  # one GPU, given twice by Slurm: nothing is locked, nobody waits
        assert choose_device(wanted).type == device
