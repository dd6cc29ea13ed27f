"""Hostile inputs: the data's files, and the mirrors that they come from."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fetching import BIG, BIG_NAME, CONTENTS, FILES, ONE, fetch, flipped
from hostile_case import Case, flip, no_room, refusal
from idx_files import NAMES, write_files
from idx_files import configure as dataset_of
from mirror import Mirror, Reply, answer, promise, serve, stall

from mlpstudy.data import dataset
from mlpstudy.data.sources import VARIABLES


def raw(role: str, content: bytes | None) -> Callable[[], str]:
    """One of the four downloaded files is not what it was."""

    def say() -> str:
        folder = write_files(Path("raw"), CONTENTS)
        (folder / NAMES[role]).unlink()
        if content is not None:
            (folder / NAMES[role]).write_bytes(content)
        return refusal(lambda: dataset.prepare(folder, Path("prepared"), dataset_of(CONTENTS)))

    return say


def prepared(harm: Callable[[Path], object]) -> Callable[[], str]:
    """A prepared file is harmed before a job opens it."""

    def say() -> str:
        folder = Path("prepared")
        dataset.prepare(write_files(Path("raw"), CONTENTS), folder, dataset_of(CONTENTS))
        harm(folder)
        return refusal(lambda: dataset.load(folder))

    return say


def full_while_preparing() -> str:
    folder = write_files(Path("raw"), CONTENTS)
    with no_room(2000):
        return refusal(lambda: dataset.prepare(folder, Path("prepared"), dataset_of(CONTENTS)))


IMAGES = CONTENTS["train_images"]
DATA = [
    Case("a bit flipped in the training images", raw("train_images", flipped(IMAGES))),
    Case("the training images cut short", raw("train_images", IMAGES[:-7])),
    Case("an empty file of labels", raw("train_labels", b"")),
    Case(
        "test images in place of the training images", raw("train_images", CONTENTS["test_images"])
    ),
    Case("a file missing", raw("test_labels", None)),
    Case(
        "prepared images with a bit flipped", prepared(lambda folder: flip(folder / "images.npy"))
    ),
    Case(
        "prepared labels cut short",
        prepared(lambda folder: os.truncate(folder / "labels.npy", 150)),
    ),
    Case(
        "their description emptied",
        prepared(lambda folder: os.truncate(folder / "dataset.json", 0)),
    ),
    Case("prepared data deleted", prepared(shutil.rmtree)),
    Case("the disk full while they are prepared", full_while_preparing),
]


def mirror(*replies: Reply) -> Callable[[], str]:
    """The only source answers so, to one request after the other."""

    def say() -> str:
        with Mirror() as running:
            running.replies = {f"{BIG_NAME}.gz": list(replies)}
            place = [{"url": running.url}]
            said = refusal(lambda: fetch(ONE, place, Path("raw")))
            return said.replace(running.url, "http://mirror")

    return say


def full_while_fetching() -> str:
    place = [{"folder": str(write_files(Path("good"), CONTENTS))}]
    with no_room(2000):
        return refusal(lambda: fetch(FILES, place, Path("raw")))


def environment(variable: str, value: str) -> Callable[[], str]:
    """The only source is the web, which the user's environment keeps us from."""

    def say() -> str:
        place = [{"url": "http://mirror"}]
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ:
                if name.lower() in VARIABLES:
                    patch.delenv(name)
            patch.setenv(variable, value)
            return refusal(lambda: fetch(ONE, place, Path("raw")))

    return say


MIRRORS = [
    Case("an error page in place of the file", mirror(answer(200))),
    Case("an empty answer", mirror(answer(200, b""))),
    Case("404", mirror(answer(404))),
    Case("503, again and again", mirror(answer(503))),
    Case("503, once", mirror(answer(503), serve(BIG))),
    Case("silence in the middle of the file", mirror(stall(len(BIG), BIG[:9]))),
    Case("the line dropped midway, once", mirror(promise(len(BIG), BIG[:70_000]), serve(BIG))),
    Case("a file cut short", mirror(serve(BIG[:-1000]))),
    Case("another file under its name", mirror(serve(gzip.compress(b"other", mtime=0)))),
    Case(
        "a proxy in the environment that cannot be used",
        environment("all_proxy", "socks5://127.0.0.1:9"),
    ),
    Case("`SSL_CERT_FILE` that is not there", environment("SSL_CERT_FILE", "/nowhere")),
    Case("the disk full while it is fetched", full_while_fetching),
]
