"""The test images on whose wrong class most replicates agree: the images themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mlpstudy.analysis.results import Results
from mlpstudy.data.dataset import Dataset
from mlpstudy.figures.palette import INK, MUTED, RULE
from mlpstudy.figures.style import MARGIN, WIDTH, axes_at, canvas, colour_of, shortened

SHOWN = 8
# Inches: an image's side, and the space above and below a row of them, also of one without any.
SIDE, HEAD, FOOT, EMPTY = 0.74, 0.26, 0.50, 0.30


def hardest_figure(m: Results, images: Dataset, model: str, conditions: Sequence[str]) -> Figure:
    """Draw a row of at most SHOWN images per condition, with true and predicted class."""
    rows = {c: shown(m, model, c) for c in conditions}
    heights = [HEAD + (SIDE + FOOT if own else EMPTY) for own in rows.values()]
    figure, page = canvas(sum(heights))
    step = (WIDTH - 2 * MARGIN) / SHOWN
    for at, (condition, own) in enumerate(rows.items()):
        top = sum(heights[:at])
        style: dict[str, Any] = {"color": colour_of(m.study, condition), "weight": "bold"}
        _text(page, MARGIN, top + 0.13, m.study.condition_label(condition), fontsize=8.5, **style)
        if not own:
            _text(page, MARGIN, top + HEAD + 0.07, "No replicate learned.", color=MUTED.light)
        for place, row in enumerate(own):
            left = MARGIN + place * step
            picture = images.images[int(row["image"])].reshape(images.height, images.width)
            _image(axes_at(figure, left, top + HEAD, SIDE, SIDE), picture)
            _caption(page, left, top + HEAD + SIDE, row)
    return figure


def shown(m: Results, model: str, condition: str) -> list[dict[Any, Any]]:
    """Return the rows of the images that are drawn, in their order."""
    rows = m.rows("hardest", [model], [condition])
    return list(rows.sort_values("rank").head(SHOWN).to_dict("records"))


def _image(axes: Axes, picture: NDArray[np.uint8]) -> None:
    """Show one image as it is stored, light on dark, pixel by pixel."""
    # "none" hands the image's own pixels to the SVG, which a reader scales.
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=RULE.light)


def _caption(page: Axes, left: float, top: float, row: dict[Any, Any]) -> None:
    """Write below an image its class, the class given, and by how many replicates."""
    lines = (
        (shortened(str(row["true"]), 14), MUTED),
        (f"\N{RIGHTWARDS ARROW} {shortened(str(row['predicted']), 12)}", INK),
        (f"{row['agreeing']} of {row['replicates']}", MUTED),
    )
    for at, (text, colour) in enumerate(lines):
        _text(page, left, top + 0.09 + 0.125 * at, text, fontsize=7, color=colour.light)


def _text(page: Axes, x: float, y: float, text: str, **style: Any) -> None:
    page.text(x, y, text, va="center", **style)


def hardest_values(m: Results, model: str, conditions: Sequence[str]) -> dict[str, Any]:
    """Return what the text alternative says: each image's classes and agreement."""
    labels = m.study.condition_label
    told = [{"label": labels(c), "images": shown(m, model, c)} for c in conditions]
    return {"whose": m.names([model]), "conditions": told}
