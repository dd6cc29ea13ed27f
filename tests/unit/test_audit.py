"""The audit of the report that this study redoes, and of other and of no reports."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_fixture import make_study

from mlpstudy.errors import StudyError
from mlpstudy.evidence.audit.audit import OF_REPLICATES, OF_SENTENCES, OF_VALUES, audit, findings
from mlpstudy.evidence.audit.findings import COLUMNS, KINDS, SEPARATOR, audit_table
from mlpstudy.evidence.audit.forms import FORMS
from mlpstudy.evidence.audit.places import COLUMNS as PLACED
from mlpstudy.evidence.audit.printed import load_report
from mlpstudy.evidence.audit.readings import read_readings
from mlpstudy.evidence.reported import read_statements, read_values

REPORTED = Path(__file__).parents[2] / "resources" / "reported"
DOCS = Path(__file__).parents[2] / "docs"
VALUES = read_values(REPORTED / "values.csv")
STATEMENTS = read_statements(REPORTED / "statements.csv")
REPORT = load_report(VALUES, STATEMENTS)
READINGS = read_readings(REPORTED / "readings.csv", REPORT)
NOTHING = pd.DataFrame(columns=PLACED)

# All that the report itself gives, without replicates: an id that comes or goes is a change to see.
EXPECTED = """
contradiction-m03-layers contradiction-m04-test_loss contradiction-m04-test_accuracy
cut-m04-test_accuracy-2 contradiction-m05-test_loss contradiction-m05-test_accuracy
cut-m08-test_accuracy cut-m09-test_accuracy loose-m10-seconds contradiction-m16-layers
contradiction-m17-layers blank-epochs

impossible-m05-14.51 saturated-m05 saturated-m06 saturated-m15
other_images-m03-test_accuracy digits_lost-m16-test_accuracy hidden_layers-m08
input_layer-m08-m09 series-3_x number_of_models-s01

class_limits-class better_run-m04 undiscussed-m06-m15
blamed-s16 blamed-s47 blamed-s48 nothing_special-s46 credited-s71 spread-m04
rank_order-s66 ideal_layers-s62 ideal_layers-s69 ideal-s50 exception-s72
fewer_nodes-s56 opposite-s56
only_difference-s06 only_difference-s26 only_difference-s56 only_difference-s59
better_setting-s61 every_layer-s33
sampling_error-s58 difference-s55 difference-s58 difference-s61
perform_well-s68 better_than-s25 around-s31
unsteady-s15 steady-s28 steady-s42 not_learnt-s45
incompatible-s43 incompatible-s48 incompatible-s50
too_long-s17 too_long-s25 longer_is_better-s52 fewer_epochs-s07 no_effect-s03
varied_alone-s02 no_contrast-s12 all_discussed-s65

same_result-m05-m06 same_seconds-41s-20-epochs unequal_seconds-m01-m16-m17
"""


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return audit_table(list(findings(REPORT, READINGS, NOTHING)))


def test_the_findings_of_the_report(table: pd.DataFrame) -> None:
    assert list(table["id"]) == EXPECTED.split()


# Figures computed by hand, or with a pocket calculator, from the report's own pages.
@pytest.mark.parametrize(
    ("finding", "figures"),
    [
        ("impossible-m05-14.51", ["at most 13.50", "16.118 x (1 - 1/10) = 14.51"]),
        ("saturated-m15", ["= 11.6050", "11.6043"]),
        ("other_images-m03-test_accuracy", ["55,835 of 70,000"]),
        ("spread-m04", ["50.50 points", "5 of the 6 pairs", "44.92 points"]),
        ("nothing_special-s46", ["5 models with KL", "3 are Inferior", "p = 0.053", "p = 0.0099"]),
        ("rank_order-s66", ["by mean sigmoid 79.83 > tanh 77.80 > Leaky ReLU 65.04 > ReLU 57.00"]),
        ("ideal-s50", ["6 models of 17", "7, 11, 12, 16 and 17", "450 s"]),
        ("fewer_nodes-s56", ["442 against 250"]),
        ("opposite-s56", ["9.16 points worse", "0.62 points better"]),
        ("better_setting-s61", ["8.05 points"]),
        ("around-s31", ["Of 14 models 3", "11.66 points below", "78.09 %"]),
        ("blamed-s48", ["506 nodes", "model 10 (1340 nodes)"]),
        ("too_long-s17", ["300 s", "450 s"]),
        ("ideal_layers-s62", ["0.14 points, 14 images"]),
        ("same_result-m05-m06", ["1 of 140"]),
    ],
)
def test_figures_of_the_findings(table: pd.DataFrame, finding: str, figures: list[str]) -> None:
    text = table.set_index("id").loc[finding, "explanation"]
    for figure in figures:
        assert figure in text


def test_every_finding_can_be_looked_up(table: pd.DataFrame) -> None:
    """Each place and each value is the report's; each finding says why it matters."""
    places = set(VALUES["place"]) | set(STATEMENTS["place"])
    printed = (
        set(VALUES["printed"]) | {"(blank)"} | {f"\u201c{q}\u201d" for q in STATEMENTS["quote"]}
    )
    for row in table.itertuples():
        assert set(str(row.places).split(SEPARATOR)) <= places, row.id
        assert set(str(row.values).split(SEPARATOR)) <= printed, row.id
        assert row.explanation.endswith("."), row.id
        assert row.matters.endswith("."), row.id
        assert "nan" not in row.explanation.replace("Inference", ""), row.id
        assert row.kind in KINDS
    assert not any(SEPARATOR in text for text in [*VALUES["place"], *STATEMENTS["quote"]])


