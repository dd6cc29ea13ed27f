"""One job from its identity to its files: train, or go on where it was interrupted, and write."""

from __future__ import annotations

import logging
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from mlpstudy.data.dataset import Dataset
from mlpstudy.data.splits import Split, rows_of, split
from mlpstudy.errors import StudyError
from mlpstudy.identity import is_finished
from mlpstudy.spec import Job
from mlpstudy.stopping import Stopped
from mlpstudy.training.checkpoint import Checkpoint, Progress
from mlpstudy.training.exclusive import alone
from mlpstudy.training.outputs import write_outputs
from mlpstudy.training.sidecars import sidecar
from mlpstudy.training.trainer import HistoryRow, Trainer

logger = logging.getLogger(__name__)


@dataclass
class Session:
    """How far a job has come: what a checkpoint keeps besides the tensors."""

    epoch: int
    seconds: float
    history: list[HistoryRow]


def run_job(job: Job, dataset: Dataset, folder: Path, device: torch.device, threads: int) -> None:
    """Train `job` and write spec.json, metrics, timings, history, predictions and weights.

    An interrupted job goes on from its last finished epoch: its checkpoint lies beside `folder`,
    outside the outputs that a workflow engine deletes before it starts a job again. If another
    process is at the same job, this one waits for it, and has nothing to do if that one ends well.

    Raises:
        StudyError: the data is not the one that the job names, or a file cannot be written.
    """
    if dataset.digest != job.data:
        raise StudyError(
            f"{job.label}: the prepared data has checksum {dataset.digest[:12]}…, "
            f"expected {job.data[:12]}…: prepare it anew"
        )
    with alone(sidecar(folder, "lock"), job.label) as waited:
        if waited and is_finished(job, folder):
            logger.info("%s: the other process has finished it", job.label)
            return
        _run(job, dataset, folder, device, threads)


def _run(job: Job, dataset: Dataset, folder: Path, device: torch.device, threads: int) -> None:
    torch.set_num_threads(threads)
    if device.type == "cuda":  # on a CPU all that is used is deterministic; the call takes 1 s
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what PyTorch asks for
        torch.use_deterministic_algorithms(True)
    splits = split_rows(job, dataset)
    trainer = Trainer(job, dataset.images, dataset.labels, splits, device)
    checkpoint = Checkpoint(sidecar(folder, "checkpoint"), job.identity())
    session = _resume(trainer, checkpoint)
    try:
        _train(trainer, session, checkpoint)
        write_outputs(trainer, session.history, session.seconds, threads, folder)
    except Stopped as stopped:
        logger.warning(
            "%s: %s; the next run goes on from the last epoch saved", job.label, stopped.name
        )
        raise
    checkpoint.delete()


def split_rows(job: Job, dataset: Dataset) -> list[Split]:
    """Return the split of each replicate of `job`.

    Raises:
        StudyError: a class has too few images.
    """
    train, test = rows_of(job, dataset)
    return [
        split(job.spec, dataset.labels, train, test, job.seed, (replicate, job.fold))
        for replicate in job.replicates
    ]


def _resume(trainer: Trainer, checkpoint: Checkpoint) -> Session:
    progress = checkpoint.load()
    if progress is None:
        return Session(epoch=0, seconds=0.0, history=[])
    trainer.restore(progress.tensors, progress.values["steps"])
    session = Session(**progress.values["session"])
    logger.info("%s: going on after epoch %d", trainer.job.label, session.epoch)
    return session


def _train(trainer: Trainer, session: Session, checkpoint: Checkpoint) -> None:
    epochs = trainer.spec.epochs
    while session.epoch < epochs:
        started = time.perf_counter()
        session.history += trainer.run_epoch(session.epoch + 1)
        session.epoch += 1
        session.seconds += time.perf_counter() - started
        _log_epoch(trainer, session)
        _log_divergence(trainer, session)
        if session.epoch < epochs:
            _save(trainer, session, checkpoint)


def _save(trainer: Trainer, session: Session, checkpoint: Checkpoint) -> None:
    values = {"steps": trainer.optimizer.steps, "session": vars(session)}
    try:
        checkpoint.save(Progress(trainer.tensors(), values))
    except OSError as error:
        raise StudyError(
            f"{checkpoint.path}: epoch {session.epoch} cannot be saved: {error.strerror or error}; "
            "mend that and run again: the job goes on from the last epoch saved"
        ) from error


def _log_epoch(trainer: Trainer, session: Session) -> None:
    epochs = trainer.spec.epochs
    left = session.seconds / session.epoch * (epochs - session.epoch)
    latest = session.history[-len(trainer.splits) :]
    logger.info(
        "%s: epoch %d/%d, %.1f s so far, about %.0f s left; training accuracy %s",
        trainer.job.label,
        session.epoch,
        epochs,
        session.seconds,
        left,
        " ".join(f"{row['train_accuracy']:.4f}" for row in latest),
    )


def _log_divergence(trainer: Trainer, session: Session) -> None:
    """Say, in the epoch in which it happens, of which replicates the loss is no number any more."""
    count = len(trainer.splits)
    latest, before = session.history[-count:], session.history[-2 * count : -count]
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
            session.epoch,
            ", ".join(map(str, lost)),
        )
