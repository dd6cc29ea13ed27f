"""Rounds over models and contenders: one row per measurement."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from benchmarks.contenders import peer_names
from benchmarks.processes import Pool, available_cores
from benchmarks.study import Model


@dataclass(frozen=True)
class Row:
    """The wall-clock milliseconds of one training step of one model, on `cores` cores."""

    model: str
    contender: str
    cores: int
    round: int
    milliseconds: float
    steps: int


@dataclass(frozen=True)
class Measured:
    """All rows, the labels and versions of the contenders, and what they cannot express.

    `left_out` maps (model, contender) to the reason.
    """

    rows: pd.DataFrame
    labels: dict[str, str]
    versions: dict[str, str]
    left_out: dict[tuple[str, str], str]


def measure(
    data: Path, models: Sequence[Model], contenders: Sequence[str], rounds: int, seconds: float
) -> Measured:
    """Measure every contender on every model once per round, for about `seconds` each time.

    Within a round, all contenders are measured on one model, in random order, before the next
    model, so that a temporary slowdown of the machine affects all of them.
    """
    shuffler = random.Random(0)
    with (
        Pool(data) as pool,
        tqdm(total=rounds * len(models), unit="model", smoothing=0.1) as progress,
    ):
        benchmark = _Benchmark(pool, contenders, seconds)
        for number in range(1, rounds + 1):
            for model in models:
                progress.set_description(f"round {number} of {rounds}, {model.name}")
                benchmark.measure(model, number, shuffler)
                progress.update()
        table = pd.DataFrame([asdict(row) for row in benchmark.rows])
        return Measured(table, pool.labels(), pool.versions(), benchmark.left_out)


class _Benchmark:
    """What has been measured so far."""

    def __init__(self, pool: Pool, contenders: Sequence[str], seconds: float) -> None:
        self.pool = pool
        self.contenders = contenders
        self.seconds = seconds
        self.rows: list[Row] = []
        self.left_out: dict[tuple[str, str], str] = {}

    def measure(self, model: Model, number: int, shuffler: random.Random) -> None:
        """Measure every contender on `model`, at each number of cores that may be its best."""
        entrants = [(name, cores) for name in self.contenders for cores in self._settings(name)]
        for name, cores in shuffler.sample(entrants, len(entrants)):
            if (model.name, name) in self.left_out or self._is_idle(model.name, name, len(cores)):
                continue
            answer = self.pool.process(name, cores).ask(model, self.seconds)
            if "cannot" in answer:
                self.left_out[model.name, name] = answer["cannot"]
            else:
                self.rows.append(Row(model.name, name, len(cores), number, **answer))

    def _settings(self, contender: str) -> list[list[int]]:
        """Return sets of cores: one core, and for peers also two."""
        cores = available_cores()
        single = [cores[-1:]]
        return [*single, cores[-2:]] if contender in peer_names() and len(cores) > 1 else single

    def _is_idle(self, model: str, contender: str, cores: int) -> bool:
        """Whether the second core brought nothing in the first round, even by the wall clock."""
        first = {
            row.cores: row.milliseconds
            for row in self.rows
            if (row.model, row.contender, row.round) == (model, contender, 1)
        }
        return cores > 1 and len(first) > 1 and first[cores] > first[1]


def pooled(runs: Sequence[Measured]) -> Measured:
    """Return all runs as one: a column `run`, and rounds numbered on from run to run."""
    tables, rounds = [], 0
    for number, run in enumerate(runs, 1):
        tables.append(run.rows.assign(run=number, round=run.rows["round"] + rounds))
        rounds += int(run.rows["round"].max())
    return replace(runs[-1], rows=pd.concat(tables, ignore_index=True))
