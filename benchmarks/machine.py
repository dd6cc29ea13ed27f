"""What a measurement was taken on, in one line."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from benchmarks.processes import available_cores


def machine_line(versions: Mapping[str, str], load: float) -> str:
    """Name processor, cores, system and versions; `load` is the load average at the start."""
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{_processor()}, {len(available_cores())} cores usable; {platform.system()} "
        f"{platform.release()}; Python {platform.python_version()}, {packages}; "
        f"load average at the start {load:.2f}"
    )


def load_average() -> float:
    """Return the mean number of running processes over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
