"""Commands in forks of the server end as processes of their own do, whichever end is killed."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from forks import ROOT
from project import Project

from mlpstudy import server
from mlpstudy.cli import app
from mlpstudy.training.checkpoint import epoch_and_seconds

SPEC = "results/runs/as_reported/m01/fold-all/replicates-1-2/spec.json"
DATA = "resources/data/tiny/prepared"


@pytest.fixture
def forking(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "workflow"))
    monkeypatch.setenv(server.ADDRESS, "")
    process = server.start()
    assert process is not None
    with process:
        yield process
        process.kill()


@pytest.fixture
def train(finished_project: Project, tmp_path: Path) -> Iterator[Callable[[int], subprocess.Popen]]:
    """Start a training job of so many epochs by the command line."""
    identity = json.loads((finished_project.folder / SPEC).read_text())
    started = []

    def _train(epochs: int) -> subprocess.Popen[bytes]:
        identity["spec"]["epochs"] = epochs
        words = ["--job", json.dumps(identity), "--data", str(finished_project.folder / DATA)]
        command = [sys.executable, "-m", "mlpstudy", "train", *words, "--output"]
        with (tmp_path / "log").open("a") as log:
            started.append(subprocess.Popen([*command, tmp_path / "job"], stderr=log))
        return started[-1]

    yield _train
    for process in started:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen in a minute")


def test_the_server_imports_modules_that_exist_for_verbs_that_exist() -> None:
    """A wrong name would only cost time, and nothing else would tell."""
    subcommands = {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }
    assert set(server.IMPORTS) <= subcommands
    for module in sum(server.IMPORTS.values(), ()):
        assert importlib.util.find_spec(module), module


@pytest.mark.parametrize(
    ("subcommands", "imported"), [({"judge"}, True), ({"judge", "train"}, False)]
)
def test_an_idle_server_imports_what_is_to_come_unless_training_is(
    subcommands: set[str], imported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "workflow"))
    monkeypatch.setenv(server.ADDRESS, "")
    process = server.start(subcommands)
    assert process is not None
    with process:
        if imported:
            wait_for(lambda: "scipy" in Path(f"/proc/{process.pid}/maps").read_text())
        else:
            time.sleep(3)
            assert "numpy" not in Path(f"/proc/{process.pid}/maps").read_text()
        process.kill()


def test_a_command_and_its_fork_end_together(
    forking: subprocess.Popen[bytes],
    train: Callable[[int], subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    checkpoint = tmp_path / ".job.checkpoint"

    def goes_on(client: subprocess.Popen[bytes]) -> None:
        before = epoch_and_seconds(checkpoint)[0]
        wait_for(lambda: client.poll() is None and epoch_and_seconds(checkpoint)[0] > before)

    forks = psutil.Process(forking.pid).children
    client = train(100_000)
    goes_on(client)
    (fork,) = forks()
    os.killpg(fork.pid, 0)  # in a process group of its own: Ctrl-C reaches it through its client
    client.kill()
    wait_for(lambda: not forks())

    client = train(100_000)
    goes_on(client)
    client.send_signal(signal.SIGTERM)
    assert client.wait(60) == 128 + signal.SIGTERM
    assert "stopped by SIGTERM" in (tmp_path / "log").read_text()
    wait_for(lambda: not forks())

    client = train(100_000)
    goes_on(client)
    (fork,) = forks()
    forking.kill()
    wait_for(lambda: not fork.is_running() or fork.status() == psutil.STATUS_ZOMBIE)
    goes_on(client)  # in its own process


def test_the_server_ends_after_the_workflow_and_its_last_fork_with_the_same_bytes(
    forking: subprocess.Popen[bytes],
    train: Callable[[int], subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    client = train(20)
    wait_for(lambda: psutil.Process(forking.pid).children() != [])
    assert forking.stdin is not None
    forking.stdin.close()
    assert client.wait(60) == 0
    assert forking.wait(60) == 0
    files = {path.name: path.read_bytes() for path in (tmp_path / "job").iterdir()}
    assert train(20).wait(60) == 0  # the server is gone
    del files["timings.csv"]
    assert files == {name: (tmp_path / "job" / name).read_bytes() for name in files}
