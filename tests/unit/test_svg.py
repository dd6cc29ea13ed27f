"""The SVG post-processor: a smaller file with the same picture, as another renderer draws it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import typst
from PIL import Image

from mlpstudy.figures.palette import INK, SERIES
from mlpstudy.figures.style import STYLE, new_figure
from mlpstudy.figures.svg import finished

FONTS = [str(Path(mpl.get_data_path()) / "fonts/ttf")]


def matplotlib_svg() -> str:
    """Return a figure with every kind of mark that the study's figures have."""
    with mpl.rc_context(STYLE):
        figure = new_figure(4, 3)
        axes = figure.add_axes((0.2, 0.2, 0.5, 0.6))
        x = np.linspace(0, 20, 400)
        axes.plot(x, np.sin(x) * 3, color=SERIES[0].light, alpha=0.6)
        axes.plot(x[::40], np.cos(x[::40]), ls="", marker="D", color=SERIES[1].light)
        axes.plot(x[:3], x[:3], ls="", marker="o", markerfacecolor="none", color=SERIES[2].light)
        axes.fill_between(x, 1, 2, color=SERIES[3].light, alpha=0.2, lw=0)
        axes.set_title('A <title> with "quotes" & #1d2125')
        axes.text(10, 0, "turned", rotation=45, color=INK.light)
        axes.set_ylim(-2, 2)  # clips the first line
        picture = figure.add_axes((0.75, 0.4, 0.2, 0.2))
        picture.imshow(np.arange(16).reshape(4, 4), cmap="gray", interpolation="none")
        figure.legend(handles=axes.lines, labels=["a", "b", "c"], loc="lower right")
        with io.StringIO() as buffer:
            figure.savefig(buffer, format="svg")
            return buffer.getvalue()


def pixels(text: str, folder: Path) -> np.ndarray:
    """Return what Typst's renderer makes of an SVG, in grey values of 0 to 255."""
    (folder / "figure.svg").write_text(text)
    source = '#set page(width: auto, height: auto, margin: 0pt)\n#image("figure.svg")'
    (folder / "page.typ").write_text(source)
    png = typst.compile(str(folder / "page.typ"), format="png", ppi=144, font_paths=FONTS)
    assert isinstance(png, bytes)
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=float)


@pytest.fixture(scope="module")
def original() -> str:
    return matplotlib_svg()


def test_the_picture_stays_the_same(original: str, tmp_path: Path) -> None:
    # The family is a choice of the post-processor, which is not compared.
    text = re.sub('font-family="[^"]*"', "font-family=\"'DejaVu Sans'\"", finished(original, "alt"))
    before, after = pixels(original, tmp_path), pixels(text, tmp_path)
    assert (before < 128).mean() > 0.01
    # Rounded coordinates move an edge by a small part of a pixel.
    assert np.abs(before - after).max() < 80
    assert np.abs(before - after).mean() < 0.2


def test_the_file_is_smaller_and_names_nothing_twice(original: str) -> None:
    text = finished(original, "alt")
    assert len(text) < 0.7 * len(original)
    assert "<metadata" not in text
    assert text.count("DejaVu Sans") == 1
