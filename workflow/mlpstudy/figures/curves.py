"""Learning curves of one model or of several: loss and accuracy of every replicate by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import NDArray

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Study
from mlpstudy.figures import style
from mlpstudy.figures.index import Median, Panel
from mlpstudy.figures.palette import MUTED, variable_of
from mlpstudy.figures.style import line
from mlpstudy.formats import heading

PARTS = {"train": "training", "validation": "validation"}
QUANTITIES = ("loss", "accuracy")
UNITS = {"loss": "", "accuracy": " (%)"}
# Of the median of the other part: of training beside that of validation, and the reverse.
DASHES = {"train": (0, (1, 1.6)), "validation": (0, (2.2, 1.3))}
# Widths of a median. If there are several conditions, the first is the widest and lies below the
# others, so that none hides another.
STRONG, WIDEST, NARROWEST = 1.8, 2.8, 1.1
# Width of a median that is dotted or dashed, relative to the others.
THIN = 0.6

# Points of single replicates in a figure. If there are more, a band from the lowest to the highest
# replicate takes their place, which keeps a figure small and readable.
POINTS = 5000
# Heights of a panel with its title and labels, in inches: of one model's and of a comparison's.
HEIGHT, SMALL = 2.18, 1.6


def curves_figure(results: Results, model: str, conditions: Sequence[str]) -> Figure:
    """Draw the curves of one model, its conditions on the same axes.

    Loss and accuracy have a panel for training and, if the model has any, one for validation, in
    which the median of training is dotted. The folds of a k-fold model are averaged by replicate.
    """
    rows = results.rows("history", [model], conditions)
    conditions = [c for c in conditions if (rows["condition"] == c).any()]
    widths = _widths(conditions)
    parts = [p for p in PARTS if rows[f"{p}_loss"].notna().any()] or ["train"]
    figure, [axes] = style.panels(1, 2 * len(parts), HEIGHT)
    single = _is_single(rows, len(axes))
    for quantity, row in zip(QUANTITIES, (axes[: len(parts)], axes[len(parts) :]), strict=True):
        for part, panel in zip(parts, row, strict=True):
            other = "train" if part == "validation" else ""
            _draw(panel, results.study, rows, quantity, part, widths, single, other)
            panel.set_label(f"{heading(quantity)}, {PARTS[part]}{UNITS[quantity]}")
            panel.set_xlabel("Epoch")
            panel.tick_params(axis="y", labelleft=panel is row[0])
            panel.set_title(f"{heading(quantity)}, {PARTS[part]}")
        _scale(row, quantity, results.study)
    others = {"train": "median of training"} if len(parts) > 1 else {}
    _key(figure, results.study, widths, single, "median", others)
    return figure


def comparison_figure(results: Results, models: Sequence[str], conditions: Sequence[str]) -> Figure:
    """Draw loss above accuracy, a column per model, all on the same axes.

    Training: every replicate thin, their median strong. Validation: the median, dashed.
    """
    rows = results.rows("history", models, conditions)
    widths = _widths(conditions)
    single = _is_single(rows, 2)
    labels = [heading(quantity) for quantity in QUANTITIES]
    figure, grid = style.model_panels(results.study, models, labels, SMALL)
    for quantity, row in zip(QUANTITIES, grid, strict=True):
        for model, axes in row.items():
            own = rows[rows["model"] == model]
            _draw(axes, results.study, own, quantity, "train", widths, single, "validation")
            axes.set_label(f"{results.study.model_label(model)}, {quantity}{UNITS[quantity]}")
        _scale(list(row.values()), quantity, results.study)
    validated = rows["validation_loss"].notna().any()
    others = {"validation": "validation: median"} if validated else {}
    _key(figure, results.study, widths, single, "training: median", others)
    return figure


def _widths(conditions: Sequence[str]) -> dict[str, float]:
    """Return how wide the median of each condition is, in points."""
    if len(conditions) == 1:
        return {conditions[0]: STRONG}
    widths = np.linspace(WIDEST, NARROWEST, len(conditions))
    return dict(zip(conditions, widths.tolist(), strict=True))


def _is_single(rows: pd.DataFrame, axes: int) -> bool:
    """Say whether every replicate can have its own line."""
    points = rows[["condition", "model", "replicate", "epoch"]].drop_duplicates()
    return len(points) * axes <= POINTS


def _key(
    figure: Figure, study: Study, widths: Mapping[str, float], single: bool, median: str,
    others: Mapping[str, str],
) -> None:  # fmt: skip
    """Explain the conditions, the median, the replicates and, by part, other medians."""
    lines = [
        line(study.condition_label(condition), color=style.colour_of(study, condition), lw=width)
        for condition, width in widths.items()
    ]
    range_of_all = line("range of the replicates", lw=6.0, alpha=0.18)
    replicates = line("one replicate", lw=0.55) if single else range_of_all
    dashed = [line(text, lw=STRONG * THIN, ls=DASHES[part]) for part, text in others.items()]
    style.key(figure, [*lines, line(median, lw=STRONG), replicates, *dashed])


def by_epoch(rows: pd.DataFrame, part: str, quantity: str) -> pd.DataFrame:
    """Return epoch by replicate, folds averaged; infinities are missing, accuracies per cent."""
    finite = rows.assign(value=rows[f"{part}_{quantity}"].replace([np.inf, -np.inf], np.nan))
    table = finite.pivot_table("value", "epoch", "replicate", aggfunc="mean", dropna=False)
    return table * (100 if quantity == "accuracy" else 1)


def _draw(
    axes: Axes, study: Study, rows: pd.DataFrame, quantity: str, part: str,
    widths: Mapping[str, float], single: bool, other: str = "",
) -> None:  # fmt: skip
    """Draw, by condition, every replicate as a thin line, or their range as a band, and the median.

    Of an `other` part there is only the median, thinner and in dashes; of one epoch there is none.
    The labels are for `panels_of`.
    """
    for condition, width in widths.items():
        table = by_epoch(rows[rows["condition"] == condition], part, quantity)
        if table.isna().all(axis=None):
            continue
        label, colour = study.condition_label(condition), style.colour_of(study, condition)
        # One epoch makes no line.
        dots: dict[str, Any] = {"marker": "o", "markersize": 3.0} if len(table) == 1 else {}
        if single:
            axes.plot(*joined(table), color=colour, lw=0.55, alpha=0.55, zorder=2, **dots)
        else:
            low, high = table.min(axis=1), table.max(axis=1)
            axes.fill_between(table.index, low, high, color=colour, alpha=0.14, lw=0)
        median = table.median(axis=1)
        axes.plot(median.index, median, color=colour, zorder=3, label=label, lw=width, **dots)
    for condition, width in widths.items() if other else ():
        own = by_epoch(rows[rows["condition"] == condition], other, quantity)
        median = own.median(axis=1).dropna()
        if len(median) > 1:
            look: dict[str, Any] = {"lw": width * THIN, "ls": DASHES[other], "zorder": 3}
            look["color"] = style.colour_of(study, condition)
            look["label"] = f"{study.condition_label(condition)}, {PARTS[other]}"
            axes.plot(median.index, median, **look)
    scale_epochs(axes, rows)


def joined(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of all columns as one line with gaps, which takes half the bytes."""
    gap = np.full((1, table.shape[1]), np.nan)
    y = np.concatenate([table.to_numpy(dtype=np.float64), gap]).T.ravel()
    return np.tile([*table.index, np.nan], table.shape[1]), y


