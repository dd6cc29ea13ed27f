"""docs/tables.md has a word for every column of every table of a study."""

from __future__ import annotations

import csv
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from study_fixture import CLAIMS, REPORTED, make_study

from mlpstudy.analysis.contrasts import write_contrasts
from mlpstudy.analysis.tables import TABLES, tabulate
from mlpstudy.claims.judging import judge

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tables.md").read_text(encoding="utf-8")
# Made with PyTorch from untrained networks: their columns are those of the published tables.
UNTRAINED = ("saturation", "saturation_layers", "saturation_bins")
DESCRIBED = (*TABLES, "contrasts", "claims", *UNTRAINED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tables of a study with folds and a KL divergence, as the verbs write them."""
    models = {"m01": {}, "m03": {"validation": "kfold"}, "m05": {"loss": "kl_divergence"}}
    root = tmp_path_factory.mktemp("study")
    paths = make_study(root, models, lambda *_: (0.9, 0.1))
    tabulate(paths.study, REPORTED, paths.tables)
    contrasts = paths.tables / "contrasts.csv"
    write_contrasts(paths.study, CLAIMS, REPORTED, paths.tables, contrasts)
    judge(paths.study, CLAIMS, paths.tables, paths.tables / "claims.csv")
    return paths.tables


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
    assert set(re.findall(r"\*\*`(\w+)`\*\*", PAGE)) == {*DESCRIBED, "audit"}


@pytest.mark.parametrize("table", DESCRIBED)
def test_every_column_is_explained(folder: Path, table: str) -> None:
    path = (ROOT / "docs/results" if table in UNTRAINED else folder) / f"{table}.csv"
    with path.open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    common = PAGE.split("## Columns that many tables have\n")[1].split("\n## ")[0]
    patterns = named(common + described(table))
    missing = [c for c in columns if not any(fnmatchcase(c, pattern) for pattern in patterns)]
    assert not missing


@pytest.mark.parametrize("table", ["contrasts", "claims", "architectures"])
def test_no_column_is_explained_that_is_not_there(folder: Path, table: str) -> None:
    with (folder / f"{table}.csv").open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    explained = named(described(table)) - {"first", "second", *DESCRIBED}
    assert not [word for word in explained if not any(fnmatchcase(c, word) for c in columns)]
