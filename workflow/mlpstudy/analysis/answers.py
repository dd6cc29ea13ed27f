"""What the predictions for single images give: recalls, confusions, hardest images, spread.

Every function takes the predictions of one model under one condition, and `learned`, flags of
shape (replicates,) that are False where the replicate failed. A failed run gives every image the
same class, so a mean over failed and other runs describes neither: the tables have figures over
all replicates and over those that learned.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlpstudy.analysis.predictions import Predictions
from mlpstudy.analysis.statistics.intervals import moments

LISTED = 16  # hardest images of each model under a condition

Rows = Iterator[dict[Any, Any]]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


def recall_rows(confusions: Counts, learned: Flags, names: Sequence[str]) -> Rows:
    """Yield one row of recalls.csv per class, without condition and model.

    Args:
        confusions: counts of shape (replicates, true classes, predicted classes).
        learned: see above.
        names: the classes' names by label.
    """
    shares = _shares(confusions)
    for label, name in enumerate(names):
        recall = shares[:, label, label]
        mean, variance = moments(recall)
        learned_mean, learned_variance = moments(recall[learned])
        yield {
            "label": label,
            "class": name,
            "replicates": len(recall),
            "recall_mean": mean,
            "recall_sd": variance**0.5,
            "recall_median": float(np.median(recall)),
            "recall_min": float(recall.min()),
            "recall_max": float(recall.max()),
            "learned": int(learned.sum()),
            "learned_recall_mean": learned_mean,
            "learned_recall_sd": learned_variance**0.5,
        }


def confusion_rows(confusions: Counts, learned: Flags, names: Sequence[str]) -> Rows:
    """Yield one row of confusions.csv per true and predicted class; arguments as `recall_rows`.

    `share` is the mean over replicates of the share of the true class's images, `learned_share`
    the mean over the replicates that learned, NaN where none did.
    """
    shares = _shares(confusions)
    mean = shares.mean(axis=0)
    of_learned = shares[learned].mean(axis=0) if learned.any() else np.full(mean.shape, np.nan)
    for i, true in enumerate(names):
        for j, predicted in enumerate(names):
            yield {
                "true": true,
                "predicted": predicted,
                "share": float(mean[i, j]),
                "learned_share": float(of_learned[i, j]),
            }


def _shares(confusions: Counts) -> NDArray[np.float64]:
    """Divide by the number of images of the true class; NaN for a class without images."""
    images = confusions.sum(axis=2, keepdims=True)
    shares = np.full(confusions.shape, np.nan)
    np.divide(confusions, images, out=shares, where=images > 0)
    return shares


def hardest_rows(predictions: Predictions, learned: Flags, names: Sequence[str]) -> Rows:
    """Yield one row of hardest.csv per image, the one with the largest agreement first.

    Only the replicates that learned count, so there are no rows where none did. `predicted` is the
    wrong class that most of them give (the first of equals), `agreeing` their number, `share` that
    number divided by all that learned. `image` is the row in the prepared images, where training
    images come first.

    With few replicates many images have the same share. Of these, images with a mistake (true and
    predicted class) that no row has shown come first, the most frequent mistake before the others;
    then the image with the lowest number.
    """
    asked = int(learned.sum())
    if not asked:
        return
    wrong, agreeing = _agreement(predictions, learned, len(names))
    frame = pd.DataFrame(
        {
            "image": predictions.images,
            "true": predictions.true,
            "predicted": wrong,
            "agreeing": agreeing,
        }
    )
    frame = frame[frame["agreeing"] > 0]
    alike = frame.groupby(["agreeing", "true", "predicted"])["image"]
    frame = frame.assign(turn=alike.rank() - 1, frequency=alike.transform("size"))
    frame = frame.sort_values(
        ["agreeing", "turn", "frequency", "image"], ascending=[False, True, False, True]
    )
    frame = frame.head(LISTED).drop(columns=["turn", "frequency"])
    named = {key: frame[key].map(dict(enumerate(names))) for key in ("true", "predicted")}
    listed = frame.assign(**named, rank=range(1, len(frame) + 1), replicates=asked)
    yield from listed.assign(share=frame["agreeing"] / asked).to_dict("records")


def _agreement(predictions: Predictions, learned: Flags, classes: int) -> tuple[Counts, Counts]:
    """Return each image's most frequent wrong class, and how many replicates give it."""
    images = len(predictions.true)
    cells = np.arange(images) * classes + predictions.predicted[learned].astype(np.int64)
    votes = np.bincount(cells.ravel(), minlength=images * classes).reshape(images, classes)
    votes[np.arange(images), predictions.true] = 0
    return votes.argmax(axis=1), votes.max(axis=1)


def spread(predictions: Predictions, learned: Flags) -> dict[str, Any]:
    """Return where the spread of the replicates that learned comes from, see `components`.

    `learned_binomial_sd` is what new test images would give the mean accuracy of one network;
    `learned_image_sd` is the part of it that all replicates share.
    """
    correct = predictions.correct[learned]
    mean = float(correct.mean()) if len(correct) else math.nan
    images = len(predictions.true)
    seed, interaction, image = components(correct)
    return {
        "test_images": images,
        "learned_seed_sd": seed,
        "learned_interaction_sd": interaction,
        "learned_image_sd": image,
        "learned_binomial_sd": binomial_sd(mean, images),
    }


def components(correct: Flags) -> tuple[float, float, float]:
    """Split the variance of right and wrong answers into that of seeds, images and both.

    All replicates of a model are tested on the same images, so their spread does not contain how
    hard these images are, which is the larger part of the sampling error of a test set. It does
    contain luck: networks that are equally good err on different images (Bouthillier et al. 2021,
    Accounting for Variance in Machine Learning Benchmarks).

    The model is crossed random effects, replicates by images, with the classical estimators from
    mean squares (Searle, Casella and McCulloch 1992, chapter 4). Each is divided by the number of
    images, so that it is the variance of an accuracy. Negative estimates, which chance can give,
    are 0.

    Args:
        correct: shape (replicates, images).

    Returns:
        Standard deviations of one run's accuracy, as fractions; NaN from fewer than 2 replicates.
        The first is of networks that are better or worse on all images; the second of which images
        a network happens to get right, so that the sum of both squares is the variance over
        replicates (where the first is above 0); the third of how hard these images are for all
        replicates alike.
    """
    replicates, images = correct.shape
    if replicates < 2 or images < 2:
        return math.nan, math.nan, math.nan
    by_run, by_image = correct.mean(axis=1), correct.mean(axis=0)
    mean = float(by_run.mean())
    of_runs = images * float(((by_run - mean) ** 2).sum())
    of_images = replicates * float(((by_image - mean) ** 2).sum())
    # Answers are 0 or 1, so the sum of their squares is their number.
    rest = max(replicates * images * mean * (1 - mean) - of_runs - of_images, 0.0)
    interaction = rest / ((replicates - 1) * (images - 1))
    seed = (of_runs / (replicates - 1) - interaction) / images
    image = (of_images / (images - 1) - interaction) / replicates
    return (
        math.sqrt(max(seed, 0.0)),
        math.sqrt(interaction / images),
        math.sqrt(max(image, 0.0) / images),
    )


def binomial_sd(accuracy: float, images: int) -> float:
    """Return the sd of one network's accuracy over new samples of `images` test images."""
    return math.sqrt(accuracy * (1 - accuracy) / images) if images else math.nan
