from __future__ import annotations

import signal
from pathlib import Path

import pytest
from filelock import FileLock
from project import Project, make_project

# A shell that starts tests in the background has them ignore Ctrl-C, and so would their children.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def finished_project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """The tiny study, run to its end, once for all workers of a test run; not to be changed."""
    alone = worker_id == "master"
    root = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent
    folder = root / "finished-study"
    with FileLock(root / "finished-study.lock"):
        if not folder.exists():
            project = make_project(root / "study-under-way" / "copy")
            project.run()
            project.folder.rename(folder)  # only when it is whole
    return Project(folder)


@pytest.fixture
def project(finished_project: Project, tmp_path: Path) -> Project:
    """A copy of the finished study, to be changed."""
    return finished_project.copy(tmp_path / "study")


@pytest.fixture
def fresh_project(tmp_path: Path) -> Project:
    """The workflow before its first run."""
    return make_project(tmp_path / "study")
