"""The test images on whose wrong class most replicates agree: the images themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpstudy.analysis.results import Results
from mlpstudy.figures import style
from mlpstudy.figures.palette import INK, RULE
from mlpstudy.figures.style import MARGIN, WIDTH, write

SHOWN = 8
# Inches: an image's side, and the space above and below a row of them, also of one without any.
SIDE, HEAD, FOOT, EMPTY = 0.74, 0.26, 0.50, 0.30


def draw(results: Results, model: str, conditions: Sequence[str]) -> Figure:
    """Draw a row of at most SHOWN images per condition, with true and predicted class."""
    rows = {condition: shown(results, model, condition) for condition in conditions}
    heights = [HEAD + (SIDE + FOOT if own else EMPTY) for own in rows.values()]
    figure, page = style.canvas(sum(heights))
    step = (WIDTH - 2 * MARGIN) / SHOWN
    for at, (condition, own) in enumerate(rows.items()):
        top = sum(heights[:at])
        label, colour = (
            results.study.condition_label(condition),
            style.colour_of(results.study, condition),
        )
        write(page, MARGIN, top + 0.13, label, fontsize=8.5, color=colour, weight="bold")
        if not own:
            write(page, MARGIN, top + HEAD + 0.07, "No replicate learned.", fontsize=8)
        for place, row in enumerate(own):
            left = MARGIN + place * step
            axes = style.axes_at(figure, left, top + HEAD, SIDE, SIDE)
            _image(axes, results, int(row["image"]))
            below = top + HEAD + SIDE
            write(page, left, below + 0.09, style.shortened(str(row["true"]), 14))
            predicted = style.shortened(str(row["predicted"]), 12)
            given = f"\N{RIGHTWARDS ARROW} {predicted}"
            write(page, left, below + 0.215, given, color=INK.light)
            write(page, left, below + 0.34, f"{row['agreeing']} of {row['replicates']}")
    return figure


def shown(results: Results, model: str, condition: str) -> list[dict[Any, Any]]:
    """Return the rows of the images that are drawn, in their order."""
    rows = results.rows("hardest", [model], [condition])
    return list(rows.sort_values("rank").head(SHOWN).to_dict("records"))


def _image(axes: Axes, results: Results, number: int) -> None:
    """Show one image as it is stored, light on dark, pixel by pixel."""
    assert results.images is not None
    picture = results.images.images[number].reshape(results.images.height, results.images.width)
    # "none" hands the image's own pixels to the SVG, which a reader scales.
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=RULE.light)


def values(results: Results, model: str, conditions: Sequence[str]) -> dict[str, Any]:
    """Return the rows of the images by condition."""
    return {"images": {c: shown(results, model, c) for c in conditions}}
