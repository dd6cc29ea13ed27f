"""The random streams of a run, and the units that dropout keeps.

A stream depends on (study seed, replicate, fold, purpose, epoch) alone. Replicate 7 therefore draws
the same numbers in any stack, on any machine and however often it was interrupted. A stream does
not depend on model or condition: the runs of one replicate share their split and the order of their
examples (common random numbers), which makes differences between models and between conditions more
precise.

The planning of jobs imports this module, so it does not import PyTorch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Purpose = Literal["split", "weights", "order", "dropout"]

# Positions are part of every stream's identity: append, never reorder.
_PURPOSES: tuple[Purpose, ...] = ("split", "weights", "order", "dropout")

_DRAWS = 2**16  # dropout takes 16 random bits per unit


def stream(
    seed: int, replicate: int, fold: str, purpose: Purpose, epoch: int = 0
) -> np.random.Generator:
    """Return the generator of one purpose in one run.

    `fold` is "all", "holdout" or the number of a fold; `epoch` counts from 1, and is 0 for what is
    drawn once. Streams are independent by NumPy's SeedSequence (O'Neill's seed_seq).
    """
    key = (seed, replicate, fold_number(fold), _PURPOSES.index(purpose), epoch)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def fold_number(fold: str) -> int:
    """Return 0 for the folds "all" and "holdout", else the fold's number."""
    return int(fold) if fold.isdigit() else 0


def draw_kept(
    generators: Sequence[np.random.Generator], rate: float, size: int
) -> NDArray[np.uint8]:
    """Return 1 for units that dropout at `rate` keeps and 0 for others, (generators, size).

    Each row is drawn from its own generator. A unit is kept with probability 1 - rate, to within
    1 / 65536, the resolution of 16 random bits.
    """
    bound = round((1.0 - rate) * _DRAWS) - _DRAWS // 2
    # At a tiny rate the bound would exceed the largest 16-bit integer and wrap to the smallest.
    limit = np.int16(min(bound, _DRAWS // 2 - 1))
    # NumPy compares 16-bit integers, and PyTorch converts bytes, with vector instructions; PyTorch
    # compares the former and converts booleans without.
    return np.stack([_bits(g, size) < limit for g in generators]).view(np.uint8)


def _bits(generator: np.random.Generator, size: int) -> NDArray[np.int16]:
    """Return `size` uniform 16-bit integers, four from each raw 64-bit draw."""
    raw = generator.bit_generator.random_raw(-(-size // 4))
    return np.asarray(raw).view(np.int16)[:size]
