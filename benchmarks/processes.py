"""The contenders' processes, seen from the one that measures."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks import ROOT
from benchmarks.study import Model
from mlpstudy.errors import StudyError

_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def available_cores() -> list[int]:
    """Return the numbers of the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


class Process:
    """A worker with one contender, pinned to `cores` and with as many threads."""

    def __init__(self, contender: str, data: Path, cores: Sequence[int]) -> None:
        self.contender = contender
        self.cores = tuple(cores)
        self._warm: set[str] = set()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115, it lives as long as the process
        environment = os.environ | dict.fromkeys(_THREADS, str(len(cores)))
        command = ["-m", "benchmarks.worker", contender, str(data), ",".join(map(str, cores))]
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment | {"CUDA_VISIBLE_DEVICES": "-1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        greeting = self.receive()
        self.label: str = greeting["label"]
        self.versions: dict[str, str] = greeting["versions"]

    def warm_up(self, model: Model, seconds: float) -> None:
        """Measure `model` once and forget it, unless it has been measured before."""
        if model.name not in self._warm:
            self.ask(model, seconds)

    def ask(self, model: Model, seconds: float) -> dict[str, Any]:
        """Return the worker's answer: milliseconds and steps, or what it cannot express."""
        self.send(model, seconds)
        return self.receive()

    def send(self, model: Model, seconds: float) -> None:
        """Ask without waiting for the answer, which `receive` then returns."""
        assert self._process.stdin is not None
        request = {"model": model.name, "spec": dataclasses.asdict(model.spec), "seconds": seconds}
        self._warm.add(model.name)
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Return the next answer.

        Raises:
            StudyError: the worker has died, with the last line that it wrote.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            last = (self._errors.read().strip().splitlines() or ["no message"])[-1]
            raise StudyError(f"benchmark of {self.contender}: the process ended: {last}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the worker."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.terminate()
        self._process.wait()
        self._errors.close()


class Pool:
    """Processes by contender and cores, started when first wanted."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._processes: dict[tuple[str, tuple[int, ...]], Process] = {}

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._processes.values():
            process.close()

    def process(self, contender: str, cores: Sequence[int]) -> Process:
        """Return the process of `contender` on these cores."""
        key = (contender, tuple(cores))
        if key not in self._processes:
            self._processes[key] = Process(contender, self.data, cores)
        return self._processes[key]

    def labels(self) -> dict[str, str]:
        """Return the label of each contender."""
        return {process.contender: process.label for process in self._processes.values()}

    def versions(self) -> dict[str, str]:
        """Return the versions of all packages that matter to a contender."""
        versions: dict[str, str] = {}
        for process in self._processes.values():
            versions |= process.versions
        return dict(sorted(versions.items()))
