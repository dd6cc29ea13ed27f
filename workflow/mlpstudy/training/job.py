"""One training job from its identity to its files: train or resume it, and write its outputs."""

from __future__ import annotations

import csv
import io
import logging
import math
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from mlpstudy.data.dataset import Dataset
from mlpstudy.errors import Stopped, StudyError
from mlpstudy.files import write_bytes, write_text
from mlpstudy.identity import METRICS, SPEC, is_finished
from mlpstudy.locks import locked
from mlpstudy.spec import Job
from mlpstudy.training.checkpoint import Checkpoint, Progress, sidecar
from mlpstudy.training.losses import Metrics
from mlpstudy.training.trainer import Row, Trainer

WEIGHTS, PREDICTIONS = "weights.safetensors", "predictions.npz"
HISTORY, TIMINGS = "history.csv", "timings.csv"
SAVING_SHARE = 0.05  # of a job's time, at most, is spent on checkpoints
FILES = (SPEC, WEIGHTS, PREDICTIONS, HISTORY, TIMINGS, METRICS)  # in the order of writing

logger = logging.getLogger(__name__)


def run_job(job: Job, dataset: Dataset, folder: Path, device: torch.device, threads: int) -> None:
    """Train `job` and write spec.json, metrics, timings, history, predictions and weights.

    An interrupted job is resumed after its last saved epoch: its checkpoint lies beside
    `folder`, as a workflow engine deletes the outputs of a job before it starts it again. If
    another process runs the same job, this one waits for it, and returns if that one finishes it.

    Raises:
        StudyError: `dataset` is not the one that the job names, a file cannot be written, or the
            memory of a GPU is too small.
    """
    if dataset.digest != job.data:
        raise StudyError(
            f"{job.label}: the prepared data has checksum {dataset.digest[:12]}…, "
            f"expected {job.data[:12]}…: prepare it anew"
        )
    with locked(sidecar(folder, "lock"), job.label) as waited:
        if waited and is_finished(job, folder):
            logger.info("%s: the other process has finished it", job.label)
            return
        try:
            _run(job, dataset, folder, device, threads)
        except torch.OutOfMemoryError as error:
            raise StudyError(
                f"{job.label}: the GPU's memory is too small for {len(job.replicates)} replicates "
                "at once: lower replicates_per_job"
            ) from error


def _run(job: Job, dataset: Dataset, folder: Path, device: torch.device, threads: int) -> None:
    torch.set_num_threads(threads)
    trainer = Trainer(job, dataset, device)
    checkpoint = Checkpoint(sidecar(folder, "checkpoint"), job.identity())
    progress = _resume(trainer, checkpoint)
    try:
        _train(trainer, progress, checkpoint)
        _write_outputs(trainer, progress, threads, folder)
    except Stopped as stopped:
        logger.warning(
            "%s: %s; the next run goes on from the last epoch saved", job.label, stopped.name
        )
        raise
    checkpoint.delete()


def _resume(trainer: Trainer, checkpoint: Checkpoint) -> Progress:
    saved = checkpoint.load()
    if saved is None:
        return Progress()
    progress, tensors = saved
    trainer.restore(tensors, progress.steps)
    logger.info("%s: going on after epoch %d", trainer.job.label, progress.epoch)
    return progress


def _train(trainer: Trainer, progress: Progress, checkpoint: Checkpoint) -> None:
    epochs = trainer.spec.epochs
    last_saved, took = -math.inf, 0.0
    while progress.epoch < epochs:
        started = time.perf_counter()
        progress.history += trainer.run_epoch(progress.epoch + 1)
        progress.epoch += 1
        progress.steps = trainer.optimizer.steps
        ended = time.perf_counter()
        progress.seconds += ended - started
        _log_epoch(trainer, progress)
        _log_divergence(trainer, progress)
        # The state of many replicates takes seconds to save, and a GPU does an epoch in as long.
        if progress.epoch < epochs and took <= SAVING_SHARE * (ended - last_saved):
            _save(trainer, progress, checkpoint)
            last_saved = time.perf_counter()
            took = last_saved - ended


def _save(trainer: Trainer, progress: Progress, checkpoint: Checkpoint) -> None:
    try:
        checkpoint.save(progress, trainer.tensors())
    except OSError as error:
        raise StudyError(
            f"{checkpoint.path}: epoch {progress.epoch} cannot be saved: "
            f"{error.strerror or error}; "
            "mend that and run again: the job goes on from the last epoch saved"
        ) from error


