"""The environments agree: pyproject.toml, the locks of envs/ and the conda environment."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base", "typst": "typst-py"}
# The last three are part of the interface of what brings them.
IMPORT_NAMES = {
    **{"pil": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml"},
    **{"referencing": "jsonschema", "markupsafe": "jinja2", "pydantic_core": "pydantic"},
}


def locked(name: str) -> dict[str, str]:
    """Return the version of each distribution of a lock, by its name in lower case."""
    lines = (ROOT / "envs" / name).read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {name.lower().replace("_", "-"): version for name, version in pins}


def wanted(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", line).group().lower() for line in requirements}  # type: ignore[union-attr]


def imported() -> set[str]:
    """Return the distributions that the package's modules import, at any place in them."""
    names = set()
    for path in (ROOT / "workflow/mlpstudy").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(str(node.module).split(".")[0])
    foreign = names - set(sys.stdlib_module_names) - {"mlpstudy"}
    return {IMPORT_NAMES.get(name.lower(), name.lower().replace("_", "-")) for name in foreign}


def test_the_locks_hold_all_that_the_project_wants() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    dependencies = wanted(project["project"]["dependencies"])
    assert dependencies <= set(locked("study.txt"))
    assert dependencies | wanted(project["dependency-groups"]["dev"]) <= set(locked("dev.txt"))


def test_the_locks_agree() -> None:
    study, dev = locked("study.txt"), locked("dev.txt")
    assert {name: dev.get(name) for name in study} == study


def test_the_conda_environment_has_the_locked_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = [
        line.split(" =")
        for line in yaml.safe_load((ROOT / "envs/study.yaml").read_text())["dependencies"]
    ]
    conda = {name: version for name, version in pins if name != "python"}
    study = locked("study.txt")
    # Jobs run without Snakemake and its plugins: they start them.
    wants = wanted(project["project"]["dependencies"])
    needed = {name for name in wants if not name.startswith("snakemake")}
    assert conda == {CONDA_NAMES.get(name, name): study[name] for name in needed}


def test_the_project_wants_what_its_package_imports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert imported() <= wanted(project["project"]["dependencies"])
