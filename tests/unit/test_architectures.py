"""Size against accuracy, by hand and against scipy; and how little a few models can say."""

from __future__ import annotations

import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from study_fixture import REPORTED, make_study

from mlpstudy.analysis.architectures import spearman
from mlpstudy.analysis.schemas import read_table
from mlpstudy.analysis.tables import tabulate

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
