"""Activations ranked by best, mean and median run, ours and the report's."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from study_fixture import REPORTED, make_study

from mlpstudy.evidence.tables import read_table, tabulate

# The report's models by activation.
ACTIVATIONS = {
    "sigmoid": ("m02", "m14", "m16"), "tanh": ("m03", "m13", "m17"),
    "leaky_relu": ("m06", "m07", "m11"),
    "relu": ("m01", "m04", "m05", "m08", "m09", "m10", "m12", "m15"),
}  # fmt: skip
OURS = {"sigmoid": [0.7, 0.7, 0.9], "tanh": [0.8, 0.8, 0.8], "leaky_relu": [0.1, 0.85, 0.86]}


def rankings(root: Path, models: dict[str, dict[str, str]], reported: Path) -> pd.DataFrame:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return OURS.get(models[model]["activation"], [0.5] * 3)[replicate - 1], 0.5

    paths = make_study(root, models, outcome, {"as_reported": {}})
    tabulate(paths.study, reported, paths.tables)
    return read_table(paths.tables / "rankings.csv").set_index("activation")


@pytest.fixture
def all_models() -> dict[str, dict[str, str]]:
    return {model: {"activation": a} for a, models in ACTIVATIONS.items() for model in models}


def test_the_three_rankings_differ(tmp_path: Path, all_models: dict[str, dict[str, str]]) -> None:
    frame = rankings(tmp_path, all_models, REPORTED)
    assert frame["rank_best"].to_dict() == {
        "sigmoid": 1, "leaky_relu": 2, "tanh": 3, "relu": 4,
    }  # fmt: skip
    assert frame["rank_mean"].to_dict() == {
        "tanh": 1, "sigmoid": 2, "leaky_relu": 3, "relu": 4,
    }  # fmt: skip
    assert frame["rank_median"].to_dict() == {
        "leaky_relu": 1, "tanh": 2, "sigmoid": 3, "relu": 4,
    }  # fmt: skip
    assert frame.loc["relu", ["models", "runs"]].tolist() == [8, 24]


def test_the_reports_ranking_is_that_by_its_best_run(
    tmp_path: Path, all_models: dict[str, dict[str, str]]
) -> None:
    frame = rankings(tmp_path, all_models, REPORTED)
    # Conclusion 2: Leaky ReLU > ReLU > Sigmoid > Tanh.
    ranks = frame["reported_rank_best"].astype(int)
    assert ranks.to_dict() == {"leaky_relu": 1, "relu": 2, "sigmoid": 3, "tanh": 4}
    # (19.41 + 87.55 + 88.17) / 3, and (78.68 + 77.49 + 83.31) / 3.
    assert frame.loc["leaky_relu", "reported_mean"] == pytest.approx(0.650433, abs=1e-6)
    assert frame.loc["sigmoid", "reported_mean"] == pytest.approx(0.798267, abs=1e-6)
    assert frame.loc["sigmoid", "reported_rank_mean"] == 1
    # ReLU's eight: the middle two are 63.66 and 75.26.
    assert frame.loc["relu", "reported_median"] == pytest.approx((0.6366 + 0.7526) / 2)


def test_a_study_without_a_report_ranks_its_own(tmp_path: Path) -> None:
    models = {"a": {"activation": "gelu"}, "b": {"activation": "tanh"}}
    frame = rankings(tmp_path, models, tmp_path / "none.csv")
    assert frame["rank_best"].to_dict() == {"tanh": 1, "gelu": 2}
    assert frame["reported_best"].isna().all()


def test_equal_figures_share_a_rank(tmp_path: Path) -> None:
    models = {"a": {"activation": "gelu"}, "b": {"activation": "relu"}}
    frame = rankings(tmp_path, models, REPORTED)
    assert frame["rank_mean"].tolist() == [1, 1]
