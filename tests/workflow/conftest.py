from __future__ import annotations

import shutil
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
        if folder.exists():
            return Project(folder)
        project = make_project(root / "study-under-way" / "copy")
        done = project.study()
        assert done.returncode == 0, done.stdout + done.stderr
        project.folder.rename(folder)  # what stands there is whole
    return Project(folder)


@pytest.fixture
def project(finished_project: Project, tmp_path: Path) -> Project:
    """A copy of the finished study, times and all, to do something to."""
    folder = tmp_path / "study"
    shutil.copytree(finished_project.folder, folder, symlinks=True)
    return Project(folder)


@pytest.fixture
def fresh_project(tmp_path: Path) -> Project:
    """The workflow before its first run."""
    return make_project(tmp_path / "study")
