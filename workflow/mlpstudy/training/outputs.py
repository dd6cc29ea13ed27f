"""What a finished job leaves: spec.json, metrics, timings, history, predictions and weights."""

from __future__ import annotations

import csv
import io
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from mlpstudy.errors import StudyError
from mlpstudy.files import replacing, write_text
from mlpstudy.identity import METRICS, SPEC
from mlpstudy.spec import Job
from mlpstudy.training.evaluation import Evaluation
from mlpstudy.training.metrics import Row, history_rows, keys_of, metrics_rows
from mlpstudy.training.trainer import HistoryRow, Trainer

WEIGHTS, PREDICTIONS = "weights.safetensors", "predictions.npz"
HISTORY, TIMINGS = "history.csv", "timings.csv"
FILES = (SPEC, WEIGHTS, PREDICTIONS, HISTORY, TIMINGS, METRICS)  # in the order of writing


def write_outputs(
    trainer: Trainer, history: Sequence[HistoryRow], seconds: float, threads: int, folder: Path
) -> None:
    """Write all files of the job that `trainer` has trained for `seconds` seconds.

    Raises:
        StudyError: a file cannot be written.
    """
    try:
        _write(trainer, history, seconds, threads, folder)
    except OSError as error:
        raise StudyError(f"{folder}: cannot be written: {error.strerror or error}") from error


def _write(
    trainer: Trainer, history: Sequence[HistoryRow], seconds: float, threads: int, folder: Path
) -> None:
    job, network = trainer.job, trainer.network
    write_text(folder / SPEC, job.identity() + "\n", durable=True)
    tensors = {name: tensor.contiguous() for name, tensor in network.named_tensors().items()}
    with replacing(folder / WEIGHTS, durable=True) as temporary:
        temporary.write_bytes(save(tensors))
    tested = _write_predictions(trainer, folder / PREDICTIONS)
    metrics = metrics_rows(job, network.parameter_count, history, tested)
    write_rows(folder / HISTORY, _told_apart(job, history_rows(job, history)))
    write_rows(folder / TIMINGS, _timings(trainer, seconds, threads))
    write_rows(folder / METRICS, _told_apart(job, metrics))


def _told_apart(job: Job, rows: Sequence[Row]) -> list[Row]:
    """Write out as `nan` what is no number, and leave empty what was not measured.

    A job without validation has NaN for its validation figures, one that diverged for its losses.
    """
    validated = job.spec.validation != "none"

    def written(column: str, value: Any) -> Any:
        measured = validated or not column.startswith("validation_")
        return "nan" if measured and value != value else value

    return [{column: written(column, row[column]) for column in row} for row in rows]


def _write_predictions(trainer: Trainer, path: Path) -> list[Evaluation]:
    """Write the rows tested, their true and predicted classes, each (replicates, examples).

    Returns the figures of the same predictions.
    """
    rows = [split.test for split in trainer.splits]
    logits = trainer.predict(rows)
    index = torch.from_numpy(np.stack(rows)).to(trainer.device)
    with replacing(path, durable=True) as temporary:
        np.savez_compressed(
            temporary,
            replicate=np.array(trainer.job.replicates),
            index=index.int().cpu().numpy(),
            true=trainer.feeder.labels[index].to(torch.uint8).cpu().numpy(),
            predicted=logits.argmax(1).to(torch.uint8).cpu().numpy(),
        )
    return trainer.figures(logits, index)


def _timings(trainer: Trainer, total: float, threads: int) -> list[Row]:
    """Return timings.csv, a row a replicate; its seconds are its share of the stack's `total`."""
    stacked = len(trainer.splits)
    seconds = total / stacked
    images = trainer.splits[0].train.size * trainer.spec.epochs
    shared = {
        "seconds": round(seconds, 3),
        "device": trainer.device.type,
        "threads": threads,
        "stacked": stacked,
        "images_per_second": round(images / seconds),
        "peak_memory_mb": round(_peak_memory() / 1e6),
    }
    return [
        keys_of(trainer.job) | {"replicate": replicate} | shared
        for replicate in trainer.job.replicates
    ]


def _peak_memory() -> int:
    """Return the largest resident size of this process in bytes, shared pages included."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write `rows` as CSV under the first row's keys; NaN and None are left empty, as by pandas.

    For training jobs, some of which end before pandas would be imported.

    Raises:
        StudyError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: "" if value != value else value for key, value in row.items()} for row in rows
    )
    write_text(path, text.getvalue(), durable=True)
