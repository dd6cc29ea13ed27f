"""Which cells are set against each other, in which direction, and what is then said of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from scipy import stats
from study_fixture import REPORTED, make_study

from mlpstudy.evidence.tables import read_table, tabulate

DEEP = {"nodes": [32, 16, 10], "dropout": 0.2}
# As in the report: the second model adds batch normalisation and larger batches at once.
MODELS = {"m09": DEEP, "m10": DEEP | {"batch_norm": True, "batch_size": 128}}
CONDITIONS = {
    "as_reported": {},
    "corrected": {"pixels": "unit", "kl": "exact"},
    "batch_128": {"batch_size": 128},
    "batch_32": {"batch_size": 32},
    "no_dropout": {"dropout": 0.0},
}
COVERED = {
    "as_reported": ["m09", "m10"], "corrected": ["m09", "m10"], "batch_128": ["m09"],
    "batch_32": ["m10"], "no_dropout": ["m09", "m10"],
}  # fmt: skip


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    base = {"m09": 0.70, "m10": 0.85}[model]
    shift = {"batch_128": 0.05, "no_dropout": -0.03, "corrected": 0.02}.get(condition, 0.0)
    failed = condition == "as_reported" and model == "m09" and replicate <= 4
    return (0.1 if failed else base + shift + replicate / 1000), 0.5


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    root = tmp_path_factory.mktemp("effects")
    paths = make_study(root, MODELS, outcome, CONDITIONS, replicates=6, covered=COVERED)
    tabulate(paths.study, REPORTED, paths.tables)
    return read_table(paths.tables / "effects.csv")


def steps(frame: pd.DataFrame) -> set[tuple[str, ...]]:
    columns = ["baseline", "baseline_model", "condition", "model", "field"]
    return set(frame[columns].itertuples(index=False, name=None))


def test_every_two_cells_that_differ_in_one_field_are_set_against_each_other(
    table: pd.DataFrame,
) -> None:
    same = {
        ("as_reported", model, condition, model, field)
        for model, condition, field in (
            ("m09", "corrected", "pixels"), ("m10", "corrected", "pixels"),
            ("m09", "batch_128", "batch_size"), ("m10", "batch_32", "batch_size"),
            ("m09", "no_dropout", "dropout"), ("m10", "no_dropout", "dropout"),
        )
    }  # fmt: skip
    # Batch normalisation alone, at either size of batch: what the report changed together.
    apart = {
        ("as_reported", "m09", "batch_32", "m10", "batch_norm"),
        ("batch_128", "m09", "as_reported", "m10", "batch_norm"),
    }
    assert steps(table) == same | apart


def test_values_before_and_after_are_those_of_the_fields(table: pd.DataFrame) -> None:
    row = table.set_index(["model", "condition"]).loc[("m10", "no_dropout")]
    assert (row["baseline_value"], row["value"]) == ("0.2", "0.0")
    norm = table[table["field"] == "batch_norm"]
    assert norm["baseline_value"].tolist() == ["false", "false"]
    assert norm["value"].tolist() == ["true", "true"]


def test_differences_are_of_the_second_against_the_baseline(table: pd.DataFrame) -> None:
    row = table.set_index(["baseline", "model"]).loc[("batch_128", "m10")]
    assert row["difference"] == pytest.approx(0.10)  # 0.85 less 0.75, replicate by replicate
    assert row["baseline_median"] == pytest.approx(0.7535)
    assert row["median"] == pytest.approx(0.8535)
    assert row["verdict"] == "higher"


def test_failures_have_fishers_test(table: pd.DataFrame) -> None:
    row = table.set_index(["condition", "model"]).loc[("batch_128", "m09")]
    assert (row["baseline_failures"], row["failures"]) == (4, 0)
    expected = stats.fisher_exact([[4, 2], [0, 6]]).pvalue
    assert row["failure_p"] == pytest.approx(expected)
    assert row["failure_p_holm"] == pytest.approx(expected)  # the only one of its family


def test_one_question_on_several_models_is_one_family(table: pd.DataFrame) -> None:
    families = table.set_index(["condition", "model"])["family"]
    assert families.loc[[("no_dropout", "m09"), ("no_dropout", "m10")]].tolist() == [2, 2]
    assert families.loc[("batch_128", "m09")] == 1


def test_a_condition_that_changes_several_fields_is_set_against_the_baseline_only(
    tmp_path: Path,
) -> None:
    kl = {"loss": "kl_divergence"}
    conditions = {
        "as_reported": {},
        "corrected": {"pixels": "unit", "kl": "exact"},
        "unit_pixels": {"pixels": "unit"},
        "exact_kl": {"kl": "exact"},
    }
    paths = make_study(tmp_path, {"m05": kl}, lambda *_: (0.8, 0.5), conditions)
    tabulate(paths.study, REPORTED, paths.tables)
    found = read_table(paths.tables / "effects.csv")
    # The four sides of the square and, from the baseline, its diagonal.
    assert steps(found) == {
        ("as_reported", "m05", "corrected", "m05", "kl; pixels"),
        ("as_reported", "m05", "unit_pixels", "m05", "pixels"),
        ("as_reported", "m05", "exact_kl", "m05", "kl"),
        ("unit_pixels", "m05", "corrected", "m05", "kl"),
        ("exact_kl", "m05", "corrected", "m05", "pixels"),
    }
    diagonal = found.set_index("field").loc["kl; pixels"]
    assert diagonal["baseline_value"] == "clipped; raw"
    assert diagonal["value"] == "exact; unit"


def test_a_study_of_one_model_under_one_condition_has_no_effects(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}}, lambda *_: (0.8, 0.5), {"only": {}})
    tabulate(paths.study, REPORTED, paths.tables)
    assert read_table(paths.tables / "effects.csv").empty
