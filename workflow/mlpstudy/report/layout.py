"""A table as a page shows it, whether in HTML or in Markdown: cells are text already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby

from mlpstudy.formats import DASH, heading, plural

MOST = 4  # runs of lines that a cell has room for


@dataclass(frozen=True)
class Cell:
    """One cell; `kind` is a class or a verdict that is shown as a chip; `href` an anchor: #m01.

    `note` is a second, smaller line, `drawing` what HTML shows in place of the text, and `order`
    what the column is sorted by where that is not the text. `contrast` is the id of the contrast
    whose difference the cell shows.
    """

    text: str
    kind: str = ""
    href: str = ""
    note: str = ""
    drawing: str = ""
    order: float | None = None
    contrast: str = ""


@dataclass(frozen=True)
class Source:
    """Where the numbers of a row stand: a CSV of the study, and lines in it (the head is 1)."""

    file: str
    lines: tuple[int, ...]

    @property
    def text(self) -> str:
        """The lines as a reader wants them: `5, 22`, or `9 to 14` with a dash, or how many."""
        runs = [
            [line for _, line in run]
            for _, run in groupby(enumerate(self.lines), key=lambda pair: pair[1] - pair[0])
        ]
        parts = [f"{run[0]}{DASH}{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
        return ", ".join(parts) if len(parts) <= MOST else plural(len(self.lines), "line")

    def __str__(self) -> str:
        """Return `models.csv:5,22`, as the page's script reads it."""
        return f"{self.file}:{','.join(map(str, self.lines))}"


@dataclass(frozen=True)
class Column:
    """One column; those of one condition, or of the report, stand under a common `group`.

    `tone` is the CSS variable of the group's colour, without its dashes, and `drawing` what HTML
    shows in place of the label: an axis.
    """

    label: str
    number: bool = True
    group: str = ""
    tone: str = ""
    drawing: str = ""

    @property
    def full(self) -> str:
        """The label with its group, for tables with a single head row."""
        return heading(f"{self.group}: {self.label}" if self.group else self.label)


@dataclass(frozen=True)
class Span:
    """A cell of the upper head row: a group and the number of columns below it."""

    label: str
    tone: str
    width: int


@dataclass
class Table:
    """Columns and rows, with a caption that says what is counted and in which unit."""

    caption: str
    columns: list[Column]
    rows: list[list[Cell]] = field(default_factory=list)
    title: str = ""
    sources: list[tuple[Source, ...]] = field(default_factory=list)

    def add(
        self, *cells: Cell | str | Iterable[Cell | str], sources: Iterable[Source] = ()
    ) -> None:
        """Append a row; texts become cells, and sequences of cells are taken apart.

        Args:
            cells: as many as there are columns.
            sources: where the row's numbers stand; sources without a line are left out.

        Raises:
            ValueError: the row is not as wide as the table.
        """
        row: list[Cell] = []
        for cell in cells:
            parts = [cell] if isinstance(cell, Cell | str) else list(cell)
            row += [Cell(part) if isinstance(part, str) else part for part in parts]
        if len(row) != len(self.columns):
            raise ValueError(f"{self.caption}: {len(row)} cells for {len(self.columns)} columns")
        self.rows.append(row)
        self.sources.append(tuple(source for source in sources if source.lines))

    def without_drawings(self) -> Table:
        """Return the table for forms that have none: without the columns of drawings."""
        kept = [at for at, column in enumerate(self.columns) if not column.drawing]
        columns = [self.columns[at] for at in kept]
        return replace(self, columns=columns, rows=[[row[at] for at in kept] for row in self.rows])

    @property
    def files(self) -> list[str]:
        """The CSVs that the rows' numbers come from, each once."""
        return list(dict.fromkeys(s.file for sources in self.sources for s in sources))

    @property
    def spans(self) -> list[Span]:
        """The upper head row; empty if no column has a group."""
        if not any(column.group for column in self.columns):
            return []
        groups = groupby(self.columns, key=lambda column: (column.group, column.tone))
        return [Span(group, tone, len(list(columns))) for (group, tone), columns in groups]


@dataclass(frozen=True)
class Finding:
    """A sentence computed from the tables; `condition` is what it is about, or empty for all."""

    text: str
    condition: str = ""
    tone: str = ""
