"""Tables and figures → the report's pages: index.html, report.md and tables/*.md."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from markupsafe import Markup

from mlpstudy.analysis.results import Results, load_results
from mlpstudy.errors import StudyError
from mlpstudy.figures import palette
from mlpstudy.figures.index import Entry, load_index
from mlpstudy.figures.svg import Styles, inlined
from mlpstudy.files import write_text
from mlpstudy.formats import given_percent, plural
from mlpstudy.report.html_views import contents, html_views
from mlpstudy.report.markdown_tables import table_pages
from mlpstudy.report.provenance import Provenance, load_provenance
from mlpstudy.report.views.cards import cards
from mlpstudy.report.views.comparisons import comparison_views
from mlpstudy.report.views.conclusions import conclusions
from mlpstudy.report.views.contrasts import effect_tables
from mlpstudy.report.views.overview import answers, condition_list, done, title, trial_notice
from mlpstudy.report.views.provenance import configuration, provenance_table, stamp
from mlpstudy.report.views.tables import assumptions, final_table, group_tables, side_by_side


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
        tables: folder of the CSVs that `tabulate` writes.
        figures: folder of the SVGs that `draw` writes; report.md refers to them where they are.
        provenance: what the report comes from, provenance.json.
        templates: folder of the Jinja2 templates.
        output: folder of the pages.

    Raises:
        StudyError: a table, figure or template is missing or is not what it should be.
    """
    results = load_results(study, reported, tables)
    context = page_context(results, load_provenance(provenance))
    at = os.path.relpath(figures, output).replace(os.sep, "/")
    context |= html_views(results, load_index(figures), tables, output)
    context["parts"] = contents(context)
    context["inline"] = _inliner(figures)
    context["figure_path"] = lambda name: f"{at}/{name}"
    listed = table_pages(context)
    context["tables_of"] = listed.__getitem__
    jinja = environment(templates)
    pages = {
        "index.html": _render(jinja, "html/index.html.j2", context),
        "report.md": _render(jinja, "markdown/report.md.j2", context),
    }
    for name, found in listed.items():
        page = {**context, "tables": found, "name": name}
        pages[f"tables/{name}.md"] = _render(jinja, "markdown/tables.md.j2", page)
    for name, text in pages.items():
        write_text(output / name, text)


def page_context(results: Results, provenance: Provenance) -> dict[str, Any]:
    """Return all that the templates may use, the same for HTML and for Markdown."""
    return {
        "title": title(results),
        "trial": trial_notice(results),
        "done": done(results),
        "conditions": condition_list(results),
        "answers": answers(results),
        "accuracy": side_by_side(results),
        "cards": cards(results),
        "comparisons": comparison_views(results),
        "effect_tables": effect_tables(results.study, results.table("contrasts")),
        "groups": group_tables(results),
        "final": final_table(results),
        "conclusions": conclusions(results),
        "assumptions": assumptions(results),
        "configuration": configuration(results.study, provenance),
        "provenance": provenance_table(provenance),
        "stamp": stamp(provenance),
        "has_report": results.has_report,
        "study": results.study.to_dict(),
        "colours": palette.ALL,
        "medium": given_percent(results.study.medium),
        "superior": given_percent(results.study.superior),
    }


def _inliner(figures: Path) -> Callable[[Entry], Markup]:
    """Return a function that gives a figure of the folder as an element of the page."""
    styles = Styles()

    def inline(entry: Entry) -> Markup:
        path = figures / entry.file
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise StudyError(f"{path}: missing; the step that draws it has not run") from error
        return inlined(text, entry.name, styles)

    return inline


def environment(templates: Path) -> Environment:
    """Return Jinja2 with HTML escaped by itself, Markdown by its own rules, nothing undefined."""
    jinja = Environment(
        loader=FileSystemLoader(templates),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters["md"] = markdown
    jinja.filters["plural"] = plural
    return jinja


def markdown(text: str) -> str:
    """Return a text so that Markdown, also within a table, shows it as it is."""
    escaped = re.sub(r"([\\`*_~$\[\]|])", r"\\\1", " ".join(str(text).split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;")


def _render(environment: Environment, name: str, context: dict[str, Any]) -> str:
    """Render one template.

    Raises:
        StudyError: it is missing, is not Jinja2, or names something that pages do not have.
    """
    try:
        return environment.get_template(name).render(context)
    except TemplateSyntaxError as error:
        raise StudyError(f"template {error.name}, line {error.lineno}: {error.message}") from error
    except TemplateError as error:
        raise StudyError(f"template {name}: {error.message or type(error).__name__}") from error
