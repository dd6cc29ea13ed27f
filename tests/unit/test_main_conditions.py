"""Which conditions are the main ones, on every page, and what conditions change by their fields."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
import pytest
from pages_fixture import Page, draw_nothing, render_page, shown_tables
from study_fixture import (
    FIELDS,
    PROVENANCE,
    REPORTED,
    TEMPLATES,
    Paths,
    make_study,
    study_of,
    write_tables,
)

from mlpstudy.analysis.conditions import baselines, distinct_cells, in_force, joined
from mlpstudy.analysis.conditions import changes as changed_fields
from mlpstudy.analysis.results import load_results
from mlpstudy.figures.catalogue import drawings
from mlpstudy.figures.verdicts import judged_claims
from mlpstudy.report.publish import descriptions

MODELS: dict[str, dict[str, Any]] = {"m01": {"epochs": 1}, "mine": {"epochs": 1}}


class Case(NamedTuple):
    """A study's conditions, the models that some are restricted to, and the main conditions."""

    conditions: Mapping[str, Mapping[str, Any]]
    covered: Mapping[str, list[str]]
    main: list[str]


CASES = {
    "one": Case({"only": {}}, {}, ["only"]),
    "three full": Case(
        {"plain": {}, "unit": {"pixels": "unit"}, "large": {"batch_size": 128}},
        {},
        ["plain", "unit"],
    ),
    "restricted, restricted, full": Case(
        {"first": {}, "unit": {"pixels": "unit"}, "large": {"batch_size": 128}},
        {"first": ["m01"], "unit": ["mine"]},
        ["large"],
    ),
    # What leaves ReLU models as they are repeats the first condition.
    "a repeat": Case(
        {"plain": {}, "again": {"leaky_slope": 0.1}, "unit": {"pixels": "unit"}},
        {},
        ["plain", "unit"],
    ),
    "only repeats": Case({"plain": {}, "again": {}}, {}, ["plain", "again"]),
    "none full": Case(
        {"unit": {"pixels": "unit"}, "large": {"batch_size": 128}, "adamw": {"optimizer": "adamw"}},
        {"unit": ["mine"], "large": ["m01"], "adamw": ["mine"]},
        ["unit", "large"],
    ),
}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return round(0.7 + 0.01 * replicate + 0.02 * len(condition), 3), 0.5


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def paths(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    folder = tmp_path_factory.mktemp("main")
    labelled = {key: {**each, "label": f"<{key}>"} for key, each in case.conditions.items()}
    made = make_study(folder, MODELS, outcome, labelled, replicates=2, covered=case.covered)
    write_tables(made)
    draw_nothing(made)
    render_page(made)
    return made


def test_one_function_decides(case: Case) -> None:
    assert study_of(MODELS, case.conditions, case.covered).main_conditions == case.main


def test_tables_and_first_screen_show_the_main_conditions(case: Case, paths: Paths) -> None:
    results = load_results(paths.study, REPORTED, paths.tables)
    labels = [f"<{key}>" for key in case.main]
    groups = ("Final inference table", "Classes", "ReLU")
    shown = [table for table in shown_tables(results) if table.title in groups]
    assert len(shown) >= len(groups)
    for table in shown:
        groups = dict.fromkeys(column.group for column in table.columns if column.tone)
        assert list(groups) == labels
    _, result = descriptions(results, PROVENANCE, TEMPLATES)
    plain = html.unescape(result).replace("\\", "")
    assert re.findall("(<[^<>]+>): failed", plain) == labels
    page = Page(paths.report / "index.html")
    for label in labels:
        assert f"runs fail under \u201c{label}\u201d" in page.said
    others = {name.removeprefix("change-") for name in page.ids if name.startswith("change-")}
    assert others == {*case.conditions} - {*case.main}
    assert page.final[0].cells == ["", "report", *labels]


def test_figures_show_the_main_conditions(case: Case, paths: Paths) -> None:
    data = load_results(paths.study, REPORTED, paths.tables)
    found = {drawing.name: drawing for drawing in drawings(data)}
    others = [f"<{key}>" for key in case.conditions if key not in case.main]
    for name in ("overview", "groups"):
        words = " ".join(found[name].words)
        assert all(f"<{key}>" in words for key in case.main)
        assert not any(label in words for label in others)
        drawn = {text.get_text() for text in found[name].draw().findobj(_is_text)}
        assert {f"<{key}>" for key in case.main} <= drawn
        assert not drawn & set(others)
    pairs = {d.subject["condition"] for d in found.values() if d.kind == "pairs"}
    assert pairs <= set(case.main)
    assert ("sensitivity" in found) == bool(others)


def _is_text(artist: Any) -> bool:
    return hasattr(artist, "get_text") and bool(artist.get_text())


def test_the_figure_of_verdicts_has_the_conditions_of_the_table() -> None:
    study = study_of(MODELS, CASES["three full"].conditions)
    rows = [("better", condition, "supported") for condition in study.conditions]
    frame = pd.DataFrame(rows, columns=["claim", "condition", "verdict"])
    assert list(judged_claims(study, frame)["condition"]) == ["plain", "unit"]
    # A claim that is about another condition alone shows it.
    frame.loc[3] = ["larger", "large", "undecided"]
    assert set(judged_claims(study, frame)["condition"]) == {"plain", "unit", "large"}


KL = {"loss": "kl_divergence"}


def test_fields_that_do_nothing_to_a_model_are_not_in_force() -> None:
    assert not {"kl", "leaky_slope", "folds", "kfold_pool", "holdout_fraction"} & set(
        in_force(FIELDS)
    )
    assert in_force(FIELDS | KL)["kl"] == "clipped"
    assert in_force(FIELDS | {"activation": "leaky_relu"})["leaky_slope"] == 0.3
    assert in_force(FIELDS | {"validation": "holdout"})["holdout_fraction"] == 0.2
    assert in_force(FIELDS | {"validation": "kfold"})["folds"] == 5


def test_changes_are_those_that_matter_on_both_sides() -> None:
    exact = {"kl": "exact", "pixels": "unit"}
    assert changed_fields(FIELDS, FIELDS | exact) == {"pixels": ("raw", "unit")}
    assert list(changed_fields(FIELDS | KL, FIELDS | KL | exact)) == ["kl", "pixels"]
    # The form of the KL divergence comes with that loss: it is no second change.
    assert list(changed_fields(FIELDS, FIELDS | KL)) == ["loss"]


def test_values_are_written_as_the_tables_have_them() -> None:
    assert joined([[128, 64, 10], 0.3, True, "raw"]) == "128+64+10; 0.3; true; raw"
    assert joined([]) == ""


def test_the_baseline_changes_least_whatever_it_is_called() -> None:
    conditions = {
        "both": {"epochs": 2, "pixels": "unit", "kl": "exact"},
        "short": {"epochs": 2},
        "short_exact": {"epochs": 2, "kl": "exact"},
    }
    study = study_of({"a": {}, "b": KL}, conditions)
    assert baselines(study) == {"a": "short", "b": "short"}
    # To a model with cross-entropy `short_exact` is `short` again.
    assert ("short_exact", "b") in distinct_cells(study)
    assert ("short_exact", "a") not in distinct_cells(study)
    # A model that no condition covers has no baseline.
    assert baselines(study_of({"a": {}, "b": {}}, {"only": {}}, {"only": ["a"]})) == {"a": "only"}
