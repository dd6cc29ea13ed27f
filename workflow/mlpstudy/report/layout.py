"""A table of the report, the same for page, Markdown and PDF: its cells are text already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from mlpstudy.formats import heading


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what it says.
        kind: a class or a verdict, which is shown as a chip.
        href: where the text leads to, an anchor such as #m01.
        note: a second, smaller line.
        drawing: what the page draws in place of the text.
        order: what the page sorts the column by; None for the text.
        contrast: the id of the contrast whose difference the cell shows.
        tone: the CSS variable of the text's colour, without its dashes.
    """

    text: str
    kind: str = ""
    href: str = ""
    note: str = ""
    drawing: Any = None
    order: float | None = None
    contrast: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """One column; those of one condition, or of the report, stand under a common `group`.

    `tone` is the CSS variable of the group's colour, without its dashes, and `drawing` the axis
    that the page shows in place of the label.
    """

    label: str
    number: bool = True
    group: str = ""
    tone: str = ""
    drawing: Any = None

    @property
    def full(self) -> str:
        """The label with its group, for tables with a single head row."""
        return heading(f"{self.group}: {self.label}" if self.group else self.label)


@dataclass(frozen=True)
class Source:
    """Where the numbers of a row come from: a CSV of the study and lines in it; the head is 1."""

    file: str
    lines: tuple[int, ...]

    def __str__(self) -> str:
        """Return `models.csv:5,22`, as the page's script reads it."""
        return f"{self.file}:{','.join(map(str, self.lines))}"


@dataclass(frozen=True)
class Row:
    """One row: its cells, its sources, its anchor, and Markdown that the page folds below it."""

    cells: list[Cell]
    sources: tuple[Source, ...] = ()
    id: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Span:
    """A cell of the upper head row: a group and the number of columns below it."""

    label: str
    tone: str
    width: int


@dataclass
class Table:
    """Columns and rows; the templates of the report fill them.

    Attributes:
        title: what a reader calls the table.
        caption: what is counted and in which unit.
        prose: whether cells hold sentences, which are broken into lines.
    """

    title: str = ""
    caption: str = ""
    prose: bool = False
    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def words(self, *labels: str, group: str = "", tone: str = "") -> None:
        """Append columns of texts."""
        self.columns += [Column(label, False, group, tone) for label in labels]

    def numbers(self, *labels: str, group: str = "", tone: str = "") -> None:
        """Append columns of numbers."""
        self.columns += [Column(label, True, group, tone) for label in labels]

    def add(
        self,
        *cells: Cell | str | int | Iterable[Cell | str | int],
        sources: Iterable[Source] = (),
        id: str = "",  # noqa: A002
        detail: str = "",
    ) -> None:
        """Append a row; what is no cell becomes one, and sequences of cells are taken apart.

        Args:
            cells: as many as there are columns.
            sources: where the row's numbers come from; sources without a line are left out.
            id: the row's anchor.
            detail: more about the row, in Markdown.

        Raises:
            ValueError: the row is not as wide as the table.
        """
        row: list[Cell] = []
        for cell in cells:
            parts = [cell] if isinstance(cell, Cell | str | int) else cell
            row += [part if isinstance(part, Cell) else Cell(str(part)) for part in parts]
        if len(row) != len(self.columns):
            raise ValueError(f"{self.title}: {len(row)} cells for {len(self.columns)} columns")
        self.rows.append(Row(row, tuple(s for s in sources if s.lines), id, detail))

    def without_drawings(self) -> Table:
        """Return the table for forms that have none: without the columns of drawings."""
        kept = [at for at, column in enumerate(self.columns) if not column.drawing]
        rows = [replace(row, cells=[row.cells[at] for at in kept]) for row in self.rows]
        return replace(self, columns=[self.columns[at] for at in kept], rows=rows)

    @property
    def files(self) -> list[str]:
        """The CSVs that the rows' numbers come from, each once."""
        return list(dict.fromkeys(source.file for row in self.rows for source in row.sources))

    @property
    def spans(self) -> list[Span]:
        """The upper head row; empty if no column has a group."""
        if not any(column.group for column in self.columns):
            return []
        groups = groupby(self.columns, key=lambda column: (column.group, column.tone))
        return [Span(group, tone, len(list(columns))) for (group, tone), columns in groups]
