"""Distributions of a model's test accuracy like those the study sees, known exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

FAILED = 0.1  # the accuracy of a run that gives every image one class
GRID = 20_000


@dataclass(frozen=True)
class Shape:
    """A distribution by its quantile function, in fractions of the test images."""

    name: str
    words: str
    quantile: Callable[[Array], Array]

    def draw(self, generator: np.random.Generator, size: tuple[int, int]) -> Array:
        """Return samples of shape `size`, (samples, replicates)."""
        return self.quantile(generator.random(size))

    @cached_property
    def grid(self) -> Array:
        """Quantiles at evenly spaced shares, for means and for P(second > first)."""
        return self.quantile((np.arange(GRID) + 0.5) / GRID)

    @property
    def mean(self) -> float:
        """The expected accuracy, to within 1e-6."""
        return float(self.grid.mean())

    @property
    def median(self) -> float:
        """The accuracy that half of the runs exceed."""
        return float(self.quantile(np.array([0.5]))[0])


def normal(mean: float = 0.85, sd: float = 0.01, failing: float = 0.0) -> Shape:
    """Return runs around `mean`, of which the share `failing` has failed and sits at FAILED."""

    def quantile(u: Array) -> Array:
        learned = stats.norm.ppf(np.clip((u - failing) / (1 - failing), 0, 1), mean, sd)
        return np.where(u < failing, FAILED, learned)

    words = f"{100 * mean:g} ± {100 * sd:g} %"
    if failing:
        return Shape(
            f"bimodal {100 * failing:.0f}", f"{words}; {100 * failing:.0f} % fail", quantile
        )
    return Shape("normal", words, quantile)


def skewed(top: float = 0.86, scale: float = 0.01) -> Shape:
    """Return runs short of `top` by an exponential amount: most near it, some far below."""
    words = f"{100 * top:g} % less an exponential tail, {100 * scale:g} in the mean"
    return Shape("skewed", words, lambda u: top + scale * np.log(u))


SHAPES = (normal(), skewed(), normal(failing=0.1), normal(failing=0.3), normal(failing=0.7))
REPLICATES = (3, 5, 6, 10, 12, 20, 30)
