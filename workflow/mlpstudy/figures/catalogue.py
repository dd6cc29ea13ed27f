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
from mlpstudy.places import shipped

# Figures with a cell for every two models, at a tenth of an inch each, or with a panel per model
# cannot be read if there are more models than this.
MOST_MODELS = 64
MOST_PAIRS = MOST_MODELS * (MOST_MODELS - 1) // 2


class Kind(NamedTuple):
    """A kind of figure.

    Attributes:
        draw: returns the figure, from the results and what further tells one from another.
        values: returns what its texts say, from the same arguments.
        section: of the report, a key of `index.SECTIONS`.
        tables: names of the CSVs that its marks are drawn from.
        template: of its texts, in templates/figures; by default it is called as the kind.
    """

    draw: Callable[..., Figure]
    values: Callable[..., Mapping[str, Any]]
    section: str
    tables: tuple[str, ...]
    template: str = ""


DOTS = Kind(accuracies.dots_figure, accuracies.dots_values, "summary", ("runs",), "accuracies")
KINDS = {
    "overview": DOTS,
    "architecture": Kind(architecture.draw, architecture.values, "models", ("models",)),
    "curves": Kind(curves.curves_figure, curves.curves_values, "models", ("history",)),
    "confusion": Kind(
        matrices.confusion_figure, matrices.confusion_values, "models", ("confusions", "recalls")
    ),
    "hardest": Kind(hardest.draw, hardest.values, "models", ("hardest",)),
    "comparison": DOTS._replace(section="comparisons"),
    "comparison_curves": Kind(
        curves.comparison_figure, curves.curves_values, "comparisons", ("history",)
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


def drawings(m: Results) -> Iterator[Drawing]:
    """Yield every figure of the study, in the order of the report."""
    yield Drawing("overview", "overview", (m, m.models))
    for model in m.models:
        # A model that no main condition has been run for still has its own.
        run = [condition for condition in m.conditions if len(m.accuracies(condition, model))]
        shown = [condition for condition in m.main if condition in run] or run
        yield Drawing(f"architecture-{model}", "architecture", (m, model), model=model)
        for kind in ("curves", "confusion", *(["hardest"] if m.images is not None else [])):
            yield Drawing(f"{kind}-{model}", kind, (m, model, shown), model=model)
    for comparison, members in m.study.present_comparisons:
        models = [model for model in members if model in m.models]
        name = f"comparison-{comparison.key}"
        if models:
            yield Drawing(name, "comparison", (m, models), comparison=comparison.key)
        # The schema refuses a name of a comparison that ends as this one does.
        if 1 < len(models) <= MOST_MODELS:
            of = {"comparison": comparison.key}
            yield Drawing(f"{name}-curves", "comparison_curves", (m, models), **of)
    yield Drawing("groups", "groups", (m,))
    if m.has("claims") and len(verdicts.judged_claims(m.study, m.table("claims"))):
        yield Drawing("verdicts", "verdicts", (m,))
    yield from _cause(m)
    for condition in m.main:
        # The cells of more pairs would be too small to be seen.
        if 0 < len(m.contrasts_under(condition)) <= MOST_PAIRS:
            yield Drawing(f"pairs-{condition}", "pairs", (m, condition), condition=condition)
    if len(m.conditions) > len(m.main):
        yield Drawing("sensitivity", "sensitivity", (m,))


def _cause(m: Results) -> Iterator[Drawing]:
    """Yield what shows the cause of failure, as far as the study has models that can have it."""
    if m.has("saturation") and set(m.models) & set(m.table("saturation")["model"]):
        yield Drawing("saturation", "saturation", (m,))
    if m.has("causes") and failures.cells(m.table("causes")):
        yield Drawing("causes", "causes", (m,))
    clipped = [k for k in m.models if m.study.models[k].fields["loss"] == "kl_divergence"]
    conditions, history = failures.grid(m, clipped), m.table("history")
    known = "stuck" in history and bool(history["stuck"].notna().any())
    if conditions and known and len(clipped) <= MOST_MODELS:
        yield Drawing("stuck", "stuck", (m, clipped, conditions))


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
