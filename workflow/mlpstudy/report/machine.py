"""The machine and the packages that a report is made with."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypedDict

from mlpstudy import __version__
from mlpstudy.errors import StudyError

PACKAGES = (
    "torch", "numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "snakemake", "typst",
)  # fmt: skip


class Machine(TypedDict):
    """Operating system, processor, and the number of cores that this process may use."""

    system: str
    processor: str
    cores: int


class Lock(TypedDict):
    """A file of pinned versions, its SHA-256, and package → (locked, installed) where they differ.

    A package that is not installed has None; one is only listed if it differs.
    """

    file: str
    sha256: str
    departures: dict[str, tuple[str, str | None]]


def read_machine() -> Machine:
    """Return the machine that this process runs on."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return Machine(system=_system(), processor=_processor(), cores=cores)


def read_versions() -> dict[str, str | None]:
    """Return the versions of this package, Python and PACKAGES; None for what is not installed."""
    own = {"mlpstudy": __version__, "python": platform.python_version()}
    return own | {name: _installed(name) for name in PACKAGES}


def read_lock(path: Path) -> Lock:
    """Return the lock at `path`, one `name==version` a line, compared with what is installed.

    A build's local label, as in 2.13.0+cpu, is no difference.

    Raises:
        StudyError: the file cannot be read.
    """
    try:
        content = path.read_bytes()
        pins = _pins(content.decode())
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: expected a lock of package versions: {error}") from error
    return Lock(
        file=f"{path.parent.name}/{path.name}",
        sha256=hashlib.sha256(content).hexdigest(),
        departures=_departures(pins),
    )


def _pins(text: str) -> dict[str, str]:
    """Return package → version of every pinned line."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))


def _departures(pins: Mapping[str, str]) -> dict[str, tuple[str, str | None]]:
    found = {name: (locked, _installed(name)) for name, locked in pins.items()}
    return {
        name: (locked, installed)
        for name, (locked, installed) in found.items()
        if installed is None or locked not in (installed, installed.split("+")[0])
    }


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _system() -> str:
    """Return the distribution, where there is one, and the kernel."""
    kernel = f"{platform.system()} {platform.release()}"
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {kernel}"
    except (OSError, KeyError):
        return kernel


def _processor() -> str:
    """Return the processor's name as Linux has it, elsewhere what Python knows of it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named[1].strip() if named else platform.processor() or platform.machine()
