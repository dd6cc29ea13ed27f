"""Pairs of models to set against each other, with what is true of each pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.intervals.shapes import GRID, Array, Shape, normal, skewed

MARGIN = 0.01  # the study's default: one point of accuracy


@dataclass(frozen=True)
class Pair:
    """A first and a second model, the verdicts that would be false of them and the true one.

    `shifted`: another pair is the same but for a shift or a scale, so that intervals cover alike.
    """

    name: str
    first: Shape
    second: Shape
    wrong: tuple[str, ...]
    right: str
    shifted: bool = False

    def draw(self, samples: int, replicates: int) -> tuple[Array, Array]:
        """Return samples of both, the same ones every time: shape (samples, replicates)."""
        generator = np.random.default_rng([replicates, samples])
        size = (samples, replicates)
        return self.first.draw(generator, size), self.second.draw(generator, size)

    @property
    def superiority(self) -> float:
        """P(second > first), ties counting half, to within 1e-4."""
        below = np.searchsorted(self.first.grid, self.second.grid, "left")
        not_above = np.searchsorted(self.first.grid, self.second.grid, "right")
        return float((below + not_above).mean() / (2 * GRID))


NEITHER = ("higher", "lower")
NOT_HIGHER = ("lower", "equivalent")

PAIRS = (
    Pair("alike, sd 0.3", normal(sd=0.003), normal(sd=0.003), NEITHER, "equivalent", shifted=True),
    Pair("alike, sd 1", normal(), normal(), NEITHER, "equivalent"),
    Pair("alike, skewed", skewed(), skewed(), NEITHER, "equivalent"),
    Pair(
        "alike, 30 % fail",
        normal(failing=0.3), normal(failing=0.3), NEITHER, "equivalent",
    ),
    # P(second > first) is 1/2 in these two, though the distributions differ: neither is higher.
    Pair("even, sd 0.3 against 2", normal(sd=0.003), normal(sd=0.02), NEITHER, "equivalent"),
    Pair(
        "even, 40 % fail and the others are better",
        normal(), normal(0.8637, failing=0.4), (*NEITHER, "equivalent"), "undecided",
    ),
    Pair("1 point higher, sd 1", normal(), normal(0.86), NOT_HIGHER, "higher"),
    Pair("2 points higher, sd 1", normal(), normal(0.87), NOT_HIGHER, "higher", shifted=True),
    Pair(
        "1 point higher, sd 0.5",
        normal(sd=0.005), normal(0.86, 0.005), NOT_HIGHER, "higher", shifted=True,
    ),
    Pair("10 % fail against none", normal(failing=0.1), normal(), NOT_HIGHER, "higher"),
    Pair("30 % fail against none", normal(failing=0.3), normal(), NOT_HIGHER, "higher"),
    Pair(
        "70 % fail against 10 %",
        normal(failing=0.7), normal(failing=0.1), NOT_HIGHER, "higher",
    ),
    Pair(
        "1 point higher, 10 % of both fail",
        normal(failing=0.1), normal(0.86, failing=0.1), NOT_HIGHER, "higher", shifted=True,
    ),
)  # fmt: skip