def scale_epochs(axes: Axes, rows: pd.DataFrame) -> None:
    """Give an axis all epochs of `rows`, with ticks at whole numbers."""
    epochs = int(rows["epoch"].max()) if len(rows) else 1
    axes.set_xlim(1, epochs) if epochs > 1 else axes.set_xlim(0.5, 1.5)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def _scale(row: Sequence[Axes], quantity: str, study: Study) -> None:
    """Give panels the same scale; accuracies all of 0 to 100 %, so that figures compare."""
    if quantity == "loss":
        _scale_losses(row)
        return
    chance = 100 / len(study.labels)
    for axes in row:
        axes.set_ylim(0, 100)
        axes.set_yticks(range(0, 101, 20), ["0", "20", "40", "60", "80", "100 %"])
        axes.axhline(chance, color=MUTED.light, lw=0.7, ls=(0, (1, 2)), zorder=1)
        # No curve ends below chance.
        axes.annotate(
            "chance", (0.99, chance), xycoords=("axes fraction", "data"), xytext=(0, -2),
            textcoords="offset points", va="top", ha="right", color=MUTED.light, fontsize=6.5,
        )  # fmt: skip


def _scale_losses(row: Sequence[Axes]) -> None:
    """Use a log scale with plain numbers: failing models' losses are a hundred times others'."""
    lines = [drawn for axes in row for drawn in axes.lines]
    values = np.concatenate([[], *(np.asarray(drawn.get_ydata(), float) for drawn in lines)])
    positive = values[np.isfinite(values) & (values > 0)]
    for axes in row:
        if not len(positive):
            axes.set_yticks([])
            axes.text(0.5, 0.5, "no finite loss", transform=axes.transAxes, ha="center")
            continue
        low, high = max(positive.min() / 1.15, 1e-4), max(positive.max() * 1.15, 2e-4)
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        ticks = _loss_ticks(low, high)
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.yaxis.set_minor_locator(NullLocator())


