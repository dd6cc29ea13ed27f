"""The HTML page of odd studies: one's own models, very many, very few, and none that works."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pages_fixture import Page, draw_nothing, render_page, render_study
from study_fixture import make_study, write_tables

from mlpstudy.claims.judging import judge

HOSTILE = "</template></script><script>alert(1)</script> & \"quoted\" 'Co'"
LONG = {f"a_model_with_quite_a_long_name_{n}": {"epochs": 1} for n in range(40)}


@pytest.mark.parametrize(
    ("models", "arguments"),
    [
        ({"mine": {"report_name": HOSTILE, "assumed": {"batch_size": HOSTILE}}}, {}),
        ({"m01": {}}, {"conditions": {"only": {}}, "replicates": 1}),
        ({"m09": {}, "m10": {}}, {"covered": {"corrected": ["m10"]}}),
        ({"m01": {"epochs": 9}}, {"conditions": {"a": {"epochs": 2}, "b": {"nodes": [5, 10]}}}),
        (LONG, {"conditions": {"only": {}}, "replicates": 2}),
        ({"m01": {}, "mine": {}}, {"conditions": {f"c{n}": {} for n in range(8)}}),
    ],
    ids=["own model", "one of all", "partly covered", "overrides", "forty", "eight conditions"],
)
def test_odd_studies_render(tmp_path: Path, models: dict[str, Any], arguments: Any) -> None:
    paths = render_study(make_study(tmp_path, models, lambda *_: (0.6, 0.1), **arguments))
    page = Page(paths.report / "index.html")
    assert not {"nan", "None", "inf"} & set(re.findall(r"\w+", page.text))
    assert len(page.tables[0]) - 2 == len(models)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert len(page.ids) == len(set(page.ids))
    for path in paths.report.rglob("*.md"):
        assert "<script" not in path.read_text()


@pytest.mark.parametrize("accuracy", [0.1, float("nan")])
def test_a_study_in_which_everything_fails(tmp_path: Path, accuracy: float) -> None:
    paths = render_study(make_study(tmp_path, {"m01": {}}, lambda *_: (accuracy, accuracy)))
    page = Page(paths.report / "index.html")
    assert "3 of 3 replicates fail under “as reported”" in " ".join(page.text.split())
    assert "nan" not in set(re.findall(r"\w+", page.text.lower()))


def test_a_study_of_nothing_in_the_report_has_no_column_for_it(tmp_path: Path) -> None:
    study = make_study(tmp_path, {"mine": {}}, lambda *_: (0.6, 0.1))
    page = Page(render_study(study, tmp_path / "none.csv").report / "index.html")
    heads = {cell.lower() for table in page.tables for cell in table[0].cells}
    assert "report" not in heads
    assert "blockquote" not in {tag for tag, _ in page.elements}


CLAIMS = """\
claims:
  said:
    {statement: Model 1 wins., quote: It wins., section: 5 conclusions, place: "Section 5, item 1",
     form: higher, models: [m01], than: [mine]}
  own: {statement: Mine wins., form: higher, models: [mine], than: [m01]}
"""


def test_what_is_ones_own_is_not_called_the_reports(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}, "mine": {}}, lambda *_: (0.6, 0.1))
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    write_tables(paths)
    judge(paths.study, tmp_path / "claims.yaml", paths.tables, paths.tables / "claims.csv")
    draw_nothing(paths)
    render_page(paths)
    text = " ".join(Page(paths.report / "index.html").text.split())
    assert "1 reported model and 1 more on" in text
    assert "of 1 testable statement of the report, under “as reported”" in text
    assert "This study also judges 1 claim of its own" in text
    assert "Claims about mine" in text


def test_a_comparison_of_ones_own_quotes_nobody(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}, "mine": {}}, lambda *_: (0.6, 0.1))
    study = json.loads(paths.study.read_text())
    own = {"models": ["m01", "mine"], "pairs": [["m01", "mine"]]}
    paths.study.write_text(json.dumps({**study, "comparisons": {"a": own}, "conclusions": {}}))
    page = Page(render_study(paths).report / "index.html")
    assert "comparison-a" in page.ids
    assert "blockquote" not in [tag for tag, _ in page.elements]
    assert "word for word" not in page.text
    assert "the report's order" not in page.text
    assert "conclusion-activations" in page.ids
    assert "conclusion-batch_norm" not in page.ids
    assert "Model 1 \N{RIGHTWARDS ARROW} mine" in " ".join(page.text.split())


def test_a_default_that_ones_own_model_takes_is_not_what_the_report_leaves_open(
    tmp_path: Path,
) -> None:
    models = {"m01": {}, "mine": {}, "theirs": {"assumed": {"epochs": "Their text has none."}}}
    paths = render_study(make_study(tmp_path, models, lambda *_: (0.6, 0.1)))
    page = Page(paths.report / "index.html")
    daggers = [a["href"] for tag, a in page.elements if a.get("class") == "dagger" and tag == "a"]
    assert daggers == ["#why-m01", "#why-theirs"]
    assert "Their text has none." in page.text
    rows = (paths.report / "tables" / "assumptions.md").read_text().splitlines()
    assert [row.split("|")[3].strip() for row in rows if "Not said." in row] == ["1"]
    assert sum("†" in line for line in (paths.report / "report.md").read_text().splitlines()) == 3


def test_a_condition_says_what_it_does_not_share_with_the_first(tmp_path: Path) -> None:
    conditions = {"short": {"epochs": 2}, "shorter": {"epochs": 1}, "adamw": {"optimizer": "adamw"}}
    study = make_study(tmp_path, {"m01": {}}, lambda *_: (0.6, 0.1), conditions)
    text = (render_study(study).report / "report.md").read_text()
    assert "### Optimizer AdamW; epochs as each model has it" in text
