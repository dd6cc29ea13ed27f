"""The pages of studies that are not, or not only, about the report: its words stay out of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pages_fixture import Page, render_study
from study_fixture import Paths, make_study

from mlpstudy.analysis.results import load_results
from mlpstudy.report.views.conclusion_findings import changed_classes
from mlpstudy.report.views.layer_findings import normalisation

NONE = Path("none.csv")


def edited(paths: Paths, **keys: Any) -> Paths:
    """Lay `keys` over study.json."""
    paths.study.write_text(json.dumps({**json.loads(paths.study.read_text()), **keys}))
    return paths


def test_a_study_of_own_models_says_nothing_of_the_report(tmp_path: Path) -> None:
    study = make_study(tmp_path, {"wide": {}, "deep": {}}, lambda *_: (0.6, 0.1))
    page = Page(render_study(study, judged=True).report / "index.html")
    text = " ".join(page.text.split()).lower()
    assert not re.search(r"the report\b|as printed|of the source", text)
    assert not {"audit", "claims"} & set(page.ids)
    targets = {a["href"][1:] for _, a in page.elements if a.get("href", "").startswith("#")}
    assert targets <= set(page.ids)


def test_what_ones_own_claims_file_quotes_is_shown_without_any_report(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"wide": {"nodes": [9, 10]}, "deep": {}}, lambda *_: (0.6, 0.1))
    own = {"models": ["wide", "deep"], "pairs": [["wide", "deep"]], "quote": "Deep wins."}
    layers = {"quote": "Two layers suffice.", "up_to": 2, "exception": "deep"}
    edited(paths, comparisons={"both": own}, conclusions={"layers": layers})
    text = " ".join(Page(render_study(paths, NONE).report / "index.html").text.split())
    for said in ("Deep wins.", "Two layers suffice.", "1 model with up to 2 layers", "deep is Sup"):
        assert said in text


def test_what_two_conditions_share_is_no_difference(tmp_path: Path) -> None:
    conditions = {"a": {"epochs": 2}, "b": {"epochs": 2, "pixels": "unit"}, "c": {"pixels": "unit"}}
    paths = make_study(tmp_path, {"m01": {}}, lambda *_: (0.6, 0.1), conditions)
    results = load_results(paths.study, NONE, render_study(paths).tables)
    (finding,) = changed_classes(results)
    assert "which differs in pixels only" in finding.text
    assert results.changes("c") == {"pixels": "unit", "epochs": None}


@pytest.mark.parametrize(
    ("pair", "said"), [(("plain", "normed"), 3), (("normed", "plain"), 0), (("plain", "deep"), 0)]
)
def test_batch_normalisation_is_told_of_where_it_is(
    tmp_path: Path, pair: tuple[str, str], said: int
) -> None:
    models = {"plain": {"folds": 9}, "normed": {"batch_norm": True, "batch_size": 128}, "deep": {}}
    paths = make_study(tmp_path, models, lambda *_: (0.6, 0.1))
    results = load_results(paths.study, NONE, render_study(paths).tables)
    findings = normalisation(results, pair)
    assert len(findings) == said
    if said:  # folds are not in force without cross-validation
        assert findings[-1].text.endswith("the two models differ in batch size.")
