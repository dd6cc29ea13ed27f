"""The random streams of a run: what is drawn for it, and from which generator.

A stream is a function of (study seed, replicate, fold, purpose, epoch) and of nothing else, so
replicate 7 draws the same numbers whoever it shares a stack with, whichever machine trains it and
however often it was interrupted. Neither model nor condition enters: runs of one replicate share
their split and order of examples across both (common random numbers), which makes differences
between models and between conditions sharper.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Purpose = Literal["split", "weights", "order", "dropout"]

# Positions are part of every stream's identity: append, never reorder.
_PURPOSES: tuple[Purpose, ...] = ("split", "weights", "order", "dropout")


def stream(
    seed: int, replicate: int, fold: str, purpose: Purpose, epoch: int = 0
) -> np.random.Generator:
    """Return the generator of one purpose in one run.

    `fold` is "all", "holdout" or the number of a fold; `epoch` counts from 1, and 0 stands for
    what is drawn once. Streams are independent by NumPy's SeedSequence (O'Neill's seed_seq).
    """
    key = (seed, replicate, fold_number(fold), _PURPOSES.index(purpose), epoch)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def fold_number(fold: str) -> int:
    """Return 0 for the folds "all" and "holdout", else the fold's number."""
    return int(fold) if fold.isdigit() else 0
