"""The dataset's files from the first source that has them: a folder, a mirror or a Debian package.

Only the SHA-256 of the decompressed content counts: mirrors compress the same file differently.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlpstudy.data.dataset import verify
from mlpstudy.data.sources import (
    MAXIMUM_BYTES,
    Candidate,
    RefusedError,
    UnavailableError,
    describe,
    open_source,
)
from mlpstudy.errors import StudyError
from mlpstudy.files import replacing

logger = logging.getLogger(__name__)

GZIP_MAGIC = b"\x1f\x8b"


def fetch(
    files: Mapping[str, Mapping[str, str]],
    sources: Sequence[Mapping[str, Any]],
    destination: Path,
) -> None:
    """Write each file, decompressed and verified, to `destination`/name.

    A file that is already there is kept if it is right and removed if it is wrong.

    Args:
        files: maps a role to the file's "name" and the "sha256" of its decompressed content.
        sources: each one of {"folder": path}, {"url": base} and {"debian": {"package", "folder"}};
            they are tried in this order.
        destination: folder to write into.

    Raises:
        StudyError: no source has a file, or `destination` cannot be written.
    """
    wanted = {file["name"]: file["sha256"].lower() for file in files.values()}
    with _writing_to(destination):
        destination.mkdir(parents=True, exist_ok=True)
        absent = [name for name in wanted if not _in_place(destination / name, wanted[name])]
    # For each missing file: why the sources tried so far do not have it.
    missing: dict[str, list[str]] = {name: [] for name in absent}
    for source in sources:
        if missing:
            _try_source(source, missing, wanted, destination)
    if missing:
        tried = "; ".join(next(iter(missing.values()))) or "dataset.sources is empty"
        raise StudyError(
            f"{', '.join(missing)}: not available from any source: {tried}. Correct "
            "dataset.files, or put the files (packed or not) in a folder and name it in the "
            "configuration: dataset.sources: - folder: PATH"
        )


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    """Turn an OSError in the block into a StudyError, as no other source would help."""
    try:
        yield
    except OSError as error:
        raise StudyError(
            f"{folder}: the data cannot be written there "
            f"({error.strerror or error}); free some space or correct the folder, then run again"
        ) from error


def _in_place(target: Path, sha256: str) -> bool:
    if not target.is_file():
        return False
    try:
        verify(target, sha256)
    except StudyError as error:
        logger.warning("%s; fetching it again", error)
        target.unlink()
        return False
    logger.info("%s already exists", target)
    return True


def _try_source(
    source: Mapping[str, Any],
    missing: dict[str, list[str]],
    wanted: Mapping[str, str],
    destination: Path,
) -> None:
    """Fetch the files `missing` that `source` has, and add its reason to each of the others.

    Whatever goes wrong with a source, the next one is tried.
    """
    label = describe(source)
    try:
        with open_source(source) as find:
            for name in list(missing):
                try:
                    content = _right_content(find(name), name, wanted)
                except RefusedError as error:
                    logger.info("%s: %s", label, error)
                    missing[name].append(f"{label}: {error}")
                    continue
                with _writing_to(destination), replacing(destination / name) as temporary:
                    temporary.write_bytes(content)
                logger.info("fetched %s from %s", name, label)
                del missing[name]
    except StudyError:
        raise
    except Exception as error:
        expected = isinstance(error, UnavailableError)
        reason = str(error) if expected else f"{type(error).__name__}: {error}"
        logger.info("%s: %s", label, reason)
        for reasons in missing.values():
            reasons.append(f"{label}: {reason}")


def _right_content(candidates: Sequence[Candidate], name: str, wanted: Mapping[str, str]) -> bytes:
    """Return the decompressed content of the first candidate with the checksum of `name`.

    Raises:
        RefusedError: none has it; the text says what each of them is instead.
    """
    refused = []
    for shown, found in candidates:
        try:
            packed = found.read_bytes() if isinstance(found, Path) else found
            content = _decompress(packed) if packed.startswith(GZIP_MAGIC) else packed
        except EOFError:
            refused.append(f"{shown} is truncated")
        except (zlib.error, OSError) as error:
            refused.append(f"{shown} cannot be read ({error})")
        else:
            actual = hashlib.sha256(content).hexdigest()
            if actual == wanted[name]:
                return content
            refused.append(f"{shown} {_mismatch(shown, packed, actual, name, wanted)}")
    raise RefusedError(" and ".join(refused))


def _decompress(packed: bytes) -> bytes:
    with gzip.open(io.BytesIO(packed)) as stream:
        content = stream.read(MAXIMUM_BYTES + 1)
    if len(content) > MAXIMUM_BYTES:
        raise OSError(f"it unpacks to more than {MAXIMUM_BYTES} bytes")
    return content


def _mismatch(shown: str, packed: bytes, actual: str, name: str, wanted: Mapping[str, str]) -> str:
    for other, checksum in wanted.items():
        if actual == checksum:
            return f"holds the content of {other}"
    if not packed:
        return "is empty"
    if shown.endswith(".gz") and not packed.startswith(GZIP_MAGIC):
        return f"is not gzip, it begins with {packed[:16]!r} (an error page?)"
    return f"has the SHA-256 {actual[:12]}…, expected {wanted[name][:12]}…"
