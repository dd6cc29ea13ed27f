"""Distributions of a model's test accuracy like those that the study sees, and pairs of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Row = dict[str, object]

REPLICATES = (3, 5, 6, 8, 12, 20)
FAILED = 0.1  # the accuracy of a run that gives every image one class
CORRELATION = 0.5  # of the normal scores of paired runs
DRAWS = 1_000_000  # behind every truth that has no formula


@dataclass(frozen=True)
class Shape:
    """A distribution by its quantile function, in fractions of the test images."""

    name: str
    quantile: Callable[[Array], Array]
    failing: float = 0.0


def normal(mean: float = 0.85, sd: float = 0.01, failing: float = 0.0) -> Shape:
    """Return runs around `mean`, of which the share `failing` has failed and sits at FAILED."""

    def quantile(u: Array) -> Array:
        learned = special.ndtri(np.clip((u - failing) / (1 - failing), 1e-12, 1 - 1e-12))
        return np.where(u < failing, FAILED, mean + sd * learned)

    return Shape(f"{100 * failing:.0f} % fail" if failing else "normal", quantile, failing)


def skewed() -> Shape:
    """Return runs short of 86 % by an exponential amount, 1 point on average."""
    return Shape("skewed", lambda u: 0.86 + 0.01 * np.log(u))


SHAPES = (normal(), skewed(), *(normal(failing=share) for share in (0.05, 0.1, 0.3, 0.7)))


@dataclass(frozen=True)
class Pair:
    """A first and a second model, or with `paired` one model under two conditions."""

    name: str
    first: Shape
    second: Shape
    paired: bool = False

    def draw(self, generator: np.random.Generator, size: tuple[int, ...]) -> tuple[Array, Array]:
        """Return runs of both, each of shape `size`."""
        scores = generator.standard_normal((2, *size))
        if self.paired:
            scores[1] = CORRELATION * scores[0] + np.sqrt(1 - CORRELATION**2) * scores[1]
        u = special.ndtr(scores)
        return self.first.quantile(u[0]), self.second.quantile(u[1])

    @cached_property
    def truth(self) -> dict[str, float]:
        """What the study's intervals of this pair should cover, by the name of the effect."""
        if self.first is self.second:
            effects = ("shift", "median difference", "mean difference")
            return dict.fromkeys(effects, 0.0) | {"superiority": 0.5}
        x, y = self.draw(np.random.default_rng(0), (DRAWS,))
        differences = y - x
        averages = (differences + np.roll(differences, 1)) / 2 if self.paired else differences
        half = np.array(0.5)
        return {
            "shift": float(np.median(averages)),
            "median difference": float(self.second.quantile(half) - self.first.quantile(half)),
            "mean difference": float(differences.mean()),
            "superiority": float((np.sign(differences).mean() + 1) / 2),
        }


def row(table: str, case: str, method: str, replicates: int, measure: str, value: float) -> Row:
    """Return one figure of docs/intervals.csv, to the digits that the page prints and one more."""
    return {
        "table": table, "case": case, "method": method, "replicates": replicates,
        "measure": measure, "value": round(float(value), 5),
    }  # fmt: skip
