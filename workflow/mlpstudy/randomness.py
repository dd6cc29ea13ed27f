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
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Purpose = Literal["split", "weights", "order", "dropout"]

# Positions are part of every stream's identity: append, never reorder.
_PURPOSES: tuple[Purpose, ...] = ("split", "weights", "order", "dropout")

_DRAWS = 2**16  # dropout takes 16 random bits per unit

# SplitMix64's constants, as signed integers: PyTorch has no operations on unsigned ones.
_INCREMENT = 0x9E3779B97F4A7C15 - 2**64
_SHIFTS = (30, 27)
_FACTORS = (0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64)

Words = TypeVar("Words", "NDArray[np.int64]", "Tensor")


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


class MaskGenerator:
    """Draws the units that dropout keeps, for a stack of replicates in an epoch.

    Each replicate has a SplitMix64 generator of 64-bit words (Steele, Lea and Flood 2014), seeded
    by its stream. The n-th word is a hash of seed + n · c, so that all words of a step are computed
    at once, by operations on integers that give the same bits on a GPU. A word gives four units.
    """

    def __init__(self, seeds: NDArray[np.int64], rate: float) -> None:
        """Take seeds (replicates, 1) from `mask_seeds`."""
        self._state = seeds.copy()
        self._limit = kept_below(rate)
        self._offsets = np.empty(0, np.int64)

    def draw(self, size: int) -> NDArray[np.uint8]:
        """Return 1 for units that are kept and 0 for others, (replicates, size)."""
        if len(self._offsets) != -(-size // 4):
            self._offsets = word_offsets(size)
        words = self._state + self._offsets
        self._state[:] = words[:, -1:]
        for own in words:  # one replicate's fit into a processor's cache
            scramble(own)
        # NumPy compares 16-bit integers, and PyTorch converts bytes, with vector instructions;
        # PyTorch compares the former and converts booleans without.
        return (words.view(np.int16)[:, :size] < self._limit).view(np.uint8)


def mask_seeds(generators: Sequence[np.random.Generator]) -> NDArray[np.int64]:
    """Return a seed for the masks of each replicate, (replicates, 1)."""
    return np.array([[g.integers(-(2**63), 2**63, dtype=np.int64)] for g in generators])


def word_offsets(size: int) -> NDArray[np.int64]:
    """Return n · c for n = 1, 2, …, one for each word that `size` units need."""
    return np.arange(1, -(-size // 4) + 1) * _INCREMENT


def kept_below(rate: float) -> int:
    """Return the limit below which a signed 16-bit integer keeps its unit.

    A unit is kept with probability 1 - rate, to within 1 / 65536, the resolution of 16 bits.
    """
    bound = round((1.0 - rate) * _DRAWS) - _DRAWS // 2
    return min(bound, _DRAWS // 2 - 1)  # at a tiny rate the bound exceeds the largest integer


def scramble(words: Words) -> None:
    """Replace 64-bit integers, of NumPy or of PyTorch, by SplitMix64's hashes of them."""
    for shift, factor in zip(_SHIFTS, _FACTORS, strict=True):
        words ^= _shifted(words, shift)
        words *= factor
    words ^= _shifted(words, 31)


def _shifted(words: Words, shift: int) -> Words:
    """Shift 64-bit integers to the right, filling with zeros and not with the sign."""
    shifted = words >> shift
    shifted &= 2 ** (64 - shift) - 1
    return shifted
