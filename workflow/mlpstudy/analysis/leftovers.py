"""Checkpoints of jobs that no study has any more: a configuration was changed in mid-training."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from mlpstudy.config.study import load_study
from mlpstudy.locks import is_locked
from mlpstudy.training.checkpoint import sidecar

logger = logging.getLogger(__name__)

DAYS = 30.0


def remove_leftovers(path: Path, days: float = DAYS) -> list[Path]:
    """Remove the checkpoints beside the study in `path` (study.json) that nobody will go on from.

    Those are the ones of jobs that the study does not name, or that are finished, if `days` have
    passed since they were written and nobody holds their lock. Returns what was removed; without
    a study.json, as after no more than the data was fetched, there is nothing to say what may go.

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
