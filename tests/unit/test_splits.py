"""Splits are complete, disjoint and stratified; too few images are refused before splitting."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from training_jobs import make_job, make_spec, small_dataset

from mlpstudy.data.dataset import Dataset
from mlpstudy.data.splits import Split, rows_of, split
from mlpstudy.errors import StudyError

SEED = 11
Labels = NDArray[np.uint8]


def balanced(train: int, test: int, classes: int = 5) -> Labels:
    """Labels of `train` + `test` rows, shuffled, with equally many of every class."""
    generator = np.random.default_rng(1)
    parts = [generator.permutation(np.arange(size) % classes) for size in (train, test)]
    return np.concatenate(parts).astype(np.uint8)


def cut(labels: Labels, train: int, run: tuple[int, str], **fields: object) -> Split:
    rows = np.arange(labels.size, dtype=np.int64)
    return split(make_spec(**fields), labels, rows[:train], rows[train:], SEED, run)


def expect_stratified(labels: Labels, part: NDArray[np.int64], pool: NDArray[np.int64]) -> None:
    """Expect every class in `part` as often as its share of `pool`, to one image."""
    counts, all_counts = (np.bincount(labels[rows], minlength=5) for rows in (part, pool))
    assert (abs(counts - all_counts * part.size / pool.size) <= 1).all()


def test_without_validation_all_training_rows_are_trained_on() -> None:
    made = cut(balanced(100, 40), 100, (1, "all"), validation="none")
    assert made.train.tolist() == list(range(100))
    assert made.test.tolist() == list(range(100, 140))
    assert made.validation.size == 0


@settings(max_examples=20, deadline=None)
@given(train=st.integers(50, 300), fraction=st.floats(0.1, 0.9), replicate=st.integers(1, 1000))
def test_holdout_is_disjoint_complete_and_stratified(
    train: int, fraction: float, replicate: int
) -> None:
    labels = balanced(train, 30)
    made = cut(labels, train, (replicate, "holdout"), holdout_fraction=fraction)
    assert sorted([*made.train, *made.validation]) == list(range(train))
    assert made.test.tolist() == list(range(train, train + 30))
    assert abs(made.validation.size - fraction * train) <= 1
    expect_stratified(labels, made.validation, np.arange(train))


@settings(max_examples=15, deadline=None)
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
    rows = np.arange(train if pool == "train" else labels.size)
    fields = {"validation": "kfold", "folds": folds, "kfold_pool": pool}
    made = [cut(labels, train, (replicate, str(k + 1)), **fields) for k in range(folds)]
    for part in made:
        assert (part.validation == part.test).all()
        assert sorted([*part.train, *part.test]) == rows.tolist()
        assert abs(part.test.size - rows.size / folds) <= 1
        expect_stratified(labels, part.test, rows)
    assert sorted(np.concatenate([part.test for part in made])) == rows.tolist()


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


def test_report_sizes() -> None:
    labels = balanced(60_000, 10_000)
    holdout = cut(labels, 60_000, (1, "holdout"))
    assert (holdout.train.size, holdout.validation.size) == (48_000, 12_000)
    fold = cut(labels, 60_000, (1, "5"), validation="kfold", kfold_pool="all")
    assert (fold.train.size, fold.test.size) == (56_000, 14_000)


def short_of(label: int, kept: int) -> Dataset:
    """Return the small data, 16 training and 6 test images per class, with `kept` of one class.

    The other training images of that class get the next label.
    """
    dataset = small_dataset()
    labels = dataset.labels.copy()
    labels[np.flatnonzero(labels[: dataset.train] == label)[kept:]] = label + 1
    return dataclasses.replace(dataset, labels=labels)


@pytest.mark.parametrize(
    ("kept", "fields", "said"),
    [
        (16, {"validation": "kfold", "folds": 17}, "folds: .* at most 16, .* of '0'.* got 17"),
        (4, {"validation": "kfold"}, "folds: expected at most 4, the number of images of '3'"),
        (1, {}, "holdout_fraction: .* got 160 images, 1 of '3'"),
        (16, {"holdout_fraction": 0.05}, "holdout_fraction: .* hold-out of 0.05 .* got 160 images"),
        (16, {"subset": (9, 60)}, "dataset.subset.train: .* got 9, which have none of '9'"),
        (16, {"subset": (160, 0)}, "dataset.subset.test: .* from 1 to 60, got 0"),
    ],
)
def test_too_few_images_are_refused(kept: int, fields: dict[str, object], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        rows_of(make_job(**fields), short_of(3, kept))


@pytest.mark.parametrize(
    ("kept", "fields"),
    [
        (16, {"validation": "kfold", "folds": 16}),
        (16, {"validation": "kfold", "folds": 22, "kfold_pool": "all"}),
        (5, {"validation": "kfold"}),
        (2, {}),
        (1, {"validation": "none"}),
        (0, {"subset": None}),
        (16, {"subset": (20, 10), "validation": "none"}),
        (16, {"subset": (40, 20), "validation": "kfold", "folds": 6, "kfold_pool": "all"}),
    ],
)
def test_what_is_accepted_can_be_split(kept: int, fields: dict[str, object]) -> None:
    job, dataset = make_job(**fields), short_of(3, kept)
    if kept == 0:  # a class that the test images do not have either
        dataset.labels[dataset.labels == 3] = 4
    train, test = rows_of(job, dataset)
    first, last = job.subset or (160, 60)
    assert train.tolist() == list(range(first))
    assert test.tolist() == list(range(160, 160 + last))
    made = split(job.spec, dataset.labels, train, test, job.seed, (1, job.spec.fold_names[0]))
    assert set(dataset.labels[made.train]) == set(dataset.labels[train])
    pool = [train, test] if job.spec.kfold_pool == "all" else [train]
    assert set(np.concatenate([made.train, made.validation])) == set(np.concatenate(pool))
