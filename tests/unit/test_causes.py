"""The two-by-two of the cause by hand, on a study whose conditions have names of their own."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from study_fixture import REPORTED, Paths, make_study

from mlpstudy.analysis.schemas import read_table
from mlpstudy.analysis.tables import tabulate

CONDITIONS = {
    "plain": {},
    "scaled": {"pixels": "unit"},
    "soft": {"kl": "exact"},
    "mended": {"pixels": "unit", "kl": "exact"},
    "large_batches": {"batch_size": 128},
}
# The second of three replicates of `plain` learns; with larger batches none does.
ACCURACY = {"plain": [0.1, 0.8, 0.3], "large_batches": [0.1, 0.1, 0.1]}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return ACCURACY.get(condition, [0.85, 0.86, 0.87])[replicate - 1], 0.5


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    models = {
        "ce": {},
        "kl": {"loss": "kl_divergence", "nodes": [8, 4, 10]},
        "deep": {"loss": "kl_divergence", "nodes": [8, 6, 4, 10]},
    }
    paths = make_study(tmp_path_factory.mktemp("causes"), models, outcome, CONDITIONS)
    tabulate(paths.study, REPORTED, paths.tables)
    return paths


@pytest.fixture(scope="module")
def rows(study: Paths) -> pd.DataFrame:
    return read_table(study.tables / "causes.csv").set_index(["model", "condition"])


def test_only_models_whose_loss_is_kl_divergence_are_in_it(rows: pd.DataFrame) -> None:
    assert rows.index.get_level_values("model").unique().tolist() == ["kl", "deep"]


def test_the_four_cells_are_told_by_their_fields(rows: pd.DataFrame) -> None:
    found = rows.loc["kl"]
    cells = found[found["also"] == ""]
    assert {name: (row["pixels"], row["kl"]) for name, row in cells.iterrows()} == {
        "plain": ("raw", "clipped"), "scaled": ("unit", "clipped"),
        "soft": ("raw", "exact"), "mended": ("unit", "exact"),
    }  # fmt: skip
    assert found.loc["large_batches", "also"] == "batch_size=128"


def test_failures_come_with_their_interval(rows: pd.DataFrame) -> None:
    plain = rows.loc[("kl", "plain")]
    assert (plain["n"], plain["failures"]) == (3, 2)
    assert plain["failure_share"] == pytest.approx(2 / 3)
    # Wilson's interval of 2 of 3, by its formula.
    z = 1.959963984540054
    middle = (2 / 3 + z**2 / 6) / (1 + z**2 / 3)
    half = z * math.sqrt(2 / 27 + z**2 / 36) / (1 + z**2 / 3)
    assert plain["failures_low"] == pytest.approx(middle - half)
    assert plain["failures_high"] == pytest.approx(middle + half)
    assert plain["median_accuracy"] == 0.3
    assert rows.loc[("kl", "mended"), "failures"] == 0


def test_stuck_shares_are_medians_over_replicates_and_over_each_kind(rows: pd.DataFrame) -> None:
    # In the fixture a failing run is stuck on 1 - accuracy of its images, any other on none.
    plain = rows.loc[("kl", "plain")]
    assert plain["stuck_first"] == pytest.approx(0.7)  # of 0.9, 0 and 0.7
    assert plain["stuck_last"] == pytest.approx(0.7)
    assert plain["stuck_last_failed"] == pytest.approx(0.8)
    assert plain["stuck_last_learned"] == 0
    mended = rows.loc[("kl", "mended")]
    assert math.isnan(mended["stuck_last_failed"])
    assert mended["stuck_last_learned"] == 0
    assert math.isnan(rows.loc[("kl", "large_batches"), "stuck_last_learned"])


def test_dead_units_by_layer_of_the_layers_that_a_model_has(rows: pd.DataFrame) -> None:
    # The fixture has a tenth dead in the first hidden layer, two in the second, and so on.
    assert rows.loc[("kl", "plain"), "dead_layers"] == "0.1; 0.2"
    assert rows.loc[("deep", "plain"), "dead_layers"] == "0.1; 0.2; 0.3"
    assert rows.loc[("kl", "plain"), "dead_last"] == pytest.approx(0.15)
    assert rows.loc[("deep", "plain"), "dead_last"] == pytest.approx(0.2)
    assert rows.loc[("deep", "plain"), "dead_last_max"] == pytest.approx(0.3)


def test_the_last_epoch_is_that_of_the_run(tmp_path: Path) -> None:
    """A stuck share that falls from epoch to epoch is reported at both ends."""
    paths = make_study(
        tmp_path, {"kl": {"loss": "kl_divergence"}}, outcome, {"plain": {}}, replicates=3
    )
    for path in paths.runs.rglob("history.csv"):
        history = pd.read_csv(path)
        history["stuck"] = 1 / history["epoch"]
        history.to_csv(path, index=False)
    tabulate(paths.study, REPORTED, paths.tables)
    (row,) = read_table(paths.tables / "causes.csv").to_dict("records")
    assert row["stuck_first"] == 1
    assert row["stuck_last"] == pytest.approx(1 / 3)
