"""Mirrors that serve well, wrongly, in part, too slowly or not at all."""

from __future__ import annotations

import gzip
import io
import logging
import socket
import time
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
from mirror import Mirror, Reply, answer, drip, promise, serve, stall

from mlpstudy.data import downloads, sources
from mlpstudy.data.downloads import Patience
from mlpstudy.errors import StudyError

pytestmark = pytest.mark.usefixtures("no_proxy")


def test_a_mirror_serves_all_files(
    tmp_path: Path, mirror: Mirror, caplog: pytest.LogCaptureFixture
) -> None:
    mirror.replies = {f"data/{NAMES[role]}.gz": [serve(PACKED[role])] for role in NAMES}
    with caplog.at_level(logging.INFO, "mlpstudy"):
        sources.fetch(FILES, [{"url": f"{mirror.url}/data/"}], tmp_path / "raw", patience=QUICK)
    assert_fetched(tmp_path / "raw")
    for name in NAMES.values():
        assert f"{name} came from {mirror.url}/data/" in caplog.text


def test_right_files_are_not_fetched_again_and_wrong_ones_are(
    tmp_path: Path, mirror: Mirror
) -> None:
    mirror.replies = {f"{name}.gz": [serve(PACKED[role])] for role, name in NAMES.items()}
    raw = write_files(tmp_path / "raw", CONTENTS)
    sources.fetch(FILES, [{"url": mirror.url}], raw, patience=QUICK)
    assert mirror.requests == []
    (raw / BIG_NAME).write_bytes(CONTENTS["train_images"][:-1])
    sources.fetch(FILES, [{"url": mirror.url}], raw, patience=QUICK)
    assert mirror.requests == [(f"{BIG_NAME}.gz", None)]
    assert_fetched(raw)


def test_a_wrong_file_is_removed_even_if_no_source_has_a_right_one(tmp_path: Path) -> None:
    raw = write_files(tmp_path / "raw", {**CONTENTS, "train_images": b"wrong"})
    assert BIG_NAME in fetch_in_vain([], raw, FILES)
    assert (raw / NAMES["test_images"]).read_bytes() == CONTENTS["test_images"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (answer(200), "not gzip, it begins with b'<html>"),
        (answer(200, b""), "is empty"),
        (answer(404), "answers 404 Not Found"),
        (answer(403), "answers 403"),
        (answer(206, BIG), "answers 206"),
        (serve(BIG[:-1000]), "is truncated"),
        (serve(flipped(BIG)), r"cannot be read \(|has the SHA-256"),
        (serve(gzip.compress(b"other content")), "has the SHA-256"),
        (serve(PACKED["test_images"]), "has the SHA-256"),
    ],
)
def test_a_wrong_answer_is_not_asked_for_again(
    tmp_path: Path, mirror: Mirror, good: dict[str, str], reply: Reply, said: str
) -> None:
    mirror.replies = {f"{BIG_NAME}.gz": [reply]}
    here = {"url": mirror.url}
    with pytest.raises(StudyError, match=f"{BIG_NAME}: .*{mirror.url}: .*({said})"):
        sources.fetch(ONE, [here], tmp_path / "raw", patience=QUICK)
    assert list((tmp_path / "raw").iterdir()) == []
    assert len(mirror.requests) == 1
    sources.fetch(ONE, [here, good], tmp_path / "raw", patience=QUICK)
    assert_fetched(tmp_path / "raw", ONE)


def test_one_missing_file_does_not_rule_out_the_mirror(
    tmp_path: Path, mirror: Mirror, good: dict[str, str]
) -> None:
    mirror.replies = {
        f"{name}.gz": [serve(PACKED[role])] for role, name in NAMES.items() if name != BIG_NAME
    }
    sources.fetch(FILES, [{"url": mirror.url}, good], tmp_path / "raw", patience=QUICK)
    assert_fetched(tmp_path / "raw")
    assert len(mirror.requests) == 4


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_passing_error_is_tried_again(tmp_path: Path, mirror: Mirror, status: int) -> None:
    mirror.replies = {f"{BIG_NAME}.gz": [answer(status), answer(status), serve(BIG)]}
    sources.fetch(ONE, [{"url": mirror.url}], tmp_path / "raw", patience=QUICK)
    assert_fetched(tmp_path / "raw", ONE)
    assert len(mirror.requests) == 3


def test_a_lasting_server_error_ends_after_the_attempts(tmp_path: Path, mirror: Mirror) -> None:
    mirror.replies = {f"{name}.gz": [answer(503)] for name in NAMES.values()}
    assert "answers 503" in fetch_in_vain([{"url": mirror.url}], tmp_path / "raw", FILES)
    assert mirror.requests == [(f"{BIG_NAME}.gz", None)] * 3


@pytest.mark.parametrize("ranges", [True, False])
def test_a_dropped_download_goes_on_or_starts_again(
    tmp_path: Path, mirror: Mirror, ranges: bool
) -> None:
    mirror.replies = {f"{BIG_NAME}.gz": [promise(len(BIG), BIG[:70_000]), serve(BIG, ranges)]}
    sources.fetch(ONE, [{"url": mirror.url}], tmp_path / "raw", patience=QUICK)
    assert_fetched(tmp_path / "raw", ONE)
    assert [wanted for _, wanted in mirror.requests] == [None, "bytes=70000-"]


