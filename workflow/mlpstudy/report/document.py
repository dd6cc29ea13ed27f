"""What the pages show, as plain data for the typesetter: a template reads it as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from mlpstudy.analysis.results import Results
from mlpstudy.errors import StudyError
from mlpstudy.figures.index import FigureIndex
from mlpstudy.figures.palette import ALL
from mlpstudy.figures.svg import for_paper
from mlpstudy.report.by_condition import tone
from mlpstudy.report.layout import Table
from mlpstudy.report.pages import page_context
from mlpstudy.report.provenance import Provenance
from mlpstudy.report.views.answers import three_answers
from mlpstudy.report.views.cause_parts import cause_parts
from mlpstudy.report.views.conditions import changes
from mlpstudy.report.views.inference import inference
from mlpstudy.report.views.judgements import judgements
from mlpstudy.report.views.model_sections import model_sections

# The font that figures are measured with; Matplotlib has it in its own files.
FIGURE_FONT = "'DejaVu Sans'"


def document_data(
    results: Results, provenance: Provenance, figures: FigureIndex, tables: Path
) -> Any:
    """Return what the typeset report shows, as JSON has it.

    Args:
        results: the study and its tables.
        provenance: what the report comes from.
        figures: the index of the drawn figures.
        tables: folder of the CSVs, some of which only this form reads.
    """
    context = {
        **page_context(results, provenance),
        **judgements(results),
        **cause_parts(results, tables),
        "three": three_answers(results),
        "inference": inference(results),
        "models": model_sections(results, Path()),
        "changes": changes(results),
        "figures": [{**vars(entry), "file": entry.file} for entry in figures],
        "colours": {colour.variable: colour.light for colour in ALL},
        "tones": {name: tone(results.study, name) for name in results.study.conditions},
    }
    return plain({name: value for name, value in context.items() if not callable(value)})


def plain(value: Any) -> Any:
    """Return a value as mappings, lists, texts and numbers; tables with their head rows.

    JSON has no number that is not finite: those become null. What only HTML can show, columns of
    drawings, is left out.
    """
    if isinstance(value, Table):
        told = value.without_drawings()
        return _fields(told) | {"spans": plain(told.spans)}
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _fields(value: Any) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(value) if field.name != "drawing"]
    properties = [name for name, kind in vars(type(value)).items() if isinstance(kind, property)]
    return {name: plain(getattr(value, name)) for name in (*names, *properties)}


def read_figures(folder: Path, index: FigureIndex) -> dict[str, str]:
    """Return the SVG figures of `index` by file name, in a font that the typesetter has.

    The ground that they are drawn on becomes the white of the paper.

    Raises:
        StudyError: a figure cannot be read.
    """
    try:
        return {
            entry.file: for_paper((folder / entry.file).read_text(encoding="utf-8"), FIGURE_FONT)
            for entry in index
        }
    except (OSError, ValueError, ElementTree.ParseError) as error:
        raise StudyError(f"{folder}: a figure cannot be read: {error}") from error
