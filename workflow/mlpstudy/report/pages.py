"""Tables and figures → the report: index.html, report.md, tables/*.md, and the PDFs.

The page needs nothing beside it, and works without JavaScript.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from mlpstudy.analysis.results import load_results
from mlpstudy.errors import StudyError
from mlpstudy.figures import palette
from mlpstudy.figures.index import Entry, load_index
from mlpstudy.figures.svg import Styles, inlined
from mlpstudy.files import write_bytes, write_text
from mlpstudy.report.content import report_context
from mlpstudy.report.document import (
    compose,
    html_environment,
    markdown_environment,
    rendered,
    tidied,
    walk,
)
from mlpstudy.report.pdf import pdf
from mlpstudy.report.provenance import load_provenance, rendering
from mlpstudy.report.sources import embedded

# The files of tables/, and the part of the report whose tables each has.
TABLE_PAGES = {
    "final_inference": "inference",
    "models": "models",
    "comparisons": "comparisons",
    "activation_groups": "groups",
    "conclusions": "conclusions",
    "claims": "claims",
    "cause": "cause",
    "depth": "depth",
    "sensitivity": "explanations",
    "effects": "effects",
    "audit": "audit",
    "assumptions": "assumptions",
    "provenance": "provenance",
}


def render(
    study: Path,
    reported: Path,
    tables: Path,
    figures: Path,
    provenance: Path,
    templates: Path,
    output: Path,
) -> None:
    """Write index.html (self-contained), report.md and tables/*.md into the folder `output`.

    Args:
        study: the resolved study, study.json.
        reported: the report's own values, values.csv.
        tables: folder of the CSVs.
        figures: folder of the SVGs that `draw` writes; report.md refers to them where they are.
        provenance: what the report comes from, provenance.json.
        templates: folder of the Jinja2 templates.
        output: folder of the pages.

    Raises:
        StudyError: a table, figure or template is missing or is not what it should be.
    """
    origin, index = load_provenance(provenance), load_index(figures)
    context = report_context(load_results(study, reported, tables), origin, index, output)
    document = compose(templates, context)
    context |= {
        "document": document,
        "tables_path": context["link"](tables),
        "figures_path": context["link"](figures),
    }
    pages = {"index.html": _html(context, templates, figures, tables)}
    jinja = markdown_environment(templates)
    pages["report.md"] = rendered(jinja, "markdown/report.md.j2", context)
    parts = {part.id: part.blocks for part in document.parts}
    for name, anchor in TABLE_PAGES.items():
        shown = {**context, "blocks": list(walk(parts.get(anchor, ())))}
        pages[f"tables/{name}.md"] = rendered(jinja, "markdown/tables.md.j2", shown)
    for file, text in pages.items():
        write_text(output / file, text)


def _html(context: dict[str, Any], templates: Path, figures: Path, tables: Path) -> str:
    prose = MarkdownIt("commonmark", {"html": False})
    jinja = html_environment(templates)
    jinja.filters["prose"] = lambda text: Markup(prose.render(tidied(text)))
    inline = partial(_inlined, figures, Styles())
    context = {**context, "inline": inline, "embedded": embedded(tables), "colours": palette.ALL}
    page = rendered(jinja, "html/page.html.j2", context)
    return re.sub(r"\n\s*\n", "\n", page)  # what macros leave between blocks


def _inlined(figures: Path, styles: Styles, entry: Entry) -> Markup:
    """Return a figure of the folder `figures` as an element of the page."""
    path = figures / entry.file
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StudyError(f"{path}: missing; the step that draws it has not run") from error
    return inlined(text, entry.name, styles)


def typeset(
    study: Path,
    reported: Path,
    tables: Path,
    figures: Path,
    provenance: Path,
    templates: Path,
    output: Path,
) -> None:
    """Write report.pdf to the file `output`, and what it leaves out to supplement.pdf beside it.

    The same inputs give the same bytes: the documents' date is that of the rendering.

    The arguments are those of `render`, but for `output`, the file of the report.

    Raises:
        StudyError: an input is missing or is not what it should be, a template is wrong, or a file
            cannot be written.
    """
    origin, index = load_provenance(provenance), load_index(figures)
    context = report_context(load_results(study, reported, tables), origin, index, output.parent)
    document = compose(templates, context)
    date = datetime.fromisoformat(rendering(origin)["date"])
    title = document.title
    parts = {
        output: document.only("report", title),
        output.with_name("supplement.pdf"): document.only("supplement", f"{title}: supplement"),
    }
    made = partial(pdf, context=context, templates=templates / "pdf", figures=figures, date=date)
    with ThreadPoolExecutor() as threads:  # Typst runs outside of Python's lock
        for path, content in zip(parts, threads.map(made, parts.values()), strict=True):
            write_bytes(path, content)
