"""Files out of a Debian package, without root: apt-get download and dpkg -x."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from pathlib import Path

from mlpstudy.data.downloads import UnavailableError

logger = logging.getLogger(__name__)

# As root, apt would switch to a user who may not write where we download to.
OPTIONS = ["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"]


def unpack_package(package: str, scratch: Path, timeout: float = 900.0) -> Path:
    """Download the Debian package, unpack it under the folder `scratch`, and give its root there.

    `timeout` is seconds for each command. Raises UnavailableError where there is no apt, the
    package is unknown, or a command fails.
    """
    for program in ("apt-get", "dpkg"):
        if shutil.which(program) is None:
            raise UnavailableError(f"{program} is not installed here")
    logger.info("downloading Debian's package %s with apt-get", package)
    archive = _download(package, scratch, timeout)
    root = scratch / "root"
    _run(["dpkg", "-x", str(archive), str(root)], scratch, timeout)
    return root


def _download(package: str, scratch: Path, timeout: float) -> Path:
    try:
        _run(["apt-get", *OPTIONS, "download", package], scratch, timeout)
    except UnavailableError as error:
        # The machine's package lists are missing or older than the archive, and refreshing them
        # needs root; lists of our own do not.
        logger.info("%s; fetching package lists of our own", error)
        private = _private_lists(scratch)
        _run(["apt-get", *OPTIONS, *private, "update"], scratch, timeout)
        _run(["apt-get", *OPTIONS, *private, "download", package], scratch, timeout)
    archives = sorted(scratch.glob("*.deb"))
    if not archives:
        raise UnavailableError(f"apt-get download {package} left no package")
    return archives[-1]


def _private_lists(scratch: Path) -> list[str]:
    lists, cache = scratch / "lists", scratch / "cache"
    (lists / "partial").mkdir(parents=True)
    (cache / "archives" / "partial").mkdir(parents=True)
    return ["-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]


def _run(command: list[str], folder: Path, timeout: float) -> None:
    shown = " ".join([command[0], *command[-2:]]) if len(command) > 3 else " ".join(command)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"{shown}: not finished after {timeout:.0f} s") from error
    except OSError as error:
        raise UnavailableError(f"{shown}: {error.strerror}") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("E:", "dpkg"))] or lines
        said = errors[-1] if errors else f"exit status {done.returncode}"
        raise UnavailableError(f"{shown}: {said.strip()}")
