"""Whatever the sources hold or do, the right content arrives or one line says why not."""

from __future__ import annotations

import errno
import logging
import os
import re
import socket
import tarfile
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
    assert_fetched,
    fetch_in_vain,
    flipped,
)
from hostile_case import no_room
from idx_files import NAMES, write_files
from mirror import Mirror, Reply, answer, promise, serve, stall

from mlpstudy.data import fetching, sources

pytestmark = pytest.mark.usefixtures("no_proxy")

IMAGES = CONTENTS["train_images"]


def complete(mirror: Mirror, *replies: Reply, folder: str = "") -> dict[str, str]:
    """Let `mirror` serve every file, or give `replies` for the first; return its source."""
    mirror.replies = {f"{folder}{NAMES[role]}.gz": [serve(PACKED[role])] for role in NAMES}
    if replies:
        mirror.replies[f"{folder}{BIG_NAME}.gz"] = list(replies)
    return {"url": f"{mirror.url}/{folder}"}


def test_a_folder(tmp_path: Path, good: dict[str, str]) -> None:
    assert_fetched([good], tmp_path / "raw")
    folder = write_files(tmp_path / "folder", CONTENTS, packed=True)
    assert_fetched([{"folder": str(folder)}], tmp_path / "packed")
    (folder / BIG_NAME).write_bytes(b"wrong")  # the packed one helps
    # Some browsers decompress a file and keep its name.
    (folder / f"{NAMES['test_images']}.gz").write_bytes(CONTENTS["test_images"])
    assert_fetched([{"folder": str(folder)}], tmp_path / "mixed")


def test_a_mirror(tmp_path: Path, mirror: Mirror, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "mlpstudy"):
        assert_fetched([complete(mirror, folder="data/")], tmp_path / "raw")
    for name in NAMES.values():
        assert f"fetched {name} from {mirror.url}/data/" in caplog.text
    assert f"downloading {mirror.url}/data/{BIG_NAME}.gz (0.2 MB)" in caplog.text


def test_right_files_are_kept_and_wrong_ones_are_replaced(tmp_path: Path, mirror: Mirror) -> None:
    raw = write_files(tmp_path / "raw", CONTENTS)
    assert_fetched([complete(mirror)], raw)
    assert mirror.requests == []
    (raw / BIG_NAME).write_bytes(IMAGES[:-1])
    assert_fetched([complete(mirror)], raw)
    assert mirror.requests == [f"{BIG_NAME}.gz"]


def test_a_wrong_file_is_removed_even_if_no_source_has_a_right_one(tmp_path: Path) -> None:
    raw = write_files(tmp_path / "raw", {**CONTENTS, "train_images": b"wrong"})
    message = fetch_in_vain([], raw, FILES)
    assert f"{BIG_NAME}: not available from any source: dataset.sources is empty" in message
    assert (raw / NAMES["test_images"]).read_bytes() == CONTENTS["test_images"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (BIG_NAME, flipped(IMAGES), f"{BIG_NAME} has the SHA-256"),
        (BIG_NAME, b"", f"{BIG_NAME} is empty"),
        (BIG_NAME, CONTENTS["test_images"], f"{BIG_NAME} holds the content of t10k-images-idx3"),
        (f"{BIG_NAME}.gz", BIG[:-1000], rf"{BIG_NAME}\.gz is truncated"),
        (f"{BIG_NAME}.gz", BIG[:5], rf"{BIG_NAME}\.gz is truncated"),
        (f"{BIG_NAME}.gz", flipped(BIG), rf"{BIG_NAME}\.gz (cannot be read|has the SHA)"),
        (f"{BIG_NAME}.gz", BIG + b"tail", rf"{BIG_NAME}\.gz cannot be read"),
        ("another", b"file", f"has neither {BIG_NAME} nor {BIG_NAME}"),
    ],
)
def test_a_wrong_file_in_a_folder(
    tmp_path: Path, good: dict[str, str], name: str, content: bytes, reason: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).write_bytes(content)
    bad = {"folder": str(folder)}
    message = fetch_in_vain([bad], tmp_path / "raw", FILES)
    assert re.search(f"{BIG_NAME}, .*: folder {folder}: {reason}", message)
    assert list((tmp_path / "raw").iterdir()) == []
    assert_fetched([bad, good], tmp_path / "raw")


