"""Tables → figures, as SVG and PNG files that are the same bytes for the same tables."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

from mlpstudy.errors import StudyError
from mlpstudy.report.catalogue import Plate, plates
from mlpstudy.report.drawing.saving import save_figure
from mlpstudy.report.drawing.style import STYLE
from mlpstudy.report.figure_index import INDEX, Entry, write_index
from mlpstudy.report.material import load_material


def draw(study: Path, tables: Path, reported: Path, data: Path | None, output: Path) -> None:
    """Draw every figure of the report into the folder `output`; other figures there are removed.

    Each is NAME.svg and NAME.png; figures.json says what each shows (module figure_index).

    Args:
        study: the resolved study, study.json.
        tables: folder of the CSVs; those of steps that have not run are done without.
        reported: the report's own values, values.csv.
        data: folder of the prepared images, of which some are shown; None for none.
        output: folder of the figures.

    Raises:
        StudyError: an input is missing or is not what it should be, or a figure cannot be written.
    """
    material = load_material(study, tables, reported, data)
    entries = []
    with mpl.rc_context(STYLE):
        for plate in plates(material):
            entries.append(_draw(plate, output))
    write_index(output, entries)
    _remove_others(output, {INDEX, *(name for e in entries for name in (e.file, e.png))})


def _remove_others(output: Path, kept: set[str]) -> None:
    for path in output.iterdir():
        if path.suffix in (".svg", ".png", ".json") and path.name not in kept:
            try:
                path.unlink()
            except OSError as error:
                raise StudyError(f"{path}: cannot be removed: {error.strerror}") from error


def _draw(plate: Plate, output: Path) -> Entry:
    figure = plate.draw()
    # A line does not end between a number and its sign.
    title, caption, alt = (text.replace(" %", "\N{NO-BREAK SPACE}%") for text in plate.words)
    save_figure(figure, output, plate.name, alt)
    width, height = figure.get_size_inches() * 72
    return Entry(
        plate.name, plate.kind, plate.section, title, caption, alt, plate.tables,
        round(float(width), 2), round(float(height), 2),
        plate.model, plate.condition, plate.comparison,
    )  # fmt: skip
