"""contrasts.csv of a small study: which rows there are, and every column computed anew."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from study_fixture import REPORTED, make_study

from mlpstudy.analysis.contrasts import contrast, write_contrasts
from mlpstudy.analysis.runs import accuracies_by_cell
from mlpstudy.analysis.schemas import CONTRASTS
from mlpstudy.analysis.statistics.intervals import difference_of_medians
from mlpstudy.analysis.statistics.shifts import shift_test
from mlpstudy.analysis.tables import tabulate
from mlpstudy.config.study import load_study

DEEP = {"nodes": [32, 16, 10], "dropout": 0.2, "report_name": "m"}
MODELS = {
    "m03": {"validation": "kfold", "folds": 2, "activation": "tanh"},
    "m09": DEEP,
    # As in the report: batch normalisation and larger batches at once.
    "m10": DEEP | {"batch_norm": True, "batch_size": 128},
}
CONDITIONS = {
    "as_reported": {},
    "corrected": {"pixels": "unit", "kl": "exact"},
    "batch_128": {"batch_size": 128},
    "no_dropout": {"dropout": 0.0},
    "again": {"dropout": 0.2},
}
COVERED = {"batch_128": ["m09"], "no_dropout": ["m09", "m10"], "again": ["m09"]}
CLAIMS = """
claims:
  both: {statement: Both., form: higher, models: [m10], than: [m09], conditions: [as_reported],
         against: no_dropout}
  alone: {statement: Alone., form: fails_more, models: [m09], conditions: [corrected],
          against: no_dropout}