def _log_epoch(trainer: Trainer, progress: Progress) -> None:
    epochs = trainer.spec.epochs
    latest = progress.history[-len(trainer.splits) :]
    logger.info(
        "%s: epoch %d/%d, %.1f s so far, about %.0f s left; training accuracy %s",
        trainer.job.label,
        progress.epoch,
        epochs,
        progress.seconds,
        progress.seconds / progress.epoch * (epochs - progress.epoch),
        " ".join(f"{row['train_accuracy']:.4f}" for row in latest),
    )


def _log_divergence(trainer: Trainer, progress: Progress) -> None:
    """Log the replicates whose loss became NaN in this epoch."""
    count = len(trainer.splits)
    latest, before = progress.history[-count:], progress.history[-2 * count : -count]
    lost = [
        row["replicate"]
        for index, row in enumerate(latest)
        if math.isnan(row["train_loss"])
        and not (before and math.isnan(before[index]["train_loss"]))
    ]
    if lost:
        logger.warning(
            "%s: diverged in epoch %d: the loss of replicate %s is not a number from here on",
            trainer.job.label,
            progress.epoch,
            ", ".join(map(str, lost)),
        )


def _write_outputs(trainer: Trainer, progress: Progress, threads: int, folder: Path) -> None:
    """Write all files of a job whose training has ended.

    Raises:
        StudyError: a file cannot be written.
    """
    write_text(folder / SPEC, trainer.job.identity() + "\n", durable=True)
    named = trainer.network.named_tensors().items()
    weights = save({name: tensor.contiguous() for name, tensor in named})
    write_bytes(folder / WEIGHTS, weights, durable=True)
    tested = _write_predictions(trainer, folder / PREDICTIONS)
    keys = {name: getattr(trainer.job, name) for name in ("condition", "model", "fold")}
    for name, rows in (
        (HISTORY, progress.history),
        (TIMINGS, timings_rows(trainer, progress.seconds, threads)),
        (METRICS, metrics_rows(trainer, progress.history, tested)),
    ):
        write_rows(folder / name, [keys | row for row in rows])


def _write_predictions(trainer: Trainer, path: Path) -> list[Metrics]:
    """Write the test rows, their true and predicted classes, each (replicates, examples).

    Returns the metrics of these predictions, one per replicate.
    """
    rows = [split.test for split in trainer.splits]
    logits = trainer.predict(rows)
    index = torch.from_numpy(np.stack(rows)).to(trainer.device)
    file = io.BytesIO()
    np.savez_compressed(
        file,
        replicate=np.array(trainer.job.replicates),
        index=index.int().cpu().numpy(),
        true=trainer.loader.labels[index].to(torch.uint8).cpu().numpy(),
        predicted=logits.argmax(1).to(torch.uint8).cpu().numpy(),
    )
    write_bytes(path, file.getvalue(), durable=True)
    return trainer.metrics(logits, index)


def metrics_rows(trainer: Trainer, history: Sequence[Row], tested: Sequence[Metrics]) -> list[Row]:
    """Return metrics.csv, one row per replicate: the last epoch's metrics and the test metrics.

    `parameters` counts those of one replicate; train_* is the running mean over the last epoch.
    """
    spec = trainer.spec
    shared = {
        "activation": spec.activation,
        "layers": len(spec.nodes),
        "parameters": trainer.network.parameter_count,
        "loss_function": spec.loss,
        "epochs": spec.epochs,
        "batch_size": spec.batch_size,
    }
    last = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    return [
        {"replicate": row["replicate"], **shared}
        | {name: row[name] for name in last}
        | {"test_loss": test.loss, "test_accuracy": test.accuracy}
        for row, test in zip(history[-len(tested) :], tested, strict=True)
    ]


def timings_rows(trainer: Trainer, total: float, threads: int) -> list[Row]:
    """Return timings.csv, one row per replicate, with its share of the job's `total` seconds."""
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
    return [{"replicate": replicate, **shared} for replicate in trainer.job.replicates]


def _peak_memory() -> int:
    """Return the maximum resident size of this process in bytes, shared pages included."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write `rows` as CSV with the first row's keys as columns; None is empty, NaN is `nan`.

    Short jobs end before pandas would be imported, so it is not used here.

    Raises:
        StudyError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue(), durable=True)
