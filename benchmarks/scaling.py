"""Our own cost as replicates are stacked deeper, and as jobs run on more cores at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from tqdm import tqdm

from benchmarks import markdown
from benchmarks.processes import Pool, Process, available_cores
from benchmarks.report import TIMES
from benchmarks.study import Model
from benchmarks.summary import OURS
from mlpstudy.figures.palette import MUTED, SERIES
from mlpstudy.figures.style import STYLE, new_figure, save_figure

DEPTHS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32)
MODELS = ("m01", "m05", "m08")  # small, medium, large: those whose stacks are measured
LARGE = {"models": 100, "replicates": 30}  # the study that is worked out on paper
NODES = (2, 16, 64)  # cores of one machine


# ---- Measurements -----------------------------------------------------------------------------


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


# ---- The page ---------------------------------------------------------------------------------


def page(depths: pd.DataFrame, cores: pd.DataFrame, models: Sequence[Model], machine: str) -> str:
    """Return both tables as Markdown, with the whole study's time and a projection."""
    described = {model.name: f"{model.name} · {model.description}" for model in models}
    speeds = cores.pivot_table("steps_per_second", "model", ["jobs", "threads"], "median")
    speeds = speeds.loc[[model.name for model in models]]
    minutes = study_minutes(speeds, models)
    teams = {team: f"{team[0]} {TIMES} {team[1]}" for team in minutes}
    parts = [
        "# Scaling",
        f"{machine}.",
        "## Milliseconds of a step of one replicate, by replicates in a stack",
        _depth_table(depths, described),
        "## Steps of one model a second, by jobs at once and threads a job",
        _core_table(speeds, described, list(teams.values())),
        "## The whole study",
        f"Minutes of training for one replicate of all {len(models)} models, under one condition.",
        markdown.table(
            [f"jobs {TIMES} threads", "minutes", "speed-up"],
            (
                [teams[team], f"{value:.2f}", f"{minutes[1, 1] / value:.2f}{TIMES}"]
                for team, value in minutes.items()
            ),
        ),
        _on_paper(minutes, len(models)),
    ]
    return "\n\n".join(parts) + "\n"


def _depth_table(depths: pd.DataFrame, described: dict[str, str]) -> str:
    medians = depths.pivot_table("milliseconds", "depth", "model", "median")
    head = ["replicates", *(described[str(name)] for name in medians)]
    rows = ([depth, *(f"{value:.3f}" for value in row)] for depth, row in medians.iterrows())
    return markdown.table(head, rows, left=0)


def _core_table(speeds: pd.DataFrame, described: dict[str, str], teams: list[str]) -> str:
    rows = (
        [described[str(name)], *(f"{v:,.0f} ({v / row.iloc[0]:.2f}{TIMES})" for v in row)]
        for name, row in speeds.iterrows()
    )
    return markdown.table(["model", *teams], rows)


def study_minutes(speeds: pd.DataFrame, models: Sequence[Model]) -> dict[tuple[int, int], float]:
    """Return the minutes for one replicate of all `models`, by jobs at once and threads a job.

    `speeds` has one row per model and one column per team: steps per second of the whole team.
    """
    steps = pd.Series({model.name: model.steps for model in models})
    minutes = (speeds.rdiv(steps, axis=0).sum() / 60).tolist()
    teams = [(int(team[0]), int(team[1])) for team in speeds.columns.to_flat_index()]
    return dict(zip(teams, minutes, strict=True))


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


# ---- The figure -------------------------------------------------------------------------------


def draw_scaling(
    depths: pd.DataFrame, cores: pd.DataFrame, models: Sequence[Model], folder: Path
) -> None:
    """Write scaling.svg and .png, each series relative to its first point."""
    jobs = cores[cores["threads"] == 1]
    costs = depths.groupby(["model", "depth"])["milliseconds"].median()
    speeds = jobs.groupby(["model", "jobs"])["steps_per_second"].median()
    with mpl.rc_context(STYLE):
        figure = new_figure(8.4, 3.4)
        left = figure.add_axes((0.06, 0.15, 0.40, 0.70))
        right = figure.add_axes((0.58, 0.15, 0.32, 0.70))
        _draw(left, costs, models, DEPTHS)
        left.set_title("Cost of one replicate, relative to training it alone")
        left.set_xlabel("replicates in a stack")
        counts = sorted(jobs["jobs"].unique())
        right.plot(counts, counts, color=MUTED.light, linewidth=0.8, linestyle=(0, (3, 3)))
        _draw(right, speeds, models, counts)
        right.set_title("Steps a second, relative to one job (dashed: ideal)")
        right.set_xlabel("jobs at once, one core each")
    title = "Cost of a replicate by depth of stack; throughput by cores"
    save_figure(figure, folder, "scaling", title)


def _draw(axes: Axes, values: pd.Series, models: Sequence[Model], ticks: Sequence[int]) -> None:
    for model, colour in zip(models, SERIES, strict=False):
        series = values[model.name] / values[model.name].iloc[0]
        axes.plot(
            series.index, series.to_numpy(), color=colour.light, marker="o", markersize=3.5,
            label=model.name,
        )  # fmt: skip
    axes.set_ylim(0, None)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator([t for t in ticks if t not in (5, 6)]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    # In the order of the ends of the lines.
    lines = sorted(axes.get_lines(), key=lambda line: -float(np.asarray(line.get_ydata())[-1]))
    axes.legend(handles=lines, loc="upper left", bbox_to_anchor=(1, 1), frameon=False,
                labelcolor="linecolor", handlelength=1)  # fmt: skip
