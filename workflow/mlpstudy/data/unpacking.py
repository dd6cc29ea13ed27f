"""A packed or plain file → the same file decompressed and verified, or nothing."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlpstudy.data.downloads import MAXIMUM_BYTES, RefusedError, writing_to
from mlpstudy.files import replacing

GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20


def install(path: Path, target: Path, wanted: Mapping[str, str]) -> None:
    """Decompress `path` to `target`, if that is what is wanted.

    `wanted` maps names to SHA-256 checksums of decompressed content, that of `target` among them.
    Raises RefusedError, with nothing written, when the content is wrong, damaged, cut short or
    endless, and StudyError when `target` cannot be written.
    """
    sha256 = hashlib.sha256()
    with writing_to(target.parent), replacing(target) as temporary:
        with temporary.open("wb") as stream:
            for chunk in _content(path):
                sha256.update(chunk)
                stream.write(chunk)
        actual = sha256.hexdigest()
        if actual != wanted[target.name]:
            raise RefusedError(_mismatch(path, actual, wanted, target.name))


def _mismatch(path: Path, actual: str, wanted: Mapping[str, str], name: str) -> str:
    for other, checksum in wanted.items():
        if actual == checksum:
            return f"holds the content of {other}"
    with path.open("rb") as stream:
        start = stream.read(16)
    if not start:
        return "is empty"
    if ".gz" in path.name and not start.startswith(GZIP_MAGIC):
        return f"is not gzip, it begins with {start!r} (an error page?)"
    return f"has the SHA-256 {actual[:12]}…, expected {wanted[name][:12]}…"


def _content(path: Path) -> Iterator[bytes]:
    """Decompress, in chunks; RefusedError when the file cannot be read, is cut short or endless."""
    size = 0
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            raw.seek(0)
            stream = gzip.GzipFile(fileobj=raw) if packed else raw
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > MAXIMUM_BYTES:
                    raise RefusedError(f"grows beyond {MAXIMUM_BYTES} bytes when it is unpacked")
                yield chunk
    except EOFError as error:
        raise RefusedError("is truncated") from error
    except (zlib.error, OSError) as error:
        raise RefusedError(f"cannot be read ({error})") from error
