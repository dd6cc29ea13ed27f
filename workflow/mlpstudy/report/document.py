"""What the pages show, as plain data for the typesetter: a template reads it as JSON."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

from mlpstudy.errors import StudyError
from mlpstudy.report.figures import curves_name
from mlpstudy.report.layout import Table
from mlpstudy.report.palette import ALL, PAPER
from mlpstudy.report.plotting import FAMILY

# The font that figures are measured with, and that Matplotlib has in its own files.
FIGURE_FONT = "'DejaVu Sans'"


def document_data(context: Mapping[str, Any], figures: Mapping[str, str]) -> Any:
    """Return the context of the pages as JSON has it.

    Args:
        context: what the templates of the other forms may use.
        figures: SVG texts by file name; each is given by the words that it carries for those who
            do not see it.

    Functions of the context are left out; `figures` of a model are the names of its files.
    """
    data = plain({name: value for name, value in context.items() if not callable(value)})
    data["colours"] = {colour.variable: colour.light for colour in ALL}
    data["figures"] = {name: _label(name, text) for name, text in figures.items()}
    for card in data["cards"]:
        card["figures"] = [name for name in (curves_name(card["key"]),) if name in figures]
    return data


def plain(value: Any) -> Any:
    """Return a value as mappings, lists, texts and numbers; tables with their head rows.

    JSON has no number that is not finite: those become null.
    """
    if isinstance(value, Table):
        return _fields(value) | {"spans": plain(value.spans)}
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def read_figures(folder: Path) -> dict[str, str]:
    """Return the SVG figures of a folder by file name, in a font that the typesetter has.

    The ground that they are drawn on becomes the white of the paper.

    Raises:
        StudyError: the folder has none, or one cannot be read.
    """
    paths = sorted(folder.glob("*.svg"))
    if not paths:
        raise StudyError(f"{folder}: expected figures; the step that draws them has not run")
    try:
        return {path.name: _for_paper(path.read_text(encoding="utf-8")) for path in paths}
    except (OSError, ValueError) as error:
        raise StudyError(f"{folder}: a figure cannot be read: {error}") from error


def _for_paper(text: str) -> str:
    return text.replace(FAMILY, FIGURE_FONT).replace(PAPER.light, "#ffffff")


def _label(name: str, text: str) -> str:
    """Return what a figure says of itself in words; its name where it says nothing."""
    found = re.search(r'aria-label="([^"]*)"', text)
    return unescape(found[1]) if found else name
