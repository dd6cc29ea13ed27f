"""The documents refer to files, headings, commands and folders that exist, and all columns."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from mlpstudy.analysis.schemas import TABLES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "workflow/mlpstudy"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / name for name in ("config/README.md", "benchmarks/README.md")),
]
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors that a forge gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_to_files(page: Path) -> None:
    text = prose(page)
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", text):
        path = page.parent / target if target else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), f"{target}#{anchor}"
    for path in re.findall(r"`((?:workflow|tests|envs|profiles|benchmarks|docs)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
    folders = "analysis|audit|claims|config|data|figures|report|training"
    for path in re.findall(rf"`((?:{folders})/[\w/]+\.py)`", text):
        assert (PACKAGE / path).is_file(), path
    for module in re.findall(r"python -m (mlpstudy\.[\w.]+|benchmarks\.\w+)", page.read_text()):
        path = (ROOT / "workflow" if module.startswith("mlpstudy") else ROOT) / Path(
            *module.split(".")
        )
        assert path.with_suffix(".py").exists() or path.is_dir(), module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    targets = set(re.findall(r"^([\w./-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:`|^ *)make ([\w./-]+)", text, re.MULTILINE)) <= targets
    subcommands = re.findall(r"^def (\w+)\(", (PACKAGE / "cli.py").read_text(), re.MULTILINE)
    assert set(re.findall(r"-m mlpstudy (\w+)", text)) <= set(subcommands)


def test_the_index_lists_every_page_once() -> None:
    listed = re.findall(r"^\| \[[^]]*\]\(([^)]*)\)", (ROOT / "docs/README.md").read_text(), re.M)
    assert len(listed) == len(set(listed))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(listed)


def test_imports_go_down_the_table_of_folders() -> None:
    table = re.findall(r"^\| (.*?) \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    order = [re.findall(r"`(\w+)", cell) for cell in table if "`/" not in cell][1:]
    rank = {name: at for at, names in enumerate(order) for name in names}
    assert {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} <= set(rank)
    for path in set(PACKAGE.rglob("*.py")) - {PACKAGE / "__main__.py"}:
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlpstudy."):
                used = str(node.module).split(".")[1]
                allowed = used == own or rank.get(own, len(order)) < rank.get(used, len(order))
                assert allowed or used not in rank, f"{path}: {node.module}"


PAGE = (Path(__file__).parents[2] / "docs/tables.md").read_text(encoding="utf-8")
COMMON = PAGE.split("## Columns that many tables have\n")[1].split("\n## ")[0]


def named(text: str) -> set[str]:
    """Return what stands in backticks, as patterns: within a word NAME, NN and N are anything."""
    words = set(re.findall(r"`([\w*]+)`", text)) - {"NAME"}
    return {re.sub(r"NAME|NN|(?<=_)N$", "*", word) for word in words}


def described(table: str) -> str:
    """Return the part of the page with a table's name in bold, up to the next such part."""
    parts = re.split(r"\n(?=\*\*`|## )", PAGE)
    (found,) = (part for part in parts if f"**`{table}`**" in part)
    return found


def test_every_table_is_on_the_page() -> None:
    assert set(re.findall(r"\*\*`(\w+)`\*\*", PAGE)) == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_explained(table: str) -> None:
    columns = TABLES[table].columns
    patterns = named(COMMON + described(table))
    assert not [c for c in columns if not any(fnmatchcase(c, pattern) for pattern in patterns)]


@pytest.mark.parametrize("table", ["contrasts", "claims", "architectures"])
def test_no_column_is_explained_that_is_not_there(table: str) -> None:
    columns = TABLES[table].columns
    explained = named(described(table)) - {"first", "second", *TABLES}
    assert not [word for word in explained if not any(fnmatchcase(c, word) for c in columns)]
