"""Settings that are global to a process, put back before every test that uses torch."""

from __future__ import annotations

import sys

import pytest


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
