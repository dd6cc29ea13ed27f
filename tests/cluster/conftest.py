from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm_box import SlurmBox, obstacle

sys.path.append(str(Path(__file__).parents[1] / "workflow"))


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmBox]:
    """A running Slurm; without one, the tests that want it are skipped."""
    reason = obstacle()
    if reason:
        pytest.skip(f"no Slurm here: {reason}")
    with SlurmBox(tmp_path_factory.mktemp("slurm")) as running:
        yield running
