"""Each contender's time over the floor, model by model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from benchmarks.report import TIMES, columns
from benchmarks.study import Model
from benchmarks.summary import FLOOR, OURS, STUDY
from mlpstudy.figures.palette import INK, RULE, SERIES
from mlpstudy.figures.style import STYLE, new_figure, save_figure

TITLE = "Time of a training step over the floor"
MARKERS = ("o", "D", "s", "^", "v", "P", "X")
TICKS = (1, 1.5, 2, 3, 5, 10, 20, 50, 100)


def draw_over_floor(
    summary: pd.DataFrame,
    labels: Mapping[str, str],
    models: Sequence[Model],
    study: str,
    folder: Path,
) -> None:
    """Write over_floor.svg and .png: one line per model, one marker per contender."""
    values = summary.pivot_table(index="model", columns="contender", values="over_floor")
    names = [STUDY] * (STUDY in values.index) + [model.name for model in models]
    descriptions = {model.name: f"{model.name}   {model.brief}" for model in models}
    descriptions[STUDY] = f"{study}, weighted"
    drawn = [
        n
        for n in columns([str(c) for c in values])
        if n == OURS or not n.startswith((FLOOR, "ours"))
    ]
    height = 1.3 + 0.27 * len(names)
    places = [-at - 0.5 * (at > 0) for at in range(len(names))]
    with mpl.rc_context(STYLE):
        figure = new_figure(9.2, height)
        axes = figure.add_axes((0.43, 0.5 / height, 0.55, 1.0 - 1.2 / height))
        axes.axvline(1.0, color=INK.light, linewidth=1.2)
        slowest = values[drawn].max(axis=1).reindex(names)
        axes.hlines(places, 1.0, slowest, color=RULE.light, linewidth=0.8, zorder=1)
        for index, name in enumerate(drawn):
            _draw_markers(axes, values[name].reindex(names), places, index, labels[name])
        axes.set_yticks(places, [descriptions[name] for name in names])
        axes.get_yticklabels()[0].set_fontweight("bold")
        figure.text(0.02, 1.0 - 0.2 / height, TITLE, fontsize=10, fontweight="bold")
        _finish(figure, axes, float(slowest.max()), len(drawn))
    save_figure(figure, folder, "over_floor", f"{TITLE}, by model")


def _draw_markers(
    axes: Axes, values: pd.Series, places: Sequence[float], index: int, label: str
) -> None:
    axes.plot(
        values.to_numpy(),
        places,
        linestyle="none",
        marker=MARKERS[index % len(MARKERS)],
        markersize=5.0 if index else 6.5,
        color=SERIES[index % len(SERIES)].light,
        markeredgecolor="white",
        markeredgewidth=0.5,
        zorder=2 if index else 3,
        label=label,
    )


def _finish(figure: Figure, axes: Axes, highest: float, entries: int) -> None:
    axes.set_xscale("log")
    axes.set_xlim(0.93, max(highest * 1.12, 2.0))
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}{TIMES}")
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("time of a training step, as a multiple of the floor (logarithmic)")
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(0.012, 1.0 - 0.28 / figure.get_figheight()),
        bbox_transform=figure.transFigure,
        ncols=min(entries, 7),
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.2,
    )
