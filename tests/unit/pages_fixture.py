"""A rendered page of a made-up study, and what a test looks at in it."""

from __future__ import annotations

import html.parser
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from study_fixture import CLAIMS, PROVENANCE, REPORTED, TEMPLATES, Paths, write_tables

from mlpstudy.analysis.results import Results
from mlpstudy.audit.checks import audit
from mlpstudy.audit.loading import CHECKS
from mlpstudy.claims.judging import judge
from mlpstudy.figures.index import Entry, FigureIndex, Median, Panel, write_index
from mlpstudy.files import write_text
from mlpstudy.formats import MINUS
from mlpstudy.report.content import report_context
from mlpstudy.report.document import Prose, Shown, compose, walk
from mlpstudy.report.layout import Table
from mlpstudy.report.pages import render
from mlpstudy.report.provenance import Provenance

PLAIN = (
    '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" viewBox="0 0 9 9">'
    '<path d="M0 0"/></svg>'
)


def render_page(paths: Paths, reported: Path = REPORTED, templates: Path = TEMPLATES) -> None:
    """Render the pages from the tables that are there."""
    inputs = (paths.tables, paths.figures, paths.provenance)
    render(paths.study, reported, *inputs, templates, paths.report)


def render_study(paths: Paths, reported: Path = REPORTED, judged: bool = False) -> Paths:
    """Tabulate a study, judge and audit it if asked to, and render it with empty figures."""
    write_tables(paths, reported)
    if judged:
        judge(paths.study, CLAIMS, paths.tables, paths.tables / "claims.csv")
        audit(paths.study, reported.parent, CHECKS, paths.tables, paths.tables / "audit.csv")
    draw_nothing(paths)
    render_page(paths, reported)
    return paths


def plain(text: str) -> str:
    return text.replace(MINUS, "-")


def shown_tables(results: Results) -> list[Table]:
    """Return the tables of a report without figures, in their order."""
    context = report_context(results, PROVENANCE, FigureIndex(()), results.folder)
    shown = [b.item for b in walk(compose(TEMPLATES, context).blocks) if isinstance(b, Shown)]
    return [item for item in shown if isinstance(item, Table)]


def shown_prose(results: Results, provenance: Provenance = PROVENANCE) -> str:
    """Return the prose of a report without figures, with single spaces."""
    context = report_context(results, provenance, FigureIndex(()), results.folder)
    blocks = walk(compose(TEMPLATES, context).blocks)
    return " ".join(" ".join(b.text.split()) for b in blocks if isinstance(b, Prose))


def titled(results: Results, title: str) -> list[list[str]]:
    """Return the texts of the only table of a title, by row."""
    (table,) = (table for table in shown_tables(results) if table.title == title)
    return [[cell.text for cell in row.cells] for row in table.rows]


def draw_nothing(paths: Paths) -> None:
    """Write a figure of each kind that a page places, with nothing in it: drawing takes long."""
    models = json.loads(paths.study.read_text())["models"]
    entries = [_entry(f"{kind}-{m}", kind, "models", m) for m in models for kind in KINDS]
    entries += [_entry(name, name, name) for name in ("cause", "sensitivity", "pairs", "groups")]
    for entry in entries:
        write_text(paths.figures / entry.file, PLAIN.format(entry.alt))
    write_index(paths.figures, entries)


# Two panels side by side in the view box of PLAIN, the second without one of the values.
PANELS = tuple(
    Panel(label, (left, 1.0, 3.0, 7.0), (1, 3), (Median("as reported", "series-1", values),))
    for label, left, values in [
        ("Loss, training", 1.0, (2.5, 1.25, 0.625)),
        ("Accuracy, training", 5.0, (10.0, None, 50.0)),
    ]
)
KINDS = ("architecture", "curves", "confusion", "hardest")


def _entry(name: str, kind: str, section: str, model: str = "") -> Entry:
    said = ("A title", "A caption.", f"The {kind} in words")
    hover = PANELS if kind == "curves" else ()
    return Entry(name, kind, section, *said, ("runs",), 400.0, 200.0, model=model, hover=hover)


def _lines(rows: str) -> dict[str, list[int]]:
    """Return the lines of each file that `models.csv:2,34 runs.csv:5` names."""
    found = (part.split(":") for part in rows.split())
    return {file: [int(line) for line in lines.split(",")] for file, lines in found}


@dataclass
class Row:
    """A row of a table: its cells' texts and classes, and the lines of CSVs behind it, by file."""

    cells: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)


class Page(html.parser.HTMLParser):
    """Elements with their attributes; tables as rows; the text, without that of scripts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.tables: list[list[Row]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag in ("title", "script", "style", "template", "td", "th"):
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append(Row(lines=_lines(attributes.get("data-rows", ""))))
        elif tag in ("td", "th"):
            self.tables[-1][-1].cells.append("")
            self.tables[-1][-1].names.append(attributes.get("class", ""))

    @property
    def final(self) -> list[Row]:
        """The rows of the final inference table, with its two head rows."""
        tables = [attributes for tag, attributes in self.elements if tag == "table"]
        return self.tables[[each.get("id") for each in tables].index("final-table")]

    @property
    def said(self) -> str:
        """The text with single spaces."""
        return " ".join(self.text.split())

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag == self._open[-1]:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside in ("title", "script", "style", "template"):
            return
        self.text += data
        if inside in ("td", "th"):
            row = self.tables[-1][-1]
            row.cells[-1] += f" {data.strip()}" if row.cells[-1] else data.strip()
