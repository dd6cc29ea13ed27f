"""Made-up studies typeset, and their text read back from the PDF."""

from __future__ import annotations

import re
from pathlib import Path

import pypdf
from pages_fixture import draw_nothing
from study_fixture import REPORTED, TEMPLATES, Paths, write_tables

from mlpstudy.report.typeset import typeset

PDF = TEMPLATES / "pdf"


def made(paths: Paths, reported: Path = REPORTED) -> pypdf.PdfReader:
    """Tabulate and typeset a study, with empty figures."""
    write_tables(paths, reported)
    draw_nothing(paths)
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
