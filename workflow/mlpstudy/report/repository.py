"""The commit of the running code and its uncommitted changes, as far as they can be known."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TypedDict

# What a result can depend on. Changes of documents and tests are not recorded.
SOURCES = ("Snakefile", "workflow", "config", "envs", "profiles", "resources", "pyproject.toml")

# `git archive` writes the commit into this file, because of a line in .gitattributes.
ARCHIVED = ".git_archival.txt"


class Commit(TypedDict):
    """The state of a repository.

    Without a repository, `problem` gives the reason and the other values are None or empty. For a
    release archive, `dirty` is None: the commit is known, but not whether files were edited since.
    """

    commit: str | None
    dirty: bool | None
    changed: list[str]  # files in SOURCES that differ from the commit
    problem: str | None


def read_commit(folder: Path) -> Commit:
    """Return the commit that is checked out in the repository at `folder`.

    Repositories in folders above are not considered, such as one that ignores the environment in
    which this package is installed.
    """
    try:
        top = Path(_git(folder, "rev-parse", "--show-toplevel"))
        if top.resolve() != folder.resolve():
            return _archived(folder) or _none("not in a repository of its own")
        commit = _git(folder, "rev-parse", "HEAD")
        status = _git(folder, "status", "--porcelain", "--no-renames", "--", *SOURCES)
    except FileNotFoundError:
        return _archived(folder) or _none("git is not installed")
    except (subprocess.SubprocessError, OSError) as error:
        return _archived(folder) or _none(_reason(error))
    changed = [line.split(maxsplit=1)[1] for line in status.splitlines()]
    return Commit(commit=commit, dirty=bool(changed), changed=changed, problem=None)


def _archived(folder: Path) -> Commit | None:
    """Return the commit of the release archive that was unpacked at `folder`."""
    try:
        told = (folder / ARCHIVED).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    found = re.search(r"^node: ([0-9a-f]{40,64})$", told, re.MULTILINE)
    return Commit(commit=found[1], dirty=None, changed=[], problem=None) if found else None


def _none(problem: str) -> Commit:
    return Commit(commit=None, dirty=None, changed=[], problem=problem)


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
