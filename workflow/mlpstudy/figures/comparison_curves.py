"""The models of one comparison side by side: their curves on shared axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from mlpstudy.figures.curves import (
    QUANTITIES,
    by_epoch,
    draw_curves,
    draw_median,
    replicate_line,
    scale,
    scale_epochs,
    single_lines,
)
from mlpstudy.figures.data import FigureData
from mlpstudy.figures.style import colour_of, condition_lines, in_rows, key, line, panels, shortened
from mlpstudy.report.formats import heading

# Models side by side, and the height of a panel in inches.
ACROSS, HEIGHT = 8, 1.6
VALIDATION: Any = {"lw": 1.1, "ls": (0, (2.2, 1.3))}


def comparison_curves_figure(m: FigureData, models: Sequence[str]) -> Figure:
    """Draw loss above accuracy, a column per model, all on the same axes.

    Training: every replicate thin, their median strong. Validation: the median, dashed.
    """
    rows = m.rows_of(m.history, models, m.main)
    bands = in_rows(models, ACROSS)
    across = len(bands[0])
    figure, grid = panels(2 * len(bands), across, HEIGHT)
    single = single_lines(rows, 2)
    for down, quantity in enumerate(QUANTITIES):
        used = []
        for at, band in enumerate(bands):
            row = grid[2 * at + down]
            for model, axes in zip(band, row, strict=False):
                chosen = rows[rows["model"] == model]
                for condition in m.main:
                    own, colour = (
                        chosen[chosen["condition"] == condition],
                        colour_of(m.study, condition),
                    )
                    if len(own):
                        draw_curves(axes, by_epoch(own, "train", quantity), colour, single)
                        draw_median(axes, by_epoch(own, "validation", quantity), colour, VALIDATION)
                scale_epochs(axes, chosen, "Epoch" if down else "")
                axes.tick_params(axis="x", labelbottom=bool(down))
                if not down:
                    axes.set_title(shortened(m.study.model_label(model), int(85 / across)))
                used.append(axes)
            for axes in row[len(band) :]:
                axes.remove()
        scale(used, quantity, m.study)
        for at in range(len(bands)):
            grid[2 * at + down][0].tick_params(axis="y", labelleft=True)
            grid[2 * at + down][0].set_ylabel(heading(quantity))
    lines = [line("training: median", lw=1.8), replicate_line(single)]
    if rows["validation_loss"].notna().any():
        lines.append(line("validation: median", **VALIDATION))
    key(figure, [*condition_lines(m.study, m.main), *lines])
    return figure
