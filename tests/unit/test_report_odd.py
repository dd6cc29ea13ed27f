"""Reports of odd studies: one's own models, very many, very few, and none that works.

What is not about the student report has none of its words.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pages_fixture import Page, draw_nothing, render_page, render_study
from study_fixture import Paths, make_study, write_tables

from mlpstudy.claims.judging import judge

HOSTILE = "</template></script><script>alert(1)</script> & \"quoted\" 'Co'"
LONG = {f"a_model_with_quite_a_long_name_{n}": {"epochs": 1} for n in range(40)}
NONE = Path("none.csv")


def study_of(folder: Path, models: dict[str, Any], accuracy: float = 0.6, **options: Any) -> Paths:
    """Write a study in which all runs end with the same accuracy."""
    return make_study(folder, models, lambda *_: (accuracy, 0.1), **options)


def edited(paths: Paths, **keys: Any) -> Paths:
    """Lay `keys` over study.json."""
    paths.study.write_text(json.dumps({**json.loads(paths.study.read_text()), **keys}))
    return paths


def page_of(paths: Paths, *arguments: Any, **options: Any) -> Page:
    return Page(render_study(paths, *arguments, **options).report / "index.html")


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
    paths = study_of(tmp_path, models, **arguments)
    page = page_of(paths)
    assert not {"nan", "None", "inf"} & set(re.findall(r"\w+", page.text))
    assert len(page.final) - 2 == len(models)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert len(page.ids) == len(set(page.ids))
    targets = {a["href"][1:] for _, a in page.elements if a.get("href", "").startswith("#")}
    assert targets <= set(page.ids)
    for path in paths.report.rglob("*.md"):
        assert "<script" not in path.read_text()


@pytest.mark.parametrize("accuracy", [0.1, float("nan")])
def test_a_study_in_which_everything_fails(tmp_path: Path, accuracy: float) -> None:
    page = page_of(make_study(tmp_path, {"m01": {}}, lambda *_: (accuracy, accuracy)))
    assert "3 of 3 runs fail under “as reported”" in page.said
    assert "nan" not in set(re.findall(r"\w+", page.text.lower()))


def test_a_study_of_own_models_says_nothing_of_the_report(tmp_path: Path) -> None:
    page = page_of(study_of(tmp_path / "a", {"wide": {}, "deep": {}}), judged=True)
    assert not re.search(r"the report\b|student|as printed", page.said.lower())
    assert not {"audit", "claims"} & set(page.ids)
    assert "2 networks on Fashion-MNIST, 3 replicates each" in page.said.replace("\u2011", "-")

    # Where there is no report at all, what one's own claims file quotes is shown.
    models = {"wide": {"nodes": [9, 10]}, "deep": {}}
    own = {"models": ["wide", "deep"], "pairs": [["wide", "deep"]], "quote": "Deep wins."}
    layers = {"quote": "Two layers suffice.", "up_to": 2, "exception": "deep"}
    paths = study_of(tmp_path / "b", models)
    page = page_of(edited(paths, comparisons={"both": own}, conclusions={"layers": layers}), NONE)
    for said in ("Deep wins.", "Two layers suffice.", "up to 2 1", "more than 2 1"):
        assert said in page.said
    assert "report" not in {cell.lower() for table in page.tables for cell in table[0].cells}


CLAIMS = """\
claims:
  said:
    {statement: Model 1 wins., quote: It wins., section: 5 conclusions, place: "Section 5, item 1",
     form: higher, models: [m01], than: [mine]}
  own: {statement: Mine wins., form: higher, models: [mine], than: [m01]}
"""


def test_what_is_ones_own_is_not_called_the_reports(tmp_path: Path) -> None:
    own = {"models": ["m01", "mine"], "pairs": [["m01", "mine"]]}
    paths = study_of(tmp_path, {"m01": {}, "mine": {}})
    edited(paths, comparisons={"a": own}, conclusions={})
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    write_tables(paths)
    judge(paths.study, tmp_path / "claims.yaml", paths.tables, paths.tables / "claims.csv")
    draw_nothing(paths)
    render_page(paths)
    page = Page(paths.report / "index.html")
    for said in (
        "1 network of a student report and 1 more",
        # A claim without a quotation is no statement of the report.
        "0 of 1 statements of the report are supported, 0 contradicted, 1 undecided",
        "Claims of this study",
        "Model 1 \N{RIGHTWARDS ARROW} mine",
    ):
        assert said in page.said
    assert {"comparison-a", "conclusion-activations"} <= set(page.ids)
    assert "conclusion-batch_norm" not in page.ids


def test_a_default_that_ones_own_model_takes_is_not_what_the_report_leaves_open(
    tmp_path: Path,
) -> None:
    models = {"m01": {}, "mine": {}, "theirs": {"assumed": {"epochs": "Their text has none."}}}
    paths = study_of(tmp_path, models)
    page = page_of(paths)
    assert "Their text has none." in page.text
    rows = (paths.report / "tables" / "assumptions.md").read_text().splitlines()
    assert [row.split("|")[3].strip() for row in rows if "Not said." in row] == ["1"]
    text = (paths.report / "report.md").read_text()
    sections = re.split(r'<a id="(?:m01|mine|theirs)"></a>', text)[1:]
    assert ["†" in section.split("\n\n")[2] for section in sections] == [True, False, True]


def test_a_condition_says_in_what_it_differs_from_the_first(tmp_path: Path) -> None:
    conditions = {"short": {"epochs": 2}, "shorter": {"epochs": 1}, "adamw": {"optimizer": "adamw"}}
    paths = study_of(tmp_path / "a", {"m01": {}}, conditions=conditions)
    text = (render_study(paths).report / "report.md").read_text()
    assert "Optimizer AdamW; epochs as set by each model" in text


def test_a_trial_is_stamped_on_the_page_and_a_study_is_not(tmp_path: Path) -> None:
    trial = page_of(study_of(tmp_path / "a", {"m01": {}}, trial=True))
    assert "This run uses 4000 training and 1000 test images." in trial.said
    assert "trial" in trial.ids
    assert "trial" not in page_of(study_of(tmp_path / "b", {"m01": {}})).ids
