"""Hostile inputs, each with what a user sees of it; prints them as docs/hostile-input.md.

    python tests/unit/hostile_cases.py > docs/hostile-input.md

A case is called in an empty folder with the shipped configuration in `config/`, and returns the
line that is seen: the error that ends the step, or the warning in the job's log. `ACCEPTED` stands
for what is no mistake. The test of this page calls every case and compares the lines.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import logging
import multiprocessing
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":  # pytest finds the package by itself
    sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))

import numpy as np
import torch
from configuring import MODELS, ROOT, configure, edit, written
from fetching import BIG, BIG_NAME, CONTENTS, FILES, ONE, QUICK, flipped
from idx_files import NAMES, write_files
from idx_files import configure as dataset_of
from mirror import Mirror, Reply, answer, promise, serve, stall
from training_jobs import make_job, small_dataset

from mlpstudy.data import dataset, sources
from mlpstudy.errors import StudyError
from mlpstudy.stopping import Stopped, stop_on_signals
from mlpstudy.training.checkpoint import Checkpoint, Progress
from mlpstudy.training.devices import choose_device
from mlpstudy.training.runs import run_job
from mlpstudy.training.sidecars import sidecar

ACCEPTED = "accepted"
CPU = torch.device("cpu")


class Case(NamedTuple):
    """What a user gives, and a function that gives it and returns what is said."""

    what: str
    say: Callable[[], str]


def refusal(do: Callable[[], object]) -> str:
    """Return the one line that `do` ends with, or that it is accepted."""
    try:
        do()
    except StudyError as error:
        return str(error)
    return ACCEPTED


@contextlib.contextmanager
def logged() -> Iterator[io.StringIO]:
    """Catch the warnings of the package."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setLevel(logging.WARNING)
    logging.getLogger("mlpstudy").addHandler(handler)
    try:
        yield text
    finally:
        logging.getLogger("mlpstudy").removeHandler(handler)


@contextlib.contextmanager
def no_room(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes, which is how a full disk looks to who writes it."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


# The configuration


def config(text: str) -> Callable[[], str]:
    return lambda: refusal(lambda: configure(written(text)))


def raw_config(content: bytes) -> Callable[[], str]:
    def say() -> str:
        Path("mine.yaml").write_bytes(content)
        return refusal(lambda: configure(given=("models=mine.yaml",)))

    return say


def models(text: str) -> Callable[[], str]:
    return raw_config(text.encode())


def model(name: str, fields: str = "nodes: [8, 10]") -> Callable[[], str]:
    return models(f"models:\n  {name}: {{{fields}}}\n")


def given(argument: str) -> Callable[[], str]:
    """Something is wrong on the command line."""
    return lambda: refusal(lambda: configure(given=(argument,)))


def edited(path: Path, before: str, after: str) -> Callable[[], str]:
    def say() -> str:
        edit(path, before, after)
        return refusal(configure)

    return say


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{two}: &{two} [{', '.join([f'*{one}'] * 10)}]\n"
    for one, two in zip("abcdefgh", "bcdefghi", strict=True)
)
THOUSAND = "models:\n" + "".join(f"  x{n}: {{nodes: [8, 10]}}\n" for n in range(1000))
ANCHORS = "models:\n  one: &one {nodes: [8, 10]}\n  two: {<<: *one, epochs: 2}\n"

