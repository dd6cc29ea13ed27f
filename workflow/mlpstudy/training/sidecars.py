"""What lies beside a job's folder while it is in training: its checkpoint and its lock.

Nothing here imports PyTorch, so that those who only look need not wait for it.
"""

from __future__ import annotations

import json
from pathlib import Path


def sidecar(folder: Path, kind: str) -> Path:
    """Return the job's `checkpoint` or `lock`: beside its folder, whose files an engine deletes."""
    return folder.with_name(f".{folder.name}.{kind}")


def epoch_and_seconds(path: Path) -> tuple[int, float]:
    """Return how far the checkpoint at `path` has come; (0, 0.0) where it does not say."""
    try:
        with path.open("rb") as file:
            session = json.loads(json.loads(file.readline())["values"])["session"]
        return int(session["epoch"]), float(session["seconds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0, 0.0
