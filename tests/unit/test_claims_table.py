"""claims.csv from a study on disk, by the subcommand: columns, folds, text cells, determinism."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from study_fixture import REPORTED, Paths, make_study

from mlpstudy.analysis.contrasts import write_contrasts
from mlpstudy.analysis.schemas import CLAIMS as SCHEMA
from mlpstudy.analysis.tables import tabulate
from mlpstudy.claims.judging import judge
from mlpstudy.errors import StudyError

CLAIMS = """
optional: {models: [gone, nan]}
claims:
  good_wins: {statement: Good wins., form: higher, models: [good], than: [folded]}
  folded_loses: {statement: It loses., form: higher, denied: true, models: [folded], than: [good]}
  folded_fails: {statement: It fails., form: share_below, models: [folded], threshold: medium}
  mended: {statement: No change., form: equivalent, models: [good], conditions: [corrected],
           against: as_reported}
  gone_wins: {statement: Gone wins., form: higher, models: [gone], than: [good]}
  nan: {statement: '1', form: untestable, models: [nan], reason: 'True', quote: '3.0',
        section: '2', place: '1e3', also: ['No.', 'Never.']}
"""


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    """Fold 1 of the folded model fails, so that a replicate is 46 % in the mean."""
    if model == "folded":
        return (0.10 if fold == "1" else 0.82) + 0.001 * replicate, 1.0
    return 0.80 + 0.001 * replicate, 0.5


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    root = tmp_path_factory.mktemp("study")
    models = {"good": {}, "folded": {"validation": "kfold", "folds": 2}}
    made = make_study(root, models, outcome, replicates=10)
    tabulate(made.study, REPORTED, made.tables)
    (root / "claims.yaml").write_text(CLAIMS)
    return made


@pytest.fixture(scope="module")
def table(paths: Paths) -> Path:
    output = paths.tables / "claims.csv"
    judge(paths.study, paths.study.with_name("claims.yaml"), paths.tables, output)
    return output


def test_one_row_per_claim_and_condition(table: Path) -> None:
    frame = pd.read_csv(table, keep_default_na=False)
    assert list(frame) == SCHEMA.names
    assert list(zip(frame["claim"], frame["condition"], frame["verdict"], strict=True)) == [
        ("good_wins", "as_reported", "supported"),
        ("good_wins", "corrected", "supported"),
        ("folded_loses", "as_reported", "supported"),
        ("folded_loses", "corrected", "supported"),
        ("folded_fails", "as_reported", "supported"),
        ("folded_fails", "corrected", "supported"),
        ("mended", "corrected", "supported"),
        ("gone_wins", "", "undecided"),
        ("nan", "", "undecided"),
    ]
    # What is judged has figures, what is not has a reason.
    assert list(frame["reason"]) == [""] * 7 + ["the study has no model gone", "True"]
    assert (frame["p_holm"].to_numpy()[:7] != "").all()


def test_a_replicate_of_folds_is_their_mean(table: Path) -> None:
    frame = pd.read_csv(table).set_index("claim")
    # 80 % against (10 + 82) / 2 = 46 %, replicate by replicate.
    assert frame.loc["good_wins", "effect"].to_list() == pytest.approx([0.34, 0.34])
    assert frame.loc["folded_loses", "effect"].to_list() == pytest.approx([-0.34, -0.34])
    assert frame.loc["folded_fails", "n"].to_list() == [10, 10]
    assert frame.loc["folded_fails", "effect"].to_list() == [1.0, 1.0]


def test_a_claim_names_the_contrast_that_has_its_effect(paths: Paths, table: Path) -> None:
    output = paths.tables / "contrasts.csv"
    write_contrasts(
        paths.study, paths.study.with_name("claims.yaml"), REPORTED, paths.tables, output
    )
    contrasts = pd.read_csv(output).set_index("contrast")
    claims = pd.read_csv(table).dropna(subset="contrast")
    assert claims["claim"].tolist() == [*["good_wins"] * 2, *["folded_loses"] * 2, "mended"]
    for row in claims.to_dict("records"):
        found = contrasts.loc[row["contrast"]]
        first = (found["first_condition"], found["first_model"])
        sign = -1 if first == (row["condition"], row["models"].split()[0]) else 1
        assert row["effect"] == pytest.approx(sign * found[row["measure"]])


def test_text_stays_text_whatever_it_looks_like(table: Path) -> None:
    odd = SCHEMA.read(table.parent).set_index("claim").loc["nan"]
    assert odd[["statement", "quote", "section", "place", "models"]].tolist() == [
        "1", "3.0", "2", "1e3", "nan",
    ]  # fmt: skip
    assert (odd["also"], odd["reason"]) == ("No. | Never.", "True")


def test_the_same_bytes_every_time_and_without_claims_no_rows(paths: Paths, table: Path) -> None:
    other = paths.tables / "other.csv"
    judge(paths.study, paths.study.with_name("claims.yaml"), paths.tables, other)
    assert other.read_bytes() == table.read_bytes()
    judge(paths.study, None, paths.tables, other)
    assert other.read_text() == ",".join(SCHEMA.names) + "\n"


def test_the_claims_are_checked_against_the_study_that_was_run(paths: Paths) -> None:
    claims = paths.study.with_name("typo.yaml")
    claims.write_text(CLAIMS.replace("than: [folded]", "than: [foldet]"))
    output = paths.tables / "typo.csv"
    with pytest.raises(StudyError, match=r"good_wins.than.0.: .*did you mean 'folded'"):
        judge(paths.study, claims, paths.tables, output)
    assert not output.exists()


def test_the_margin_and_the_threshold_of_failure_are_the_studys(paths: Paths) -> None:
    study = json.loads(paths.study.read_text())
    other = paths.study.with_name("other.json")
    classes = {"superior": 0.8, "medium": 0.4}
    for changed, verdict in (({"margin": 0.5}, "supported"),
                             ({"margin": 0.5, "classes": classes}, "contradicted")):  # fmt: skip
        other.write_text(json.dumps(study | changed))
        judge(other, paths.study.with_name("claims.yaml"), paths.tables, paths.tables / "o.csv")
        # 34 points are within the margin, but only runs that did not fail are equivalent.
        assert pd.read_csv(paths.tables / "o.csv")["verdict"][0] == verdict
