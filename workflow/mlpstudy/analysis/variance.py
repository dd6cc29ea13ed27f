"""Where the spread of a model's accuracy comes from: its seeds, the test images, or both at once.

All replicates of a model are tested on the same images. Their spread therefore holds nothing of
how hard these images happen to be, which is the greater part of the sampling error of a test set;
taking the binomial variance from it would take too much. What it does hold beside better and worse
networks is luck: networks just as good err on different images. Both parts, and the third one that
no number of replicates makes smaller, come from the table of replicates by images. That both seeds
and test images have to be reckoned with is the point of Bouthillier et al. 2021 (Accounting for
Variance in Machine Learning Benchmarks).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Components:
    """Standard deviations of one run's accuracy, as fractions; NaN from fewer than 2 replicates.

    Attributes:
        seed: networks that are better or worse on all images, were there no end of images.
        interaction: which images a network happens to get right; seed^2 + interaction^2 is the
            variance over replicates (where `seed` is above 0).
        image: how hard these test images happen to be for this model, the same for all replicates.
    """

    seed: float
    interaction: float
    image: float


def components(correct: NDArray[np.bool_]) -> Components:
    """Take apart right and wrong answers as crossed random effects, replicates by images.

    The classical estimators from mean squares (Searle, Casella and McCulloch 1992, chapter 4), each
    divided by the number of images, to be read as variances of an accuracy. A negative estimate of
    a variance, which chance can give, is 0.

    Args:
        correct: shape (replicates, images).
    """
    replicates, images = correct.shape
    if replicates < 2 or images < 2:
        return Components(math.nan, math.nan, math.nan)
    by_run, by_image = correct.mean(axis=1), correct.mean(axis=0)
    mean = float(by_run.mean())
    of_runs = images * float(((by_run - mean) ** 2).sum())
    of_images = replicates * float(((by_image - mean) ** 2).sum())
    # Answers are 0 or 1, so that their squares sum to their number.
    rest = max(replicates * images * mean * (1 - mean) - of_runs - of_images, 0.0)
    interaction = rest / ((replicates - 1) * (images - 1))
    seed = (of_runs / (replicates - 1) - interaction) / images
    image = (of_images / (images - 1) - interaction) / replicates
    return Components(
        math.sqrt(max(seed, 0.0)),
        math.sqrt(interaction / images),
        math.sqrt(max(image, 0.0) / images),
    )


def binomial_sd(accuracy: float, images: int) -> float:
    """Return the sd of an accuracy measured on `images` images drawn anew, for one network."""
    return math.sqrt(accuracy * (1 - accuracy) / images) if images else math.nan