def test_places_and_values_go_together(table: pd.DataFrame) -> None:
    pairs = {(row.place, row.printed or "(blank)") for row in VALUES.itertuples()}
    pairs |= {(row.place, f"\u201c{row.quote}\u201d") for row in STATEMENTS.itertuples()}
    for row in table[table["places"] != ""].itertuples():
        shown = zip(str(row.places).split(SEPARATOR), str(row.values).split(SEPARATOR), strict=True)
        assert set(shown) <= pairs, row.id


def test_every_reading_is_of_a_form_that_a_rule_looks_at() -> None:
    used = {reading.form for reading in READINGS}
    assert used == set(FORMS)
    for form in FORMS:  # a rule that finds something does so because of a reading of some form
        rest = [reading for reading in READINGS if reading.form != form]
        found = {f.id for f in findings(REPORT, rest, NOTHING)}
        assert found <= set(EXPECTED.split())
    assert {f.id for f in findings(REPORT, [], NOTHING)} < set(EXPECTED.split())


def test_the_documents_name_every_kind_and_form() -> None:
    text = (DOCS / "audit.md").read_text() + (REPORTED / "README.md").read_text()
    rules = [rule.__name__ for rule in (*OF_VALUES, *OF_SENTENCES, *OF_REPLICATES)]
    for name in (*KINDS, *FORMS, *rules):
        assert f"`{name}`" in text, name


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.02, 0.2, 0.6, 0.95]))
def test_a_report_with_gaps_breaks_no_rule(seed: int, share: float) -> None:
    """Whatever is not printed, rules pass over; what they find is still of the report."""
    keep = np.random.default_rng(seed).random(len(VALUES)) < share
    report = load_report(VALUES[keep], STATEMENTS)
    found = audit_table(list(findings(report, READINGS, NOTHING)))
    assert found["id"].is_unique
    assert not found["explanation"].str.contains("nan").any()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return make_study(tmp_path, {"m01": {}}, lambda *_: (0.85, 0.5)).study


def placed(folder: Path) -> Path:
    """Write a sensitivity.csv in which model 1's accuracy is outside."""
    row = dict.fromkeys(PLACED, "") | {
        "condition": "as_reported", "model": "m01", "baseline": "as_reported",
        "quantity": "test_accuracy", "reported": 0.7526000142097473, "n": 3, "low": 0.8,
        "median": 0.81, "high": 0.82, "below": 0, "above": 3, "inside": False, "gap": 0.05,
        "p_gap": 0.25,
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    pd.DataFrame([row]).to_csv(folder / "sensitivity.csv", index=False)
    return folder


def test_the_file_has_replicates_last_and_the_same_bytes_twice(study: Path, tmp_path: Path) -> None:
    tables = placed(tmp_path / "tables")
    for name in ("audit.csv", "again.csv"):
        audit(study, REPORTED, tables, tmp_path / name)
    text = (tmp_path / "audit.csv").read_text()
    assert text == (tmp_path / "again.csv").read_text()
    written = pd.read_csv(tmp_path / "audit.csv")
    assert list(written.columns) == COLUMNS
    assert list(written["id"])[-2:] == ["how_many-as_reported", "outside_all-m01-test_accuracy"]


def test_a_trial_is_not_set_against_the_report(tmp_path: Path) -> None:
    trial = make_study(tmp_path, {"m01": {}}, lambda *_: (0.85, 0.5), trial=True).study
    audit(trial, REPORTED, placed(tmp_path / "tables"), tmp_path / "audit.csv")
    assert list(pd.read_csv(tmp_path / "audit.csv")["id"]) == EXPECTED.split()


@pytest.mark.parametrize("content", [None, "", "header"])
def test_without_a_report_the_table_is_empty(
    study: Path, tmp_path: Path, content: str | None
) -> None:
    reported = tmp_path / "reported"
    reported.mkdir()
    if content is not None:
        for name in ("values", "statements", "readings"):
            head = (REPORTED / f"{name}.csv").read_text().partition("\n")[0] + "\n"
            (reported / f"{name}.csv").write_text(head if content else "")
    tables = placed(tmp_path / "tables")
    pd.DataFrame(columns=PLACED).to_csv(tables / "sensitivity.csv", index=False)
    audit(study, reported, tables, tmp_path / "audit.csv")
    assert (tmp_path / "audit.csv").read_text() == ",".join(COLUMNS) + "\n"


def test_values_alone_are_audited_without_sentences(study: Path, tmp_path: Path) -> None:
    reported = tmp_path / "reported"
    reported.mkdir()
    shutil.copy(REPORTED / "values.csv", reported)
    audit(study, reported, placed(tmp_path / "tables"), tmp_path / "audit.csv")
    found = set(pd.read_csv(tmp_path / "audit.csv")["id"])
    assert {"contradiction-m03-layers", "same_result-m05-m06"} <= found
    assert not any(name.endswith("-s56") for name in found)


def test_a_missing_table_is_named(study: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"sensitivity\.csv: missing"):
        audit(study, REPORTED, tmp_path, tmp_path / "audit.csv")
