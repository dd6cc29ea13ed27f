"""Tables and figures → the report: index.html, report.md, tables/*.md, and the PDFs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from mlpstudy.analysis.results import load_results
from mlpstudy.figures.index import load_index
from mlpstudy.files import write_bytes, write_text
from mlpstudy.report.content import report_context
from mlpstudy.report.document import Document, compose, configuration_text
from mlpstudy.report.html import html
from mlpstudy.report.markdown import markdown, table_pages
from mlpstudy.report.pdf import pdf
from mlpstudy.report.provenance import load_provenance, rendering

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
    results = load_results(study, reported, tables)
    context = report_context(results, load_provenance(provenance), load_index(figures), output)
    document = compose(templates, context)
    at = os.path.relpath(figures, output).replace(os.sep, "/")
    page = html(document, context, templates, figures, tables, output)
    origin = configuration_text(context["configuration"], templates)
    listed = table_pages(document, TABLE_PAGES)
    pages = {f"tables/{name}.md": f"{text}\n{origin}\n" for name, text in listed.items()}
    write_text(output / "report.md", markdown(document, lambda name: f"{at}/{name}"))
    for name, text in pages.items():
        write_text(output / name, text)
    write_text(output / "index.html", page)


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
    parts = {output: document.main(), output.with_name("supplement.pdf"): document.supplement()}

    def typeset_part(part: Document) -> bytes:
        return pdf(part, context, templates / "pdf", figures, date)

    with ThreadPoolExecutor() as threads:  # Typst runs outside of Python's lock
        for path, content in zip(parts, threads.map(typeset_part, parts.values()), strict=True):
            write_bytes(path, content)
