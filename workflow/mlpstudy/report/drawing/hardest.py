"""The test images on whose wrong class most replicates agree: the images themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mlpstudy.config.study import Study
from mlpstudy.data.dataset import Dataset
from mlpstudy.report.drawing.labels import condition_style, shortened
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.palette import INK, MUTED, RULE

SHOWN = 8
# Inches: an image's side, the gap to the next, and what is above and below a row of them.
SIDE, HEAD, FOOT, LEFT = 0.74, 0.26, 0.50, 0.06


def hardest_figure(
    study: Study, hardest: pd.DataFrame, images: Dataset, model: str, conditions: Sequence[str]
) -> Figure:
    """Draw a strip of at most SHOWN images a condition, with true and predicted class.

    Args:
        study: the study, for the colours.
        hardest: condition, model, rank, image, true, predicted, agreeing, replicates.
        images: the prepared data, of which the rows `image` are drawn.
        model: key of the model.
        conditions: those to draw; one without an image says so.
    """
    strips = {c: shown(hardest, model, c) for c in conditions}
    heights = [HEAD + (SIDE + FOOT if rows else 0.30) for rows in strips.values()]
    height = sum(heights)
    figure = new_figure(WIDTH, height)
    step = (WIDTH - 2 * LEFT) / SHOWN
    for at, (condition, rows) in enumerate(strips.items()):
        top = sum(heights[:at])
        colour, _ = condition_style(study, condition)
        name = study.condition_label(condition)
        _text(figure, LEFT, top + 0.13, name, color=colour, weight="bold", fontsize=8.5)
        if not rows:
            _text(figure, LEFT, top + HEAD + 0.07, "No replicate learned.", color=MUTED.light)
        for place, row in enumerate(rows):
            left = LEFT + place * step
            box = (left / WIDTH, 1 - (top + HEAD + SIDE) / height, SIDE / WIDTH, SIDE / height)
            picture = images.images[int(row["image"])].reshape(images.height, images.width)
            _image(figure.add_axes(box), picture)
            _caption(figure, left, top + HEAD + SIDE, row)
    return figure


def shown(hardest: pd.DataFrame, model: str, condition: str) -> list[dict[Any, Any]]:
    """Return the rows of the images that are drawn, in their order."""
    chosen = (hardest["condition"] == condition) & (hardest["model"] == model)
    return list(hardest[chosen].sort_values("rank").head(SHOWN).to_dict("records"))


def _image(axes: Axes, picture: NDArray[np.uint8]) -> None:
    """Show one image as it is stored, light on dark, pixel by pixel."""
    # "none" hands the image's own pixels to the SVG, which a reader scales.
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=True, color=RULE.light)


def _caption(figure: Figure, left: float, top: float, row: dict[Any, Any]) -> None:
    """Say below an image what it is, what it is taken for, and by how many."""
    lines = (
        (shortened(str(row["true"]), 14), {"color": MUTED.light}),
        (f"\N{RIGHTWARDS ARROW} {shortened(str(row['predicted']), 12)}", {"color": INK.light}),
        (f"{row['agreeing']} of {row['replicates']}", {"color": MUTED.light}),
    )
    for at, (text, style) in enumerate(lines):
        _text(figure, left, top + 0.09 + 0.125 * at, text, fontsize=7, **style)


def _text(figure: Figure, x: float, y: float, text: str, **style: Any) -> None:
    """Write at a place given in inches from the upper left."""
    width, height = figure.get_size_inches()
    figure.text(x / width, 1 - y / height, text, va="center", **style)
