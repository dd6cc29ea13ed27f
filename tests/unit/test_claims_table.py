"""claims.csv from a study on disk, by the verb: its columns, folds, families, and determinism."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from judging import judged
from study_fixture import Paths, make_study

from mlpstudy.claims.judging import COLUMNS, judge
from mlpstudy.configuration.claims import Claim
from mlpstudy.errors import StudyError
from mlpstudy.evidence.collecting import read_table
from mlpstudy.evidence.statistics import holm
from mlpstudy.evidence.tables import collect, load_study
from mlpstudy.files import write_csv
from mlpstudy.report.loading import CLAIM_COLUMNS
from mlpstudy.report.views.claims import claim_views, tally

CLAIMS = """
optional: {models: [gone]}
claims:
  good_wins: {statement: Good wins., form: higher, models: [good], than: [folded]}
  folded_fails: {statement: It fails., form: share_below, models: [folded], threshold: medium}
  gone_wins: {statement: Gone wins., form: higher, models: [gone], than: [good]}
  nobody: {statement: Nobody knows., form: untestable, reason: Nobody asked., quote: 'Who, me?'}
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
    study = load_study(made.study)
    for table, name in {"runs": "metrics", "history": "history"}.items():
        write_csv(collect(study, name), made.tables / f"{table}.csv")
    (root / "claims.yaml").write_text(CLAIMS)
    return made


@pytest.fixture(scope="module")
def table(paths: Paths) -> Path:
    output = paths.tables / "claims.csv"
    judge(paths.study, paths.study.with_name("claims.yaml"), paths.tables, output)
    return output


def test_a_row_a_claim_and_condition(table: Path) -> None:
    frame = pd.read_csv(table, keep_default_na=False)
    assert list(frame) == COLUMNS
    assert set(CLAIM_COLUMNS) <= set(COLUMNS)
    assert list(zip(frame["claim"], frame["condition"], frame["verdict"], strict=True)) == [
        ("good_wins", "as_reported", "supported"),
        ("good_wins", "corrected", "supported"),
        ("folded_fails", "as_reported", "supported"),
        ("folded_fails", "corrected", "supported"),
        ("gone_wins", "", "undecided"),
        ("nobody", "", "undecided"),
    ]
    assert list(frame["reason"])[-2:] == ["the study has no model gone", "Nobody asked."]


def test_a_replicate_of_folds_is_their_mean(table: Path) -> None:
    frame = pd.read_csv(table).set_index("claim")
    # 80 % against (10 + 82) / 2 = 46 %, replicate by replicate.
    assert frame.loc["good_wins", "effect"].to_list() == pytest.approx([0.34, 0.34])
    assert frame.loc["folded_fails", "n"].to_list() == [10, 10]
    assert frame.loc["folded_fails", "effect"].to_list() == [1.0, 1.0]


def test_the_pages_read_what_was_written(table: Path) -> None:
    frame = pd.read_csv(table)
    good, folded, gone, nobody = claim_views(frame)
    assert good.verdicts[0].effect.startswith("+34.0 points")
    assert folded.verdicts[0].effect == "100 % of runs (72 to 100)"
    assert [view.verdicts[0].state for view in (gone, nobody)] == ["not_judged", "untestable"]
    assert nobody.quote == "Who, me?"
    assert tally(frame)[""] == {"not_judged": 1, "untestable": 1}


ODD = """
optional: {models: [nan, inf]}
claims:
  nan: {statement: '1', form: untestable, reason: 'True', quote: '3.0', section: '2', place: '1e3'}
  own: {statement: Mine., form: higher, models: [nan], than: [inf]}
"""


def test_what_is_written_is_text_whatever_it_looks_like(paths: Paths) -> None:
    path = paths.study.with_name("odd.yaml")
    path.write_text(ODD)
    output = paths.tables / "odd.csv"
    judge(paths.study, path, paths.tables, output)
    odd, own = claim_views(read_table(output, COLUMNS))
    assert (odd.claim, odd.statement, odd.quote) == ("nan", "1", "3.0")
    assert (odd.section, odd.place) == ("2", "1e3")
    assert odd.verdicts[0].reason == "True."
    assert (own.section, own.quote, own.models) == ("", "", ("nan", "inf"))


def test_models_are_names_where_claims_are_and_a_number_elsewhere(tmp_path: Path) -> None:
    tables = {
        "claims": ("claim,models", "a,nan", ["nan"]),
        "audit": ("rule,models", "cut,inf", ["inf"]),
        "rankings": ("activation,models", "relu,3", [3]),
    }
    for name, (head, row, found) in tables.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(f"{head}\n{row}\n")
        assert read_table(path)["models"].tolist() == found


def test_the_same_bytes_every_time(paths: Paths, table: Path) -> None:
    again = paths.tables / "again.csv"
    judge(paths.study, paths.study.with_name("claims.yaml"), paths.tables, again)
    assert again.read_bytes() == table.read_bytes()


def test_no_claims_make_a_table_without_rows(paths: Paths) -> None:
    output = paths.tables / "none.csv"
    judge(paths.study, None, paths.tables, output)
    assert output.read_text() == ",".join(COLUMNS) + "\n"


def test_the_claims_are_checked_against_the_study_that_was_run(paths: Paths) -> None:
    claims = paths.study.with_name("typo.yaml")
    claims.write_text(CLAIMS.replace("than: [folded]", "than: [foldet]"))
    output = paths.tables / "typo.csv"
    with pytest.raises(StudyError, match=r"good_wins.than.0.: .*did you mean 'folded'"):
        judge(paths.study, claims, paths.tables, output)
    assert not output.exists()


def test_a_study_with_another_margin(paths: Paths) -> None:
    study = json.loads(paths.study.read_text())
    other = paths.study.with_name("wide.json")
    other.write_text(json.dumps({**study, "margin": 0.5}))
    output = paths.tables / "wide.csv"
    judge(other, paths.study.with_name("claims.yaml"), paths.tables, output)
    first = pd.read_csv(output).iloc[0]
    assert first["verdict"] == "contradicted"
    assert first["reason"] == "good and folded are equivalent, within 50 points"


def test_holm_counts_the_claims_of_one_condition_and_no_others() -> None:
    runs = {
        (condition, model): [base + 0.001 * k for k in range(12)]
        for condition, models in {"one": "abc", "two": "ab"}.items()
        for model, base in zip(models, (0.9, 0.8, 0.7), strict=False)
    }
    claims = [
        Claim("first", "-", "higher", models=("a",), than=("b",)),
        Claim("second", "-", "higher", models=("b",), than=("c",)),
        Claim("third", "-", "share_above", models=("a",), threshold=0.5, quantity="test_accuracy"),
        Claim("alone", "-", "differ", models=("a",), than=("b",), conditions=("two",)),
        Claim("never", "-", "untestable", reason="No."),
    ]
    rows = judged(claims, runs)
    found = {(row["claim"], row["condition"]): row for row in rows}
    families = {key: row["family"] for key, row in found.items() if key[1]}
    assert families == {
        ("first", "one"): 3, ("first", "two"): 3, ("second", "one"): 3,
        ("third", "one"): 3, ("third", "two"): 3, ("alone", "two"): 3,
    }  # fmt: skip
    one = [row for (_, condition), row in found.items() if condition == "one"]
    assert [row["p_holm"] for row in one] == pytest.approx(list(holm([r["p"] for r in one])))
    assert [row["p_holm"] for row in one] == pytest.approx([6e-4, 6e-4, 6e-4])
