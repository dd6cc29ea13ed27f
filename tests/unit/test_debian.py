"""A Debian package as a source, with stand-ins for apt-get and dpkg."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest
from fetching import CONTENTS, FILES, assert_fetched, fetch_in_vain
from idx_files import write_files

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
