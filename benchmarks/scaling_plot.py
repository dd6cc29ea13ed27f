"""The scaling figure: cost by depth of stack, throughput by cores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from benchmarks.plots import save
from benchmarks.scaling import DEPTHS
from benchmarks.study import Model
from mlpstudy.figures.palette import MUTED, SERIES
from mlpstudy.figures.style import STYLE, new_figure


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
    save(figure, folder / "scaling", "Cost of a replicate by depth of stack; throughput by cores")


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
