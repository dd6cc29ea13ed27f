"""What a measurement was taken on, in one line."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping

from benchmarks.processes import available_cores
from mlpstudy.report.environment import read_machine


def machine_line(versions: Mapping[str, str], load: float) -> str:
    """Name processor, cores, system and versions; `load` is the load average at the start."""
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{read_machine()['processor']}, {len(available_cores())} cores usable; "
        f"{platform.system()} {platform.release()}; Python {platform.python_version()}, "
        f"{packages}; load average at the start {load:.2f}"
    )


def load_average() -> float:
    """Return the mean number of running processes over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
