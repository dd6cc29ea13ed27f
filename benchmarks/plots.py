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
from mlpstudy.figures.palette import INK, MUTED, RULE, SERIES
from mlpstudy.figures.style import STYLE, new_figure, save_figure

MARKERS = ("D", "s", "^", "v", "P", "X")
TICKS = (1, 1.5, 2, 3, 5, 10, 20, 50, 100)


def draw_over_floor(
    summary: pd.DataFrame,
    labels: Mapping[str, str],
    models: Sequence[Model],
    study: str,
    folder: Path,
) -> None:
    """Write over_floor.svg and .png: a line a model, a mark a contender, the floor at 1."""
    values = summary.pivot_table(index="model", columns="contender", values="over_floor")
    names = [STUDY] * (STUDY in values.index) + [model.name for model in models]
    descriptions = {model.name: f"{model.name}   {model.brief}" for model in models}
    descriptions[STUDY] = f"{study}, weighted"
    shown = [name for name in columns(list(values.columns)) if _is_drawn(name)]
    with mpl.rc_context(STYLE):
        figure = new_figure(9.2, 1.3 + 0.27 * len(names))
        axes = figure.add_axes(_room_for(len(names)))
        places = {name: -float(at) - 0.5 * (at > 0) for at, name in enumerate(names)}
        _draw_lines(axes, values, places)
        for index, name in enumerate(shown):
            _draw_marks(axes, values[name].reindex(names), places, index, labels[name])
        axes.set_yticks(list(places.values()), [descriptions[name] for name in names])
        axes.get_yticklabels()[0].set_fontweight("bold")
        axes.get_yticklabels()[0].set_color(INK.light)
        figure.text(
            0.02,
            1.0 - 0.2 / figure.get_figheight(),
            "Time of a training step over the floor",
            fontsize=10,
            fontweight="bold",
        )
        _finish(figure, axes, values[shown].max().max(), len(shown))
    save_figure(figure, folder, "over_floor", "Time of a training step over the floor, by model")


def _is_drawn(name: str) -> bool:
    return name == OURS or not name.startswith((FLOOR, "ours"))


def _room_for(lines: int) -> tuple[float, float, float, float]:
    height = 1.3 + 0.27 * lines
    return 0.43, 0.5 / height, 0.55, 1.0 - 1.2 / height


def _draw_lines(axes: Axes, values: pd.DataFrame, places: Mapping[str, float]) -> None:
    """Draw the floor, the band up to 1.5 times it, and lines from the floor to the slowest."""
    axes.axvspan(1.0, 1.5, color=SERIES[0].light, alpha=0.08, linewidth=0)
    axes.axvline(1.0, color=INK.light, linewidth=1.2)
    slowest = values.max(axis=1)
    for name, place in places.items():
        axes.plot([1.0, slowest[name]], [place, place], color=RULE.light, linewidth=0.8, zorder=1)


def _draw_marks(
    axes: Axes, values: pd.Series, places: Mapping[str, float], index: int, label: str
) -> None:
    is_ours = index == 0
    axes.plot(
        values.to_numpy(),
        list(places.values()),
        linestyle="none",
        marker="o" if is_ours else MARKERS[(index - 1) % len(MARKERS)],
        markersize=6.5 if is_ours else 5.0,
        color=SERIES[index % len(SERIES)].light,
        markeredgecolor="white",
        markeredgewidth=0.5,
        zorder=3 if is_ours else 2,
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
    axes.annotate(
        "the floor",
        (1.0, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(3, 1),
        textcoords="offset points",
        color=MUTED.light,
        fontsize=7,
    )
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(0.012, 1.0 - 0.28 / figure.get_figheight()),
        bbox_transform=figure.transFigure,
        ncols=min(entries, 6),
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.2,
    )
