"""Claims judged on runs that a test writes down, without files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from study_fixture import FIELDS

from mlpstudy.analysis.schemas import CLAIMS
from mlpstudy.claims.judging import verdicts
from mlpstudy.claims.samples import CURVES, Samples
from mlpstudy.config.claims import Claim
from mlpstudy.config.study import Study

Cell = tuple[str, str]  # condition, model
Accuracies = Mapping[str, Sequence[float]] | Mapping[Cell, Sequence[float]]
Curves = Mapping[str, Mapping[str, Sequence[Sequence[float]]]]


def study_of(cells: Sequence[Cell], margin: float = 0.01, validation: str = "holdout") -> Study:
    """Return a study with these conditions and the models that each trains."""
    conditions: dict[str, list[str]] = {}
    for condition, model in cells:
        conditions.setdefault(condition, []).append(model)
    models = dict.fromkeys(model for _, model in cells)
    study = Study(
        models={m: {"fields": {**FIELDS, "validation": validation}} for m in models},
        conditions={c: {"models": trained} for c, trained in conditions.items()},
    )
    return study.model_copy(update={"margin": margin})


def samples_of(accuracies: Mapping[Cell, Sequence[float]], curves: Curves | None = None) -> Samples:
    """Return runs of these test accuracies, one per replicate, and the curves given of models.

    Training and validation accuracies are those of the test where no curve is given.
    """
    runs, history = [], []
    for (condition, model), values in accuracies.items():
        given = (curves or {}).get(model, {})
        for at, accuracy in enumerate(values):
            keys = {"condition": condition, "model": model, "fold": "all", "replicate": at + 1}
            own = {name: given[name][at] for name in given}
            epochs = max((len(curve) for curve in own.values()), default=3)
            own = {name: own.get(name, [accuracy] * epochs) for name in CURVES}
            last = {name: own[name][-1] for name in ("train_accuracy", "validation_accuracy")}
            runs.append({**keys, "test_accuracy": accuracy, **last})
            history += [
                {**keys, "epoch": epoch + 1, **{name: own[name][epoch] for name in CURVES}}
                for epoch in range(epochs)
            ]
    return Samples(pd.DataFrame(runs), pd.DataFrame(history), 0.5)


def claim(name: str = "it", **keys: Any) -> Claim:
    """Return a claim with what the claims file would fill in."""
    written = {key: value for key, value in keys.items() if value != ""}
    return Claim(name=name, statement="It is so.", **written)


def judged(
    claims: Sequence[Claim], accuracies: Accuracies, curves: Curves | None = None, **study: Any
) -> list[dict[str, Any]]:
    """Return the rows of claims.csv; models without a condition are under `only`."""
    full = {key if isinstance(key, tuple) else ("only", key): v for key, v in accuracies.items()}
    frame = verdicts(study_of(list(full), **study), tuple(claims), samples_of(full, curves))
    whole = [name for name, kind in CLAIMS.columns.items() if kind == "count"]
    frame = frame.astype(dict.fromkeys(whole, float))  # NaN, not NA, where there is none
    return [dict(row) for row in frame.to_dict("records")]


def one(
    accuracies: Accuracies, histories: Curves | None = None, /,
    study: Mapping[str, Any] | None = None, **keys: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return the row of one claim, which stands alone in its family."""
    (row,) = judged([claim(**keys)], accuracies, histories, **(study or {}))
    return row
