"""Which figures a study has: their names, what is said of them, and how each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from matplotlib.figure import Figure

from mlpstudy.report import captions
from mlpstudy.report.captions.facts import Words
from mlpstudy.report.drawing.architecture import architecture_figure
from mlpstudy.report.drawing.causes import FORMS, PIXELS, causes_figure, squares
from mlpstudy.report.drawing.comparisons import comparison_curves_figure
from mlpstudy.report.drawing.confusion import confusion_figure
from mlpstudy.report.drawing.curves import curves_figure
from mlpstudy.report.drawing.dots import dots_figure
from mlpstudy.report.drawing.groups import groups_figure
from mlpstudy.report.drawing.hardest import hardest_figure
from mlpstudy.report.drawing.pairs import pairs_figure
from mlpstudy.report.drawing.saturation import saturation_figure
from mlpstudy.report.drawing.sensitivity import sensitivity_figure
from mlpstudy.report.drawing.stuck import stuck_figure
from mlpstudy.report.drawing.verdicts import judged_claims, verdicts_figure
from mlpstudy.report.material import Material


@dataclass(frozen=True)
class Plate:
    """One figure to draw; attributes as those of figure_index.Entry."""

    name: str
    kind: str
    section: str
    words: Words
    tables: tuple[str, ...]
    draw: Callable[[], Figure]
    model: str = ""
    condition: str = ""
    comparison: str = ""


Plates = Iterator[Plate]

# Models of whom a figure has a cell for every two, at a tenth of an inch each, or a panel for each:
# nobody would look through more of them.
MOST_MODELS = 64
MOST_PAIRS = MOST_MODELS * (MOST_MODELS - 1) // 2


def plates(m: Material) -> Plates:
    """Yield every figure of the study, in the order of the report."""
    yield _overview(m)
    for model in m.keys:
        yield from _of_model(m, model)
    for comparison, members in m.study.present_comparisons:
        models = [model for model in members if model in m.keys]
        if models:
            yield from _comparison(m, comparison.key, models)
    yield _groups(m)
    yield from _verdicts(m)
    yield from _cause(m)
    yield from _pairs(m)
    yield from _sensitivity(m)


def _overview(m: Material) -> Plate:
    return Plate(
        "overview", "overview", "summary", captions.accuracies(m, m.keys, m.main), ("runs",),
        lambda: dots_figure(m.study, m.replicates, m.keys, m.main, m.printed(m.keys)),
    )  # fmt: skip


def _of_model(m: Material, model: str) -> Plates:
    """Yield a model's architecture, curves, confusion matrices and hardest images."""
    conditions = [c for c in m.main if _has(m, c, model)]
    # A model that no main condition has been run for still has its own.
    conditions = conditions or [c for c in m.conditions if _has(m, c, model)]
    deepest = max(len(m.study.models[key].fields["nodes"]) for key in m.keys)
    fields = m.study.models[model].fields
    yield Plate(
        f"architecture-{model}", "architecture", "models", captions.architecture(m, model),
        ("models",), lambda: architecture_figure(fields, m.pixels, deepest), model,
    )  # fmt: skip
    yield Plate(
        f"curves-{model}", "curves", "models", captions.curves(m, model, conditions), ("history",),
        lambda: curves_figure(m.study, m.history, model, conditions), model,
    )  # fmt: skip
    yield Plate(
        f"confusion-{model}", "confusion", "models", captions.confusion(m, model, conditions),
        ("confusions", "recalls"),
        lambda: confusion_figure(m.study, m.confusions, m.recalls, model, conditions), model,
    )  # fmt: skip
    images = m.images
    if images is not None:
        yield Plate(
            f"hardest-{model}", "hardest", "models", captions.hardest(m, model, conditions),
            ("hardest",),
            lambda: hardest_figure(m.study, m.hardest, images, model, conditions), model,
        )  # fmt: skip


def _has(m: Material, condition: str, model: str) -> bool:
    rows = m.replicates
    return bool(((rows["condition"] == condition) & (rows["model"] == model)).any())


