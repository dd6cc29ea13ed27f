"""The figures that claims are judged on, one per replicate, from runs.csv and history.csv.

A replicate of a cross-validated model is the mean of its folds, and so are its curves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlpstudy.analysis.conditions import Cell
from mlpstudy.analysis.runs import by_cell

Figures = pd.Series  # of floats, indexed by replicate
KEYS = ["condition", "model", "replicate"]
ACCURACIES = ["test_accuracy", "train_accuracy", "validation_accuracy"]
CURVES = ["train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]


@dataclass(frozen=True)
class Samples:
    """The runs of a study and their histories; a run below `medium` has failed."""

    runs: pd.DataFrame
    history: pd.DataFrame
    medium: float

    def values(self, condition: str, model: str, quantity: str = "test_accuracy") -> Figures:
        """Return the final `quantity`, a fraction, of every replicate."""
        return self._means[condition, model][quantity]

    def group(self, condition: str, models: Sequence[str], of: str) -> Figures:
        """Return the mean, median or best test accuracy of several models in each replicate.

        Replicates in which a model is missing or has no accuracy are left out.
        """
        wide = pd.concat([self.values(condition, model) for model in models], axis="columns")
        whole = wide.dropna()
        return {"mean": whole.mean, "median": whole.median, "best": whole.max}[of](axis="columns")

    def failed(self, condition: str, model: str) -> Figures:
        """Return for every replicate whether it failed, or has no accuracy."""
        return ~(self.values(condition, model) >= self.medium)

    def deviations(self, condition: str, model: str) -> Figures:
        """Return the distance of every replicate from the model's median replicate."""
        values = self.values(condition, model)
        return (values - values.median()).abs()

    def epochs_to(self, condition: str, model: str, quantity: str, threshold: float) -> Figures:
        """Return the first epoch at which each replicate reaches `threshold`; infinity for never.

        So a replicate that never reaches it ranks behind all that do, however long it was trained.
        """
        return pd.Series(
            {
                replicate: int(np.argmax(curve >= threshold)) + 1.0
                if (curve >= threshold).any()
                else np.inf
                for replicate, curve in self.curves(condition, model, quantity).items()
            }
        )

    def curves(self, condition: str, model: str, quantity: str) -> dict[int, NDArray[np.float64]]:
        """Return by replicate the values of all epochs; NaN where there was no validation."""
        by_replicate = self._histories[condition, model].groupby("replicate")[quantity]
        return {int(str(key)): values.to_numpy(dtype=float) for key, values in by_replicate}

    @cached_property
    def _means(self) -> dict[Cell, pd.DataFrame]:
        means = self.runs.groupby(KEYS)[ACCURACIES].mean(skipna=False).reset_index()
        return by_cell(means.set_index("replicate"))

    @cached_property
    def _histories(self) -> dict[Cell, pd.DataFrame]:
        means = self.history.groupby([*KEYS, "epoch"])[CURVES].mean(skipna=False)
        return by_cell(means.reset_index())
