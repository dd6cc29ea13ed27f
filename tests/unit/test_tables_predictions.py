"""What the answers to single images give: recalls, confusions, seeds apart from images."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import confusion_matrix
from study_fixture import REPORTED, Paths, make_study

from mlpstudy.analysis.classwise import confusion_rows, recall_rows
from mlpstudy.analysis.predictions import Predictions, each_model
from mlpstudy.analysis.tables import read_table, tabulate
from mlpstudy.analysis.variance import binomial_sd, components
from mlpstudy.config.study import load_study
from mlpstudy.errors import StudyError

KFOLD = {"validation": "kfold", "folds": 2}
CONDITION = {"as_reported": {}}


def answers(predicted: list[list[int]], true: list[int]) -> Predictions:
    return Predictions(
        np.arange(1, len(predicted) + 1),
        np.array(true, dtype=np.uint8),
        np.array(predicted, dtype=np.uint8),
        np.arange(len(true), dtype=np.int32),
    )


def test_confusions_are_counted_as_sklearn_counts_them() -> None:
    generator = np.random.default_rng(0)
    true, predicted = generator.integers(4, size=50), generator.integers(4, size=(3, 50))
    counts = answers(predicted.tolist(), true.tolist()).confusions(4)
    for replicate in range(3):
        expected = confusion_matrix(true, predicted[replicate], labels=range(4))
        assert (counts[replicate] == expected).all()


def test_recalls_and_shares_by_hand() -> None:
    # Images of a: 2, of b: 2. The third run gives every image b: it failed.
    counts = answers([[0, 0, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1]], [0, 0, 1, 1]).confusions(2)
    learned = np.array([True, True, False])
    of_a, of_b = recall_rows(("c", "m"), counts, learned, ["a", "b"])
    assert (of_a["recall_mean"], of_a["recall_min"], of_a["recall_max"]) == (0.5, 0.0, 1.0)
    assert (of_a["learned"], of_a["learned_recall_mean"]) == (2, 0.75)
    assert of_a["recall_sd"] == pytest.approx(0.5)
    assert of_a["learned_recall_sd"] == pytest.approx(0.5 / 2**0.5)
    assert (of_b["class"], of_b["recall_mean"], of_b["recall_sd"]) == ("b", 1.0, 0.0)
    rows = {
        (r["true"], r["predicted"]): r for r in confusion_rows(("c", "m"), counts, learned, "ab")
    }
    assert rows["a", "b"]["share"] == 0.5
    assert rows["a", "b"]["learned_share"] == 0.25
    assert rows["b", "b"]["share"] == 1.0


def test_where_no_run_learned_there_is_nothing_to_say_of_those_that_did() -> None:
    counts = answers([[1, 1]], [0, 1]).confusions(2)
    nothing = np.array([False])
    assert math.isnan(next(recall_rows(("c", "m"), counts, nothing, "ab"))["learned_recall_mean"])
    assert math.isnan(next(confusion_rows(("c", "m"), counts, nothing, "ab"))["learned_share"])


def test_the_tables_hold_every_class_and_folds_are_put_together(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return {"all": 0.8, "1": 1.0, "2": 0.5}[fold], 0.5

    paths = make_study(tmp_path, {"m01": {}, "m03": KFOLD}, outcome, CONDITION, 4, block=2)
    tabulate(paths.study, REPORTED, paths.tables)
    recalls = read_table(paths.tables / "recalls.csv")
    assert recalls["class"].tolist() == list("abcdefghij") * 2
    means = recalls.groupby("model")["recall_mean"].mean()
    assert means["m01"] == pytest.approx(0.8)
    assert means["m03"] == pytest.approx(0.75)
    assert (recalls["replicates"] == 4).all()
    confusions = read_table(paths.tables / "confusions.csv")
    assert len(confusions) == 2 * 100
    assert confusions.groupby(["model", "true"])["share"].sum().tolist() == pytest.approx([1] * 20)
    # The fixture's wrong answers are one class too high.
    cell = confusions.set_index(["model", "true", "predicted"])["share"]
    assert cell["m01", "j", "a"] == pytest.approx(0.2)


def test_folds_and_blocks_are_put_together_by_image(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m03": KFOLD}, lambda *_: (0.9, 0.5), CONDITION, 4, block=2)
    for file in sorted(paths.runs.rglob("predictions.npz")):
        with np.load(file) as stored:
            content = dict(stored)
        # The second replicate of each block has met its images in reverse order.
        for name in ("index", "true", "predicted"):
            content[name][1] = content[name][1][::-1].copy()
        np.savez(file, **content)
    ((pair, merged),) = each_model(load_study(paths.study))
    assert pair == ("as_reported", "m03")
    assert merged.replicates.tolist() == [1, 2, 3, 4]
    assert merged.predicted.shape == (4, 200)
    assert merged.true.tolist() == [n % 10 for n in range(100)] * 2
    assert (merged.correct[0] == merged.correct[1]).all()


def test_components_by_hand() -> None:
    # Runs right on 3, 2 and 1 of four images; images right for 3, 2, 1 and 0 of three runs.
    correct = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    # Squares: total 3, runs 4 * 0.125 = 0.5, images 3 * 20/36 = 5/3, rest 5/6 on 6 degrees.
    parts = components(correct)
    assert parts.interaction == pytest.approx((5 / 36 / 4) ** 0.5)
    assert parts.seed == pytest.approx(((0.25 - 5 / 36) / 4) ** 0.5)
    assert parts.image == pytest.approx(((5 / 9 - 5 / 36) / 3 / 4) ** 0.5)


@given(arrays(bool, st.tuples(st.integers(2, 6), st.integers(2, 30))))
def test_seed_and_interaction_make_up_the_spread_of_the_runs(correct: np.ndarray) -> None:
    parts = components(correct)
    spread = correct.mean(axis=1).var(ddof=1)
    if parts.seed > 0:
        assert parts.seed**2 + parts.interaction**2 == pytest.approx(spread)
    else:
        assert spread <= parts.interaction**2 + 1e-12


def test_components_find_what_was_put_in() -> None:
    generator = np.random.default_rng(2)
    images, replicates = 4000, 200
    ease = generator.normal(0.7, 0.15, images)
    skill = generator.normal(0, 0.02, replicates)
    chance = np.clip(ease + skill[:, None], 0, 1)
    parts = components(generator.random((replicates, images)) < chance)
    assert parts.seed == pytest.approx(0.02, rel=0.15)
    assert parts.image == pytest.approx(0.15 / images**0.5, rel=0.15)
    rest = (0.7 * 0.3 - 0.15**2 - 0.02**2) / images
    assert parts.interaction == pytest.approx(rest**0.5, rel=0.15)
    total = parts.image**2 + parts.interaction**2 + parts.seed**2 / images
    assert total == pytest.approx(binomial_sd(0.7, images) ** 2, rel=0.05)


def test_one_replicate_has_no_components() -> None:
    assert math.isnan(components(np.ones((1, 9), dtype=bool)).seed)
    # 10,000 images at 90 %: 0.3 points.
    assert binomial_sd(0.9, 10_000) == pytest.approx(0.003)


@pytest.fixture
def study(tmp_path: Path) -> Paths:
    paths = make_study(
        tmp_path, {"m01": {}, "m03": KFOLD}, lambda *_: (0.8, 0.5), replicates=4, block=2
    )
    tabulate(paths.study, REPORTED, paths.tables)
    return paths


@pytest.mark.parametrize(
    "damage",
    ["missing", "text", "truncated", "array", "replicates", "shape", "classes", "images", "order"],
)
def test_damage_is_one_line_that_names_the_file(study: Paths, damage: str) -> None:
    before = {p.name: p.read_bytes() for p in study.tables.iterdir()}
    path = study.runs / "corrected/m01/fold-all/replicates-3-4/predictions.npz"
    with np.load(path) as stored:
        content = dict(stored)
    path.unlink()
    if damage == "text":
        path.write_text("not an archive")
    elif damage == "truncated":
        np.savez(path, **content)
        path.write_bytes(path.read_bytes()[:-40])
    elif damage != "missing":
        if damage == "array":
            del content["true"]
        elif damage == "replicates":
            content["replicate"] += 1
        elif damage == "shape":
            content["true"] = content["true"][:, :-1]
        elif damage == "classes":
            content["predicted"][0, 0] = 10
        elif damage == "images":
            content["index"] += 1
        else:
            content["index"][1] += 1
        np.savez(path, **content)
    with pytest.raises(StudyError, match=r"replicates-3-4/predictions\.npz") as caught:
        tabulate(study.study, REPORTED, study.tables)
    assert "\n" not in str(caught.value)
    assert {p.name: p.read_bytes() for p in study.tables.iterdir()} == before
