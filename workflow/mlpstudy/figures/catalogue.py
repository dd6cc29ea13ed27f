"""Which figures a study has: their names, their texts, and how each is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from mlpstudy import formats
from mlpstudy.analysis.results import Results
from mlpstudy.figures import (
    accuracies,
    architecture,
    curves,
    failures,
    hardest,
    matrices,
    saturation,
    verdicts,
)
from mlpstudy.figures.index import GROUPS, rank
from mlpstudy.files import shipped

# Figures with a cell for every two models, at a tenth of an inch each, or with a panel per model
# cannot be read if there are more models than this.
MOST_MODELS = 64
MOST_PAIRS = MOST_MODELS * (MOST_MODELS - 1) // 2


class Kind(NamedTuple):
    """A kind of figure.

    Attributes:
        draw: returns the figure, from the results and the figure's subject.
        section: of the report, a key of `index.SECTIONS`.
        tables: names of the CSVs that its marks are drawn from.
        values: returns what its template needs beside these, from the same arguments.
        template: of its texts, in templates/figures; by default it is called as the kind.
        hover: whether a page shows its medians on hovering.
    """

    draw: Callable[..., Figure]
    section: str
    tables: tuple[str, ...]
    values: Callable[..., Mapping[str, Any]] | None = None
    template: str = ""
    hover: bool = False


DOTS = Kind(
    accuracies.dots_figure, "summary", ("runs",), accuracies.dots_values, template="accuracies"
)
KINDS = {
    "overview": DOTS,
    "architecture": Kind(architecture.draw, "models", ("models",), architecture.values),
    "curves": Kind(curves.curves_figure, "models", ("history",), curves.values, hover=True),
    "confusion": Kind(
        matrices.confusion_figure, "models", ("confusions", "recalls"), matrices.confusion_values
    ),
    "hardest": Kind(hardest.draw, "models", ("hardest",), hardest.values),
    "comparison": DOTS._replace(section="comparisons"),
    "comparison_curves": Kind(
        curves.comparison_figure, "comparisons", ("history",), curves.values, hover=True
    ),
    "groups": Kind(accuracies.groups_figure, "groups", ("runs",), accuracies.groups_values),
    "verdicts": Kind(verdicts.draw, "conclusions", ("claims",), verdicts.values),
    "saturation": Kind(saturation.draw, "cause", ("saturation",), saturation.values),
    "causes": Kind(failures.causes_figure, "cause", ("causes", "runs")),
    "stuck": Kind(failures.stuck_figure, "cause", ("history", "runs"), failures.stuck_values),
    "pairs": Kind(matrices.pairs_figure, "pairs", ("contrasts",), matrices.pairs_values),
    "sensitivity": Kind(
        accuracies.sensitivity_figure, "sensitivity", ("runs", "sensitivity"),
        accuracies.sensitivity_values,
    ),
}  # fmt: skip


class Words(NamedTuple):
    """Title, caption, and what a reader who cannot see the figure reads in its place."""

    title: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Drawing:
    """One figure to draw.

    Attributes:
        name: of its files.
        kind: a key of KINDS.
        results: what it is drawn from.
        subject: what it is about: arguments of its kind's `draw`, such as model and conditions.
        comparison: the comparison that it is about; empty for none.
    """

    name: str
    kind: str
    results: Results
    subject: Mapping[str, Any]
    comparison: str = ""

    def draw(self) -> Figure:
        """Return the figure; to be used within `mpl.rc_context(STYLE)`."""
        return KINDS[self.kind].draw(self.results, **self.subject)

    @cached_property
    def words(self) -> Words:
        """The texts, from templates/figures; white space within a template has no meaning."""
        kind, study = KINDS[self.kind], self.results.study
        template = _environment().get_template(f"{kind.template or self.kind}.j2")
        context = {"results": self.results, "study": study, "label": study.condition_label}
        values = kind.values(self.results, **self.subject) if kind.values else {}
        module = template.make_module({**context, **self.subject, **values})
        texts = (getattr(module, name) for name in Words._fields)
        return Words(*(re.sub(r"[ \n]+", " ", text).strip() for text in texts))


def drawings(results: Results, group: str = "") -> list[Drawing]:
    """Return the figures of one of `index.GROUPS`, or of all of them, in the order of the report.

    Only the tables that these figures need are read.
    """
    found = {"study": _study, "pairs": _pairs, "verdicts": _verdicts}
    groups = [group] if group else GROUPS
    chosen = [drawing for name in groups for drawing in found[name](results)]
    return sorted(chosen, key=lambda drawing: rank(KINDS[drawing.kind].section))


def _pairs(results: Results) -> Iterator[Drawing]:
    for condition in results.main:
        # The cells of more pairs would be too small to be seen.
        if 0 < len(results.contrasts_under(condition)) <= MOST_PAIRS:
            yield Drawing(f"pairs-{condition}", "pairs", results, {"condition": condition})


def _verdicts(results: Results) -> Iterator[Drawing]:
    if results.has("claims") and len(
        verdicts.judged_claims(results.study, results.table("claims"))
    ):
        yield Drawing("verdicts", "verdicts", results, {})


def _study(results: Results) -> Iterator[Drawing]:
    yield Drawing("overview", "overview", results, {"models": results.models})
    for model in results.models:
        # A model that no main condition has been run for still has its own.
        run = [c for c in results.conditions if len(results.accuracies(c, model))]
        shown = [condition for condition in results.main if condition in run] or run
        yield Drawing(f"architecture-{model}", "architecture", results, {"model": model})
        for kind in ("curves", "confusion", *(["hardest"] if results.images is not None else [])):
            subject: dict[str, Any] = {"model": model, "conditions": shown}
            yield Drawing(f"{kind}-{model}", kind, results, subject)
    for comparison, members in results.study.present_comparisons:
        models = [model for model in members if model in results.models]
        name, key, subject = f"comparison-{comparison.key}", comparison.key, {"models": models}
        if models:
            yield Drawing(name, "comparison", results, subject, key)
        # The schema refuses a name of a comparison that ends as this one does.
        if 1 < len(models) <= MOST_MODELS:
            subject = {"models": models, "conditions": results.main}
            yield Drawing(f"{name}-curves", "comparison_curves", results, subject, key)
    yield Drawing("groups", "groups", results, {})
    yield from _cause(results)
    if len(results.conditions) > len(results.main):
        yield Drawing("sensitivity", "sensitivity", results, {})


def _cause(results: Results) -> Iterator[Drawing]:
    """Yield what shows the cause of failure, as far as the study has models that can have it."""
    if results.has("saturation") and set(results.models) & set(
        results.table("saturation")["model"]
    ):
        yield Drawing("saturation", "saturation", results, {})
    cells = failures.cells_of(results.table("causes")) if results.has("causes") else []
    models = [model for model in results.models if any(model in cell.conditions for cell in cells)]
    if models:
        yield Drawing("causes", "causes", results, {"cells": cells, "models": models})
    conditions = dict.fromkeys(key for cell in cells for key in cell.conditions.values())
    if models and len(models) <= MOST_MODELS and results.table("history")["stuck"].notna().any():
        subject = {"models": models, "conditions": list(conditions)}
        yield Drawing("stuck", "stuck", results, subject)


@cache
def _environment() -> Environment:
    """Return Jinja2 with the filters of the captions."""
    jinja = Environment(
        loader=FileSystemLoader(shipped("templates") / "figures"),
        undefined=StrictUndefined,
        autoescape=False,
    )
    names = "count given_percent heading listing loss percent plural quoted share span word"
    jinja.filters.update({name: getattr(formats, name) for name in names.split()})
    jinja.filters["replicates"] = _replicates
    return jinja


def _replicates(numbers: tuple[int, int]) -> str:
    """Return `12 replicates`, or `6 to 12 replicates` where models differ."""
    low, high = numbers
    if not high:
        return "no replicates"
    text = formats.plural(high, "replicate")
    return text if low == high else f"{low} to {text}"
