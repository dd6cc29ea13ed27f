"""Made-up studies typeset, and their text read back from the PDF."""

from __future__ import annotations

import re
from pathlib import Path

import pypdf
from study_fixture import REPORTED, TEMPLATES, Paths, write_tables

from mlpstudy.figures.drawing import draw
from mlpstudy.figures.index import Entry, write_index
from mlpstudy.files import write_text
from mlpstudy.report.typeset import typeset

PDF = TEMPLATES / "pdf"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"></svg>'
PLOT = Entry(
    "overview", "overview", "summary", "A plot", "What it shows.", "In words.", ("runs",), 40, 20
)


def made(paths: Paths, reported: Path = REPORTED, drawn: bool = False) -> pypdf.PdfReader:
    """Tabulate and typeset a study; without `drawn` with an empty figure in place of each."""
    write_tables(paths, reported)
    if drawn:
        draw(paths.study, paths.tables, reported, None, paths.figures)
    else:
        write_text(paths.figures / "overview.svg", SVG)
        write_index(paths.figures, [PLOT])
    return typeset_again(paths, reported)


def typeset_again(
    paths: Paths, reported: Path = REPORTED, templates: Path = PDF
) -> pypdf.PdfReader:
    inputs = (paths.study, reported, paths.tables, paths.figures, paths.provenance)
    typeset(*inputs, templates, paths.report / "report.pdf")
    return pypdf.PdfReader(paths.report / "report.pdf")


def text_of(reader: pypdf.PdfReader, first: int = 0) -> str:
    """Return the text of the pages from `first` on, with single spaces."""
    pages = [page.extract_text() for page in reader.pages[first:]]
    return re.sub(r"[\s\u00a0\u202f]+", " ", "\n".join(pages).replace("\u200b", ""))
