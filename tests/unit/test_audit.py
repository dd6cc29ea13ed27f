"""The audit of the report that this study redoes, of its corrections, and of no report."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from audit_reports import CHECKS, REPORT, REPORTED, audited, corrected, without_words
from hypothesis import given, settings
from hypothesis import strategies as st
from study_fixture import make_study

from mlpstudy.analysis.schemas import AUDIT, SENSITIVITY
from mlpstudy.audit import loading
from mlpstudy.audit.checks import SEPARATOR, audit
from mlpstudy.audit.printed import Report
from mlpstudy.errors import StudyError

FOUND = audited(REPORT)

# All findings of the report itself, without replicates, each with a correction of the report that
# removes it. An id that comes or goes is a change to see.
CORRECTIONS = {
    # Rules.
    "contradiction-m03-layers": "m03.layers=5",
    "contradiction-m16-layers": "m16.layers=3",
    "contradiction-m17-layers": "m17.layers=3",
    "contradiction-m04-test_accuracy": "m04.test_accuracy=0.7745",
    "contradiction-m04-test_loss": "m04.test_loss=0.7757",
    "cut-test_accuracy": "*.test_accuracy=.5",
    "impossible-m05-14.51": "m05.test_loss=12.99",
    "other_images-m03-test_accuracy": "-m03",
    "padded-m05-test_accuracy": "m05.test_accuracy@3=.1941",
    # Checks.
    "saturated": "m05.test_loss=5 m06.test_loss=5 m15.test_loss=5",
    "undiscussed-m06-m15": "+m06 +m15",
    "blamed-s48": "m04.class=Inferior",
    "all_discussed-s65": "m05.loss_function=mse m06.loss_function=mse m15.loss_function=mse",
    "better_run-m04": "m04.class=Inferior",
    "spread-m04": "m04.test_accuracy=0.7745",
    "unsteady-s15": "m09.test_accuracy=0.18",
    "unsteady-s74": "m10.test_accuracy=0.6",
    "incompatible-s43": "m05.class=Superior",
    "credited-s71": "m08.dropout=false m09.dropout=false",
    "fewer_nodes-s56": "m03.nodes=64+32+32+16+10",
    "only_difference-s59": "m11.epochs=12",
    "better_setting-s61": "m01.test_accuracy=0.9",
    "sampling_error-s58": "m11.test_accuracy=0.9",
    "ideal_layers-s62": "m12.nodes=128+64+32+10",
    "ideal_layers-s69": "m13.test_accuracy=0.84 m14.test_accuracy=0.84",
    "undiscussed-m16-m17": "+m16 +m17",
    "ideal-s50": "m03.test_accuracy=0.9",
    "rank_order-s66": "m05.test_accuracy=.86 m06.test_accuracy=.88 m08.test_accuracy=.86"
    " m09.test_accuracy=.86 m15.test_accuracy=.86",
    "perform_well-s68": "m06.class=Medium m15.class=Medium",
    "around-s31": "m10.test_accuracy=0.753",
    "varied_alone-s02": "*.loss_function=mse *.validation=none *.epochs=9 *.batched=false"
    " *.dropout=false *.batch_normalization=false",
    "same_result-m05-m06": "m06.test_loss=5",
    "two_causes-s47": "m04.class=Inferior",
    "two_stories-s38": "m04.epochs=9",
    "two_reasons-s24": "m08.nodes=512+256+200+128+100+64+50+20+10",
    "repeats-s28": "m05.test_accuracy@4=.5 m08.test_accuracy@4=.5 m09.test_accuracy@4=.5"
    " m10.test_accuracy@4=.5",
    "only_difference-s27": "m10.batched=false",
    "adaptive-s40": "m04.test_accuracy=0.1",
    "incompatible-s50": "m13.epochs=10",
    "groups-s63": "*.loss_function=mse",
    "exception-s72": "m04.test_accuracy=0.6",
    "better_than-s25": "m05.test_accuracy=.7 m06.test_accuracy=.7 m15.test_accuracy=.7",
    "number_of_models-s01": "-m17",
    "series-3_x": "m17.report_name=3_1",
    "input_layer-m08": "m08.first_layer_nodes=784 m08.hidden_layers=9",
    "class_limits-class": "m03.test_accuracy=0.84",
    "blank-epochs": "*.epochs=20",
    "same_seconds-41s": "m02.seconds=39",
    "unequal_seconds-m01-m16-m17": "m01.seconds=50 m16.seconds=50",
    "no_single-s64": "",  # which follows from words alone
}  # fmt: skip


def test_the_findings_of_the_report() -> None:
    assert set(FOUND) == set(CORRECTIONS)
    weights = Counter(row["weight"] for row in FOUND.values())
    assert weights == {"serious": 28, "minor": 22}


# Figures computed by hand, or with a pocket calculator, from the report's own pages.
@pytest.mark.parametrize(
    ("finding", "figures"),
    [
        ("impossible-m05-14.51", ["at most 13.50", "with 19.0 %", "right in 10.0 % of them"]),
        ("saturated", ["model 5, model 6 and model 15", "16.118 times", "(0.0016)"]),
        ("other_images-m03-test_accuracy", ["other 16 full", "55,835 of 70,000", "5 folds"]),
        ("spread-m04", ["50.51 points", "5 of the 6 pairs", "44.92, 23.00, 9.16, 0.62 and 9.31"]),
        ("all_discussed-s65", ["3 of the 4 Inferior", "2 of the 13 others"]),
        ("rank_order-s66", ["65.04 %, 57.00 %, 79.83 % and 77.80 %", "4 of the 4"]),
        ("ideal-s50", ["model 11, model 12, model 16 and model 17", "at most 77 s", "90 s"]),
        ("fewer_nodes-s56", ["442 against 250"]),
        ("better_setting-s61", ["9.31 points", "8.05 points"]),
        ("around-s31", ["14 models", "19.41 % to 88.17 %", "11.66 points", "0.62 points"]),
        ("blamed-s48", ["474 nodes instead of 506", "fail with 234"]),
        ("sampling_error-s58", ["0.62 points", "1.3 times", "0.46 points"]),
        ("same_result-m05-m06", ["once in 140 times"]),
        ("unsteady-s74", ["23.00 points"]),
        ("ideal_layers-s69", ["3 layers (83.31 % and 83.05 %)", "(77.49 % and 79.76 %)"]),
        ("varied_alone-s02", ["for activation and nodes only"]),
    ],
)
def test_figures_of_the_findings(finding: str, figures: list[str]) -> None:
    for figure in figures:
        assert figure in FOUND[finding]["finding"]


def test_every_finding_is_one_sentence_that_can_be_looked_up() -> None:
    """Each place and each value is the report's; nothing is left to fill in."""
    pairs = {(v.place, v.printed or "(blank)") for v in REPORT.values}
    pairs |= {(s.place, f"\u201c{s.quote}\u201d") for s in REPORT.statements.values()}
    assert not any(SEPARATOR in place + printed for place, printed in pairs)
    for row in FOUND.values():
        for text in (row["finding"], row["matters"]):
            assert re.fullmatch(r"[A-Z](?!.*[.] [A-Z])[^{}]*[.]", text), text
            assert not re.search(r"\bnan\b|  ", text), text
        if row["places"]:
            places, values = (row[name].split(SEPARATOR) for name in ("places", "values"))
            assert set(zip(places, values, strict=True)) <= pairs, row["id"]


