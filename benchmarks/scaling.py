"""Our own cost as replicates are stacked deeper, and as jobs run on more cores at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from benchmarks.processes import Pool, Process, available_cores
from benchmarks.study import Model
from benchmarks.summary import OURS

DEPTHS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32)
MODELS = ("m01", "m05", "m08")  # small, medium, large: those whose stacks are measured


def measure_depths(
    data: Path, models: Sequence[Model], rounds: int, seconds: float
) -> pd.DataFrame:
    """Return model, depth, round and milliseconds: of a step of one replicate, on one core."""
    rows: list[dict[str, Any]] = []
    core = available_cores()[-1:]
    total = rounds * len(models) * len(DEPTHS)
    with Pool(data) as pool, tqdm(total=total, unit="measurement", desc="depths") as progress:
        for number in range(1, rounds + 1):
            for model in models:
                for depth in DEPTHS:
                    answer = pool.process(f"ours-{depth}", core).ask(model, seconds)
                    row = {"model": model.name, "depth": depth, "round": number}
                    rows.append(row | {"milliseconds": answer["milliseconds"]})
                    progress.update()
    return pd.DataFrame(rows)


def measure_cores(data: Path, models: Sequence[Model], rounds: int, seconds: float) -> pd.DataFrame:
    """Return model, jobs, threads, round and steps_per_second: of all jobs at once, together.

    Jobs of one thread, 1, 2, 4 … up to the number of cores; and one job with as many threads.
    """
    rows: list[dict[str, Any]] = []
    cores = available_cores()
    counts = [count for count in (2**k for k in range(len(cores))) if count <= len(cores)]
    teams = [[[core] for core in cores[:count]] for count in counts]
    teams += [[cores[:count]] for count in counts[1:]]
    total = rounds * len(models) * len(teams)
    with Pool(data) as pool, tqdm(total=total, unit="measurement", desc="cores") as progress:
        for number in range(1, rounds + 1):
            for model in models:
                for team in teams:
                    processes = [pool.process(OURS, members) for members in team]
                    row = {"model": model.name, "jobs": len(team), "threads": len(team[0])}
                    speed = _together(processes, model, seconds)
                    rows.append(row | {"round": number, "steps_per_second": speed})
                    progress.update()
    return pd.DataFrame(rows)


def _together(processes: Sequence[Process], model: Model, seconds: float) -> float:
    """Return the steps a second that all processes take together on `model`, all at once."""
    for process in processes:  # so that none is still getting ready while others are timed
        process.warm_up(model, seconds)
    for process in processes:
        process.send(model, seconds)
    return sum(1e3 / float(process.receive()["milliseconds"]) for process in processes)
