"""The activations, ranked by best, by mean and by median run: the report went by the best alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from mlpstudy.evidence.reported_values import Reported
from mlpstudy.evidence.study_file import Study

CENTRES = ("best", "mean", "median")

COLUMNS = [
    "condition", "activation", "models", "runs", *CENTRES, *(f"rank_{c}" for c in CENTRES),
    "reported_models", *(f"reported_{c}" for c in CENTRES),
    *(f"reported_rank_{c}" for c in CENTRES),
]  # fmt: skip


def rankings(study: Study, values: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return a row per condition and activation, by mean rank of ours from the first to the last.

    Ours are taken over all replicates of all the models with that activation; the report's over
    the printed accuracies of its final table. `reported_rank_best` is the report's own ranking.
    Equal figures share the better rank; 1 is the highest.

    Args:
        study: the resolved study.
        values: a row per condition, model and replicate, with `test_accuracy`, of `replicates`.
        reported: the report's own values.
    """
    printed = _printed(study, reported)
    frames = [_ranked(study, str(c), frame) for c, frame in values.groupby("condition", sort=False)]
    frame = pd.concat(frames, ignore_index=True).merge(printed, "left", "activation")
    return frame.reindex(columns=COLUMNS)


def _ranked(study: Study, condition: str, values: pd.DataFrame) -> pd.DataFrame:
    """Return one condition's activations with their figures and ranks."""
    activations = values["model"].map(lambda model: study.fields(condition, model)["activation"])
    rows: list[dict[str, Any]] = []
    for activation, group in values.groupby(activations, sort=True):
        size = {"models": group["model"].nunique(), "runs": len(group)}
        rows.append({"activation": activation, **size, **_centres(group["test_accuracy"])})
    frame = pd.DataFrame(rows).assign(condition=condition)
    for centre in CENTRES:
        frame[f"rank_{centre}"] = _ranks(frame[centre])
    order = frame[[f"rank_{centre}" for centre in CENTRES]].mean(axis=1)
    return frame.loc[order.sort_values(kind="stable").index]


def _printed(study: Study, reported: Reported) -> pd.DataFrame:
    """Return the report's activations with its printed figures, as far as it has any."""
    groups: dict[str, list[float]] = {}
    for key, model in study.models.items():
        accuracy = reported.number("final", key, "test_accuracy")
        if accuracy == accuracy:
            groups.setdefault(model.fields["activation"], []).append(accuracy)
    rows = [
        {"activation": activation, "reported_models": len(numbers)}
        | {f"reported_{name}": value for name, value in _centres(pd.Series(numbers)).items()}
        for activation, numbers in groups.items()
    ]
    columns = ["activation", "reported_models", *(f"reported_{c}" for c in CENTRES)]
    frame = pd.DataFrame(rows, columns=columns)
    for centre in CENTRES:
        frame[f"reported_rank_{centre}"] = _ranks(frame[f"reported_{centre}"])
    return frame.astype({name: "Int64" for name in frame if _whole(str(name))})


def _whole(name: str) -> bool:
    return name == "reported_models" or name.startswith("reported_rank")


def _centres(values: Sequence[float] | pd.Series[float]) -> dict[str, float]:
    series = pd.Series(values, dtype=float)
    return {"best": series.max(), "mean": series.mean(), "median": series.median()}


def _ranks(values: pd.Series[float]) -> pd.Series[int]:
    return values.rank(ascending=False, method="min", na_option="bottom").astype("Int64")
