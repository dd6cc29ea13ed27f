"""The test images on whose wrong class most replicates agree: hardest.csv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlpstudy.analysis.predictions import Predictions

HARDEST_COLUMNS = [
    "condition", "model", "rank", "image", "true", "predicted", "agreeing", "replicates", "share",
]  # fmt: skip

# Images listed for each model under a condition.
LISTED = 16

Rows = Iterator[dict[str, Any]]


def hardest_rows(
    pair: tuple[str, str],
    predictions: Predictions,
    learned: NDArray[np.bool_],
    names: Sequence[str],
) -> Rows:
    """Yield a row of HARDEST_COLUMNS an image, the one with the largest agreement first.

    Only the replicates that learned are asked: a failed one gives every image the same class. So
    there are no rows where none learned. `predicted` is the wrong class that most of them give
    (the first of equals), `agreeing` how many, `share` of `replicates` asked. `image` is the row
    in the prepared images, where training images come first.

    With few replicates many images have the same share. Of these, images whose mistake has not
    been shown come first, the commonest mistake (true and predicted class) before the others, so
    that the first rows show different ones; then the lowest number.

    Args:
        pair: condition and model.
        predictions: of the model under the condition.
        learned: shape (replicates,), False where the replicate failed.
        names: the classes' names by label.
    """
    asked = int(learned.sum())
    if not asked:
        return
    wrong, agreeing = _agreement(predictions, learned, len(names))
    order = np.lexsort((predictions.images, -agreeing))
    order = order[agreeing[order] > 0]
    mistakes = list(zip(predictions.true.tolist(), wrong.tolist(), strict=True))
    for rank, at in enumerate(_varied(order.tolist(), agreeing, mistakes), start=1):
        true, predicted = mistakes[at]
        share = float(agreeing[at]) / asked
        values = (
            *pair, rank, int(predictions.images[at]), names[true], names[predicted],
            int(agreeing[at]), asked, share,
        )  # fmt: skip
        yield dict(zip(HARDEST_COLUMNS, values, strict=True))


def _agreement(
    predictions: Predictions, learned: NDArray[np.bool_], classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each image's commonest wrong class, and the number of replicates that give it."""
    images = len(predictions.true)
    cells = np.arange(images) * classes + predictions.predicted[learned].astype(np.int64)
    votes = np.bincount(cells.ravel(), minlength=images * classes).reshape(images, classes)
    votes[np.arange(images), predictions.true] = 0
    return votes.argmax(axis=1), votes.max(axis=1)


def _varied(
    order: Sequence[int], agreeing: NDArray[np.int64], mistakes: Sequence[tuple[int, int]]
) -> list[int]:
    """Return the first LISTED images, those of one share dealt out by turns from each mistake."""
    found: list[int] = []
    start = 0
    while start < len(order) and len(found) < LISTED:
        level = agreeing[order[start]]
        tied = [at for at in order[start:] if agreeing[at] == level]
        start += len(tied)
        common = Counter(mistakes[at] for at in tied)
        turn: Counter[tuple[int, int]] = Counter()
        keys = {}
        for at in tied:
            keys[at] = (turn[mistakes[at]], -common[mistakes[at]], at)
            turn[mistakes[at]] += 1
        found += sorted(tied, key=keys.__getitem__)
    return found[:LISTED]
