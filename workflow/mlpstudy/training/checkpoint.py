"""A job's checkpoint: saved after an epoch, loaded when the job is resumed.

A checkpoint is one file beside the job's outputs. It is replaced atomically and keyed by the job's
identity. One that is damaged, or of another spec, data or code, is reported in the log and ignored
until it is replaced. A finished job deletes its checkpoint.

Modules that only look at checkpoints import this one, so PyTorch is imported where it is needed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpstudy.files import replacing, sweep

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)


def sidecar(folder: Path, kind: str) -> Path:
    """Return the path of the `checkpoint` or `lock` of the job that writes to `folder`.

    It lies beside the folder, because a workflow engine deletes what is in it.
    """
    return folder.with_name(f".{folder.name}.{kind}")


def epoch_and_seconds(path: Path) -> tuple[int, float]:
    """Return the epochs done and their seconds in the checkpoint at `path`; (0, 0.0) if unknown."""
    try:
        with path.open("rb") as file:
            progress = json.loads(json.loads(file.readline())["progress"])
        return int(progress["epoch"]), float(progress["seconds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0, 0.0


@dataclass
class Progress:
    """How far a job has come.

    Attributes:
        epoch: the epochs done.
        seconds: their wall-clock time.
        steps: the optimizer's steps.
        history: the rows of history.csv so far.
    """

    epoch: int = 0
    seconds: float = 0.0
    steps: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)


class Checkpoint:
    """The checkpoint at `path` of the job with this `identity`.

    The file is a line of JSON (key, checksum, progress) followed by the tensors in the safetensors
    format. From both, a job continues as if it had never stopped.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.key = hashlib.sha256(identity.encode()).hexdigest()

    def save(self, progress: Progress, tensors: dict[str, Tensor]) -> None:
        """Replace the checkpoint, atomically; raise OSError if it cannot be written."""
        from safetensors.torch import save

        content = save(tensors)
        text = json.dumps(vars(progress))
        header = {"key": self.key, "checksum": _checksum(text, content), "progress": text}
        with replacing(self.path, durable=True) as temporary, temporary.open("wb") as file:
            file.write(json.dumps(header).encode() + b"\n")
            file.write(content)

    def load(self) -> tuple[Progress, dict[str, Tensor]] | None:
        """Return what this job has saved, or None to start from the beginning.

        A folder at the checkpoint's path is renamed, so that `save` can write there.
        """
        from safetensors.torch import load

        try:
            line, _, content = self.path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("%s cannot be read (%s): starting anew", self.path, error.strerror)
            if self.path.is_dir():
                self.path.rename(self.path.with_name(f"{self.path.name}.{time.time_ns()}"))
            return None
        try:
            header = json.loads(line)
            key, text = header["key"], header["progress"]
            intact = header["checksum"] == _checksum(text, content)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            intact = False
        if not intact:
            logger.warning("%s is damaged: starting from the first epoch", self.path)
            return None
        if key != self.key:
            logger.warning("%s is of another spec, data or code: starting anew", self.path)
            return None
        return Progress(**json.loads(text)), load(content)

    def delete(self) -> None:
        """Delete the checkpoint, and the temporary files that killed processes left of it."""
        self.path.unlink(missing_ok=True)
        sweep(self.path)


def _checksum(text: str, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(text.encode()))