def test_the_next_run_goes_on_where_this_one_stopped(tmp_path: Path, mirror: Mirror) -> None:
    mirror.replies = {f"{BIG_NAME}.gz": [promise(len(BIG), BIG[:70_000]), serve(BIG)]}
    once = Patience(connect=2, stall=0.3, attempts=1)
    fetch_in_vain([{"url": mirror.url}], tmp_path / "raw", patience=once)
    sources.fetch(ONE, [{"url": mirror.url}], tmp_path / "raw", patience=once)
    assert mirror.requests[-1] == (f"{BIG_NAME}.gz", "bytes=70000-")
    assert_fetched(tmp_path / "raw", ONE)


def test_parts_that_do_not_belong_together_are_fetched_afresh(
    tmp_path: Path, mirror: Mirror
) -> None:
    repacked = gzip.compress(CONTENTS["train_images"], compresslevel=1, mtime=7)
    mirror.replies = {f"{BIG_NAME}.gz": [promise(len(BIG), BIG[:70_000]), serve(repacked)]}
    sources.fetch(ONE, [{"url": mirror.url}], tmp_path / "raw", patience=QUICK)
    assert [wanted for _, wanted in mirror.requests] == [None, "bytes=70000-", None]
    assert_fetched(tmp_path / "raw", ONE)


def test_a_part_that_is_complete_is_used(tmp_path: Path, mirror: Mirror) -> None:
    mirror.replies = {f"{BIG_NAME}.gz": [promise(len(BIG) + 9, BIG), serve(BIG)]}
    sources.fetch(ONE, [{"url": mirror.url}], tmp_path / "raw", patience=QUICK)
    assert mirror.requests[-1] == (f"{BIG_NAME}.gz", f"bytes={len(BIG)}-")
    assert_fetched(tmp_path / "raw", ONE)


def test_a_part_that_is_too_long_is_fetched_afresh(tmp_path: Path, mirror: Mirror) -> None:
    longer = BIG + b"surplus"
    mirror.replies = {f"{BIG_NAME}.gz": [promise(len(longer) + 9, longer), serve(BIG)]}
    sources.fetch(ONE, [{"url": mirror.url}], tmp_path / "raw", patience=QUICK)
    assert [wanted for _, wanted in mirror.requests] == [None, f"bytes={len(longer)}-", None]
    assert_fetched(tmp_path / "raw", ONE)


@pytest.mark.parametrize("reply", [stall(len(BIG), b""), stall(len(BIG), BIG[:9]), drip(99, 0.1)])
def test_a_stalled_mirror_is_left(
    tmp_path: Path, mirror: Mirror, good: dict[str, str], reply: Reply
) -> None:
    mirror.replies = {f"{name}.gz": [reply] for name in NAMES.values()}
    start = time.monotonic()
    sources.fetch(FILES, [{"url": mirror.url}, good], tmp_path / "raw", patience=QUICK)
    assert time.monotonic() - start < 5
    assert {path for path, _ in mirror.requests} == {f"{BIG_NAME}.gz"}
    for name, content in zip(NAMES.values(), CONTENTS.values(), strict=True):
        assert (tmp_path / "raw" / name).read_bytes() == content
    with pytest.raises(StudyError, match=f"{mirror.url}: stalled or too slow"):
        sources.fetch(ONE, [{"url": mirror.url}], tmp_path / "other", patience=QUICK)


@pytest.mark.parametrize(("code", "tries"), [(socket.EAI_NONAME, 1), (socket.EAI_AGAIN, 3)])
def test_an_unknown_host_is_left_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, tries: int
) -> None:
    asked = []

    def fail(host: str, *rest: object, **more: object) -> None:
        asked.append(host)
        raise socket.gaierror(code, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert "no answer" in fetch_in_vain([{"url": "http://mirror.invalid"}], tmp_path / "raw")
    assert len(asked) == tries


def test_addresses_that_cannot_work_are_skipped(tmp_path: Path, good: dict[str, str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
    given = [{"url": url} for url in (closed, "ftp://x/y", "http://[", "http:// /")]
    sources.fetch(ONE, [*given, good], tmp_path / "raw", patience=QUICK)
    assert_fetched(tmp_path / "raw", ONE)


def test_an_endless_download_is_stopped(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MAXIMUM_BYTES", 100_000)
    mirror.replies = {f"{BIG_NAME}.gz": [serve(BIG)]}
    assert "sends more than 100000" in fetch_in_vain([{"url": mirror.url}], tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal_and_a_line_elsewhere(
    tmp_path: Path,
    mirror: Mirror,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    mirror.replies = {f"{BIG_NAME}.gz": [serve(BIG)]}
    line = f"downloading {mirror.url}/{BIG_NAME}.gz (0.2 MB"
    with caplog.at_level(logging.INFO, "mlpstudy"):
        sources.fetch(ONE, [{"url": mirror.url}], tmp_path / "plain", patience=QUICK)
        assert line in caplog.text
        assert capsys.readouterr().err == ""
        caplog.clear()
        screen = Screen()
        monkeypatch.setattr("sys.stderr", screen)
        sources.fetch(ONE, [{"url": mirror.url}], tmp_path / "bar", patience=QUICK)
    assert line not in caplog.text
    assert f"{BIG_NAME}.gz: " in screen.getvalue()
