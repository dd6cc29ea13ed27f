"""Debian's package as a source, with an apt-get and a dpkg that only pretend."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest
from idx_files import configure, idx_bytes, make_arrays, write_files

from mlpstudy.data import sources
from mlpstudy.errors import StudyError

CONTENTS = {role: idx_bytes(array) for role, array in make_arrays(6, 4, 3).items()}
FILES = configure(CONTENTS)["files"]
PACKAGE = {"debian": {"package": "dataset-little", "folder": "usr/share/datasets/little"}}

# Knows the package only if the lists that it is told to use were made by an update.
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


def pretend(folder: Path, program: str, script: str) -> None:
    path = folder / program
    path.write_text(f'#!/bin/sh\necho "{program} $*" >> "$TEST_LOG"\n{script}\n')
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder before all others on PATH, and a package to be found by what is put there."""
    share = tmp_path / "tree" / "usr" / "share" / "datasets"
    write_files(share / "little", CONTENTS, packed=True)
    with tarfile.open(tmp_path / "package.deb", "w") as archive:
        archive.add(tmp_path / "tree" / "usr", "usr")
    folder = tmp_path / "bin"
    folder.mkdir()
    pretend(folder, "dpkg", DPKG)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TEST_DEB", str(tmp_path / "package.deb"))
    monkeypatch.setenv("TEST_LOG", str(tmp_path / "log"))
    return folder


def assert_fetched(destination: Path) -> None:
    there = {path.name: path.read_bytes() for path in destination.iterdir()}
    assert there == {FILES[role]["name"]: CONTENTS[role] for role in FILES}


def test_the_package_is_downloaded_once_for_all_files(tmp_path: Path, programs: Path) -> None:
    pretend(programs, "apt-get", HAS_LISTS)
    sources.fetch(FILES, [PACKAGE], tmp_path / "raw")
    assert_fetched(tmp_path / "raw")
    commands = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert commands == ["apt-get", "dpkg"]


def test_missing_lists_are_fetched_without_root(tmp_path: Path, programs: Path) -> None:
    pretend(programs, "apt-get", NEEDS_LISTS)
    sources.fetch(FILES, [PACKAGE], tmp_path / "raw")
    assert_fetched(tmp_path / "raw")
    update = (tmp_path / "log").read_text().splitlines()[1]
    assert update.endswith(" update")
    # All that an update writes lies under these two.
    assert "Dir::State::Lists=" in update
    assert "Dir::Cache=" in update


@pytest.mark.parametrize(
    ("apt", "dpkg", "said"),
    [
        (KNOWS_NOTHING, DPKG, "E: Unable to locate package dataset-little"),
        ("exit 0", DPKG, "left no package"),
        (HAS_LISTS, "echo 'dpkg-deb: error: no archive' >&2; exit 2", "error: no archive"),
        (HAS_LISTS, "exit 2", "exit status 2"),
        (HAS_LISTS, 'mkdir "$3"', "no such folder"),
        (HAS_LISTS, 'mkdir -p "$3/usr/share/datasets/little"', "has neither"),
    ],
)
def test_what_went_wrong_is_the_reason(
    tmp_path: Path, programs: Path, apt: str, dpkg: str, said: str
) -> None:
    pretend(programs, "apt-get", apt)
    pretend(programs, "dpkg", dpkg)
    with pytest.raises(StudyError, match=f"Debian's package dataset-little: .*{said}"):
        sources.fetch(FILES, [PACKAGE], tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []


def test_a_machine_without_apt_goes_on_to_the_next_source(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(StudyError, match="apt-get is not installed here"):
        sources.fetch(FILES, [PACKAGE], tmp_path / "raw")
    folder = write_files(tmp_path / "folder", CONTENTS)
    sources.fetch(FILES, [PACKAGE, {"folder": str(folder)}], tmp_path / "raw")
    assert_fetched(tmp_path / "raw")


def test_apt_is_not_bothered_when_a_folder_has_the_files(tmp_path: Path, programs: Path) -> None:
    pretend(programs, "apt-get", HAS_LISTS)
    folder = write_files(tmp_path / "folder", CONTENTS)
    sources.fetch(FILES, [{"folder": str(folder)}, PACKAGE], tmp_path / "raw")
    assert not (tmp_path / "log").exists()
