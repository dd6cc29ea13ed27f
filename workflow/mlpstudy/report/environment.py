"""The machine, the packages and the commit that a report is made with."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mlpstudy import __version__
from mlpstudy.errors import StudyError
from mlpstudy.machine import processor

PACKAGES = (
    "torch", "numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "snakemake", "typst",
)  # fmt: skip

# What a result can depend on. Changes of documents and tests are not recorded.
SOURCES = ("Snakefile", "workflow", "config", "envs", "profiles", "resources", "pyproject.toml")

# `git archive` writes the commit into this file, because of a line in .gitattributes.
ARCHIVED = ".git_archival.txt"


def read_machine() -> dict[str, Any]:
    """Return `system`, `processor`, and the number of `cores` that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return {"system": _system(), "processor": processor(), "cores": cores}


def read_versions() -> dict[str, str | None]:
    """Return the versions of this package, Python and PACKAGES; None for what is not installed."""
    own = {"mlpstudy": __version__, "python": platform.python_version()}
    return own | {name: _installed(name) for name in PACKAGES}


def read_lock(path: Path) -> dict[str, Any]:
    """Return the lock at `path`, one `name==version` a line, compared with what is installed.

    A build's local label, as in 2.13.0+cpu, is no difference.

    Returns:
        its `file` and `sha256`, and its `departures`: package to (locked, installed) where they
        differ; None for a package that is not installed.

    Raises:
        StudyError: the file cannot be read.
    """
    try:
        content = path.read_bytes()
        pins = re.findall(r"^([\w.-]+)==([^\s;]+)", content.decode(), re.MULTILINE)
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: expected a lock of package versions: {error}") from error
    departures = {}
    for name, locked in pins:
        installed = _installed(name)
        if installed is None or locked not in (installed, installed.split("+")[0]):
            departures[name] = (locked, installed)
    return {
        "file": f"{path.parent.name}/{path.name}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "departures": departures,
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


def read_commit(folder: Path) -> dict[str, Any]:
    """Return the commit that is checked out in the repository at `folder`.

    Repositories in folders above are not considered, such as one that ignores the environment in
    which this package is installed.

    Returns:
        the `commit`; whether it is `dirty`, and the files in SOURCES that are `changed`. Without a
        repository, `problem` gives the reason and the commit is None. For a release archive,
        `dirty` is None: the commit is known, but not whether files were edited since.
    """
    try:
        top = Path(_git(folder, "rev-parse", "--show-toplevel"))
        if top.resolve() != folder.resolve():
            return _archived(folder) or _commit(None, problem="not in a repository of its own")
        commit = _git(folder, "rev-parse", "HEAD")
        status = _git(folder, "status", "--porcelain", "--no-renames", "--", *SOURCES)
    except FileNotFoundError:
        return _archived(folder) or _commit(None, problem="git is not installed")
    except (subprocess.SubprocessError, OSError) as error:
        return _archived(folder) or _commit(None, problem=_reason(error))
    changed = [line.split(maxsplit=1)[1] for line in status.splitlines()]
    return _commit(commit, bool(changed), changed)


def _archived(folder: Path) -> dict[str, Any] | None:
    """Return the commit of the release archive that was unpacked at `folder`."""
    try:
        told = (folder / ARCHIVED).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    found = re.search(r"^node: ([0-9a-f]{40,64})$", told, re.MULTILINE)
    return _commit(found[1]) if found else None


def _commit(
    commit: str | None, dirty: bool | None = None, changed: Sequence[str] = (), problem: str = ""
) -> dict[str, Any]:
    return {"commit": commit, "dirty": dirty, "changed": list(changed), "problem": problem or None}


def _reason(error: Exception) -> str:
    """Return the first line of git's error message, without its label."""
    said = getattr(error, "stderr", None) or str(error)
    return str(said).strip().splitlines()[0].removeprefix("fatal: ")


def _git(folder: Path, *arguments: str) -> str:
    """Return the output of a git command that only reads, and therefore takes no lock."""
    command = ["git", "--no-optional-locks", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()
