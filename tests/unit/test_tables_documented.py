"""docs/tables.md has a word for every column of every table of the published study."""

from __future__ import annotations

import csv
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tables.md").read_text(encoding="utf-8")
CONTRASTS = {"comparisons", "pairs", "effects"}
TABLES = {path.stem: path for path in (ROOT / "docs/results").glob("*.csv")}


def named(text: str) -> set[str]:
    """Return what stands in backticks, as patterns: within a word NAME, NN and N are anything."""
    words = set(re.findall(r"`([\w*]+)`", text)) - {"NAME"}
    return {re.sub(r"NAME|NN|(?<=_)N$", "*", word) for word in words}


def section(heading: str) -> str:
    return PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]


def paragraph(table: str) -> str:
    """Return the paragraph that has a table's name in bold."""
    (found,) = (text for text in PAGE.split("\n\n") if f"**`{table}`**" in text)
    return found


def test_every_table_is_on_the_page() -> None:
    assert set(re.findall(r"\*\*`(\w+)`\*\*", PAGE)) == {*TABLES, "runs", "timings"}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_is_explained(table: str) -> None:
    with TABLES[table].open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    text = section("Columns that many tables have") + paragraph(table)
    if table in CONTRASTS:
        text += section("Setting one sample against another")
    patterns = named(text)
    missing = [c for c in columns if not any(fnmatchcase(c, pattern) for pattern in patterns)]
    assert not missing
