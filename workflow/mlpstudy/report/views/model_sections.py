"""A model's section of page and PDF: what it is, what the report prints, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
from mlpstudy.report.evidence import Evidence, Row
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


def model_sections(evidence: Evidence, page: Path) -> list[ModelSection]:
    """Return a section per model that has runs; `page` is the folder that links start from."""
    return [_section(evidence, model, page) for model in evidence.keys]


def _section(evidence: Evidence, model: str, page: Path) -> ModelSection:
    entry = evidence.study.models[model]
    fields = entry.fields
    summary = f"{word(fields['activation'])}, {word(fields['loss'])}, {len(fields['nodes'])} layers"
    return ModelSection(
        key=model,
        short=evidence.study.model_label(model),
        title=other_name(evidence, model),
        summary=summary,
        properties=_properties(evidence, model),
        reasons=[
            Reason(heading(word(name)), word(fields.get(name)), why)
            for name, why in assumed(evidence, model).items()
        ],
        printed=_printed(evidence, model),
        results=_results(evidence, model),
        folders=run_folders(evidence, model, page),
    )


def other_name(evidence: Evidence, model: str) -> str:
    """Return what the report calls a model besides its number: Model 1_4; empty for nothing."""
    entry = evidence.study.models[model]
    return entry.report_name.removeprefix(entry.label).strip(" ()")


def _properties(evidence: Evidence, model: str) -> list[Property]:
    entry = evidence.study.models[model]
    open_fields = assumed(evidence, model)
    found = [
        Property(
            label,
            _named(evidence, model, label),
            say(entry.fields).removesuffix(" nodes in total"),
            any(name in open_fields for name in names),
        )
        for label, names, say in FACTS
    ]
    rows = [evidence.rows[c, model] for c in evidence.conditions if (c, model) in evidence.rows]
    sizes = dict.fromkeys(count(row["parameters"]) for row in rows)
    return [*found, Property("Parameters", NONE, " or ".join(sizes), False)]


def _named(evidence: Evidence, model: str, label: str) -> str:
    """Return how the report's section 1 gives a property."""
    for quantity in PRINTED.get(label, ()):
        text = evidence.reported.text("details", model, quantity)
        if text:
            return NAMED.get(quantity, "none" if text == "none" else word(text))
    return NONE


def _printed(evidence: Evidence, model: str) -> Printed | None:
    """Return the report's results for a model, None where it prints none."""
    accuracy = evidence.reported.number("details", model, "test_accuracy")
    final = evidence.reported.number("final", model, "test_accuracy")
    if missing(accuracy) and missing(final):
        return None
    return Printed(
        accuracy=percent(final if missing(accuracy) else accuracy),
        kind=evidence.reported.text("final", model, "class").lower(),
        loss=loss(evidence.reported.number("details", model, "test_loss")),
        time=printed_time(evidence, model),
    )


def _results(evidence: Evidence, model: str) -> list[Result]:
    results = []
    for condition in evidence.conditions:
        found = outcome(evidence, condition, model)
        if found is not None:
            row = evidence.rows[condition, model]
            results.append(_result(evidence, condition, model, found, row))
    return results


def _result(evidence: Evidence, condition: str, model: str, found: Outcome, row: Row) -> Result:
    overrides = evidence.changes(condition)
    return Result(
        outcome=found,
        changes=listing([setting(*item) for item in overrides.items()]) if overrides else "",
        loss=loss(row["test_loss_median"]),
        training=percent(row["train_accuracy_median"], 1),
        time=seconds_range(row),
        sources=(
            model_lines(evidence, model, [condition]),
            timing_lines(evidence, model, [condition]),
        ),
    )
