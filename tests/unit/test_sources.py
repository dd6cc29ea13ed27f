"""Whatever the sources hold, the right content arrives or one line says why not."""

from __future__ import annotations

import errno
import gzip
import re
import resource
import tempfile
from pathlib import Path

import pytest
from fetching import (
    BIG,
    BIG_NAME,
    CONTENTS,
    FILES,
    ONE,
    PACKED,
    QUICK,
    assert_fetched,
    fetch_in_vain,
    flipped,
)
from idx_files import NAMES, write_files
from mirror import Mirror, serve

from mlpstudy.data import sources, unpacking
from mlpstudy.errors import StudyError

pytestmark = pytest.mark.usefixtures("no_proxy")


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_serves_packed_and_plain_files(tmp_path: Path, packed: bool) -> None:
    folder = write_files(tmp_path / "folder", CONTENTS, packed)
    sources.fetch(FILES, [{"folder": str(folder)}], tmp_path / "raw")
    assert_fetched(tmp_path / "raw")


def test_the_packed_file_helps_when_the_plain_one_is_wrong(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "folder", CONTENTS, packed=True)
    (folder / BIG_NAME).write_bytes(b"wrong")
    sources.fetch(FILES, [{"folder": str(folder)}], tmp_path / "raw")
    assert_fetched(tmp_path / "raw")


def test_a_file_that_was_unpacked_under_its_packed_name_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / f"{BIG_NAME}.gz").write_bytes(CONTENTS["train_images"])
    sources.fetch(ONE, [{"folder": str(folder)}], tmp_path / "raw")
    assert_fetched(tmp_path / "raw", ONE)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (BIG_NAME, flipped(CONTENTS["train_images"]), f"{BIG_NAME} has the SHA-256"),
        (BIG_NAME, CONTENTS["train_images"][:-1], f"{BIG_NAME} has the SHA-256"),
        (BIG_NAME, b"", f"{BIG_NAME} is empty"),
        (f"{BIG_NAME}.gz", b"", rf"{BIG_NAME}\.gz is empty"),
        (f"{BIG_NAME}.gz", BIG[:-1000], rf"{BIG_NAME}\.gz is truncated"),
        (f"{BIG_NAME}.gz", BIG[:5], rf"{BIG_NAME}\.gz is truncated"),
        (f"{BIG_NAME}.gz", flipped(BIG), rf"{BIG_NAME}\.gz (cannot be read|has the SHA)"),
        (f"{BIG_NAME}.gz", BIG + b"tail", rf"{BIG_NAME}\.gz cannot be read"),
        ("another", b"file", f"has neither {BIG_NAME} nor {BIG_NAME}"),
    ],
)
def test_a_harmed_file_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).write_bytes(content)
    with pytest.raises(StudyError, match=f"{BIG_NAME}: .*folder {folder}: {said}"):
        sources.fetch(ONE, [{"folder": str(folder)}], tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []


def test_swapped_files_are_named(tmp_path: Path) -> None:
    swapped = {"train_images": CONTENTS["test_images"], "test_images": CONTENTS["train_images"]}
    folder = write_files(tmp_path / "folder", {**CONTENTS, **swapped})
    message = fetch_in_vain([{"folder": str(folder)}], tmp_path / "raw", FILES)
    assert f"{BIG_NAME} holds the content of {NAMES['test_images']}" in message
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == sorted(
        [NAMES["train_labels"], NAMES["test_labels"]]
    )


def test_a_gzip_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAXIMUM_BYTES", 3_000_000)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / f"{BIG_NAME}.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    message = fetch_in_vain([{"folder": str(folder)}], tmp_path / "raw")
    assert "grows beyond 3000000 bytes" in message
    assert list((tmp_path / "raw").iterdir()) == []


def test_every_source_has_its_reason_in_one_line(tmp_path: Path, mirror: Mirror) -> None:
    given = [{"folder": str(tmp_path / "nowhere")}, {"url": mirror.url}]
    message = fetch_in_vain(given, tmp_path / "raw", FILES)
    assert message.startswith(", ".join(NAMES.values()))
    assert f"folder {tmp_path / 'nowhere'}: no such folder" in message
    assert f"{mirror.url}: answers 404 Not Found" in message
    assert "dataset.sources: - folder: PATH" in message


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("all_proxy", "socks5://127.0.0.1:9", "SOCKS"),
        ("all_proxy", "nonsense://x", "nonsense"),
        ("SSL_CERT_FILE", "/nowhere", "No such file"),
    ],
)
def test_the_environment_makes_a_source_unavailable_and_no_more(
    tmp_path: Path,
    good: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(variable, value)
    bad = {"url": "http://127.0.0.1:9"}
    message = fetch_in_vain([bad], tmp_path / "raw")
    assert message.count("http://127.0.0.1:9: no connection can be set up") == 1
    assert re.search(rf"{said}.*; the environment sets {variable}\.", message)
    sources.fetch(FILES, [bad, good], tmp_path / "raw", patience=QUICK)
    assert_fetched(tmp_path / "raw")


def test_whatever_goes_wrong_with_a_source_the_next_is_tried(
    tmp_path: Path, good: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", no_room)
    bad = [
        {"debian": {"package": "p", "folder": "f"}},
        {"folder": f"/{'x' * 5000}"},  # longer than a path can be
        {"url": "http://\udcff"},
    ]
    message = fetch_in_vain(bad, tmp_path / "raw")
    assert "Debian's package p: OSError: [Errno 28] No space left on device: '/tmp/x'" in message
    assert "File name too long" in message
    sources.fetch(FILES, [*bad, good], tmp_path / "raw", patience=QUICK)
    assert_fetched(tmp_path / "raw")


def test_no_sources_and_unknown_ones_are_said(tmp_path: Path) -> None:
    assert "dataset.sources is empty" in fetch_in_vain([], tmp_path / "raw")
    assert "got {'ipfs': 'Qm'}" in fetch_in_vain([{"ipfs": "Qm"}], tmp_path / "raw")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", "/etc/passwd"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    files = {"train_images": {"name": name, "sha256": "0" * 64}}
    with pytest.raises(StudyError, match="expected a plain file name"):
        sources.fetch(files, [], tmp_path / "raw")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    files = {**FILES, "test_images": {"name": BIG_NAME, "sha256": "0" * 64}}
    with pytest.raises(StudyError, match=f"different names, got {BIG_NAME} twice"):
        sources.fetch(files, [], tmp_path / "raw")


def test_a_destination_that_cannot_be_made_is_one_line(
    tmp_path: Path, good: dict[str, str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    message = fetch_in_vain([good], tmp_path / "file" / "raw")
    assert f"{tmp_path / 'file' / 'raw'}: the data cannot be written" in message
    assert "Not a directory" in message


@pytest.mark.parametrize("from_mirror", [True, False])
def test_a_full_disk_is_said_and_loses_nothing(
    tmp_path: Path, mirror: Mirror, good: dict[str, str], from_mirror: bool
) -> None:
    mirror.replies = {f"{name}.gz": [serve(PACKED[role])] for role, name in NAMES.items()}
    given = [{"url": mirror.url}] if from_mirror else [good]
    raw = write_files(tmp_path / "raw", {"test_images": CONTENTS["test_images"]})
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        message = fetch_in_vain(given, raw, FILES)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert f"{raw}: the data cannot be written there (File too large)" in message
    assert (raw / NAMES["test_images"]).read_bytes() == CONTENTS["test_images"]
    sources.fetch(FILES, given, raw, patience=QUICK)
    assert_fetched(raw)
