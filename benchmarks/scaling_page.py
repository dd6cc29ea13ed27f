"""The scaling tables as Markdown, with what a larger study would cost by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from benchmarks.report import TIMES
from benchmarks.study import Model

LARGE = {"models": 100, "replicates": 30}  # the study that is worked out on paper
NODES = (2, 16, 64)  # cores of one machine


def page(depths: pd.DataFrame, cores: pd.DataFrame, models: Sequence[Model], machine: str) -> str:
    """Return both tables as Markdown, with the whole study's time and a projection."""
    described = {model.name: f"{model.name} · {model.description}" for model in models}
    lines = ["# Scaling", "", f"{machine}.", "", *_depth_lines(depths, described)]
    speeds = cores.pivot_table("steps_per_second", "model", ["jobs", "threads"], "median")
    speeds = speeds.loc[[model.name for model in models]]
    lines += ["", *_core_lines(speeds, described), "", *_study_lines(speeds, models)]
    return "\n".join(lines) + "\n"


def _depth_lines(depths: pd.DataFrame, described: dict[str, str]) -> Iterator[str]:
    medians = depths.pivot_table("milliseconds", "depth", "model", "median")
    yield "## Milliseconds of a step of one replicate, by replicates in a stack"
    yield ""
    yield f"| replicates | {' | '.join(described[str(name)] for name in medians)} |"
    yield f"| --: |{' --: |' * len(medians.columns)}"
    for depth, row in medians.iterrows():
        yield f"| {depth} | {' | '.join(f'{value:.3f}' for value in row)} |"


def _core_lines(speeds: pd.DataFrame, described: dict[str, str]) -> Iterator[str]:
    yield "## Steps of one model a second, by jobs at once and threads a job"
    yield ""
    teams = " | ".join(f"{jobs} {TIMES} {threads}" for jobs, threads in _teams(speeds))
    yield f"| model | {teams} |"
    yield f"| --- |{' --: |' * len(speeds.columns)}"
    for name, row in speeds.iterrows():
        cells = [f"{speed:,.0f} ({speed / row.iloc[0]:.2f}{TIMES})" for speed in row]
        yield f"| {described[str(name)]} | {' | '.join(cells)} |"


def study_minutes(speeds: pd.DataFrame, models: Sequence[Model]) -> dict[tuple[int, int], float]:
    """Return the minutes for one replicate of all `models`, by jobs at once and threads a job.

    `speeds` has a row a model and a column a team, in steps a second of the whole team.
    """
    steps = pd.Series({model.name: model.steps for model in models})
    minutes = (speeds.rdiv(steps, axis=0).sum() / 60).tolist()
    return dict(zip(_teams(speeds), minutes, strict=True))


def _teams(speeds: pd.DataFrame) -> list[tuple[int, int]]:
    return [(int(team[0]), int(team[1])) for team in speeds.columns.to_flat_index()]


def _study_lines(speeds: pd.DataFrame, models: Sequence[Model]) -> Iterator[str]:
    minutes = study_minutes(speeds, models)
    yield "## The whole study"
    yield ""
    yield f"Minutes of training for one replicate of all {len(models)} models, under one condition."
    yield ""
    yield f"| jobs {TIMES} threads | minutes | speed-up |"
    yield "| --- | --: | --: |"
    for (jobs, threads), value in minutes.items():
        yield f"| {jobs} {TIMES} {threads} | {value:.2f} | {minutes[1, 1] / value:.2f}{TIMES} |"
    yield ""
    yield _on_paper(minutes, len(models))


def _on_paper(minutes: dict[tuple[int, int], float], models: int) -> str:
    """Say what a larger study would cost if more cores slowed each other down as these do."""
    most = max(jobs for jobs, threads in minutes if threads == 1)
    efficiency = minutes[1, 1] / minutes[most, 1] / most
    trained, replicates = LARGE["models"], LARGE["replicates"]
    hours = minutes[1, 1] / models * trained * replicates / efficiency / 60
    times = ", ".join(f"{hours / cores:.1f} h on {cores} cores" for cores in NODES)
    return (
        f"On paper: {trained} models like these {TIMES} {replicates} replicates are {hours:.0f} "
        f"core-hours under one condition, if every core keeps the {efficiency:.0%} of its speed "
        f"that it has here beside {most - 1} other: {times}."
    )
