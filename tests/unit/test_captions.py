"""The captions for `snakemake --report`: one for each table and kind of figure, none left over."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

from mlpstudy.analysis.schemas import TABLES
from mlpstudy.figures.catalogue import KINDS

REPORT = Path(__file__).parents[2] / "workflow" / "report"
RULES = REPORT.parent / "rules"


def test_every_table_has_its_caption() -> None:
    captions = {path.stem for path in (REPORT / "tables").glob("*.rst")}
    assert captions == set(TABLES)


def test_every_table_is_marked_by_its_rule() -> None:
    rules = (RULES / "analysis.smk").read_text()
    marked = re.findall(r" (?:\w+=)?tables\((.*?)\),\n    log:", rules, re.DOTALL)
    assert set(re.findall(r'"(\w+)"', " ".join(marked))) == set(TABLES)


def test_every_kind_of_figure_has_its_words() -> None:
    kinds = {kind.partition("_")[0] for kind in KINDS}
    words = (REPORT / "figures.rst").read_text()
    assert set(re.findall(r'^  "(\w+)": "', words, re.MULTILINE)) == kinds


@pytest.mark.parametrize("path", sorted(REPORT.rglob("*.rst")), ids=lambda path: path.stem)
def test_captions_are_jinja_and_say_something(path: Path) -> None:
    figure = {"wildcards": {"figure": "curves-m01"}, "config": {}}
    text = jinja2.Template(path.read_text()).render(snakemake=figure)
    assert len(text.split()) > 8
