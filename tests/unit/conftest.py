"""Settings that are global to a process, put back for every test, and mirrors to fetch from."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fetching import CONTENTS
from idx_files import write_files
from mirror import Mirror

from mlpstudy.data.sources import VARIABLES

# A shell that starts tests in the background has them ignore Ctrl-C, and so would their children.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def torch_as_a_job_has_it() -> None:
    """One thread, and nothing of what a trainer in an earlier test asked for.

    Tests of other modules do not wait for the import of torch.
    """
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(False)
        torch.set_flush_denormal(False)


@pytest.fixture
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder that holds the shipped configuration and nothing else."""
    shutil.copytree(Path(__file__).parents[2] / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.lower() in VARIABLES:
            monkeypatch.delenv(name)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror() as running:
        yield running


@pytest.fixture
def good(tmp_path: Path) -> dict[str, str]:
    return {"folder": str(write_files(tmp_path / "good", CONTENTS))}
