"""A made-up study, its figures as they are drawn, and their marks read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from study_fixture import REPORTED, Paths, make_study, write_tables

from mlpstudy.analysis.results import load_results
from mlpstudy.analysis.schemas import CLAIMS, SATURATION
from mlpstudy.data.dataset import Dataset
from mlpstudy.figures.catalogue import Drawing, drawings
from mlpstudy.figures.style import STYLE
from mlpstudy.files import write_csv

KL = {"loss": "kl_divergence", "validation": "holdout"}
MODELS = {
    "m04": KL, "m05": KL, "m08": {}, "m10": {"dropout": 0.2}, "m14": {"activation": "sigmoid"},
}  # fmt: skip
CONDITIONS = {
    "as_reported": {}, "corrected": {"pixels": "unit", "kl": "exact"},
    "unit_pixels": {"pixels": "unit"},
}  # fmt: skip
MODEL_NUMBERS = {"m04": 0.02, "m05": 0.03, "m08": 0.05, "m10": 0.0, "m14": 0.04}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    fails = condition == "as_reported" and model in ("m04", "m05") and replicate < 3
    accuracy = 0.1 if fails else 0.70 + 0.01 * replicate + MODEL_NUMBERS[model]
    return round(accuracy + (condition != "as_reported") * 0.1, 2), 14.5 if fails else 0.5


class Drawn(NamedTuple):
    """A study's tables as they are on disk, and its figures as they are drawn."""

    tables: dict[str, pd.DataFrame]
    drawings: dict[str, Drawing]

    def figure(self, name: str) -> Figure:
        """Return a figure, drawn."""
        with mpl.rc_context(STYLE):
            figure = self.drawings[name].draw()
            figure.draw_without_rendering()
        return figure


def drawn_study(folder: Path) -> Drawn:
    """Return a study of five models whose failures, verdicts and images are known."""
    paths = make_study(
        folder, MODELS, outcome, CONDITIONS, replicates=4,
        covered={"unit_pixels": ["m04", "m05"]},
    )  # fmt: skip
    write_tables(paths)
    _others(paths)
    data = replace(load_results(paths.study, REPORTED, paths.tables), images=images())
    tables = {path.stem: pd.read_csv(path) for path in paths.tables.glob("*.csv")}
    return Drawn(tables, {drawing.name: drawing for drawing in drawings(data)})


def images() -> Dataset:
    pixels = np.random.default_rng(3).integers(0, 256, (100, 16), np.uint8)
    labels = np.zeros(100, np.uint8)
    return Dataset("little", tuple("abcdefghij"), pixels, labels, 0, 100, 4, 4, "")


def _others(paths: Paths) -> None:
    """Write what other steps than tabulate write."""
    saturation = SATURATION.frame(
        [
            {"model": model, "pixels": pixels, "share_below": 0.75 if pixels == "raw" else 0.0}
            | {f"log10_p_true_q{q:02}": -low * (100 - q) / 100 for q in (5, 25, 50, 75, 95)}
            for model in MODELS
            for pixels, low in (("raw", 80.0), ("unit", 2.0))
        ]
    )
    write_csv(saturation, paths.tables / "saturation.csv")
    verdicts = ("supported", "contradicted", "undecided")
    claims = CLAIMS.frame(
        [
            {"claim": f"claim_{n}", "condition": condition, "verdict": verdicts[(n + at) % 3]}
            for n in range(5)
            for at, condition in enumerate(CONDITIONS)
        ]
    )
    write_csv(claims, paths.tables / "claims.csv")


def lines(figure: Figure, marker: str | None = None) -> list[Line2D]:
    """Return the marked lines of the figure's axes, those of keys left out."""
    found = [line for axes in figure.axes for line in axes.lines]
    wanted = [line for line in found if line.get_marker() in ((marker,) if marker else "oDs^vP")]
    return [line for line in wanted if len(line.get_xdata())]


def by_gaps(line: Line2D) -> np.ndarray:
    """Return the parts of a line with gaps, each as long as the others, as rows."""
    y = np.asarray(line.get_ydata(), dtype=float)
    return np.array([part[:-1] for part in np.split(y, np.flatnonzero(np.isnan(y)) + 1)[:-1]])


def texts(figure: Artist) -> list[str]:
    """Return every text of a figure, or of a part of it."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]
