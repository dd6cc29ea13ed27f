"""What readers see for models and conditions: one label everywhere, which is nobody else's."""

from __future__ import annotations

import re

import pytest
from pages_fixture import Page, render_study
from study_fixture import Paths, make_study, study_of

from mlpstudy.figures.style import condition_name
from mlpstudy.formats import names

KL = {"loss": "kl_divergence"}
MODELS = {
    "m04": {**KL, "report_name": "Model 4 (Model 1_4)"},
    "m1": {},
    "m18": {},
    "own": {"report_name": "Model of mine (tuned)"},
}
CONDITIONS = {
    "as_reported": {"label": "report's settings"},
    "kl": {"kl": "exact"},
    "unit_pixels": {"pixels": "unit", "label": "pixels / 255"},
}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return (0.1, 14.5) if condition == "as_reported" else (0.7 + 0.01 * replicate, 0.5)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    made = make_study(tmp_path_factory.mktemp("labels"), MODELS, outcome, CONDITIONS, replicates=2)
    return render_study(made, judged=True)


def test_a_model_is_called_as_its_file_calls_it() -> None:
    study = study_of(MODELS, CONDITIONS)
    labels = ["Model 4", "m1", "m18", "Model of mine (tuned)"]
    assert study.model_labels(MODELS) == labels
    assert names(labels) == "model 4, m1, m18 and Model of mine (tuned)"
    # One of the report's that this study has not.
    assert [study.model_label(key) for key in ("m05", "m17")] == ["Model 5", "Model 17"]


def test_models_with_the_same_name_are_told_apart_by_their_keys() -> None:
    study = study_of({"a": {"report_name": "Same"}, "b": {"report_name": "Same"}, "c": {}})
    assert study.model_labels("abc") == ["a", "b", "c"]


def test_pages_and_tables_have_the_labels_and_no_other_names(paths: Paths) -> None:
    page = Page(paths.report / "index.html")
    markdown = (paths.report / "report.md").read_text()
    for text in (page.text, markdown):
        assert not re.search(r"[Mm]odels? 18|as.reported|unit pixels", text.partition("Conclu")[0])
        # Findings of the audit may name models that the study does not have.
        own = re.sub(r"(Serious|Minor).*", "", text.partition("Conclu")[0])
        assert not re.search(r"[Mm]odel 1(?![\\_\d])", own)
        assert "Model of mine (tuned)" in text
        assert "pixels / 255" in text
    head = page.final[0].cells
    assert head == ["", "report", "report's settings", "kl"]
    # In the files stand the keys.
    rows = (paths.tables / "models.csv").read_text()
    assert "unit_pixels,m18," in rows
    assert "pixels / 255" not in rows


def test_a_condition_is_not_taken_for_a_field(paths: Paths) -> None:
    page = Page(paths.report / "index.html")
    heads = {cell for table in page.tables for row in table[:1] for cell in row.cells}
    assert {"Kl", "kl"} & heads
    assert "Form of the KL divergence" not in heads


def test_the_audit_of_a_page_calls_a_model_as_the_page_does(paths: Paths) -> None:
    text = Page(paths.report / "index.html").text
    audit = text[text.rindex("Audit of the printed numbers") : text.rindex("Appendix")]
    assert "Model 4" in audit
    assert "m04" not in audit


@pytest.mark.parametrize(
    ("longest", "shown"), [(40, "a b (c d)"), (8, "a b"), (2, "\N{HORIZONTAL ELLIPSIS}")]
)
def test_a_label_that_is_too_long_loses_its_brackets_first(longest: int, shown: str) -> None:
    study = study_of({}, {"x": {"label": "a b (c d)"}})
    assert condition_name(study, "x", longest).replace("a\u2026", "\u2026") == shown


def test_labels_that_differ_in_their_brackets_keep_them() -> None:
    study = study_of({}, {"x": {"label": "rate (0.25)"}, "y": {"label": "rate (0.5)"}})
    assert len({condition_name(study, key, 9) for key in "xy"}) == 2
