"""docs/tables.md has a word for every column of every table of a study."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from mlpstudy.analysis.schemas import TABLES

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
