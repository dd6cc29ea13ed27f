"""Which device a job gets, with and without a GPU."""

from __future__ import annotations

import pytest
import torch

from mlpstudy.errors import StudyError
from mlpstudy.training.devices import choose_device


@pytest.fixture
def a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


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
