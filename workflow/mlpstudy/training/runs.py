"""One job from its identity to its files: train, resume, and write what the tables are made of."""

from __future__ import annotations

import logging
import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from mlpstudy.data.dataset import Dataset
from mlpstudy.errors import StudyError
from mlpstudy.files import replacing, write_rows, write_text
from mlpstudy.spec import Job
from mlpstudy.training.checkpoint import Checkpoint, Progress
from mlpstudy.training.evaluation import Evaluation
from mlpstudy.training.metrics import Row, history_rows, keys_of, metrics_rows
from mlpstudy.training.splits import Split, split
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
    outside the outputs that a workflow engine deletes before it starts a job again.

    Raises:
        StudyError: the data is not the one that the job names.
    """
    if dataset.digest != job.data:
        raise StudyError(
            f"{job.label}: the prepared data has checksum {dataset.digest[:12]}…, "
            f"expected {job.data[:12]}…: prepare it anew"
        )
    torch.set_num_threads(threads)
    if device.type == "cuda":  # on a CPU all that is used is deterministic; the call takes 1 s
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what PyTorch asks for
        torch.use_deterministic_algorithms(True)
    splits = split_rows(job, dataset)
    trainer = Trainer(job, dataset.images, dataset.labels, splits, device)
    checkpoint = Checkpoint(folder.with_name(f".{folder.name}.checkpoint"), job.identity())
    session = _resume(trainer, checkpoint)
    _train(trainer, session, checkpoint)
    _write(trainer, session, folder, threads)
    checkpoint.delete()


def split_rows(job: Job, dataset: Dataset) -> list[Split]:
    """Return the split of each replicate of `job`."""
    limits = None if job.subset is None else dict(zip(("train", "test"), job.subset, strict=True))
    train, test = dataset.train_indices(limits), dataset.test_indices(limits)
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
        if session.epoch < epochs:
            values = {"steps": trainer.optimizer.steps, "session": vars(session)}
            checkpoint.save(Progress(trainer.tensors(), values))


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


def _write(trainer: Trainer, session: Session, folder: Path, threads: int) -> None:
    job, network = trainer.job, trainer.network
    write_text(folder / "spec.json", job.identity() + "\n")
    tensors = {name: tensor.contiguous() for name, tensor in network.named_tensors().items()}
    with replacing(folder / "weights.safetensors") as temporary:
        save_file(tensors, temporary)
    tested = _write_predictions(trainer, folder / "predictions.npz")
    metrics = metrics_rows(job, network.parameter_count, session.history, tested)
    write_rows(folder / "history.csv", history_rows(job, session.history))
    write_rows(folder / "timings.csv", _timings(trainer, session, threads))
    write_rows(folder / "metrics.csv", metrics)


def _write_predictions(trainer: Trainer, path: Path) -> list[Evaluation]:
    """Write the rows tested, their true and predicted classes, each (replicates, examples).

    Returns the figures of the same predictions.
    """
    rows = [split.test for split in trainer.splits]
    logits = trainer.predict(rows)
    index = torch.from_numpy(np.stack(rows)).to(trainer.device)
    with replacing(path) as temporary:
        np.savez_compressed(
            temporary,
            replicate=np.array(trainer.job.replicates),
            index=index.int().cpu().numpy(),
            true=trainer.feeder.labels[index].to(torch.uint8).cpu().numpy(),
            predicted=logits.argmax(1).to(torch.uint8).cpu().numpy(),
        )
    return trainer.figures(logits, index)


def _timings(trainer: Trainer, session: Session, threads: int) -> list[Row]:
    """Return timings.csv, a row a replicate; its seconds are its share of the stack's."""
    stacked = len(trainer.splits)
    seconds = session.seconds / stacked
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
