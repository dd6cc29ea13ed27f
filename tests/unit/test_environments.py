"""pyproject.toml, the locks of envs/, the conda environment and the workflow catalog agree."""

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
    **{
        "pil": "pillow",
        "sklearn": "scikit-learn",
        "yaml": "pyyaml",
        "markdown_it": "markdown-it-py",
    },
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


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEPENDENCIES = wanted(PROJECT["project"]["dependencies"])


def test_the_locks_agree_and_hold_all_that_the_project_wants() -> None:
    study, dev = locked("study.txt"), locked("dev.txt")
    assert set(study) >= DEPENDENCIES
    assert wanted(PROJECT["dependency-groups"]["dev"]) <= set(dev)
    assert {name: dev.get(name) for name in study} == study


def test_the_conda_environment_has_the_locked_versions() -> None:
    lines = yaml.safe_load((ROOT / "envs/study.yaml").read_text())["dependencies"]
    conda = dict(line.split(" =") for line in lines)
    del conda["python"]
    study = locked("study.txt")
    # Jobs run without Snakemake and its plugins: they start them.
    needed = {name for name in DEPENDENCIES if not name.startswith("snakemake")}
    assert conda == {CONDA_NAMES.get(name, name): study[name] for name in needed}


def test_the_project_wants_what_its_package_imports() -> None:
    assert imported() <= DEPENDENCIES


def test_pip_installs_every_folder_of_the_package() -> None:
    code = ROOT / "workflow/mlpstudy"
    folders = {path.parent.relative_to(code.parent) for path in code.rglob("__init__.py")}
    names = {str(folder).replace("/", ".") for folder in folders}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == names | {"mlpstudy.templates"}


# ---- What the Snakemake workflow catalog looks for --------------------------------------------


def rules() -> dict[str, str]:
    """Return the text of each rule by its name."""
    texts: dict[str, str] = {}
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        _, *parts = re.split(r"(?m)^rule (\w+):$", path.read_text())
        texts |= dict(zip(parts[::2], parts[1::2], strict=True))
    return texts


def test_the_catalog_finds_its_files_and_what_it_prints_is_so() -> None:
    for path in ("workflow/Snakefile", "config/README.md", "config/config.yaml", "LICENSE"):
        assert (ROOT / path).is_file(), path
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"}
    assert all(isinstance(text, str) for text in usage["mandatory-flags"].values())
    deployment = usage["software-stack-deployment"]
    assert deployment["conda"] is True
    commands = {name: text for name, text in rules().items() if "shell:" in text}
    assert {"fetch_dataset", "train", "tabulate_runs", "render_report"} <= set(commands)
    assert [name for name, text in commands.items() if "../../envs/study.yaml" not in text] == []
    containers = any("container:" in text for text in rules().values())
    assert (deployment["apptainer"] or deployment["apptainer+conda"]) is containers
