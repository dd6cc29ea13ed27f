"""The part of docs/results that readers need rarely, as one compressed file.

`publish` and `republish` pack the large tables and the jobs' spec.json; `republish` unpacks them.
"""

from __future__ import annotations

import io
import lzma
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlpstudy.errors import StudyError

ARCHIVE = "archive.tar.xz"
TABLES = ("confusions.csv", "history.csv")  # the two largest; no page embeds their rows
RUNS = "runs"
PROVENANCE = "report/provenance.json"


def pack(folder: Path) -> None:
    """Move the large tables and the run folders of a published study into its archive.

    The archive has the same bytes for the same files: members are sorted, and without times and
    owners.

    Raises:
        StudyError: a table is missing.
    """
    files = [*(folder / name for name in TABLES), *(folder / RUNS).rglob("*")]
    with (
        lzma.open(folder / ARCHIVE, "wb", preset=6 | lzma.PRESET_EXTREME) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for path in sorted(path for path in files if not path.is_dir()):
            member = tarfile.TarInfo(path.relative_to(folder).as_posix())
            try:
                member.size = path.stat().st_size
                with path.open("rb") as content:
                    archive.addfile(member, content)
            except FileNotFoundError as error:
                raise StudyError(f"{path}: missing; it belongs to a published study") from error
    for name in TABLES:
        (folder / name).unlink()
    shutil.rmtree(folder / RUNS)


@contextmanager
def unpacked(folder: Path) -> Iterator[Path]:
    """Give a temporary folder with study.json, provenance, all tables and runs of `folder`.

    An error about a file in the temporary folder is raised again with the file's place in `folder`.

    Args:
        folder: a published study, docs/results.

    Raises:
        StudyError: the archive is missing or damaged.
    """
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        try:
            with lzma.open(folder / ARCHIVE) as compressed:
                content = compressed.read()  # to the end, where its checksum is
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(copy, filter="data")
        except FileNotFoundError as error:
            raise StudyError(f"{folder / ARCHIVE}: missing; `publish` writes it") from error
        except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
            raise StudyError(f"{folder / ARCHIVE}: expected a tar.xz archive: {error}") from error
        (copy / PROVENANCE).parent.mkdir(exist_ok=True)
        for path in [*folder.glob("*.csv"), *folder.glob("study.json"), *folder.glob(PROVENANCE)]:
            shutil.copyfile(path, copy / path.relative_to(folder))
        try:
            yield copy
        except StudyError as error:
            message = re.sub(
                rf"{re.escape(name)}/([^\s:]+)", lambda found: _place(folder, found[1]), str(error)
            )
            raise StudyError(message) from error


def _place(folder: Path, name: str) -> str:
    """Return where a file of an unpacked study is kept."""
    packed = name in TABLES or name.startswith(f"{RUNS}/")
    return str(folder / ARCHIVE / name if packed else folder / name)


def linked_to_archive(page: str) -> str:
    """Return an HTML page of report/ with its links to packed files leading to the archive."""
    packed = "|".join([*map(re.escape, TABLES), rf"{RUNS}/[^\"]+"])
    return re.sub(rf'href="\.\./({packed})"', rf'href="../{ARCHIVE}" title="\1 in {ARCHIVE}"', page)
