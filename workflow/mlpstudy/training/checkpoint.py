"""A job's checkpoint: saved after each epoch, loaded when the job is resumed.

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
from dataclasses import dataclass
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
            session = json.loads(json.loads(file.readline())["values"])["session"]
        return int(session["epoch"]), float(session["seconds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0, 0.0


@dataclass(frozen=True)
class Progress:
    """The state from which a job continues as if it had never stopped.

    `tensors` are named; `values` are whatever JSON can represent.
    """

    tensors: dict[str, Tensor]
    values: dict[str, Any]


class Checkpoint:
    """The checkpoint at `path` of the job with this `identity`.

    The file is a line of JSON (key, checksum, values) followed by the tensors in the safetensors
    format.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.key = hashlib.sha256(identity.encode()).hexdigest()

    def save(self, progress: Progress) -> None:
        """Replace the checkpoint by `progress`, atomically; OSError if it cannot be written."""
        from safetensors.torch import save

        content = save(progress.tensors)
        values = json.dumps(progress.values)
        header = {"key": self.key, "checksum": _checksum(values, content), "values": values}
        with replacing(self.path, durable=True) as temporary, temporary.open("wb") as file:
            file.write(json.dumps(header).encode() + b"\n")
            file.write(content)

    def load(self) -> Progress | None:
        """Return the progress saved by this job, or None to start from the beginning.

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
            key, values = header["key"], header["values"]
            intact = header["checksum"] == _checksum(values, content)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            intact = False
        if not intact:
            logger.warning("%s is damaged: starting from the first epoch", self.path)
            return None
        if key != self.key:
            logger.warning("%s is of another spec, data or code: starting anew", self.path)
            return None
        return Progress(load(content), json.loads(values))

    def delete(self) -> None:
        """Delete the checkpoint, and temporary files that killed processes left of it."""
        self.path.unlink(missing_ok=True)
        sweep(self.path)


def _checksum(values: str, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(values.encode()))
