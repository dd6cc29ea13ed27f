"""Recall of each class and the mean confusion matrix, from the predictions of every replicate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlpstudy.analysis.statistics.intervals import moments

RECALL_COLUMNS = [
    "condition", "model", "label", "class", "replicates", "recall_mean", "recall_sd",
    "recall_median", "recall_min", "recall_max", "learned", "learned_recall_mean",
    "learned_recall_sd",
]  # fmt: skip
CONFUSION_COLUMNS = ["condition", "model", "true", "predicted", "share", "learned_share"]

Rows = Iterator[dict[str, Any]]


def recall_rows(
    pair: tuple[str, str],
    confusions: NDArray[np.int64],
    learned: NDArray[np.bool_],
    names: Sequence[str],
) -> Rows:
    """Yield a row of RECALL_COLUMNS a class: over all replicates, and over those that learned.

    A failed run gives every image one class, whose recall is 1 and that of all others 0: a mean
    over failed and other runs describes neither.

    Args:
        pair: condition and model.
        confusions: counts of shape (replicates, true classes, predicted classes).
        learned: shape (replicates,), False where the replicate failed.
        names: the classes' names by label.
    """
    shares = _shares(confusions)
    for label, name in enumerate(names):
        recall = shares[:, label, label]
        mean, variance = moments(recall)
        learned_mean, learned_variance = moments(recall[learned])
        values = (
            *pair, label, name, len(recall), mean, variance**0.5,
            float(np.median(recall)), float(recall.min()), float(recall.max()),
            int(learned.sum()), learned_mean, learned_variance**0.5,
        )  # fmt: skip
        yield dict(zip(RECALL_COLUMNS, values, strict=True))


def confusion_rows(
    pair: tuple[str, str],
    confusions: NDArray[np.int64],
    learned: NDArray[np.bool_],
    names: Sequence[str],
) -> Rows:
    """Yield a row of CONFUSION_COLUMNS a true and a predicted class, arguments as `recall_rows`.

    `share` is that of the true class's images, the mean over replicates; `learned_share` that of
    the replicates that learned, NaN where none did.
    """
    shares = _shares(confusions)
    mean = shares.mean(axis=0)
    of_learned = shares[learned].mean(axis=0) if learned.any() else np.full(mean.shape, np.nan)
    for i, true in enumerate(names):
        for j, predicted in enumerate(names):
            values = (*pair, true, predicted, float(mean[i, j]), float(of_learned[i, j]))
            yield dict(zip(CONFUSION_COLUMNS, values, strict=True))


def _shares(confusions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide by the images of the true class; NaN for a class without images."""
    images = confusions.sum(axis=2, keepdims=True)
    shares = np.full(confusions.shape, np.nan)
    np.divide(confusions, images, out=shares, where=images > 0)
    return shares