def _comparison(m: Material, key: str, models: list[str]) -> Plates:
    """Yield the dots of a comparison, and the curves if there is something to compare.

    The schema refuses a name that ends as the curves' does, which would be another figure's.
    """
    yield Plate(
        f"comparison-{key}", "comparison", "comparisons", captions.accuracies(m, models, m.main),
        ("runs",), lambda: dots_figure(m.study, m.replicates, models, m.main, m.printed(models)),
        comparison=key,
    )  # fmt: skip
    if 1 < len(models) <= MOST_MODELS:
        yield Plate(
            f"comparison-{key}-curves", "comparison_curves", "comparisons",
            captions.comparison_curves(m, models), ("history",),
            lambda: comparison_curves_figure(m.study, m.history, models, m.main), comparison=key,
        )  # fmt: skip


def _groups(m: Material) -> Plate:
    found = {condition: m.groups(condition) for condition in m.main}
    return Plate(
        "groups", "groups", "groups", captions.groups(m, found), ("runs",),
        lambda: groups_figure(m.study, m.replicates, found, m.printed(m.keys)),
    )  # fmt: skip


def _pairs(m: Material) -> Plates:
    """Yield a matrix a condition, unless its cells would be too many to be seen."""
    for condition in m.main:
        pairs = len(m.contrasts_under(condition))
        if 0 < pairs <= MOST_PAIRS:
            yield _pairs_of(m, condition)


def _pairs_of(m: Material, condition: str) -> Plate:
    return Plate(
        f"pairs-{condition}", "pairs", "pairs", captions.pairs(m, condition), ("contrasts",),
        lambda: pairs_figure(m.study, m.contrasts_under(condition), condition), condition=condition,
    )  # fmt: skip


def _cause(m: Material) -> Plates:
    """Yield what shows the cause of failure, as far as the study has models that can have it."""
    saturation = m.optional.get("saturation")
    if saturation is not None and (models := [k for k in m.keys if k in set(saturation["model"])]):
        yield Plate(
            "saturation", "saturation", "cause", captions.saturation(m.study, saturation),
            ("saturation",), lambda: saturation_figure(m.study, saturation, models),
        )  # fmt: skip
    causes = m.optional.get("causes")
    if causes is not None and len(cells := squares(causes)):
        told = [(f"{PIXELS[c.pixels]} with {FORMS[c.kl]}", c.failures, c.n) for c in cells]
        yield Plate(
            "causes", "causes", "cause", captions.causes(causes, told), ("causes", "runs"),
            lambda: causes_figure(m.study, causes, m.replicates),
        )  # fmt: skip
    clipped = [k for k in m.keys if m.study.models[k].fields["loss"] == "kl_divergence"]
    conditions = m.grid(clipped)
    known = "stuck" in m.history and bool(m.history["stuck"].notna().any())
    if conditions and known and len(clipped) <= MOST_MODELS:
        yield Plate(
            "stuck", "stuck", "cause", captions.stuck(m, clipped, conditions),
            ("history", "runs"),
            lambda: stuck_figure(m.study, m.history, m.replicates, clipped, conditions),
        )  # fmt: skip


def _sensitivity(m: Material) -> Plates:
    if len(m.conditions) > len(m.main):
        yield Plate(
            "sensitivity", "sensitivity", "sensitivity", captions.sensitivity(m),
            ("runs", "sensitivity"),
            lambda: sensitivity_figure(m.study, m.replicates, m.keys, m.printed_anywhere()),
        )  # fmt: skip


def _verdicts(m: Material) -> Plates:
    claims = m.optional.get("claims")
    if claims is not None and len(rows := judged_claims(m.study, claims)):
        yield Plate(
            "verdicts", "verdicts", "conclusions", captions.verdicts(m.study, rows, m.conditions),
            ("claims",), lambda: verdicts_figure(m.study, rows),
        )  # fmt: skip
