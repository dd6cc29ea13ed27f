"""A model's section of page and PDF: what it is, what the report prints, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlpstudy.analysis.results import Results, Row
from mlpstudy.formats import (
    NONE,
    count,
    heading,
    listing,
    loss,
    missing,
    percent,
    seconds_range,
    setting,
    word,
)
from mlpstudy.report.layout import Source
from mlpstudy.report.views.inference import Outcome, outcome
from mlpstudy.report.views.properties import FACTS, assumed, printed_time
from mlpstudy.report.views.sources import RunFolder, model_lines, run_folders, timing_lines

# The quantities of the report that a property is printed as, and words for those it only names.
PRINTED = {
    "Layers": ("layers",), "Nodes": ("nodes",), "Activation": ("activation",),
    "Loss": ("loss_function",), "Optimizer": ("optimizer",), "Validation": ("validation",),
    "Epochs": ("epochs",), "Batch size": ("batched",), "Dropout": ("dropout",),
    "Batch normalisation": ("batch_normalization",),
}  # fmt: skip
NAMED = {"batched": "in batches", "dropout": "used", "batch_normalization": "used"}


@dataclass(frozen=True)
class Property:
    """A hyper-parameter: as printed, as taken here, and whether that is assumed."""

    label: str
    printed: str
    ours: str
    assumed: bool


@dataclass(frozen=True)
class Reason:
    """Why a value is assumed."""

    field: str
    value: str
    why: str


@dataclass(frozen=True)
class Result:
    """What came of the model under one condition, and what that condition changes."""

    outcome: Outcome
    changes: str
    loss: str
    training: str
    time: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Printed:
    """The report's own results for the model."""

    accuracy: str
    kind: str
    loss: str
    time: str


@dataclass(frozen=True)
class ModelSection:
    """Everything that the section of one model shows, but its figures."""

    key: str
    short: str
    title: str
    summary: str
    properties: list[Property]
    reasons: list[Reason]
    printed: Printed | None
    results: list[Result]
    folders: list[RunFolder]


def model_sections(results: Results, page: Path) -> list[ModelSection]:
    """Return a section per model that has runs; `page` is the folder that links start from."""
    return [_section(results, model, page) for model in results.models]


def _section(results: Results, model: str, page: Path) -> ModelSection:
    entry = results.study.models[model]
    fields = entry.fields
    summary = f"{word(fields['activation'])}, {word(fields['loss'])}, {len(fields['nodes'])} layers"
    return ModelSection(
        key=model,
        short=results.study.model_label(model),
        title=other_name(results, model),
        summary=summary,
        properties=_properties(results, model),
        reasons=[
            Reason(heading(word(name)), word(fields.get(name)), why)
            for name, why in assumed(results, model).items()
        ],
        printed=_printed(results, model),
        results=_results(results, model),
        folders=run_folders(results, model, page),
    )


def other_name(results: Results, model: str) -> str:
    """Return what the report calls a model besides its number: Model 1_4; empty for nothing."""
    entry = results.study.models[model]
    return entry.report_name.removeprefix(entry.label).strip(" ()")


def _properties(results: Results, model: str) -> list[Property]:
    entry = results.study.models[model]
    open_fields = assumed(results, model)
    found = [
        Property(
            label,
            _named(results, model, label),
            say(entry.fields).removesuffix(" nodes in total"),
            any(name in open_fields for name in names),
        )
        for label, names, say in FACTS
    ]
    rows = [
        results.summaries[c, model] for c in results.conditions if (c, model) in results.summaries
    ]
    sizes = dict.fromkeys(count(row["parameters"]) for row in rows)
    return [*found, Property("Parameters", NONE, " or ".join(sizes), False)]


def _named(results: Results, model: str, label: str) -> str:
    """Return how the report's section 1 gives a property."""
    for quantity in PRINTED.get(label, ()):
        text = results.reported.text("details", model, quantity)
        if text:
            return NAMED.get(quantity, "none" if text == "none" else word(text))
    return NONE


def _printed(results: Results, model: str) -> Printed | None:
    """Return the report's results for a model, None where it prints none."""
    accuracy = results.reported.number("details", model, "test_accuracy")
    final = results.reported.number("final", model, "test_accuracy")
    if missing(accuracy) and missing(final):
        return None
    return Printed(
        accuracy=percent(final if missing(accuracy) else accuracy),
        kind=results.reported.text("final", model, "class").lower(),
        loss=loss(results.reported.number("details", model, "test_loss")),
        time=printed_time(results, model),
    )


def _results(results: Results, model: str) -> list[Result]:
    rows = []
    for condition in results.conditions:
        found = outcome(results, condition, model)
        if found is not None:
            row = results.summaries[condition, model]
            rows.append(_result(results, condition, model, found, row))
    return rows


def _result(results: Results, condition: str, model: str, found: Outcome, row: Row) -> Result:
    overrides = results.changes(condition)
    return Result(
        outcome=found,
        changes=listing([setting(*item) for item in overrides.items()]) if overrides else "",
        loss=loss(row["test_loss_median"]),
        training=percent(row["train_accuracy_median"], 1),
        time=seconds_range(row),
        sources=(
            model_lines(results, model, [condition]),
            timing_lines(results, model, [condition]),
        ),
    )
