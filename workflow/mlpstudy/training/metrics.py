"""A finished job's figures as rows of the tables: one row a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlpstudy.spec import Job
from mlpstudy.training.evaluation import Evaluation
from mlpstudy.training.trainer import HistoryRow

Row = dict[str, Any]

_LAST_EPOCH = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


def keys_of(job: Job) -> Row:
    """Return the columns that every table of `job` begins with."""
    return {"condition": job.condition, "model": job.model, "fold": job.fold}


def history_rows(job: Job, history: Sequence[HistoryRow]) -> list[Row]:
    """Return history.csv: a row an epoch and replicate."""
    return [keys_of(job) | row for row in history]


def metrics_rows(
    job: Job, parameters: int, history: Sequence[HistoryRow], tested: Sequence[Evaluation]
) -> list[Row]:
    """Return metrics.csv: the last epoch's figures and those on the test set, a row a replicate.

    `parameters` counts those of one replicate; train_* is the running mean over the last epoch.
    """
    shared = {
        "activation": job.spec.activation,
        "layers": len(job.spec.nodes),
        "parameters": parameters,
        "loss_function": job.spec.loss,
        "epochs": job.spec.epochs,
        "batch_size": job.spec.batch_size,
    }
    return [
        keys_of(job)
        | {"replicate": row["replicate"]}
        | shared
        | {name: row[name] for name in _LAST_EPOCH}
        | {"test_loss": test.loss, "test_accuracy": test.accuracy}
        for row, test in zip(history[-len(tested) :], tested, strict=True)
    ]