CONFIGURATION = [
    Case("a key misspelt", config("replicats: 3")),
    Case("a wrong type", config("replicates: many")),
    Case("a number out of range", config("replicates: 0")),
    Case("a key that stands twice", config("seed: 1\nseed: 2")),
    Case("`yes` for `true`", config("trial: yes")),
    Case("`on` as a name", config("conditions: {on: {}}")),
    Case("text that is no YAML", models("models: [1, 2")),
    Case("an empty file", raw_config(b"")),
    Case("bytes that are no UTF-8", raw_config(b"models: {\xff: 1}")),
    Case("a list in place of a mapping", models("- a")),
    Case("an object of Python", models("models: !!python/name:os.system x")),
    Case("brackets nested 100,000 deep", models("models: " + "[" * 100_000)),
    Case("anchors and merge keys", models(ANCHORS)),
    Case("an anchor that contains itself", models("models: &m\n  a: *m")),
    Case("anchors that unfold to 10⁹ values", models(BOMB)),
    Case("1,000 models", models(THOUSAND)),
    Case("a model called `../x`", model("../x")),
    Case("a model called `größe`", model("größe")),
    Case("a model called `模型`", model("模型")),
    Case("a model called `nan`", model("nan")),
    Case("a name of 65 letters", model("x" * 65)),
    Case(
        "two models that differ by case",
        models("models: {a: {nodes: [8, 10]}, A: {nodes: [8, 10]}}"),
    ),
    Case("no hidden layer", model("mine", "nodes: [10]")),
    Case("as many outputs as there are no classes", model("mine", "nodes: [8, 9]")),
    Case("an activation that does not exist", model("mine", "nodes: [8, 10], activation: relo")),
    Case(
        "a learning rate that is not a number", model("mine", "nodes: [8, 10], learning_rate: .nan")
    ),
    Case(
        "a condition for a model that does not exist", config("conditions: {mine: {models: [m99]}}")
    ),
    Case(
        "no condition left",
        config(
            "conditions: {as_reported: null, corrected: null, unit_pixels: null, exact_kl: null}"
        ),
    ),
    Case("fewer images than folds need", config("dataset: {subset: {train: 20, test: 10}}")),
    Case("a checksum cut short", config("dataset: {files: {test_labels: {sha256: 0402A9}}}")),
    Case("a file name that is a path", config("dataset: {files: {test_labels: {name: ../x}}}")),
    Case("an address of another kind", config("dataset: {sources: [{url: 'ftp://b'}]}")),
    Case("a models file that is not there", given("models=nowhere.yaml")),
    Case("a wrong value on the command line", given("replicates=few")),
    Case("several mistakes", config("seed: x\nclasses: {medium: x}")),
    Case("a repeated model in the shipped file", edited(MODELS, "  m02:", "  m01:")),
]


# The data's files


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


def flip(path: Path) -> None:
    path.write_bytes(flipped(path.read_bytes()))


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


# Mirrors


def mirror(*replies: Reply) -> Callable[[], str]:
    """The only source answers so, to one request after the other."""

    def say() -> str:
        with Mirror() as running:
            running.replies = {f"{BIG_NAME}.gz": list(replies)}
            place = [{"url": running.url}]
            fetch = lambda: sources.fetch(ONE, place, Path("raw"), patience=QUICK)  # noqa: E731
            return refusal(fetch).replace(running.url, "http://mirror")

    return say


def full_while_fetching() -> str:
    place = [{"folder": str(write_files(Path("good"), CONTENTS))}]
    with no_room(2000):
        return refusal(lambda: sources.fetch(FILES, place, Path("raw"), patience=QUICK))


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
    Case("the disk full while it is fetched", full_while_fetching),
]


# Training


def train(**fields: Any) -> None:
    run_job(make_job(**fields), small_dataset(), Path("job"), CPU, threads=1)


def warning(**fields: Any) -> str:
    """What the log of a job says that ends well."""
    with logged() as text:
        train(**fields)
    return text.getvalue().strip()


def checkpoint(change: Callable[[Path], object], **fields: Any) -> Callable[[], str]:
    """A job finds this in place of the progress that it saved."""

    def say() -> str:
        path = sidecar(Path("job"), "checkpoint")
        saved = Progress({"a": torch.zeros(9)}, {"steps": 1})
        Checkpoint(path, make_job(**fields).identity()).save(saved)
        change(path)
        return warning()

    return say


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def full_while_saving() -> str:
    with no_room(20_000):
        return refusal(train)


def full_while_writing() -> str:
    with no_room(5_000):
        return refusal(lambda: train(epochs=1))


