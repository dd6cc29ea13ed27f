"""Rounds over models and contenders: one row a measurement."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
    """All rows, the contenders' labels and versions, and what who cannot express.

    `left_out` maps (model, contender) to the reason.
    """

    rows: pd.DataFrame
    labels: dict[str, str]
    versions: dict[str, str]
    left_out: dict[tuple[str, str], str]


def core_settings(contender: str) -> list[list[int]]:
    """Return the sets of cores that a contender is measured on: one core, and for peers also two.

    Ours and the floor are made for one.
    """
    cores = available_cores()
    single = [cores[-1:]]
    return [*single, cores[-2:]] if contender in peer_names() and len(cores) > 1 else single


def measure(
    data: Path, models: Sequence[Model], contenders: Sequence[str], rounds: int, seconds: float
) -> Measured:
    """Measure every contender on every model once a round, about `seconds` at a time.

    Within a round all contenders take turns on one model before the next one's is due, in another
    order every time, so that what slows the machine down for a while slows all of them down.
    """
    entrants = [(name, cores) for name in contenders for cores in core_settings(name)]
    rows: list[Row] = []
    left_out: dict[tuple[str, str], str] = {}
    shuffler = random.Random(0)
    total = rounds * len(models) * len(entrants)
    with Pool(data) as pool, tqdm(total=total, unit="measurement", smoothing=0.02) as progress:
        for number in range(1, rounds + 1):
            for model in models:
                for name, cores in shuffler.sample(entrants, len(entrants)):
                    progress.update()
                    if (model.name, name) in left_out:
                        continue
                    progress.set_description(f"round {number} {model.name} {name}")
                    answer = pool.process(name, cores).ask(model, seconds)
                    if "cannot" in answer:
                        left_out[model.name, name] = answer["cannot"]
                    else:
                        rows.append(Row(model.name, name, len(cores), number, **answer))
        table = pd.DataFrame([asdict(row) for row in rows])
        return Measured(table, pool.labels(), pool.versions(), left_out)