"""
# What differs in one field, what the main conditions are, and what a claim sets side by side.
ACROSS = {
    ("as_reported.m03", "corrected.m03"): "pixels",
    ("as_reported.m09", "corrected.m09"): "pixels",
    ("as_reported.m10", "corrected.m10"): "pixels",
    ("as_reported.m09", "batch_128.m09"): "batch_size",
    ("as_reported.m09", "no_dropout.m09"): "dropout",
    ("as_reported.m10", "no_dropout.m10"): "dropout",
    ("as_reported.m10", "batch_128.m09"): "batch_norm",
    ("as_reported.m10", "no_dropout.m09"): "batch_size; dropout; batch_norm",
    ("corrected.m09", "no_dropout.m09"): "dropout; pixels",
}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    """Return different accuracies; four runs of model 9 fail as reported."""
    if (condition, model) == ("as_reported", "m09") and replicate <= 4:
        return 0.1 + replicate / 1000, 14.5
    generator = np.random.default_rng([*f"{condition}{model}{fold}".encode(), replicate])
    base = {"m03": 0.7, "m09": 0.75, "m10": 0.85}[model] + 0.02 * (condition != "as_reported")
    return round(base + float(generator.normal(0, 0.02)), 4), 0.5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("study")
    paths = make_study(root, MODELS, outcome, CONDITIONS, replicates=6, covered=COVERED)
    tabulate(paths.study, REPORTED, paths.tables)
    claims = root / "claims.yaml"
    claims.write_text(CLAIMS)
    write_contrasts(paths.study, claims, REPORTED, paths.tables, paths.tables / "contrasts.csv")
    return paths.tables


@pytest.fixture(scope="module")
def table(folder: Path) -> pd.DataFrame:
    return CONTRASTS.read(folder)


@pytest.fixture(scope="module")
def samples(folder: Path) -> dict[str, np.ndarray]:
    """Return the six replicates of each cell by its name; folds are averaged."""
    runs = pd.read_csv(folder / "runs.csv", dtype={"fold": str})
    wide = runs.pivot_table("test_accuracy", ["condition", "model"], "replicate")
    return {".".join(cell): row.to_numpy() for cell, row in wide.iterrows()}


def cells(row: pd.Series) -> tuple[str, str]:
    return tuple(
        f"{row[f'{side}_condition']}.{row[f'{side}_model']}" for side in ("first", "second")
    )


def test_which_contrasts_there_are_each_once(table: pd.DataFrame) -> None:
    assert list(table) == CONTRASTS.names
    found = [cells(row) for _, row in table.iterrows()]
    within = {
        (f"{condition}.{one}", f"{condition}.{two}")
        for condition, models in {"as_reported": MODELS, "corrected": MODELS,
                                  "no_dropout": ["m09", "m10"]}.items()
        for at, two in enumerate(models) for one in list(models)[:at]
    }  # fmt: skip
    # `again` repeats what is there already, and is set against nothing.
    assert set(found) == within | set(ACROSS)
    assert len({frozenset(pair) for pair in found}) == len(found)
    assert table["contrast"].tolist() == ["-".join(pair) for pair in found]


def test_what_differs_is_named_with_its_values(table: pd.DataFrame) -> None:
    for _, row in table.iterrows():
        if cells(row) in ACROSS:
            named = row["fields"].split("; ")
            assert sorted(named) == sorted(ACROSS[cells(row)].split("; "))
    row = table.set_index("contrast").loc["as_reported.m10-no_dropout.m09"]
    values = {
        field: (one, two)
        for field, one, two in zip(
            *(row[name].split("; ") for name in ("fields", "first_values", "second_values")),
            strict=True,
        )
    }
    assert values == {
        "batch_size": ("128", "32"), "dropout": ("0.2", "0.0"), "batch_norm": ("true", "false"),
    }  # fmt: skip


def test_effects_are_those_of_both_samples(
    table: pd.DataFrame, samples: dict[str, np.ndarray]
) -> None:
    """Means and superiority by scipy; medians and shifts by the functions that have tests."""
    for _, row in table.iterrows():
        first, second = (samples[cell] for cell in cells(row))
        paired = row["first_model"] == row["second_model"]
        assert row["paired"] == paired
        assert (row["first_replicates"], row["second_replicates"]) == (6, 6)
        medians = [np.median(first), np.median(second)]
        assert row[["first_median", "second_median"]].tolist() == pytest.approx(medians)
        test = stats.ttest_rel(second, first) if paired else stats.ttest_ind(
            second, first, equal_var=False
        )  # fmt: skip
        if paired:
            above = (np.sign(second - first) + 1).mean() / 2
        else:
            above = stats.mannwhitneyu(second, first).statistic / 36
        shift = shift_test(first, second, paired=paired)
        assert row["p"] == pytest.approx(shift.p)
        median = difference_of_medians(first, second, paired=paired)
        expected = {
            "mean_difference": (second.mean() - first.mean(), *test.confidence_interval()),
            "median_difference": (medians[1] - medians[0], median.low, median.high),
            "shift": (shift.estimate, shift.interval().low, shift.interval().high),
        }
        for name, three in expected.items():
            found = [row[f"{name}{end}"] for end in ("", "_low", "_high")]
            assert found == pytest.approx(three), name
        assert row["superiority"] == pytest.approx(above)
        assert 0 <= row["superiority_low"] <= above <= row["superiority_high"] <= 1


def test_failures_and_their_difference(table: pd.DataFrame, samples: dict[str, np.ndarray]) -> None:
    row = table.set_index("contrast").loc["as_reported.m03-as_reported.m09"]
    assert (row["first_failures"], row["second_failures"]) == (0, 4)
    none, four = (stats.binomtest(k, 6).proportion_ci(method="wilson") for k in (0, 4))
    # Newcombe's method 10: the arms of both intervals, added as squares.
    low = 4 / 6 - math.hypot(4 / 6 - four.low, none.high)
    high = 4 / 6 + math.hypot(four.high - 4 / 6, 0 - none.low)
    found = tuple(row[f"failure_difference{end}"] for end in ("", "_low", "_high"))
    assert found == pytest.approx((4 / 6, low, high))
    for _, other in table.iterrows():
        for side, cell in zip(("first", "second"), cells(other), strict=True):
            assert other[f"{side}_failures"] == (samples[cell] < 0.5).sum()


def test_the_accuracies_of_the_report_stand_beside_those_of_two_models(
    table: pd.DataFrame,
) -> None:
    rows = table.set_index("contrast")
    # 63.66 % and 86.66 % in the final table of the report.
    printed = ["reported_first", "reported_second", "reported_difference"]
    found = rows.loc["corrected.m09-corrected.m10", printed].tolist()
    assert found == pytest.approx([0.6366, 0.8666, 0.23])
    assert rows.loc["as_reported.m09-corrected.m09", printed].isna().all()


def test_runs_without_an_accuracy_are_failures_and_not_values(folder: Path) -> None:
    study = load_study(folder.parent / "study.json")
    rows = [
        ("as_reported", model, replicate, accuracy)
        for model, accuracies in {"m09": [0.80, 0.81, 0.82, math.nan],
                                  "m10": [0.85, 0.86, 0.87]}.items()
        for replicate, accuracy in enumerate(accuracies)
    ]  # fmt: skip
    values = pd.DataFrame(rows, columns=["condition", "model", "replicate", "test_accuracy"])
    pair = (("as_reported", "m09"), ("as_reported", "m10"))
    found = contrast(study, accuracies_by_cell(values), pair)
    assert (found["first_replicates"], found["first_failures"]) == (4, 1)
    assert (found["failure_difference"], found["superiority"]) == (-0.25, 1.0)
    assert found["shift"] == pytest.approx(0.05)
    # One of the 20 divisions of three and three, twice; no interval at 95 % from so few.
    assert found["p"] == pytest.approx(0.1)
    assert (found["shift_low"], found["shift_high"]) == (-math.inf, math.inf)


def test_a_study_of_one_model_under_one_condition_has_no_contrasts(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"mine": {}}, lambda *_: (0.9, 0.1), {"only": {}})
    tabulate(paths.study, REPORTED, paths.tables)
    output = paths.tables / "contrasts.csv"
    write_contrasts(paths.study, None, tmp_path / "none.csv", paths.tables, output)
    assert output.read_text() == ",".join(CONTRASTS.names) + "\n"