def _loss_ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two positive ones: three or more where there are as many."""
    marks: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)):
        marks = [s * 10.0**e for e in range(-5, 9) for s in steps if low <= s * 10.0**e <= high]
        if len(marks) >= 3:
            break
    return marks


def panels_of(figure: Figure) -> tuple[Panel, ...]:
    """Return where the panels of a drawn figure are and what their medians are, epoch by epoch."""
    width, height = (72 * float(inches) for inches in figure.get_size_inches())
    found = []
    for axes in figure.axes:
        place, (left, right) = axes.get_position(), axes.get_xlim()
        points = (
            place.x0 * width,
            (1 - place.y1) * height,
            place.width * width,
            place.height * height,
        )
        x, y, across, down = (round(value, 1) for value in points)
        medians = [drawn for drawn in axes.lines if not str(drawn.get_label()).startswith("_child")]
        found.append(
            Panel(
                label=str(axes.get_label()),
                box=(x, y, across, down),
                epochs=(float(left), float(right)),
                medians=tuple(map(_median, medians)),
            )
        )
    return tuple(found)


def _median(drawn: Line2D) -> Median:
    """Return the values of a line from epoch 1 to its last, with four digits; None for no value."""
    x, y = np.asarray(drawn.get_xdata(), int), np.asarray(drawn.get_ydata(), float)
    known = {int(e): float(f"{v:.4g}") for e, v in zip(x, y, strict=True) if np.isfinite(v)}
    values = tuple(known.get(epoch) for epoch in range(1, int(x.max()) + 1))
    return Median(str(drawn.get_label()), variable_of(str(drawn.get_color())), values)


def values(
    results: Results, conditions: Sequence[str], models: Sequence[str] = (), model: str = ""
) -> dict[str, Any]:
    """Return where the medians of training begin and end, and whether there is any validation.

    `medians` lists, by condition, (model, accuracies, losses): the first and the last or None.
    """
    models = models or [model]
    medians: dict[str, list[Any]] = {condition: [] for condition in conditions}
    for condition in conditions:
        for key in models:
            rows = results.rows("history", [key], [condition])
            if len(rows):
                accuracy = _ends(by_epoch(rows, "train", "accuracy") / 100)
                loss = _ends(by_epoch(rows, "train", "loss"))
                medians[condition].append((key, accuracy, loss))
    losses = results.rows("history", models, conditions)["validation_loss"]
    return {"medians": medians, "validated": bool(losses.notna().any())}


def _ends(table: pd.DataFrame) -> tuple[float, float] | None:
    median = table.median(axis=1).dropna()
    return (float(median.iloc[0]), float(median.iloc[-1])) if len(median) else None
