"""Which examples a run trains on, validates on and is tested on.

The rows are those of the prepared arrays: the training images first, then the test images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlpstudy.spec import Spec
from mlpstudy.training.randomness import stream

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Row numbers of one run: each an int64 vector; `validation` may be empty."""

    train: Rows
    validation: Rows
    test: Rows


def split(
    spec: Spec, labels: NDArray[np.uint8], train: Rows, test: Rows, seed: int, run: tuple[int, str]
) -> Split:
    """Cut the rows `train` and `test` for the run (replicate, fold) under `spec`.

    `labels` is indexed by row. In k-fold validation the held-out fold is both the validation and
    the test set, cut from the training rows or from all rows (`kfold_pool`); the folds of one
    replicate share one shuffle, so together they hold out every row once.
    """
    replicate, fold = run
    if spec.validation == "none":
        return Split(train, train[:0], test)
    # Imported here as it takes a second, which jobs without validation need not wait.
    from sklearn.model_selection import StratifiedKFold, train_test_split

    # scikit-learn's splitters take a 32-bit seed: it is drawn from the run's own stream, with the
    # fold left out so that all folds of a replicate cut the same shuffle.
    state = int(stream(seed, replicate, "all", "split").integers(2**32, dtype=np.uint32))
    if spec.validation == "holdout":
        kept, held_out = train_test_split(
            train, test_size=spec.holdout_fraction, stratify=labels[train], random_state=state
        )
        return Split(np.sort(kept), np.sort(held_out), test)
    pool = train if spec.kfold_pool == "train" else np.concatenate([train, test])
    folds = StratifiedKFold(spec.folds, shuffle=True, random_state=state)
    kept, held_out = list(folds.split(pool, labels[pool]))[int(fold) - 1]
    return Split(pool[kept], pool[held_out], pool[held_out])
