"""Tables and figures → report.pdf, typeset by Typst, with no font or program of the system's.

The data goes to the templates as JSON and never as source, so no text of a user can be taken for
a command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
import typst
from matplotlib.ft2font import FT2Font

from mlpstudy.analysis.results import load_results
from mlpstudy.errors import StudyError
from mlpstudy.figures.index import load_index
from mlpstudy.files import write_bytes
from mlpstudy.report.document import document_data, read_figures
from mlpstudy.report.provenance import load_provenance, rendering

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"

# Tagged for screen readers, and for keeping: PDF/UA-1 and PDF/A-2a.
STANDARDS: Any = ["ua-1", "a-2a"]


def typeset(
    study: Path,
    reported: Path,
    tables: Path,
    figures: Path,
    provenance: Path,
    templates: Path,
    output: Path,
) -> None:
    """Write the report as a PDF to the file `output`.

    The same inputs give the same bytes: the document's date is that of the rendering.

    Args:
        study: the resolved study, study.json.
        reported: the report's own values, values.csv.
        tables: folder of the CSVs that `tabulate` writes.
        figures: folder of the figures that `draw` writes, with their index.
        provenance: what the report comes from, provenance.json.
        templates: folder with the Typst templates; report.typ is the document.
        output: file to write.

    Raises:
        StudyError: an input is missing or is not what it should be, a template is wrong, or the
            file cannot be written.
    """
    origin, index = load_provenance(provenance), load_index(figures)
    data = document_data(load_results(study, reported, tables), origin, index, tables)
    date = datetime.fromisoformat(rendering(origin)["date"])
    content = compile_document(data, read_figures(figures, index), templates, date)
    write_bytes(output, content)


def compile_document(
    data: Any, figures: Mapping[str, str], templates: Path, date: datetime
) -> bytes:
    """Return the PDF of report.typ among `templates`, which reads `data` as report.json.

    Raises:
        StudyError: Typst refuses a template; with its place and reason.
    """
    document = templates / "report.typ"
    if not document.is_file():
        raise StudyError(f"{document}: missing; it is the document's template")
    text = json.dumps(data, ensure_ascii=False)
    # In memory, as a temporary folder may be full. The templates are read from their folder, and
    # nothing outside of it. `Any`: the package's own types lack this kind of input.
    files: Any = {f"figures/{name}": picture.encode() for name, picture in figures.items()}
    files |= {"report.json": text.encode(), "main.typ": b'#include "report.typ"'}
    try:
        return typst.compile(
            files,
            root=templates,
            font_paths=[FONTS],
            ignore_system_fonts=_covered(text),
            pdf_standards=STANDARDS,
            timestamp=date,
        )
    except typst.TypstError as error:
        raise StudyError(f"{templates}: {_told(error)}") from error


def _covered(text: str) -> bool:
    """Say whether fonts of ours have all characters; other scripts need those of the system."""
    known = FT2Font(FONTS / "DejaVuSans.ttf").get_charmap()
    return all(ord(character) in known for character in set(text) if character.isprintable())


def _told(error: typst.TypstError) -> str:
    """Return Typst's message, and where it points to, without the drawing around it."""
    place = next(
        (line.split("─ ")[-1] for line in error.diagnostic.splitlines() if "─" in line), ""
    )
    return f"{place.strip().rsplit('/', 1)[-1]}: {error.message}" if place else str(error.message)
