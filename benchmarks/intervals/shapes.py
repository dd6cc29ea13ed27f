"""Distributions of a model's test accuracy like those that the study sees, and pairs of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Shape = Callable[[Array], Array]  # the quantile function of an accuracy, a fraction
Row = dict[str, object]  # one figure of docs/intervals.csv

REPLICATES = (3, 5, 6, 8, 12, 20)
FAILED = 0.1  # the accuracy of a run that gives every image one class
CORRELATION = 0.5  # of the normal scores of paired runs
DRAWS = 1_000_000  # behind every truth that has no formula


def normal(mean: float = 0.85, sd: float = 0.01, failing: float = 0.0) -> Shape:
    """Return runs around `mean`, of which the share `failing` has failed and sits at FAILED."""

    def quantile(u: Array) -> Array:
        learned = special.ndtri(np.clip((u - failing) / (1 - failing), 1e-12, 1 - 1e-12))
        return np.where(u < failing, FAILED, mean + sd * learned)

    return quantile


def skewed(u: Array) -> Array:
    """Return runs short of 86 % by an exponential amount, 1 point on average."""
    return 0.86 + 0.01 * np.log(u)


@dataclass(frozen=True)
class Pair:
    """A first and a second model, or with `paired` one model under two conditions."""

    name: str
    first: Shape
    second: Shape
    paired: bool = False

    def draw(self, seed: list[int], size: tuple[int, ...]) -> tuple[Array, Array]:
        """Return runs of both, each of shape `size`."""
        scores = np.random.default_rng(seed).standard_normal((2, *size))
        if self.paired:
            scores[1] = CORRELATION * scores[0] + np.sqrt(1 - CORRELATION**2) * scores[1]
        u = special.ndtr(scores)
        return self.first(u[0]), self.second(u[1])

    @cached_property
    def truth(self) -> dict[str, float]:
        """What the study's intervals of this pair should cover, by the name of the effect."""
        if self.first is self.second:
            effects = ("shift", "median difference", "mean difference")
            return dict.fromkeys(effects, 0.0) | {"superiority": 0.5}
        x, y = self.draw([0], (DRAWS,))
        differences = y - x
        averages = (differences + np.roll(differences, 1)) / 2 if self.paired else differences
        half = np.array(0.5)
        return {
            "shift": float(np.median(averages)),
            "median difference": float(self.second(half) - self.first(half)),
            "mean difference": float(differences.mean()),
            "superiority": float((np.sign(differences).mean() + 1) / 2),
        }


def row(table: str, case: str, method: str, n: int, value: float, **more: str) -> Row:
    """Return one figure of docs/intervals.csv; `more` are its group and measure."""
    key = {"table": table, "case": case, "method": method, "replicates": n}
    return {**key, "group": "", "measure": "", **more, "value": float(value)}
