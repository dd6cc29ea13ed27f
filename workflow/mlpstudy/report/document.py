"""The report as a document: a Markdown template with tables and figures in it → nested blocks.

The templates of the report (templates/report/) hold all prose, and what each table shows: `table`
makes a table and `cell` a cell. Where they show a table or a figure, they call `show`; where a
section begins, `part`. Both leave a mark in the rendered Markdown, by which the text is cut into
blocks. Page, Markdown and PDF render the same blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.exceptions import TemplateSyntaxError
from markupsafe import Markup

from mlpstudy import formats
from mlpstudy.errors import StudyError
from mlpstudy.figures.index import Entry
from mlpstudy.report.layout import Cell, Table

# What templates write numbers and names with, of mlpstudy.formats.
FILTERS = (
    "count date given_percent heading listing loss names number_of p_value percent plural points "
    "seconds setting share span word"
)
# No text of a user can hold these characters: configuration and claims refuse them.
MARK = re.compile("\x1e(\\d+)\x1e")


@dataclass(frozen=True)
class Prose:
    """A text in Markdown: paragraphs, lists, quotations."""

    text: str
    kind: str = "prose"


@dataclass(frozen=True)
class Shown:
    """A table, a figure or a row of numbers; `kind` tells which."""

    kind: str
    item: Any


@dataclass(frozen=True)
class Part:
    """A section with its blocks.

    Attributes:
        title: its heading, `note` what stands beside it in smaller letters.
        id: its anchor; empty for none.
        level: of the heading, 2 to 4.
        folded: whether the page hides it until it is asked for.
        absent: whether the page has only a link to the supplement in its place.
        pdf: which PDF has it: "report", "supplement" or "none".
    """

    title: str
    id: str
    note: str
    level: int
    folded: bool
    absent: bool
    pdf: str
    blocks: tuple[Block, ...]
    kind: str = "part"


Block = Prose | Shown | Part


@dataclass(frozen=True)
class Document:
    """The title and the blocks of the report."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def parts(self) -> list[Part]:
        """All sections, in their order."""
        return [block for block in walk(self.blocks) if isinstance(block, Part)]

    def only(self, pdf: str, title: str) -> Document:
        """Return what one PDF has, "report" or "supplement", under the headings around it."""
        return Document(title, _only(self.blocks, pdf, "report"))


def walk(blocks: Sequence[Block]) -> Iterator[Block]:
    """Return all blocks, those within parts after the part."""
    for block in blocks:
        yield block
        if isinstance(block, Part):
            yield from walk(block.blocks)


def _only(blocks: Sequence[Block], pdf: str, around: str) -> tuple[Block, ...]:
    """Return the blocks of one PDF; `around` is the PDF of the part that they stand in.

    All of a part of the supplement is in the supplement, except for what no PDF has.
    """
    found: list[Block] = []
    for block in blocks:
        if not isinstance(block, Part):
            found += [block] if around == pdf else []
        elif block.pdf != "none":
            within = around if around == "supplement" else block.pdf
            inside = _only(block.blocks, pdf, within)
            found += [replace(block, blocks=inside)] if inside else []
    return tuple(found)


@dataclass
class _Writer:
    """What the templates call; collects the blocks that they show."""

    items: list[Block] = field(default_factory=list)

    def show(self, item: Table | Entry | None, captioned: bool = True) -> Markup:
        """Show a table or a figure; nothing for None and for a table without rows."""
        if item is None or (isinstance(item, Table) and not item.rows):
            return Markup()
        item = item if captioned else replace(item, caption="")
        return self._mark(Shown("table" if isinstance(item, Table) else "figure", item))

    def special(self, kind: str, item: Any) -> Markup:
        """Show what has a form of its own on the page."""
        return self._mark(Shown(kind, item))

    def part(
        self,
        title: str,
        id: str = "",  # noqa: A002
        note: str = "",
        level: int = 2,
        folded: bool = False,
        absent: bool = False,
        pdf: str = "",
        *,
        caller: Callable[[], str],
    ) -> Markup:
        """Make what stands between `call` and `endcall` a section; none if it shows nothing.

        What is folded or absent is in the supplement unless `pdf` says otherwise.
        """
        blocks = self.blocks(caller())
        pdf = pdf or ("supplement" if folded or absent else "report")
        part = Part(title, id, note, level, folded, absent, pdf, blocks)
        return self._mark(part) if blocks else Markup()

    def blocks(self, text: str) -> tuple[Block, ...]:
        """Cut a rendered text at its marks."""
        found: list[Block] = []
        for at, piece in enumerate(MARK.split(text)):
            if at % 2:
                found.append(self.items[int(piece)])
            elif piece.strip():
                found.append(Prose(tidied(piece)))
        return tuple(found)

    def _mark(self, block: Block) -> Markup:
        self.items.append(block)
        return Markup(f"\n\n\x1e{len(self.items) - 1}\x1e\n\n")


def tidied(text: str) -> str:
    """Return Markdown without the spaces and empty lines that a template leaves."""
    lines = "\n".join(line.strip() for line in text.splitlines())
    text = re.sub(r"\n{3,}", "\n\n", lines).strip()
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def compose(templates: Path, context: dict[str, Any]) -> Document:
    """Return the document that templates/report/report.md.j2 describes.

    Raises:
        StudyError: a template is missing, is not Jinja2, or names something that it is not given.
    """
    writer = _Writer()
    jinja = markdown_environment(templates)
    jinja.globals.update(show=writer.show, special=writer.special, part=writer.part)
    blocks = writer.blocks(rendered(jinja, "report/report.md.j2", context))
    plain = html_environment(templates, escaping=False)
    return Document(rendered(plain, "report/title.txt.j2", context).strip(), blocks)


def markdown_environment(templates: Path) -> Environment:
    """Return Jinja2 for Markdown, which shows every text that is put in as it is."""
    jinja = html_environment(templates)
    jinja.globals.update(table=Table, cell=Cell)
    jinja.finalize = lambda value: Markup(escaped(value)) if type(value) is str else value
    return jinja


def html_environment(templates: Path, escaping: bool = True) -> Environment:
    """Return Jinja2 for HTML, which with `escaping` shows every text that is put in as it is."""
    jinja = Environment(
        loader=FileSystemLoader(templates),
        autoescape=escaping,
        extensions=["jinja2.ext.do"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters.update({name: getattr(formats, name) for name in FILTERS.split()})
    jinja.tests["contains"] = lambda values, value: value in values
    jinja.tests["missing"] = formats.missing
    return jinja


def escaped(text: str) -> str:
    """Return a text so that Markdown, also within a table, shows it as it is."""
    text = re.sub(r"([\\`*_~$\[\]|])", r"\\\1", re.sub(r"\s+", " ", text))
    # At the beginning of a line these would make a heading, a list or a quotation.
    text = re.sub(r"^([#>=]|[+-](?=\s|$))", r"\\\1", text)
    text = re.sub(r"^(\d+)([.)])(?= |$)", r"\1\\\2", text)
    return text.replace("&", "&amp;").replace("<", "&lt;")


def rendered(jinja: Environment, name: str, context: dict[str, Any]) -> str:
    """Render one template.

    Raises:
        StudyError: it is missing, is not Jinja2, or names something that it is not given.
    """
    try:
        return jinja.get_template(name).render(context)
    except TemplateSyntaxError as error:
        raise StudyError(f"template {error.name}, line {error.lineno}: {error.message}") from error
    except TemplateError as error:
        raise StudyError(f"template {name}: {error.message or type(error).__name__}") from error
