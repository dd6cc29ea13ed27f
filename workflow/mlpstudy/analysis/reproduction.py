"""How many printed values our replicates reproduce, and how many by chance: reproduction.csv.

A model reproduces its printed value under a condition if the value is in the range of the model's
replicates. If the printed run were one more replicate, this would happen with probability
(n - 1) / (n + 1). By chance it happens too, as some ranges are wide and some models are alike. A
permutation test measures how often: it assigns the printed values to the models at random.

The study chose some settings because they fit the report. A second test allows for any such choice:
it counts the values that are in the range of any condition, for the true assignment and for random
ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlpstudy.analysis.conditions import Cell, baselines, changes
from mlpstudy.analysis.reported import Reported
from mlpstudy.analysis.schemas import REPRODUCTION
from mlpstudy.config.study import Study

# Where the report prints a value of every model.
PRINTED = {"test_accuracy": "final", "test_loss": "details"}

# Conditions that change one of these change the loss, so the printed value is not comparable.
LOSS_FIELDS = {"kl", "loss"}

ASSIGNMENTS = 49_999  # random ones, beside the true one
SEED = 0

Ranges = dict[Cell, tuple[float, float, int]]  # lowest, highest, number of replicates
Matches = NDArray[np.bool_]


def reproduction(study: Study, values: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return reproduction.csv: one row per main condition and quantity that the report prints.

    `inside` counts the models whose printed value is in their range, of `models`; `expected` is
    this number if the printed runs were replicates. `by_chance` is the mean of the random
    assignments, and `p` the share of them with `inside` or more. The columns `*_any` are the same
    for values in the range of any condition of the study.

    Args:
        study: the resolved study.
        values: what `replicates` returned.
        reported: the report's own values.
    """
    rows: list[dict[str, Any]] = []
    for quantity, place in PRINTED.items():
        ranges = _ranges(study, values, quantity)
        printed = {model: reported.number(place, model, quantity) for model in study.models}
        for condition in study.main_conditions:
            models = [
                model
                for model, value in printed.items()
                if np.isfinite(value) and (condition, model) in ranges
            ]
            if models:
                found = _counts([printed[model] for model in models], condition, models, ranges)
                rows.append({"condition": condition, "quantity": quantity} | found)
    return REPRODUCTION.frame(rows)


def _ranges(study: Study, values: pd.DataFrame, quantity: str) -> Ranges:
    """Return the range of the finite values of each cell whose quantity the report prints."""
    baseline = baselines(study)
    ranges: Ranges = {}
    for (condition, model), sample in values.groupby(["condition", "model"], sort=False)[quantity]:
        cell = str(condition), str(model)
        changed = changes(study.fields(baseline[cell[1]], cell[1]), study.fields(*cell))
        finite = sample[np.isfinite(sample)]
        if len(finite) and not (quantity == "test_loss" and LOSS_FIELDS & set(changed)):
            ranges[cell] = (finite.min(), finite.max(), len(finite))
    return ranges


def _counts(
    printed: list[float], condition: str, models: list[str], ranges: Ranges
) -> dict[str, Any]:
    own = _matches(printed, models, {cell: ranges[cell] for cell in ranges if cell[0] == condition})
    any_condition = _matches(printed, models, ranges)
    inside, inside_any = (int(matches.diagonal().sum()) for matches in (own, any_condition))
    places = np.tile(np.arange(len(models)), (ASSIGNMENTS, 1))
    assigned = np.random.default_rng(SEED).permuted(places, axis=1)
    by_chance, by_choice = (_assigned(matches, assigned) for matches in (own, any_condition))
    sizes = np.array([ranges[condition, model][2] for model in models])
    return {
        "models": len(models),
        "inside": inside,
        "expected": float(((sizes - 1) / (sizes + 1)).sum()),
        "by_chance": float(by_chance.mean()),
        "p": _p(by_chance, inside),
        "inside_any": inside_any,
        "by_chance_any": float(by_choice.mean()),
        "p_any": _p(by_choice, inside_any),
    }


def _matches(printed: list[float], models: list[str], ranges: Ranges) -> Matches:
    """Return whether each printed value is in a range of each model, shape (values, models)."""
    matches = np.zeros((len(printed), len(models)), dtype=bool)
    for (_, model), (low, high, _) in ranges.items():
        if model in models:
            matches[:, models.index(model)] |= [low <= value <= high for value in printed]
    return matches


def _assigned(matches: Matches, assigned: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of matches of each assignment; row of `assigned`: the value of a model."""
    found: NDArray[np.int64] = matches[assigned, np.arange(len(matches))].sum(axis=1)
    return found


def _p(found: NDArray[np.int64], inside: int) -> float:
    return float(((found >= inside).sum() + 1) / (len(found) + 1))
