"""What the answers to single images give: recalls, confusions, hardest images, parts of spread."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import confusion_matrix
from study_fixture import REPORTED, make_study

from mlpstudy.analysis.answers import (
    LISTED,
    binomial_sd,
    components,
    confusion_rows,
    hardest_rows,
    recall_rows,
)
from mlpstudy.analysis.predictions import Predictions, each_model
from mlpstudy.analysis.schemas import CONFUSIONS, HARDEST, RECALLS
from mlpstudy.analysis.tables import tabulate
from mlpstudy.config.study import load_study

KFOLD = {"validation": "kfold", "folds": 2}
NAMES = ["bag", "coat", "shoe"]


def answers(*images: tuple[int, ...]) -> Predictions:
    """Return predictions, given of each image its true class and what each replicate gives."""
    table = np.array(images, dtype=np.uint8)
    return Predictions(
        np.arange(1, table.shape[1]), table[:, 0], table[:, 1:].T, 500 + np.arange(len(table))
    )


def test_confusions_are_counted_as_sklearn_counts_them() -> None:
    table = np.random.default_rng(0).integers(4, size=(50, 4))
    counts = answers(*map(tuple, table)).confusions(4)
    for replicate in range(3):
        expected = confusion_matrix(table[:, 0], table[:, replicate + 1], labels=range(4))
        assert (counts[replicate] == expected).all()


def test_recalls_and_shares_by_hand() -> None:
    # Images of a: 2, of b: 2. The third run gives every image b: it failed.
    counts = answers((0, 0, 0, 1), (0, 0, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1)).confusions(2)
    learned = np.array([True, True, False])
    of_a, of_b = recall_rows(counts, learned, ["a", "b"])
    assert (of_a["recall_mean"], of_a["recall_min"], of_a["recall_max"]) == (0.5, 0.0, 1.0)
    assert (of_a["learned"], of_a["learned_recall_mean"]) == (2, 0.75)
    assert of_a["recall_sd"] == pytest.approx(0.5)
    assert of_a["learned_recall_sd"] == pytest.approx(0.5 / 2**0.5)
    assert (of_b["class"], of_b["recall_mean"], of_b["recall_sd"]) == ("b", 1.0, 0.0)
    rows = {(r["true"], r["predicted"]): r for r in confusion_rows(counts, learned, "ab")}
    assert (rows["a", "b"]["share"], rows["a", "b"]["learned_share"]) == (0.5, 0.25)
    assert rows["b", "b"]["share"] == 1.0
    none = np.array([False] * 3)
    assert math.isnan(next(recall_rows(counts, none, "ab"))["learned_recall_mean"])
    assert math.isnan(next(confusion_rows(counts, none, "ab"))["learned_share"])


def test_the_tables_hold_every_class_and_folds_are_put_together(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return {"all": 0.8, "1": 1.0, "2": 0.5}[fold], 0.5

    paths = make_study(tmp_path, {"m01": {}, "m03": KFOLD}, outcome, {"only": {}}, 4, block=2)
    tabulate(paths.study, REPORTED, paths.tables)
    recalls = RECALLS.read(paths.tables)
    assert recalls["class"].tolist() == list("abcdefghij") * 2
    means = recalls.groupby("model")["recall_mean"].mean()
    assert means.to_dict() == pytest.approx({"m01": 0.8, "m03": 0.75})
    assert (recalls["replicates"] == 4).all()
    confusions = CONFUSIONS.read(paths.tables)
    assert len(confusions) == 2 * 100
    assert confusions.groupby(["model", "true"])["share"].sum().tolist() == pytest.approx([1] * 20)
    # The fixture's wrong answers are one class too high.
    cell = confusions.set_index(["model", "true", "predicted"])["share"]
    assert cell["m01", "j", "a"] == pytest.approx(0.2)
    # Of 100 images the last 20 are wrong in every replicate, two of each class.
    hardest = HARDEST.read(paths.tables)
    hardest = hardest[hardest["model"] == "m01"]
    assert set(hardest["image"]) < set(range(80, 100))
    assert (hardest["agreeing"] == 4).all()


def test_folds_and_blocks_are_put_together_by_image(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m03": KFOLD}, lambda *_: (0.9, 0.5), {"only": {}}, 4, block=2)
    for file in sorted(paths.runs.rglob("predictions.npz")):
        with np.load(file) as stored:
            content = dict(stored)
        # The second replicate of each block has met its images in reverse order.
        for name in ("index", "true", "predicted"):
            content[name][1] = content[name][1][::-1].copy()
        np.savez(file, **content)
    ((pair, merged),) = each_model(load_study(paths.study))
    assert pair == ("only", "m03")
    assert merged.replicates.tolist() == [1, 2, 3, 4]
    assert merged.predicted.shape == (4, 200)
    assert merged.true.tolist() == [n % 10 for n in range(100)] * 2
    assert (merged.correct[0] == merged.correct[1]).all()


def hardest(*images: tuple[int, ...], learned: list[bool] | None = None) -> pd.DataFrame:
    predictions = answers(*images)
    flags = np.array(learned or [True] * len(predictions.replicates))
    return HARDEST.frame(hardest_rows(predictions, flags, NAMES))


def test_the_hardest_images_by_hand() -> None:
    rows = hardest((0, 1, 1, 1), (1, 1, 1, 1), (2, 0, 0, 2), (0, 2, 1, 2), (0, 1, 1, 1))
    found = rows[["image", "predicted", "agreeing", "share"]]
    assert list(found.itertuples(index=False, name=None)) == [
        (500, "coat", 3, 1.0), (504, "coat", 3, 1.0), (502, "bag", 2, 2 / 3),
        (503, "shoe", 2, 2 / 3),
    ]  # fmt: skip
    # Different mistakes come first, the most frequent of them before the others.
    rows = hardest((0, 1, 1), (1, 0, 0), (1, 0, 0), (0, 1, 1), (1, 0, 0))
    assert rows["image"].tolist() == [501, 500, 502, 503, 504]
    # Replicates that failed do not count.
    (row,) = hardest((0, 1, 2, 2), (1, 1, 2, 2), learned=[True, False, False]).to_dict("records")
    assert (row["image"], row["predicted"], row["agreeing"], row["replicates"]) == (
        500, "coat", 1, 1,
    )  # fmt: skip
    assert hardest((0, 1), learned=[False]).empty


@settings(deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(st.tuples(*[st.integers(0, 2)] * (n + 1)), min_size=1, max_size=30)
    )
)
def test_the_hardest_images_as_counted_one_at_a_time(images: list[tuple[int, ...]]) -> None:
    expected = {}
    for at, (true, *given_) in enumerate(images):
        wrong = Counter(answer for answer in given_ if answer != true)
        if wrong:
            expected[500 + at] = max(wrong.values())
    rows = hardest(*images)
    assert len(rows) == min(len(expected), LISTED)
    assert rows["agreeing"].tolist() == sorted(expected.values(), reverse=True)[:LISTED]
    assert [expected[image] for image in rows["image"]] == rows["agreeing"].tolist()
    assert rows["rank"].tolist() == list(range(1, len(rows) + 1))


def test_components_by_hand() -> None:
    # Runs right on 3, 2 and 1 of four images; images right for 3, 2, 1 and 0 of three runs.
    correct = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    # Squares: total 3, runs 4 * 0.125 = 0.5, images 3 * 20/36 = 5/3, rest 5/6 on 6 degrees.
    seed, interaction, image = components(correct)
    assert interaction == pytest.approx((5 / 36 / 4) ** 0.5)
    assert seed == pytest.approx(((0.25 - 5 / 36) / 4) ** 0.5)
    assert image == pytest.approx(((5 / 9 - 5 / 36) / 3 / 4) ** 0.5)
    assert math.isnan(components(np.ones((1, 9), dtype=bool))[0])
    # 10,000 images at 90 %: 0.3 points.
    assert binomial_sd(0.9, 10_000) == pytest.approx(0.003)


@given(arrays(bool, st.tuples(st.integers(2, 6), st.integers(2, 30))))
def test_seed_and_interaction_make_up_the_spread_of_the_runs(correct: np.ndarray) -> None:
    seed, interaction, _ = components(correct)
    spread = correct.mean(axis=1).var(ddof=1)
    if seed > 0:
        assert seed**2 + interaction**2 == pytest.approx(spread)
    else:
        assert spread <= interaction**2 + 1e-12
