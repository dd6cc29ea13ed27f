"""The progress of a study: what is done, in training or left, and which checkpoints are stale."""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlpstudy.config.resources import work
from mlpstudy.config.study import Job, Study, load_study
from mlpstudy.locks import is_locked
from mlpstudy.training.checkpoint import epoch_and_seconds, sidecar

logger = logging.getLogger(__name__)

DAYS = 30.0  # after which a stale checkpoint is removed


@dataclass(frozen=True)
class State:
    """The state of one job.

    Attributes:
        work: multiplications per image of the whole job.
        seconds: training time so far; None where it is unknown.
    """

    job: Job
    epochs: int
    epoch: int
    running: bool
    work: int
    seconds: float | None

    @property
    def done(self) -> float:
        """The share of its epochs that is finished."""
        return self.epoch / self.epochs

    @property
    def name(self) -> str:
        """The name of the job in its log."""
        job = self.job
        return f"{job.condition} {job.model} fold {job.fold} {job.first}-{job.last}"


def describe(path: Path) -> str:
    """Return some lines on the progress of the study in `path`, study.json.

    Raises:
        StudyError: it is missing or is not a study.
    """
    study = load_study(path)
    states = [_state(study, job) for job in study.jobs]
    running = [state for state in states if state.running]
    begun = [state for state in states if state.epoch and not state.running and state.done < 1]
    finished = sum(state.done == 1 and not state.running for state in states)
    left = len(states) - finished - len(running) - len(begun)
    lines = [
        f"{finished} of {len(states)} training jobs done, {len(running)} in training, "
        f"{len(begun)} interrupted, {left} not started",
        _estimate(states, len(running)),
    ]
    for title, group in (("in training", running), ("interrupted", begun)):
        lines += [f"{title}:"] * bool(group)
        lines += [f"  {state.name}: epoch {state.epoch} of {state.epochs}" for state in group]
    return "\n".join(filter(None, lines)) + "\n"


def _state(study: Study, job: Job) -> State:
    fields = study.fields(job.condition, job.model)
    epochs, running = fields["epochs"], is_locked(sidecar(job.folder, "lock"))
    epoch, seconds = epoch_and_seconds(sidecar(job.folder, "checkpoint"))
    if not running and study.is_finished(job):
        epoch, seconds = epochs, _seconds_of(job)
    size = work(fields["nodes"], epochs, job.last - job.first + 1)
    return State(job, epochs, epoch, running, size, seconds or None)


def _seconds_of(job: Job) -> float:
    """Return how long a finished job trained; each row of timings.csv has a replicate's share."""
    try:
        with (job.folder / "timings.csv").open(newline="", encoding="utf-8") as file:
            return sum(float(row["seconds"]) for row in csv.DictReader(file))
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def _estimate(states: Sequence[State], running: int) -> str:
    """Estimate the time that is left, at the pace of the same model or else of all jobs.

    The start of a job, some seconds, and the tables and pages at the end are not included.
    """
    left = [state for state in states if state.done < 1]
    known = [state for state in states if state.seconds]
    if not left or not known:
        return "" if left else "only tables and pages may be left"

    def pace(model: str) -> float:
        return _pace([state for state in known if state.job.model == model]) or _pace(known)

    rests = [state.work * (1 - state.done) * pace(state.job.model) for state in left]
    if not running:
        return f"about {_duration(sum(rests))} of training left, for one job at a time"
    together = max(sum(rests) / running, *rests)
    return f"about {_duration(together)} of training left, with {running} jobs at a time as now"


def _pace(states: Sequence[State]) -> float:
    """Return the seconds per unit of work; 0.0 if nothing is known."""
    total = sum(state.work * state.done for state in states)
    return sum(state.seconds or 0.0 for state in states) / total if total else 0.0


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def remove_leftovers(path: Path, days: float = DAYS) -> list[Path]:
    """Remove checkpoints that no job of the study in `path` (study.json) will continue from.

    They belong to jobs that the study does not have, or that are finished, because a configuration
    was changed during training. Only those are removed that were written at least `days` ago and
    whose lock nobody holds. Without a study.json nothing is removed.

    Returns:
        The checkpoints that were removed.

    Raises:
        StudyError: study.json is not a study.
    """
    if not path.is_file():
        return []
    study = load_study(path)
    waiting = {
        sidecar(job.folder, "checkpoint").resolve()
        for job in study.jobs
        if not study.is_finished(job)
    }
    oldest = time.time() - days * 86400
    removed = []
    for checkpoint in sorted((path.parent / "runs").rglob(".replicates-*.checkpoint")):
        folder = checkpoint.with_name(checkpoint.name.removeprefix(".").removesuffix(".checkpoint"))
        stale = checkpoint.resolve() not in waiting and checkpoint.stat().st_mtime < oldest
        if stale and checkpoint.is_file() and not is_locked(sidecar(folder, "lock")):
            checkpoint.unlink()
            removed.append(checkpoint)
            logger.info("%s: removed; the study has no such job", checkpoint)
    return removed
