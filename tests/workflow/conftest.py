from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from project import Project, make_project


@pytest.fixture(scope="session")
def finished_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The tiny study, run to its end; not to be changed."""
    project = make_project(tmp_path_factory.mktemp("study") / "copy")
    done = project.study()
    assert done.returncode == 0, done.stdout + done.stderr
    return project


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