@pytest.mark.parametrize("finding", [name for name, edits in CORRECTIONS.items() if edits])
def test_a_corrected_report_has_the_finding_no_more(finding: str) -> None:
    assert finding not in audited(corrected(CORRECTIONS[finding]))


@pytest.mark.parametrize(
    ("check", "statement"),
    [(key, name) for key, check in CHECKS.checks.items() for name in check.says],
)
def test_what_is_not_said_is_not_found(check: str, statement: str) -> None:
    report = without_words(statement, CHECKS.checks[check].says[statement])
    assert check not in audited(report)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.02, 0.2, 0.6, 0.95]))
def test_a_report_with_gaps_breaks_no_check(seed: int, share: float) -> None:
    keep = np.random.default_rng(seed).random(len(REPORT.values)) < share
    values = tuple(v for v, kept in zip(REPORT.values, keep, strict=True) if kept)
    for row in audited(Report(values, REPORT.statements)).values():
        assert not re.search(r"\bnan\b", row["finding"])


def run(tmp_path: Path, reported: Path = REPORTED, trial: bool = False) -> pd.DataFrame:
    """Audit a study whose replicates do not reproduce model 1's accuracy; read audit.csv."""
    row = dict.fromkeys(SENSITIVITY.names, "") | {
        "condition": "as_reported", "model": "m01", "baseline": "as_reported",
        "quantity": "test_accuracy", "reported": 0.7526000142097473, "n": 3, "low": 0.8,
        "median": 0.81, "high": 0.82, "inside": False, "p_gap": 0.25,
    }  # fmt: skip
    study = make_study(tmp_path / "study", {"m01": {}}, lambda *_: (0.85, 0.5), trial=trial).study
    pd.DataFrame([row]).to_csv(tmp_path / "sensitivity.csv", index=False)
    audit(study, reported, loading.CHECKS, tmp_path, tmp_path / "audit.csv")
    return pd.read_csv(tmp_path / "audit.csv", dtype="str", keep_default_na=False)


def test_the_file_leads_with_the_serious_findings(tmp_path: Path) -> None:
    written = run(tmp_path)
    assert list(written.columns) == AUDIT.names
    assert list(written["weight"]) == sorted(written["weight"], reverse=True)
    assert set(written["id"]) == {*CORRECTIONS, "outside-m01"}


def test_a_trial_is_not_compared_with_the_report(tmp_path: Path) -> None:
    assert set(run(tmp_path, trial=True)["id"]) == set(CORRECTIONS)


def test_values_alone_are_audited_without_statements(tmp_path: Path) -> None:
    reported = tmp_path / "reported"
    reported.mkdir()
    assert run(tmp_path / "none", reported).empty  # no report at all
    shutil.copy(REPORTED / "values.csv", reported)
    found = set(run(tmp_path, reported)["id"])
    assert {"contradiction-m03-layers", "same_result-m05-m06"} <= found
    assert not any(name.endswith("-s56") for name in found)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"sensitivity\.csv: missing"):
        audit(tmp_path, REPORTED, loading.CHECKS, tmp_path, tmp_path / "audit.csv")
