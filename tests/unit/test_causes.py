"""The tables of causes and of architectures, by hand and against scipy."""

from __future__ import annotations

import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from study_fixture import REPORTED, Paths, make_study

from mlpstudy.analysis.architectures import spearman
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


def test_replicates_with_a_dead_layer_are_counted_at_their_end(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"ce": {"nodes": [8, 4, 10]}}, outcome, {"plain": {}})
    for path in paths.runs.rglob("history.csv"):
        history = pd.read_csv(path)
        last = history["epoch"] == history["epoch"].max()
        history.loc[last & (history["replicate"] > 1), "dead_layer_2"] = 1  # it learns: replicate 2
        history.loc[~last & (history["replicate"] == 1), "dead_layer_1"] = 1  # not at the end
        history.to_csv(path, index=False)
    tabulate(paths.study, REPORTED, paths.tables)
    (row,) = read_table(paths.tables / "models.csv").to_dict("records")
    assert (row["failures"], row["dead"], row["dead_failures"]) == (2, 2, 1)


NUMBERS = st.lists(st.tuples(st.integers(2, 6), st.integers(0, 9)), min_size=3, max_size=4)


@settings(max_examples=40)
@given(NUMBERS)
def test_the_correlation_is_scipys_and_its_p_a_count_of_orders(
    pairs: list[tuple[int, int]],
) -> None:
    x, y = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    found, p, smallest = spearman(x, y)
    if len(set(x)) < 2 or len(set(y)) < 2:
        assert math.isnan(found)
        assert (p, smallest) == (1, 1)
        return
    assert found == pytest.approx(stats.spearmanr(x, y).statistic)
    ranks = stats.rankdata(x)
    orders = np.array(
        [np.corrcoef(ranks, order)[0, 1] for order in permutations(stats.rankdata(y))]
    )
    tails = [(orders >= found - 1e-9).mean(), (orders <= found + 1e-9).mean()]
    assert p == pytest.approx(min(1, 2 * min(tails)))
    ends = [(orders >= orders.max() - 1e-9).mean(), (orders <= orders.min() + 1e-9).mean()]
    assert smallest == pytest.approx(min(1, 2 * min(ends)))


def test_how_many_models_it_takes() -> None:
    least = {n: spearman(np.arange(n), np.arange(n))[2] for n in (3, 4, 5, 9)}
    assert spearman(np.arange(3), np.arange(3))[:2] == (1, pytest.approx(1 / 3))
    # Two of n! orders are perfect, one of them each way.
    assert least == pytest.approx({3: 2 / 6, 4: 2 / 24, 5: 2 / 120, 9: 2 / 10_000})


def test_many_models_are_tried_in_the_same_random_orders_every_time() -> None:
    x, y = np.arange(12.0), np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8])
    assert spearman(x, y) == spearman(x, y)
    assert spearman(x, y)[1] == pytest.approx(stats.spearmanr(x, y).pvalue, abs=0.03)


def test_models_are_grouped_by_what_they_share(tmp_path: Path) -> None:
    # Six ReLU models, accuracy falling with depth; one of tanh.
    depths = {f"r{n}": {"nodes": [16] * n + [10]} for n in range(1, 7)}
    models = depths | {"r1k": depths["r1"] | {"loss": "kl_divergence"}, "t": {"activation": "tanh"}}

    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        depth = int(model[1]) if model in depths else 1
        return 0.9 - depth / 100 + replicate / 10_000, 0.5

    paths = make_study(tmp_path, models, outcome, {"as_reported": {}})
    tabulate(paths.study, REPORTED, paths.tables)
    table = read_table(paths.tables / "architectures.csv")
    rows = table.set_index(["activation", "loss_function", "size"])
    assert list(dict.fromkeys((a, loss) for a, loss, _ in rows.index)) == [
        ("", ""), ("relu", ""), ("", "cross_entropy"), ("relu", "cross_entropy"),
    ]  # fmt: skip
    layers = rows.loc[("relu", "cross_entropy", "layers")]
    assert layers["members"] == "r1 r2 r3 r4 r5 r6"
    assert (layers["models"], layers["sizes"]) == (6, 6)
    assert (layers["smallest"], layers["largest"]) == (2, 7)
    assert layers["correlation"] == -1
    assert layers["p"] == pytest.approx(2 / math.factorial(6))
    assert layers["range"] == pytest.approx(0.05)
    assert layers["p_smallest"] == layers["p"]
    assert rows.loc[("relu", "cross_entropy", "hidden_units"), "largest"] == 96
