"""A release: its version and words, and the archive that git packs of it, installed and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from project import ROOT

from mlpstudy import __version__

PYTHON = Path(sys.executable)


def done(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a command outside of the repository, without the package that the tests import."""
    clean = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    found = subprocess.run(
        command, cwd=folder, env=clean | environment, capture_output=True, text=True, timeout=300
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked archive of what is committed or about to be."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a repository: there is nothing to pack an archive of")
    folder = tmp_path_factory.mktemp("release")
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    pending = done("git", *identity, "stash", "create", folder=ROOT).strip()
    archive = folder / "release.tar"
    done("git", "archive", "--output", archive, pending or "HEAD", folder=ROOT)
    shutil.unpack_archive(archive, folder / "unpacked")
    return folder / "unpacked"


@pytest.fixture(scope="module")
def installed(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip has installed the package into."""
    folder = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(release, tmp_path_factory.mktemp("source") / "source")
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation")
    done(*pip, "--target", folder, source, folder=folder)
    return folder


def test_the_changelog_begins_with_this_version() -> None:
    heading = re.search(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heading
    assert heading[1] in (__version__, "Unreleased")


def test_no_other_file_gives_a_version_of_its_own() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "mlpstudy.__version__"}
    assert "version" not in yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_every_room_of_the_package_is_named_for_pip() -> None:
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    code = ROOT / "workflow" / "mlpstudy"
    rooms = {path.parent.relative_to(code.parent) for path in code.rglob("__init__.py")}
    names = {str(room).replace("/", ".") for room in rooms}
    assert set(setup["packages"]) == names | {"mlpstudy.templates"}


def test_the_installed_package_says_its_version(installed: Path, tmp_path: Path) -> None:
    told = done(PYTHON, "-m", "mlpstudy", "--version", folder=tmp_path, PYTHONPATH=str(installed))
    assert told.strip() == f"mlpstudy {__version__}"
    metadata = (installed / f"mlpstudy-{__version__}.dist-info" / "METADATA").read_text()
    assert f"\nVersion: {__version__}\n" in metadata


def test_the_installed_package_has_all_files_of_the_checkout(installed: Path) -> None:
    for folder in ("mlpstudy", "templates"):
        for path in (ROOT / "workflow" / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                room = installed / "mlpstudy" / ("" if folder == "mlpstudy" else folder)
                twin = room / path.relative_to(ROOT / "workflow" / folder)
                assert twin.read_bytes() == path.read_bytes(), path


def test_the_installed_package_plans_a_study(release: Path, installed: Path) -> None:
    plan = "plan --config config/config.yaml --output study.json"
    done(PYTHON, "-m", "mlpstudy", *plan.split(), folder=release, PYTHONPATH=str(installed))
    assert '"m17"' in (release / "study.json").read_text()


def test_snakemake_runs_from_the_archive(release: Path) -> None:
    told = done(
        PYTHON, "-m", "snakemake", "--cores", "1", "--dry-run", "--quiet", "rules",
        "--configfile", "config/quick.yaml", folder=release,
    )  # fmt: skip
    assert re.search(r"^train +\d+$", told, re.MULTILINE), told
    assert re.search(r"^typeset_report +1$", told, re.MULTILINE), told