@pytest.mark.parametrize(
    ("reply", "reason", "requests"),
    [
        # One request for each file, also for those after the wrong one.
        (answer(200), "not gzip, it begins with b'<html>", 4),
        (answer(206, BIG), "answers 206", 4),
        # Three attempts, and the other files are not asked for.
        (answer(429), "answers 429", 3),
        (promise(len(BIG), BIG[:70_000]), "without sending complete", 3),
        (stall(len(BIG), BIG[:9]), "stalled or too slow", 3),
        (Reply([b"x"] * 99, length=len(BIG), pause=0.1), "stalled or too slow", 3),
    ],
)
def test_a_mirror_that_fails_is_left(
    tmp_path: Path, mirror: Mirror, good: dict[str, str], reply: Reply, reason: str, requests: int
) -> None:
    bad = complete(mirror, reply)
    message = fetch_in_vain([bad], tmp_path / "raw", FILES)
    assert re.search(f"^{BIG_NAME}.*: .*{mirror.url}/: .*{reason}", message)
    assert len(mirror.requests) == requests
    assert_fetched([bad, good], tmp_path / "raw")


def test_progress_of_a_slow_download(
    tmp_path: Path,
    mirror: Mirror,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(sources, "MINIMUM_RATE", 1.0)
    starts = range(0, len(BIG), 20_000)
    slow = Reply([BIG[start : start + 20_000] for start in starts], pause=0.05)
    with caplog.at_level(logging.INFO, "mlpstudy"):
        assert_fetched([complete(mirror, slow)], tmp_path / "raw", ONE)
    assert re.search(rf"{BIG_NAME}\.gz: 0\.. MB received \(0\.2 MB\)", caplog.text)


@pytest.mark.parametrize(("code", "attempts"), [(socket.EAI_NONAME, 1), (socket.EAI_AGAIN, 3)])
def test_an_unknown_host_is_left_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, attempts: int
) -> None:
    asked = []

    def fail(host: str, *rest: object, **more: object) -> None:
        asked.append(host)
        raise socket.gaierror(code, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert "no answer" in fetch_in_vain([{"url": "http://mirror.invalid"}], tmp_path / "raw")
    assert len(asked) == attempts


def test_endless_files_are_stopped(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAXIMUM_BYTES", 100_000)
    message = fetch_in_vain([complete(mirror)], tmp_path / "raw")
    assert "sends more than 100000 bytes" in message
    monkeypatch.setattr(fetching, "MAXIMUM_BYTES", 3_000_000)
    folder = write_files(tmp_path / "bomb", {"train_images": bytes(50_000_000)}, packed=True)
    message = fetch_in_vain([{"folder": str(folder)}], tmp_path / "raw")
    assert "unpacks to more than 3000000 bytes" in message


def test_whatever_goes_wrong_with_a_source_the_next_is_tried(
    tmp_path: Path, mirror: Mirror, good: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full_disk)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
    bad = [
        {"folder": str(tmp_path / "nowhere")},
        {"folder": f"/{'x' * 5000}"},
        {"debian": {"package": "p", "folder": "f"}},
        *({"url": url} for url in (closed, "ftp://x/y", "http://[", "http:// /", "http://\udcff")),
        {"url": mirror.url},
    ]
    message = fetch_in_vain(bad, tmp_path / "raw", FILES)
    assert message.startswith(", ".join(NAMES.values()))
    assert f"folder {tmp_path / 'nowhere'}: no such folder" in message
    assert "File name too long" in message
    assert "Debian's package p: " in message
    assert f"{mirror.url}: answers 404 Not Found" in message
    assert message.endswith("dataset.sources: - folder: PATH")
    assert_fetched([*bad, good], tmp_path / "raw")
    # A proxy that cannot be used makes a mirror unavailable, and no more.
    monkeypatch.setenv("all_proxy", "nonsense://x")
    assert "the environment sets all_proxy." in fetch_in_vain(bad[-1:], tmp_path / "proxy")
    assert_fetched([*bad[-1:], good], tmp_path / "proxy")


def test_a_destination_that_cannot_be_written_is_one_line_and_loses_nothing(
    tmp_path: Path, mirror: Mirror
) -> None:
    raw = write_files(tmp_path / "raw", {"test_images": CONTENTS["test_images"]})
    with no_room(100_000):
        message = fetch_in_vain([complete(mirror)], raw, FILES)
    assert f"{raw}: the data cannot be written there (File too large)" in message
    assert [path.name for path in raw.iterdir()] == [NAMES["test_images"]]
    assert_fetched([complete(mirror)], raw)
    (tmp_path / "file").write_text("in the way")
    message = fetch_in_vain([complete(mirror)], tmp_path / "file" / "raw")
    assert f"{tmp_path / 'file' / 'raw'}: the data cannot be written there (Not a dir" in message


PACKAGE = {"debian": {"package": "dataset-little", "folder": "usr/share/datasets/little"}}

# This apt-get finds the package only after an update has written the lists it is given.
NEEDS_LISTS = """
lists=
for word; do case $word in Dir::State::Lists=*) lists=${word#*=};; esac; done
case "$*" in
  *update) touch "$lists/updated" || exit 100;;
  *) test -n "$lists" && test -e "$lists/updated" || {
       echo 'W: something else' >&2; echo 'E: Unable to locate package dataset-little' >&2
       exit 100; }
     cp "$TEST_DEB" dataset-little_1_all.deb;;
esac
"""
HAS_LISTS = 'case "$*" in *"download dataset-little") cp "$TEST_DEB" x.deb;; *) exit 99;; esac'
KNOWS_NOTHING = "echo 'E: Unable to locate package dataset-little' >&2; exit 100"
DPKG = 'test "$1" = -x && mkdir "$3" && tar -xf "$2" -C "$3"'


def install(folder: Path, program: str, script: str) -> None:
    path = folder / program
    path.write_text(f'#!/bin/sh\necho "{program} $*" >> "$TEST_LOG"\n{script}\n')
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder before all others on PATH, and a package for the programs that are put there."""
    share = tmp_path / "tree" / "usr" / "share" / "datasets"
    write_files(share / "little", CONTENTS, packed=True)
    with tarfile.open(tmp_path / "package.deb", "w") as archive:
        archive.add(tmp_path / "tree" / "usr", "usr")
    folder = tmp_path / "bin"
    folder.mkdir()
    install(folder, "dpkg", DPKG)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TEST_DEB", str(tmp_path / "package.deb"))
    monkeypatch.setenv("TEST_LOG", str(tmp_path / "log"))
    return folder


def test_the_package_is_downloaded_once_and_only_if_needed(
    tmp_path: Path, programs: Path, good: dict[str, str]
) -> None:
    install(programs, "apt-get", HAS_LISTS)
    assert_fetched([good, PACKAGE], tmp_path / "raw")
    assert not (tmp_path / "log").exists()
    assert_fetched([PACKAGE, good], tmp_path / "again")
    commands = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert commands == ["apt-get", "dpkg"]


def test_missing_lists_are_fetched_without_root(tmp_path: Path, programs: Path) -> None:
    install(programs, "apt-get", NEEDS_LISTS)
    assert_fetched([PACKAGE], tmp_path / "raw")
    update = (tmp_path / "log").read_text().splitlines()[1]
    assert update.endswith(" update")
    # All that an update writes lies under these two.
    assert "Dir::State::Lists=" in update
    assert "Dir::Cache=" in update


@pytest.mark.parametrize(
    ("apt", "dpkg", "reason"),
    [
        (KNOWS_NOTHING, DPKG, "E: Unable to locate package dataset-little"),
        ("exit 0", DPKG, "left no package"),
        (HAS_LISTS, "echo 'dpkg-deb: error: no archive' >&2; exit 2", "error: no archive"),
        (HAS_LISTS, "exit 2", "exit status 2"),
        (HAS_LISTS, 'mkdir "$3"', "no such folder"),
        (HAS_LISTS, 'mkdir -p "$3/usr/share/datasets/little"', "has neither"),
        (None, DPKG, "apt-get is not installed here"),
    ],
)
def test_what_went_wrong_is_the_reason_and_the_next_source_is_tried(
    tmp_path: Path,
    programs: Path,
    good: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    apt: str | None,
    dpkg: str,
    reason: str,
) -> None:
    install(programs, "dpkg", dpkg)
    if apt is None:
        monkeypatch.setenv("PATH", str(programs))
    else:
        install(programs, "apt-get", apt)
    message = fetch_in_vain([PACKAGE], tmp_path / "raw", FILES)
    assert "Debian's package dataset-little: " in message
    assert reason in message
    assert_fetched([PACKAGE, good], tmp_path / "raw")
