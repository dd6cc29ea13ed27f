"""Tables → figures, as SVG and PNG files that are the same bytes for the same tables."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

from mlpstudy.analysis.results import load_results
from mlpstudy.errors import StudyError
from mlpstudy.figures.catalogue import KINDS, Drawing, drawings
from mlpstudy.figures.index import INDEX, Entry, write_index
from mlpstudy.figures.style import STYLE, save_figure


def draw(study: Path, tables: Path, reported: Path, data: Path | None, output: Path) -> None:
    """Draw every figure of the report into the folder `output`; other figures there are removed.

    Each is NAME.svg and NAME.png; figures.json says what each shows (module `index`).

    Args:
        study: the resolved study, study.json.
        tables: folder of the CSVs; tables of steps that have not run may be missing.
        reported: the report's own values, values.csv.
        data: folder of the prepared images, some of which are shown; None for none.
        output: folder of the figures.

    Raises:
        StudyError: an input is missing or is not what it should be, or a figure cannot be written.
    """
    results = load_results(study, reported, tables, data)
    with mpl.rc_context(STYLE):
        entries = [_draw(drawing, output) for drawing in drawings(results)]
    write_index(output, entries)
    kept = {INDEX, *(name for entry in entries for name in (entry.file, entry.png))}
    for path in output.iterdir():
        if path.suffix in (".svg", ".png", ".json") and path.name not in kept:
            try:
                path.unlink()
            except OSError as error:
                raise StudyError(f"{path}: cannot be removed: {error.strerror}") from error


def _draw(drawing: Drawing, output: Path) -> Entry:
    """Write the two files of a figure, and return what the index says of it."""
    kind, figure = KINDS[drawing.kind], drawing.draw()
    # A line does not end between a number and its sign.
    title, caption, alt = (text.replace(" %", "\N{NO-BREAK SPACE}%") for text in drawing.words)
    save_figure(figure, output, drawing.name, alt)
    width, height = (round(float(inches) * 72, 2) for inches in figure.get_size_inches())
    return Entry(
        drawing.name, drawing.kind, kind.section, title, caption, alt, kind.tables, width, height,
        drawing.model, drawing.condition, drawing.comparison,
        hover=kind.panels(figure),
    )  # fmt: skip