def in_the_way() -> str:
    Path("file").write_text("no folder")
    folder = Path("file/job")
    return refusal(lambda: run_job(make_job(), small_dataset(), folder, CPU, threads=1))


def other_data() -> str:
    return refusal(lambda: train(data="0123456789abcdef"))


def stopped() -> str:
    """Ask a job that has trained for some epochs to end."""
    stop_on_signals()
    job = make_job(epochs=100_000)
    path = sidecar(Path("job"), "checkpoint")
    child = multiprocessing.get_context("fork").Process(target=_stop, args=(os.getpid(), path))
    child.start()
    with logged() as text, contextlib.suppress(Stopped):
        run_job(job, small_dataset(), Path("job"), CPU, threads=1)
    child.join()
    return text.getvalue().strip()


def _stop(process: int, once_there: Path) -> None:
    while not once_there.exists():
        time.sleep(0.01)
    os.kill(process, signal.SIGTERM)


TRAINING = [
    Case("a loss that becomes NaN", lambda: warning(learning_rate=1e30)),
    Case("a checkpoint with a bit flipped", checkpoint(flip)),
    Case("a checkpoint cut short", checkpoint(lambda path: os.truncate(path, 100))),
    Case("an empty checkpoint", checkpoint(lambda path: os.truncate(path, 0))),
    Case("a folder in the checkpoint's place", checkpoint(as_folder)),
    Case("the checkpoint of another configuration", checkpoint(lambda _: None, seed=8)),
    Case("SIGTERM in mid-training", stopped),
    Case("the disk full while an epoch is saved", full_while_saving),
    Case("the disk full while the results are written", full_while_writing),
    Case("a file where the results' folder should be", in_the_way),
    Case("data that is not what the job names", other_data),
    Case("`device: cuda` with `--gpus 0`", lambda: refusal(lambda: choose_device("cuda", 0))),
]

SECTIONS = {
    "The configuration": CONFIGURATION,
    "The data's files": DATA,
    "Mirrors": MIRRORS,
    "Training": TRAINING,
}

HEAD = """\
# Hostile input, and what is seen of it

Made by `python tests/unit/hostile_cases.py`; a test holds every line to what the program says.

An error is one line, on the terminal before any job starts where the configuration is to blame,
and otherwise in the log of the step, which is shown when it fails. What is under *Training* and
does not end with an error is a warning in the job's log: the job starts its training anew, or goes
on. REASON stands for the system's words, such as *No space left on device*: nothing that was
finished is lost by it, and the next run goes on when there is room.

A file named with `--configfile` is read by Snakemake first. Where it is no YAML at all, Snakemake
says that itself, without a line number; the models file is read by this workflow alone.
"""


def line_of(case: Case) -> str:
    """Return what is seen, in an empty folder, without what differs from machine to machine."""
    origin = Path.cwd()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "config", Path(folder) / "config")
        os.chdir(folder)
        try:
            text = case.say()
        finally:
            os.chdir(origin)
            for number, handler in handlers.items():
                signal.signal(number, handler)
    text = re.sub(r"File too large|No space left on device|Not a directory", "REASON", text)
    text = re.sub(r"\d+ bytes in \d+ s", "N bytes in N s", text)
    return re.sub(r"([0-9a-f]{12})[0-9a-f]{52}", r"\1…", text)


def page() -> str:
    """Return docs/hostile-input.md."""
    parts = [HEAD]
    for title, cases in SECTIONS.items():
        parts.append(f"\n## {title}\n\n| input | what is seen |\n|---|---|\n")
        parts += [row(case, line_of(case)) + "\n" for case in cases]
    return "".join(parts)


def row(case: Case, line: str) -> str:
    """Return the line of the table for a case and what is seen of it."""
    shown = line.replace("|", "\\|").replace("`", "'")
    return f"| {case.what} | {shown if line == ACCEPTED else f'`{shown}`'} |"


if __name__ == "__main__":
    np.seterr(all="ignore")
    torch.set_num_threads(1)
    sys.stdout.write(page())
