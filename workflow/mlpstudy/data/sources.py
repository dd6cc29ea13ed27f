"""The places that may have the dataset's files: a folder, a mirror, or a Debian package."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

logger = logging.getLogger(__name__)

# Seconds to wait for a connection, and for data while a mirror sends none or too little.
CONNECT, STALL = 10.0, 20.0
# Bytes per second. A slower mirror has stalled, even if a few bytes keep the connection alive.
MINIMUM_RATE = 1000.0
# How often to try where another attempt can help, and the seconds before the second attempt; the
# wait doubles with each further one.
ATTEMPTS, BACKOFF = 4, 1.0
# Far more than any dataset of this shape needs.
MAXIMUM_BYTES = 1 << 30
# The environment variables that httpx reads.
VARIABLES = {"all_proxy", "http_proxy", "https_proxy", "no_proxy", "ssl_cert_dir", "ssl_cert_file"}
# As root, apt would switch to a user who may not write to our folder.
APT = ("apt-get", "-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3")
COMMAND_TIMEOUT = 900.0

# A candidate for a file: its name in messages, and its content or the path of it.
Candidate = tuple[str, bytes | Path]
# Returns the candidates for the file of a name.
Find = Callable[[str], Sequence[Candidate]]


class RefusedError(Exception):
    """A source cannot give this file, for the reason in the text. It may have the other files."""


class UnavailableError(Exception):
    """A source cannot give any file, for the reason in the text."""


def describe(source: Mapping[str, Any]) -> str:
    """Return the name of `source` in messages."""
    if "debian" in source:
        return f"Debian's package {source['debian']['package']}"
    return source["url"] if "url" in source else f"folder {source['folder']}"


@contextmanager
def open_source(source: Mapping[str, Any]) -> Iterator[Find]:
    """Yield a function that finds files in `source`, one item of `dataset.sources`.

    Raises:
        UnavailableError: it cannot give any file. The function raises RefusedError as well.
    """
    if "folder" in source:
        yield partial(_in_folder, Path(source["folder"]))
    elif "url" in source:
        with _client() as client:
            yield partial(_on_mirror, client, source["url"].rstrip("/"))
    else:
        with tempfile.TemporaryDirectory(prefix="mlpstudy-") as scratch:
            root = _unpack_package(source["debian"]["package"], Path(scratch))
            yield partial(_in_folder, root / source["debian"]["folder"].lstrip("/"))


def _in_folder(folder: Path, name: str) -> list[Candidate]:
    if not folder.is_dir():
        raise UnavailableError("no such folder")
    found = [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()]
    if not found:
        raise RefusedError(f"has neither {name} nor {name}.gz")
    return [(path.name, path) for path in found]


def _client() -> httpx.Client:
    try:
        return httpx.Client(timeout=httpx.Timeout(STALL, connect=CONNECT), follow_redirects=True)
    except Exception as error:  # a proxy or certificates that cannot be used, of whatever kind
        # Not their values: the address of a proxy may contain a password.
        found = ", ".join(sorted(key for key in os.environ if key.lower() in VARIABLES))
        raise UnavailableError(
            f"no connection can be set up ({error}); the environment sets {found or 'no proxy'}"
        ) from error


def _on_mirror(client: httpx.Client, url: str, name: str) -> list[Candidate]:
    """Download `url`/`name`.gz, in several attempts where that can help."""
    address = f"{url}/{name}.gz"
    attempt, wait = 1, BACKOFF
    while True:
        try:
            return [(f"{name}.gz", _receive(client, address))]
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            if isinstance(error, httpx.TimeoutException):
                reason = f"stalled or too slow to answer ({reason})"
            if attempt == ATTEMPTS or not _is_transient(error):
                raise UnavailableError(reason) from error
            logger.info("%s: %s; trying again in %.1f s", address, reason, wait)
        time.sleep(wait)
        attempt, wait = attempt + 1, 2 * wait


def _receive(client: httpx.Client, url: str) -> bytes:
    """Return the content of `url` and log the progress.

    Raises:
        RefusedError: the server does not have it, or sends too much.
        httpx.HTTPError: the connection fails or stalls, or the server is overloaded or broken.
    """
    content = bytearray()
    # Without this header, a server may compress the file once more.
    with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
        code = response.status_code
        if code != 200:
            passing = code in {408, 425, 429} or code >= 500
            answer = f"answers {code} {response.reason_phrase}".strip()
            raise httpx.TransportError(answer) if passing else RefusedError(answer)
        size = int(response.headers.get("Content-Length") or 0)
        shown = f"{size / 1e6:.1f} MB" if size else "size unknown"
        logger.info("downloading %s (%s)", url, shown)
        since, held = time.monotonic(), 0
        for chunk in response.iter_raw():
            content += chunk
            if len(content) > MAXIMUM_BYTES:
                raise RefusedError(f"sends more than {MAXIMUM_BYTES} bytes")
            elapsed = time.monotonic() - since
            if elapsed > STALL:
                received = len(content) - held
                if received < MINIMUM_RATE * elapsed:
                    raise httpx.ReadTimeout(f"{received} bytes in {elapsed:.0f} s")
                logger.info("%s: %.1f MB received (%s)", url, len(content) / 1e6, shown)
                since, held = time.monotonic(), len(content)
    return bytes(content)


def _is_transient(error: Exception) -> bool:
    """Return whether another attempt may help."""
    lasting = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
    if not isinstance(error, httpx.TransportError) or isinstance(error, lasting):
        return False
    # A busy resolver may know the host later; without web access, no attempt helps.
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, socket.gaierror):
        cause = cause.__cause__ or cause.__context__
    return cause is None or cause.errno == socket.EAI_AGAIN


def _unpack_package(package: str, scratch: Path) -> Path:
    """Download a Debian package and unpack it below the folder `scratch`; this needs no root."""
    for program in ("apt-get", "dpkg"):
        if shutil.which(program) is None:
            raise UnavailableError(f"{program} is not installed here")
    logger.info("downloading Debian's package %s with apt-get", package)
    try:
        _run(scratch, *APT, "download", package)
    except UnavailableError as error:
        # The machine's package lists are missing or outdated, and updating them needs root;
        # lists of our own do not.
        logger.info("%s; fetching package lists of our own", error)
        for folder in ("lists/partial", "archives/partial"):
            (scratch / folder).mkdir(parents=True)
        private = (*APT, "-o", f"Dir::State::Lists={scratch}/lists", "-o", f"Dir::Cache={scratch}")
        _run(scratch, *private, "update")
        _run(scratch, *private, "download", package)
    archives = sorted(scratch.glob("*.deb"))
    if not archives:
        raise UnavailableError(f"apt-get download {package} left no package")
    _run(scratch, "dpkg", "-x", str(archives[-1]), str(scratch / "root"))
    return scratch / "root"


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=COMMAND_TIMEOUT,
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("E:", "dpkg"))] or lines
        said = errors[-1].strip() if errors else f"exit status {done.returncode}"
        raise UnavailableError(f"{command[0]} {' '.join(command[-2:])}: {said}")
