"""Too few images of a class are refused before they are split; what is accepted can be split."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from training_jobs import make_job, small_dataset

from mlpstudy.data.dataset import Dataset
from mlpstudy.errors import StudyError
from mlpstudy.training.rows import rows_of
from mlpstudy.training.splits import split


def short_of(label: int, kept: int) -> Dataset:
    """Return the small data, 16 training and 6 test images a class, with `kept` of one class.

    The others of its training images get the next label.
    """
    dataset = small_dataset()
    labels = dataset.labels.copy()
    labels[np.flatnonzero(labels[: dataset.train] == label)[kept:]] = label + 1
    return dataclasses.replace(dataset, labels=labels)


@pytest.mark.parametrize(
    ("kept", "fields", "said"),
    [
        (
            16,
            {"validation": "kfold", "folds": 17},
            "folds: .* at most 16, .* of '0'.* got 17",
        ),
        (4, {"validation": "kfold"}, "folds: expected at most 4, the number of images of '3'"),
        (1, {}, "holdout_fraction: .* got 160 images, 1 of '3'"),
        (16, {"holdout_fraction": 0.05}, "holdout_fraction: .* hold-out of 0.05 .* got 160 images"),
        (16, {"subset": (9, 60)}, "dataset.subset.train: .* got 9, which have none of '9'"),
        (16, {"subset": (160, 2)}, "dataset.subset.test: .* got 2, which have none of '2'"),
        (
            16,
            {"subset": (161, 60)},
            "dataset.subset.train: .* from 1 to 160, got 161",
        ),
    ],
)
def test_too_few_images_of_a_class_are_refused(
    kept: int, fields: dict[str, object], said: str
) -> None:
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
        (16, {"subset": (10, 10), "validation": "none"}),
    ],
)
def test_what_is_accepted_can_be_split(kept: int, fields: dict[str, object]) -> None:
    job, dataset = make_job(**fields), short_of(3, kept)
    if kept == 0:  # a class that the test images do not have either
        dataset.labels[dataset.labels == 3] = 4
    train, test = rows_of(job, dataset)
    fold = job.spec.fold_names[0]
    made = split(job.spec, dataset.labels, train, test, job.seed, (1, fold))
    assert set(dataset.labels[made.train]) == set(dataset.labels[train])
