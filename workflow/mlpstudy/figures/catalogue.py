"""Which figures a study has: their names, their texts, and how each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from matplotlib.figure import Figure

from mlpstudy.analysis.results import Results
from mlpstudy.figures.architecture import architecture_figure, architecture_values
from mlpstudy.figures.captions import Words, words
from mlpstudy.figures.causes import causes_figure, causes_values, cells
from mlpstudy.figures.confusion import confusion_figure, confusion_values
from mlpstudy.figures.curves import comparison_curves_figure, curves_figure, curves_values
from mlpstudy.figures.dots import dots_figure, dots_values
from mlpstudy.figures.groups import groups_figure, groups_values
from mlpstudy.figures.hardest import hardest_figure, hardest_values
from mlpstudy.figures.pairs import pairs_figure, pairs_values
from mlpstudy.figures.saturation import saturation_figure, saturation_values
from mlpstudy.figures.sensitivity import sensitivity_figure, sensitivity_values
from mlpstudy.figures.stuck import grid, stuck_figure, stuck_values
from mlpstudy.figures.verdicts import judged_claims, verdicts_figure, verdicts_values

# Figures with a cell for every two models, at a tenth of an inch each, or with a panel per model
# cannot be read if there are more models than this.
MOST_MODELS = 64
MOST_PAIRS = MOST_MODELS * (MOST_MODELS - 1) // 2


@dataclass(frozen=True)
class Drawing:
    """One figure to draw; `values` are those of its caption's template, the rest as in Entry."""

    name: str
    kind: str
    section: str
    tables: tuple[str, ...]
    draw: Callable[[], Figure]
    template: str
    values: Mapping[str, Any]
    model: str = ""
    condition: str = ""
    comparison: str = ""

    @cached_property
    def words(self) -> Words:
        """Title, caption and text alternative."""
        return words(self.template, self.values)


Drawings = Iterator[Drawing]


def drawings(m: Results) -> Drawings:
    """Yield every figure of the study, in the order of the report."""
    yield Drawing("overview", "overview", "summary", ("runs",), partial(dots_figure, m, m.models),
                  "accuracies", dots_values(m, m.models))  # fmt: skip
    for model in m.models:
        yield from _of_model(m, model)
    for comparison, members in m.study.present_comparisons:
        if models := [model for model in members if model in m.models]:
            yield from _comparison(m, comparison.key, models)
    yield Drawing("groups", "groups", "groups", ("runs",), partial(groups_figure, m), "groups",
                  groups_values(m))  # fmt: skip
    yield from _verdicts(m)
    yield from _cause(m)
    yield from _pairs(m)
    if len(m.conditions) > len(m.main):
        yield Drawing("sensitivity", "sensitivity", "sensitivity", ("runs", "sensitivity"),
                      partial(sensitivity_figure, m), "sensitivity",
                      sensitivity_values(m))  # fmt: skip


def _of_model(m: Results, model: str) -> Drawings:
    """Yield a model's architecture, curves, confusion matrices and hardest images."""
    run = [c for c in m.conditions if len(m.accuracies(c, model))]
    # A model that no main condition has been run for still has its own.
    conditions = [c for c in m.main if c in run] or run

    def drawing(kind: str, tables: tuple[str, ...], draw: Any, values: Any) -> Drawing:
        return Drawing(f"{kind}-{model}", kind, "models", tables, draw, kind, values, model=model)

    yield drawing("architecture", ("models",), partial(architecture_figure, m, model),
                  architecture_values(m, model))  # fmt: skip
    yield drawing("curves", ("history",), partial(curves_figure, m, model, conditions),
                  curves_values(m, [model], conditions))  # fmt: skip
    yield drawing("confusion", ("confusions", "recalls"),
                  partial(confusion_figure, m, model, conditions),
                  confusion_values(m, model, conditions))  # fmt: skip
    if m.images is not None:
        yield drawing("hardest", ("hardest",),
                      partial(hardest_figure, m, m.images, model, conditions),
                      hardest_values(m, model, conditions))  # fmt: skip


def _comparison(m: Results, key: str, models: list[str]) -> Drawings:
    """Yield the dots of a comparison, and the curves if there is something to compare.

    The schema refuses a name that ends as the curves' does, which would be another figure's.
    """
    yield Drawing(f"comparison-{key}", "comparison", "comparisons", ("runs",),
                  partial(dots_figure, m, models), "accuracies", dots_values(m, models),
                  comparison=key)  # fmt: skip
    if 1 < len(models) <= MOST_MODELS:
        yield Drawing(f"comparison-{key}-curves", "comparison_curves", "comparisons", ("history",),
                      partial(comparison_curves_figure, m, models), "comparison_curves",
                      curves_values(m, models, m.main), comparison=key)  # fmt: skip


def _verdicts(m: Results) -> Drawings:
    claims = m.table("claims") if m.has("claims") else None
    if claims is not None and len(rows := judged_claims(m.study, claims)):
        yield Drawing("verdicts", "verdicts", "conclusions", ("claims",),
                      partial(verdicts_figure, m.study, rows), "verdicts",
                      verdicts_values(m.study, rows, m.conditions))  # fmt: skip


def _cause(m: Results) -> Drawings:
    """Yield what shows the cause of failure, as far as the study has models that can have it."""
    saturation = m.table("saturation") if m.has("saturation") else None
    if saturation is not None and (
        models := [k for k in m.models if k in set(saturation["model"])]
    ):
        yield Drawing("saturation", "saturation", "cause", ("saturation",),
                      partial(saturation_figure, m, saturation, models), "saturation",
                      saturation_values(m, saturation))  # fmt: skip
    causes = m.table("causes") if m.has("causes") else None
    if causes is not None and cells(causes):
        yield Drawing("causes", "causes", "cause", ("causes", "runs"),
                      partial(causes_figure, m, causes), "causes",
                      causes_values(causes))  # fmt: skip
    clipped = [k for k in m.models if m.study.models[k].fields["loss"] == "kl_divergence"]
    conditions = grid(m, clipped)
    history = m.table("history")
    known = "stuck" in history and bool(history["stuck"].notna().any())
    if conditions and known and len(clipped) <= MOST_MODELS:
        yield Drawing("stuck", "stuck", "cause", ("history", "runs"),
                      partial(stuck_figure, m, clipped, conditions), "stuck",
                      stuck_values(m, clipped, conditions))  # fmt: skip


def _pairs(m: Results) -> Drawings:
    """Yield a matrix per main condition, unless its cells would be too small to be seen."""
    for condition in m.main:
        if 0 < len(m.contrasts_under(condition)) <= MOST_PAIRS:
            yield Drawing(f"pairs-{condition}", "pairs", "pairs", ("contrasts",),
                          partial(pairs_figure, m, condition), "pairs",
                          pairs_values(m, condition), condition=condition)  # fmt: skip
