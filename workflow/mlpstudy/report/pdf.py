"""The report as a PDF, typeset by Typst, with no font or program of the system's.

The document goes to the templates as JSON and never as source, so no text of a user can be taken
for a command.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import typst
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from matplotlib.ft2font import FT2Font

from mlpstudy.errors import StudyError
from mlpstudy.figures.index import Entry
from mlpstudy.figures.palette import ALL
from mlpstudy.figures.svg import for_paper
from mlpstudy.report.document import Document, Prose, Shown, walk
from mlpstudy.report.layout import Row, Table

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
# The font that figures are measured with; Matplotlib has it in its own files.
FIGURE_FONT = "'DejaVu Sans'"
# Tagged for screen readers, and for keeping: PDF/UA-1 and PDF/A-2a.
STANDARDS: Any = ["ua-1", "a-2a"]


def pdf(
    document: Document, context: dict[str, Any], templates: Path, figures: Path, date: datetime
) -> bytes:
    """Return a document as a PDF.

    Args:
        document: what is typeset.
        context: what its templates were given.
        templates: folder with the Typst templates; report.typ is the document.
        figures: folder of the SVGs.
        date: of the document.

    Raises:
        StudyError: a figure is missing, or Typst refuses a template; with its place and reason.
    """
    data = {
        "title": document.title,
        "trial": context["study"].trial,
        "stamp": context["stamp"],
        "blocks": document.blocks,
        "anchors": [part.id for part in document.parts if part.id],
        "colours": {colour.variable: colour.light for colour in ALL},
    }
    text = json.dumps(data, ensure_ascii=False, default=_plain)
    # In memory, as a temporary folder may be full. The templates are read from their folder, and
    # nothing outside of it. `Any`: the package's own types lack this kind of input.
    files: Any = {f"figures/{name}": svg.encode() for name, svg in _pictures(document, figures)}
    files |= {"report.json": text.encode(), "main.typ": b'#include "report.typ"'}
    if not (templates / "report.typ").is_file():
        raise StudyError(f"{templates / 'report.typ'}: missing; it is the document's template")
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


def _plain(value: Any) -> Any:
    """Return what is no JSON as mappings, lists and texts: blocks, and what they show."""
    if isinstance(value, Prose):
        return {"kind": value.kind, "content": prose(value.text)}
    if isinstance(value, Row):
        return [replace(cell, order=None) for cell in value.cells]  # NaN is no JSON
    if isinstance(value, Table):
        table = value.without_drawings()
        return {**vars(table), "spans": table.spans}
    if isinstance(value, Entry):
        return {**asdict(value), "file": value.file}
    return vars(value)


def prose(text: str) -> list[dict[str, Any]]:
    """Return Markdown as paragraphs, lists and quotations of spans: the texts of one style."""
    tree = SyntaxTreeNode(MarkdownIt("commonmark", {"html": False}).parse(text))
    return [_element(node) for node in tree.children]


def _element(node: SyntaxTreeNode) -> dict[str, Any]:
    if node.type in ("bullet_list", "ordered_list"):
        return {
            "kind": "list",
            "items": [[_element(n) for n in item.children] for item in node.children],
        }
    if node.type == "blockquote":
        return {"kind": "quote", "content": [_element(n) for n in node.children]}
    spans = [span for inline in node.children for span in _spans(inline.children, {})]
    return {"kind": "paragraph", "spans": spans}


def _spans(nodes: Sequence[SyntaxTreeNode], style: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for node in nodes:
        if node.type in ("strong", "em"):
            found += _spans(node.children, {**style, node.type: True})
        elif node.type == "link":
            found += _spans(node.children, {**style, "href": str(node.attrs.get("href", ""))})
        else:
            text = " " if node.type in ("softbreak", "hardbreak") else node.content
            found.append({**style, "text": text, "code": node.type == "code_inline"})
    return found


def _pictures(document: Document, folder: Path) -> list[tuple[str, str]]:
    """Return name and SVG of each figure shown, in a font that the typesetter has.

    The ground that they are drawn on becomes the white of the paper.
    """
    shown = [block.item for block in walk(document.blocks) if isinstance(block, Shown)]
    names = dict.fromkeys(item.file for item in shown if isinstance(item, Entry))
    try:
        return [
            (name, for_paper((folder / name).read_text(encoding="utf-8"), FIGURE_FONT))
            for name in names
        ]
    except (OSError, ValueError, ElementTree.ParseError) as error:
        raise StudyError(f"{folder}: a figure cannot be read: {error}") from error


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
