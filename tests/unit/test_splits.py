from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from training_jobs import make_spec

from mlpstudy.training.splits import Split, split

SEED = 11
Labels = NDArray[np.uint8]


def balanced(train: int, test: int, classes: int = 5) -> Labels:
    """Labels of `train` + `test` rows, shuffled, every class alike often."""
    generator = np.random.default_rng(1)
    parts = [generator.permutation(np.arange(size) % classes) for size in (train, test)]
    return np.concatenate(parts).astype(np.uint8)


def cut(labels: Labels, train: int, run: tuple[int, str], **fields: object) -> Split:
    rows = np.arange(labels.size, dtype=np.int64)
    return split(make_spec(**fields), labels, rows[:train], rows[train:], SEED, run)


def counts(labels: Labels, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(labels[rows], minlength=5)


def test_without_validation_all_training_rows_are_trained_on() -> None:
    made = cut(balanced(100, 40), 100, (1, "all"), validation="none")
    assert made.train.tolist() == list(range(100))
    assert made.test.tolist() == list(range(100, 140))
    assert made.validation.size == 0


@settings(max_examples=40, deadline=None)
@given(
    train=st.integers(50, 300),
    fraction=st.floats(0.1, 0.9),
    replicate=st.integers(1, 1000),
)
def test_holdout_is_disjoint_complete_and_stratified(
    train: int, fraction: float, replicate: int
) -> None:
    labels = balanced(train, 30)
    made = cut(labels, train, (replicate, "holdout"), holdout_fraction=fraction)
    together = np.concatenate([made.train, made.validation])
    assert sorted(together.tolist()) == list(range(train))
    assert made.test.tolist() == list(range(train, train + 30))
    assert abs(made.validation.size - fraction * train) <= 1
    share = made.validation.size / train
    assert (abs(counts(labels, made.validation) - share * counts(labels, together)) <= 1).all()


@settings(max_examples=30, deadline=None)
@given(
    train=st.integers(60, 300),
    folds=st.integers(2, 6),
    replicate=st.integers(1, 1000),
    pool=st.sampled_from(["train", "all"]),
)
def test_folds_of_a_replicate_hold_out_every_row_of_the_pool_once(
    train: int, folds: int, replicate: int, pool: str
) -> None:
    labels = balanced(train, 35)
    size = train if pool == "train" else labels.size
    fields = {"validation": "kfold", "folds": folds, "kfold_pool": pool}
    held_out = []
    for fold in range(1, folds + 1):
        made = cut(labels, train, (replicate, str(fold)), **fields)
        assert (made.validation == made.test).all()
        both = np.concatenate([made.train, made.test])
        assert sorted(both.tolist()) == list(range(size))
        assert abs(made.test.size - size / folds) <= 1
        even = counts(labels, both) / folds
        assert (abs(counts(labels, made.test) - even) <= 1).all()
        held_out.append(made.test)
    assert sorted(np.concatenate(held_out).tolist()) == list(range(size))


@pytest.mark.parametrize(
    ("run", "fields"), [("holdout", {}), ("2", {"validation": "kfold", "kfold_pool": "all"})]
)
def test_split_depends_on_seed_and_replicate_only(run: str, fields: dict[str, object]) -> None:
    labels = balanced(200, 50)
    first = cut(labels, 200, (1, run), **fields)
    again = cut(labels, 200, (1, run), **fields, nodes=(4, 10), pixels="raw", loss="kl_divergence")
    assert (first.train == again.train).all()
    others = [cut(labels, 200, (replicate, run), **fields) for replicate in (2, 3)]
    made = [set(split.validation.tolist()) for split in (first, *others)]
    assert made[0] != made[1] != made[2] != made[0]


def test_rows_may_be_a_subset_of_the_data() -> None:
    labels = balanced(200, 50)
    train, test = np.arange(60), 200 + np.arange(20)
    spec = make_spec(validation="kfold", kfold_pool="all")
    made = split(spec, labels, train, test, SEED, (1, "1"))
    both = np.concatenate([made.train, made.test])
    assert sorted(both.tolist()) == [*range(60), *range(200, 220)]


def test_report_sizes() -> None:
    labels = balanced(60_000, 10_000)
    holdout = cut(labels, 60_000, (1, "holdout"))
    assert (holdout.train.size, holdout.validation.size) == (48_000, 12_000)
    fold = cut(labels, 60_000, (1, "5"), validation="kfold", kfold_pool="all")
    assert (fold.train.size, fold.test.size) == (56_000, 14_000)
