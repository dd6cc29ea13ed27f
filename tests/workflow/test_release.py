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
from project import ROOT, Project

from mlpstudy import __version__


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


def test_one_file_gives_the_version_and_the_changelog_begins_with_it() -> None:
    heading = re.search(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heading
    assert heading[1] in (__version__, "Unreleased")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "mlpstudy.__version__"}
    assert "version" not in yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_package_that_pip_installs_is_whole_and_plans_a_study(
    release: Path, tmp_path: Path
) -> None:
    source = shutil.copytree(release, tmp_path / "source")
    installed = tmp_path / "installed"
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation")
    done(sys.executable, *pip, "--target", installed, source, folder=tmp_path)
    for folder, target in {"mlpstudy": "mlpstudy", "templates": "mlpstudy/templates"}.items():
        code = ROOT / "workflow" / folder
        for path in code.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                copy = installed / target / path.relative_to(code)
                assert copy.read_bytes() == path.read_bytes(), path
    metadata = (installed / f"mlpstudy-{__version__}.dist-info" / "METADATA").read_text()
    assert f"\nVersion: {__version__}\n" in metadata
    subcommand = [sys.executable, "-m", "mlpstudy"]
    told = done(*subcommand, "--version", folder=tmp_path, PYTHONPATH=str(installed))
    assert told.strip() == f"mlpstudy {__version__}"
    plan = "plan --config config/config.yaml --output study.json"
    done(*subcommand, *plan.split(), folder=release, PYTHONPATH=str(installed))
    assert '"m17"' in (release / "study.json").read_text()


def test_snakemake_runs_from_the_archive(release: Path) -> None:
    quick = ["--configfile", "config/quick.yaml", "--dry-run", "--quiet", "rules"]
    told = Project(release).snakemake(*quick)
    assert told.returncode == 0, told.stderr
    assert re.search(r"^train +\d+$", told.stdout, re.MULTILINE), told.stdout
    assert re.search(r"^typeset_report +1$", told.stdout, re.MULTILINE), told.stdout
