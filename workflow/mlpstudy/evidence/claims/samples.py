"""What claims are judged on: figures a replicate, from runs.csv and history.csv.

A k-fold model's replicate is the mean of its folds, here as everywhere; so are its curves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Sample = NDArray[np.float64]
KEYS = ["condition", "model", "replicate"]
ACCURACIES = ["test_accuracy", "train_accuracy", "validation_accuracy"]
CURVES = ["train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]


@dataclass(frozen=True)
class Side:
    """Models under a condition, to be set against others; `of` makes one figure of several."""

    condition: str
    models: tuple[str, ...]
    of: str = "mean"


@dataclass(frozen=True)
class Samples:
    """The study's runs and their histories, by condition, model and replicate."""

    runs: pd.DataFrame
    history: pd.DataFrame

    def values(self, side: Side, quantity: str = "test_accuracy") -> Sample:
        """Return one figure a replicate, shape (replicates,), of all or what `of` takes of them.

        Replicates that a model lacks, or whose figure is not a number, are left out.
        """
        return _one_of(self._wide(side, quantity), side.of)

    def runs_of(self, side: Side, quantity: str = "test_accuracy") -> Sample:
        """Return the figure of every replicate of every model, model by model."""
        return np.concatenate([self._wide(side, quantity)[m].to_numpy() for m in side.models])

    def deviations(self, side: Side) -> Sample:
        """Return how far each replicate is from its model's median one, shape (replicates,)."""
        wide = self._wide(side, "test_accuracy")
        return _one_of((wide - wide.median()).abs(), side.of)

    def epochs_to(self, side: Side, quantity: str, threshold: float) -> tuple[Sample, bool]:
        """Return the first epoch at which each replicate reaches `threshold`, and whether all do.

        Shape (replicates,); a replicate that never does has one more than the epochs there are.
        """
        first = {
            model: {
                replicate: int(np.argmax([*(curve >= threshold), True])) + 1.0
                for replicate, curve in self.curves(side.condition, model, quantity).items()
            }
            for model in side.models
        }
        ends = [self._histories[side.condition, model]["epoch"].max() for model in side.models]
        wide = pd.DataFrame(first)[list(side.models)]
        return _one_of(wide, side.of), bool((wide <= ends).all(axis=None))

    def curves(self, condition: str, model: str, quantity: str) -> dict[int, Sample]:
        """Return by replicate the values of all epochs; NaN where there was no validation."""
        by_replicate = self._histories[condition, model].groupby("replicate")[quantity]
        return {int(str(key)): values.to_numpy(dtype=float) for key, values in by_replicate}

    def _wide(self, side: Side, quantity: str) -> pd.DataFrame:
        """Return the figures with a row a replicate and a column a model."""
        means = self._means
        here = (means["condition"] == side.condition) & means["model"].isin(side.models)
        wide = means[here].pivot_table(
            index="replicate", columns="model", values=quantity, dropna=False
        )
        return wide[list(side.models)]

    @cached_property
    def _means(self) -> pd.DataFrame:
        return self.runs.groupby(KEYS)[ACCURACIES].mean(skipna=False).reset_index()

    @cached_property
    def _histories(self) -> dict[tuple[str, str], pd.DataFrame]:
        means = self.history.groupby([*KEYS, "epoch"])[CURVES].mean(skipna=False).reset_index()
        by_model = means.groupby(["condition", "model"])
        return {(str(condition), str(model)): frame for (condition, model), frame in by_model}


def _one_of(wide: pd.DataFrame, of: str) -> Sample:
    """Return the mean, median or best of each row of figures; rows with a gap are left out."""
    whole = wide.dropna()
    takes = {"mean": whole.mean, "median": whole.median, "best": whole.max}
    return np.asarray(takes[of](axis="columns"), dtype=np.float64)


def named(side: Side, others: Sequence[Side] = ()) -> str:
    """Name a side in a sentence: m04; the mean of m04 and m05; the median of 14 models.

    Its condition is named where one of `others` has another.
    """
    models = side.models
    if len(models) == 1:
        text = models[0]
    elif len(models) <= 4:
        text = f"the {side.of} of {', '.join(models[:-1])} and {models[-1]}"
    else:
        text = f"the {side.of} of {len(models)} models"
    apart = any(other.condition != side.condition for other in others)
    return f"{text} under {side.condition}" if apart else text
