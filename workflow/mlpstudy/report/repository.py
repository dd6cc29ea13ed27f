"""Which commit the code that runs is, and what stands there uncommitted, as far as can be known."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TypedDict

# What a result can depend on; documents and tests may be at work without making it doubtful.
SOURCES = ("Snakefile", "workflow", "config", "envs", "profiles", "resources", "pyproject.toml")


# git writes the commit into this file when it packs an archive, by the line of .gitattributes.
ARCHIVED = ".git_archival.txt"


class Commit(TypedDict):
    """The state of a repository; without one, `problem` says why and the rest is None or empty.

    Of a release archive the commit is known, but not whether its files were edited since: `dirty`
    is None.
    """

    commit: str | None
    dirty: bool | None
    changed: list[str]  # paths of SOURCES that are not as committed
    problem: str | None


def read_commit(folder: Path) -> Commit:
    """Return the commit that the repository at `folder` has checked out.

    A repository further up that does not have `folder` as its own, such as one that ignores the
    environment in which this package is installed, is none.
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
    """Return the commit that the archive unpacked at `folder` was made of."""
    try:
        told = (folder / ARCHIVED).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    found = re.search(r"^node: ([0-9a-f]{40,64})$", told, re.MULTILINE)
    return Commit(commit=found[1], dirty=None, changed=[], problem=None) if found else None


def _none(problem: str) -> Commit:
    return Commit(commit=None, dirty=None, changed=[], problem=problem)


def _reason(error: Exception) -> str:
    """Return the first line of what git said, without its own label."""
    said = getattr(error, "stderr", None) or str(error)
    return str(said).strip().splitlines()[0].removeprefix("fatal: ")


def _git(folder: Path, *arguments: str) -> str:
    """Return what git prints; it is asked to take no lock, as it only reads."""
    command = ["git", "--no-optional-locks", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()
