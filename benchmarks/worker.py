"""One contender in a process of its own: requests come in on stdin, answers go out on stdout.

Started with the contender's name, the folder of the data, and the processor cores it may use. The
process stays alive through all rounds, and keeps every model that it was asked for, so
that neither start-up nor compilation is measured; while others are measured, it waits.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from benchmarks.contenders import Contender, Data, Train, contender_named
from mlpstudy.spec import Spec

WARM_UP_STEPS = 30
SHORT_STEPS = 4  # steps of the short run, which measures the fixed cost of a call
LEAST_STEPS = 40  # fewer take about as long as the fixed cost varies


@dataclass
class Prepared:
    """A model that a contender is ready to train, and how many steps a measurement takes."""

    train: Train
    most_steps: int
    steps: int = 0

    def measure(self, seconds: float) -> float:
        """Return the seconds of one training step, from steps that take about `seconds`."""
        if not self.steps:
            self.train(WARM_UP_STEPS)
            self.steps = self._steps_of(seconds)
        return self._seconds_per_step(self.steps)

    def _steps_of(self, seconds: float) -> int:
        """Return how many steps take about `seconds`, judged by as many as take a quarter of it."""
        steps = LEAST_STEPS
        while (once := self._estimate(steps)) * steps < seconds / 4:
            if steps >= self.most_steps:
                return self.most_steps
            steps = min(4 * steps, self.most_steps)
        return min(max(round(seconds / once), LEAST_STEPS), self.most_steps)

    def _estimate(self, steps: int) -> float:
        """Return the lesser of two measurements: a call's own cost can hide that of its steps."""
        return min(self._seconds_per_step(steps) for _ in range(2))

    def _seconds_per_step(self, steps: int) -> float:
        started = time.perf_counter()
        done_short = self.train(SHORT_STEPS)
        between = time.perf_counter()
        done_long = self.train(done_short + steps)
        ended = time.perf_counter()
        return (ended - between - (between - started)) / (done_long - done_short)


class Worker:
    """Answers the requests to one contender."""

    def __init__(self, contender: Contender, data: Data) -> None:
        self.contender = contender
        self.data = data
        self.prepared: dict[str, Prepared] = {}

    def greeting(self) -> dict[str, Any]:
        """Return what tables say about the contender."""
        versions = {package: version(package) for package in self.contender.packages}
        return {"label": self.contender.label, "versions": versions}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the milliseconds of a training step of one model, or what it cannot express."""
        spec = Spec.from_fields(request["spec"])
        if reason := self.contender.cannot(spec):
            return {"cannot": reason}
        name = request["model"]
        if name not in self.prepared:
            # Within the smallest training set of the study, 80 % of the images.
            most_steps = self.data.dataset.train * 8 // 10 // spec.batch_size - SHORT_STEPS
            self.prepared[name] = Prepared(self.contender.prepare(spec, self.data), most_steps)
        prepared = self.prepared[name]
        seconds = prepared.measure(request["seconds"]) / self.contender.models
        return {"milliseconds": seconds * 1e3, "steps": prepared.steps}


def main(name: str, folder: str, cores: str) -> None:
    """Serve until stdin ends."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    answers = _private_stdout()
    worker = Worker(contender_named(name), Data(Path(folder)))
    _send(answers, worker.greeting())
    for line in sys.stdin:
        _send(answers, worker.answer(json.loads(line)))


def _private_stdout() -> IO[str]:
    """Keep stdout for answers and give whatever a library prints to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _send(stream: IO[str], answer: dict[str, Any]) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
