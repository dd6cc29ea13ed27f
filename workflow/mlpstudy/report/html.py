"""The report as one HTML file that needs nothing beside it, and works without JavaScript."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from mlpstudy.errors import StudyError
from mlpstudy.figures import palette
from mlpstudy.figures.index import Entry
from mlpstudy.figures.svg import Styles, inlined
from mlpstudy.report.document import Document, Part, html_environment, rendered, tidied, walk
from mlpstudy.report.sources import embedded


def html(
    document: Document,
    context: dict[str, Any],
    templates: Path,
    figures: Path,
    tables: Path,
    page: Path,
) -> str:
    """Return the page.

    Args:
        document: the report.
        context: what its templates were given.
        templates: folder of the templates.
        figures: folder of the SVGs.
        tables: folder of the CSVs.
        page: folder of the page, from which links start.

    Raises:
        StudyError: a figure, table or template is missing or is not what it should be.
    """
    prose = MarkdownIt("commonmark", {"html": False})
    jinja = html_environment(templates)
    jinja.filters["prose"] = lambda text: Markup(prose.render(tidied(text)))
    text = rendered(
        jinja,
        "html/page.html.j2",
        {
            **context,
            "document": document,
            "models": [part for part in walk(document.blocks) if _is_model(part, context)],
            "inline": _inliner(figures),
            "tables_path": os.path.relpath(tables, page).replace(os.sep, "/"),
            "embedded": embedded(tables),
            "colours": palette.ALL,
        },
    )
    return re.sub(r"\n\s*\n", "\n", text)  # what macros leave between blocks


def _is_model(block: Any, context: dict[str, Any]) -> bool:
    return isinstance(block, Part) and block.id in context["results"].models and block.level == 3


def _inliner(figures: Path) -> Callable[[Entry], Markup]:
    """Return a function that gives a figure of the folder as an element of the page."""
    styles = Styles()

    def inline(entry: Entry) -> Markup:
        path = figures / entry.file
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise StudyError(f"{path}: missing; the step that draws it has not run") from error
        return inlined(text, entry.name, styles)

    return inline
