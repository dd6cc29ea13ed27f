"""Tables → figures, as SVG files that are the same bytes for the same tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from mlpstudy.evidence.comparisons import present
from mlpstudy.evidence.reported_values import load_reported
from mlpstudy.evidence.study_file import Study, load_study
from mlpstudy.evidence.summaries import replicates
from mlpstudy.evidence.tables import COLUMNS, read_table
from mlpstudy.report.curves import curves_figure
from mlpstudy.report.dots import dots_figure
from mlpstudy.report.formats import listing, short_name
from mlpstudy.report.plotting import STYLE, save_svg

OVERVIEW = "overview.svg"


def curves_name(model: str) -> str:
    """Return the file name of a model's learning curves."""
    return f"curves-{model}.svg"


def comparison_name(key: str) -> str:
    """Return the file name of a comparison's dots."""
    return f"comparison-{key}.svg"


def draw(
    study: Path, runs: Path, timings: Path, history: Path, reported: Path, output: Path
) -> None:
    """Draw every figure of the report into the folder `output`; others in it are removed.

    overview.svg, comparison-KEY.svg for each comparison of the report that the study has a model
    of, and curves-MODEL.svg for each model that has runs.

    Raises:
        StudyError: an input is missing or is not what it should be.
    """
    plan = load_study(study)
    values = replicates(
        read_table(runs, COLUMNS["metrics"]), read_table(timings, COLUMNS["timings"])
    )
    epochs = read_table(history, COLUMNS["history"])
    printed = load_reported(reported)
    marks = {model: printed.number("final", model, "test_accuracy") for model in plan.models}
    drawn: set[Path] = set()
    with mpl.rc_context(STYLE):
        for name, title, models in _dots(plan):
            models = [model for model in models if (values["model"] == model).any()]
            if models:
                chosen = {m: marks[m] for m in models if not math.isnan(marks[m])}
                _save(dots_figure(plan, values, models, chosen), output / name, title, drawn)
        for model in plan.models:
            if (epochs["model"] == model).any():
                title = f"Learning curves of {short_name(model)}: loss and accuracy by epoch"
                figure = curves_figure(plan, epochs, model)
                _save(figure, output / curves_name(model), title, drawn)
    for stale in set(output.glob("*.svg")) - drawn:
        stale.unlink()


def _dots(study: Study) -> Iterator[tuple[str, str, list[str]]]:
    """Give file name, title and models of each figure of test accuracies."""
    yield OVERVIEW, "Test accuracy of every replicate of every model", list(study.models)
    for comparison, models in present(study):
        names = listing([short_name(model) for model in models])
        title = f"Test accuracy of every replicate of {names}"
        yield comparison_name(comparison.key), title, models


def _save(figure: Figure, path: Path, title: str, drawn: set[Path]) -> None:
    save_svg(figure, path, title)
    drawn.add(path)
