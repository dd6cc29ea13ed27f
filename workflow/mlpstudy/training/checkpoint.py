"""Saving a job's progress after each epoch, and going on from it.

A checkpoint is one file beside the job's outputs, replaced as a whole, and keyed by the job's
identity: one that belongs to another spec, data or code is said and ignored until it is replaced, a
damaged one likewise, and a finished job leaves none.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from mlpstudy.files import replacing, sweep

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """What a job needs to go on as if it had never stopped: tensors by name, and plain values."""

    tensors: dict[str, Tensor]
    values: dict[str, Any]


class Checkpoint:
    """The checkpoint of one job at `path`, valid for the job of this `identity` only.

    The file is a line of JSON (key, checksum, values) and the tensors in safetensors' format.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.key = hashlib.sha256(identity.encode()).hexdigest()

    def save(self, progress: Progress) -> None:
        """Replace the checkpoint by `progress`, atomically; OSError if that cannot be written."""
        content = save(progress.tensors)
        values = json.dumps(progress.values)
        header = {"key": self.key, "checksum": _checksum(values, content), "values": values}
        with replacing(self.path, durable=True) as temporary, temporary.open("wb") as file:
            file.write(json.dumps(header).encode() + b"\n")
            file.write(content)

    def load(self) -> Progress | None:
        """Return the progress saved for this very job, or None to start from the beginning.

        A folder in its place is set aside, so that `save` finds room.
        """
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
        """Remove the checkpoint of a finished job, and what killed processes left of theirs."""
        self.path.unlink(missing_ok=True)
        sweep(self.path)


def _checksum(values: str, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(values.encode()))
