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
from mlpstudy.figures.index import GROUPS, Panel, rank
from mlpstudy.files import shipped

# Figures with a cell for every two models, at a tenth of an inch each, or with a panel per model
# cannot be read if there are more models than this.
MOST_MODELS = 64
MOST_PAIRS = MOST_MODELS * (MOST_MODELS - 1) // 2


def no_panels(_: Figure) -> tuple[Panel, ...]:
    """Return what a page shows on hovering over a figure that has no learning curves: nothing."""
    return ()


class Kind(NamedTuple):
    """A kind of figure.

    Attributes:
        draw: returns the figure, from the results and what further tells one from another.
        values: returns what its texts say, from the same arguments.
        section: of the report, a key of `index.SECTIONS`.
        tables: names of the CSVs that its marks are drawn from.
        template: of its texts, in templates/figures; by default it is called as the kind.
        panels: returns what a page shows on hovering, from the drawn figure.
    """

    draw: Callable[..., Figure]
    values: Callable[..., Mapping[str, Any]]
    section: str
    tables: tuple[str, ...]
    template: str = ""
    panels: Callable[[Figure], tuple[Panel, ...]] = no_panels


# A module of one kind has `draw` and `values`; one of several has KIND_figure and KIND_values.
DOTS = Kind(accuracies.dots_figure, accuracies.dots_values, "summary", ("runs",), "accuracies")
KINDS = {
    "overview": DOTS,
    "architecture": Kind(architecture.draw, architecture.values, "models", ("models",)),
    "curves": Kind(
        curves.curves_figure, curves.curves_values, "models", ("history",),
        panels=curves.panels_of,
    ),
    "confusion": Kind(
        matrices.confusion_figure, matrices.confusion_values, "models", ("confusions", "recalls")
    ),
    "hardest": Kind(hardest.draw, hardest.values, "models", ("hardest",)),
    "comparison": DOTS._replace(section="comparisons"),
    "comparison_curves": Kind(
        curves.comparison_figure, curves.comparison_values, "comparisons", ("history",),
        panels=curves.panels_of,
    ),
    "groups": Kind(accuracies.groups_figure, accuracies.groups_values, "groups", ("runs",)),
    "verdicts": Kind(verdicts.draw, verdicts.values, "conclusions", ("claims",)),
    "saturation": Kind(saturation.draw, saturation.values, "cause", ("saturation",)),
    "causes": Kind(failures.causes_figure, failures.causes_values, "cause", ("causes", "runs")),
    "stuck": Kind(failures.stuck_figure, failures.stuck_values, "cause", ("history", "runs")),
    "pairs": Kind(matrices.pairs_figure, matrices.pairs_values, "pairs", ("contrasts",)),
    "sensitivity": Kind(
        accuracies.sensitivity_figure, accuracies.sensitivity_values, "sensitivity",
        ("runs", "sensitivity"),
    ),
}  # fmt: skip


class Words(NamedTuple):
    """Title, caption, and what a reader who cannot see the figure reads in its place."""

    title: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Drawing:
    """One figure to draw: of a kind, from the results and further arguments.

    `model`, `condition` and `comparison` say what it is about; empty where it is about all.
    """

    name: str
    kind: str
    arguments: tuple[Any, ...]
    model: str = ""
    condition: str = ""
    comparison: str = ""

    def draw(self) -> Figure:
        """Return the figure; to be used within `mpl.rc_context(STYLE)`."""
        return KINDS[self.kind].draw(*self.arguments)

    @cached_property
    def words(self) -> Words:
        """The texts, from templates/figures; white space within a template has no meaning."""
        kind = KINDS[self.kind]
        template = _environment().get_template(f"{kind.template or self.kind}.j2")
        module = template.make_module(dict(kind.values(*self.arguments)))
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
            yield Drawing(f"pairs-{condition}", "pairs", (results, condition), condition=condition)


def _verdicts(results: Results) -> Iterator[Drawing]:
    if results.has("claims") and len(
        verdicts.judged_claims(results.study, results.table("claims"))
    ):
        yield Drawing("verdicts", "verdicts", (results,))


def _study(results: Results) -> Iterator[Drawing]:
    yield Drawing("overview", "overview", (results, results.models))
    for model in results.models:
        # A model that no main condition has been run for still has its own.
        run = [
            condition
            for condition in results.conditions
            if len(results.accuracies(condition, model))
        ]
        shown = [condition for condition in results.main if condition in run] or run
        yield Drawing(f"architecture-{model}", "architecture", (results, model), model=model)
        for kind in ("curves", "confusion", *(["hardest"] if results.images is not None else [])):
            yield Drawing(f"{kind}-{model}", kind, (results, model, shown), model=model)
    for comparison, members in results.study.present_comparisons:
        models = [model for model in members if model in results.models]
        name = f"comparison-{comparison.key}"
        if models:
            yield Drawing(name, "comparison", (results, models), comparison=comparison.key)
        # The schema refuses a name of a comparison that ends as this one does.
        if 1 < len(models) <= MOST_MODELS:
            of = {"comparison": comparison.key}
            yield Drawing(f"{name}-curves", "comparison_curves", (results, models), **of)
    yield Drawing("groups", "groups", (results,))
    yield from _cause(results)
    if len(results.conditions) > len(results.main):
        yield Drawing("sensitivity", "sensitivity", (results,))


def _cause(results: Results) -> Iterator[Drawing]:
    """Yield what shows the cause of failure, as far as the study has models that can have it."""
    if results.has("saturation") and set(results.models) & set(
        results.table("saturation")["model"]
    ):
        yield Drawing("saturation", "saturation", (results,))
    if results.has("causes") and failures.cells(results.table("causes")):
        yield Drawing("causes", "causes", (results,))
    clipped = [
        k for k in results.models if results.study.models[k].fields["loss"] == "kl_divergence"
    ]
    conditions, history = failures.grid(results, clipped), results.table("history")
    known = "stuck" in history and bool(history["stuck"].notna().any())
    if conditions and known and len(clipped) <= MOST_MODELS:
        yield Drawing("stuck", "stuck", (results, clipped, conditions))


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
