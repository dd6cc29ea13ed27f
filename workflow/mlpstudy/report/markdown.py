"""The report as Markdown: report.md, and tables/NAME.md for pasting into a repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mlpstudy.figures.index import Entry
from mlpstudy.report.document import Block, Document, Part, Prose, Shown, escaped, walk
from mlpstudy.report.layout import Cell, Column, Table

Path = Callable[[str], str]


def markdown(document: Document, figure_path: Path) -> str:
    """Return the whole document; `figure_path` turns the name of a file into a link to it."""
    return f"# {escaped(document.title)}\n\n{_blocks(document.blocks, figure_path)}"


def _blocks(blocks: Sequence[Block], figure_path: Path) -> str:
    return "".join(f"{_block(block, figure_path)}\n\n" for block in blocks).rstrip() + "\n"


def _block(block: Block, figure_path: Path) -> str:
    if isinstance(block, Prose):
        return block.text
    if isinstance(block, Part):
        anchor = f'<a id="{block.id}"></a>\n\n' if block.id else ""
        note = f" ({escaped(block.note)})" if block.note else ""
        head = f"{anchor}{'#' * block.level} {escaped(block.title)}{note}"
        return f"{head}\n\n{_blocks(block.blocks, figure_path)}"
    if isinstance(block.item, Table):
        return markdown_table(block.item)
    if isinstance(block.item, Entry):
        picture = f"![{escaped(block.item.title)}]({figure_path(block.item.file)})"
        return f"{picture}\n\n{escaped(block.item.caption)}"
    return "\n".join(f"- **{escaped(n['figure'])}** {escaped(n['label'])}" for n in block.item)


def markdown_table(table: Table) -> str:
    """Return a table with pipes, its caption below it."""
    table = table.without_drawings()
    lines = [
        _line(column.full or " " for column in table.columns),
        "|".join(["", *(_rule(column) for column in table.columns), ""]),
        *(_line(map(_text, row.cells)) for row in table.rows),
    ]
    caption = f"\n\n{escaped(table.caption)}" if table.caption else ""
    return "\n".join(lines) + caption


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"


def _rule(column: Column) -> str:
    return " ---: " if column.number else " --- "


def _text(cell: Cell) -> str:
    return f"{cell.text} ({cell.note})" if cell.note else cell.text


def table_pages(document: Document, names: dict[str, str]) -> dict[str, str]:
    """Return the text of tables/NAME.md for each name: the tables of one part of the document.

    A part without tables has its text.

    Args:
        document: the report.
        names: the name of each page, and the anchor of the part that it is about.
    """
    parts = {part.id: part for part in walk(document.blocks) if isinstance(part, Part)}
    pages = {}
    for name, anchor in names.items():
        blocks = list(walk(parts[anchor].blocks)) if anchor in parts else []
        tables = [b.item for b in blocks if isinstance(b, Shown) and isinstance(b.item, Table)]
        texts = [_titled(table) for table in tables]
        texts = texts or [block.text for block in blocks if isinstance(block, Prose)]
        pages[name] = "\n\n".join(texts or ["This study has nothing for this page."]) + "\n"
    return pages


def _titled(table: Table) -> str:
    title = f"## {escaped(table.title)}\n\n" if table.title else ""
    return title + markdown_table(table)
