"""The first screen's table: a row a model, each leading condition's distribution in a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import CLASSES
from mlpstudy.formats import (
    NONE,
    heading,
    missing,
    on_the_point,
    percent,
    plural,
    share,
    span,
    supported_decimals,
    word,
)
from mlpstudy.report.by_condition import tone
from mlpstudy.report.layout import Source
from mlpstudy.report.views.sources import final_lines, model_lines
from mlpstudy.report.views.strips import axis, strip


@dataclass(frozen=True)
class Outcome:
    """What came of a model under a condition, as cells show it; `order` of each for sorting."""

    condition: str
    name: str
    tone: str
    drawing: str
    median: str
    interval: str
    level: str
    failures: str
    kind: str
    shares: str
    order: dict[str, float]


@dataclass(frozen=True)
class InferenceRow:
    """A model: what it is, what the report prints of it, and its outcomes."""

    key: str
    short: str
    title: str
    activation: str
    loss: str
    layers: int
    printed: str
    printed_kind: str
    outcomes: list[Outcome | None]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Inference:
    """The table: its conditions as (key, name, tone), rows, axis, and what can be filtered by."""

    conditions: list[tuple[str, str, str]]
    rows: list[InferenceRow]
    axis: str
    activations: list[str]
    losses: list[str]
    classes: tuple[str, ...] = CLASSES


def inference(results: Results) -> Inference:
    """Return the final inference table with the conditions that lead the study."""
    leading = results.main
    rows = [_row(results, model, leading) for model in results.models]
    return Inference(
        conditions=[
            (c, heading(results.study.condition_label(c)), tone(results.study, c)) for c in leading
        ],
        rows=rows,
        axis=axis(thresholds(results)),
        activations=sorted({row.activation for row in rows}),
        losses=sorted({row.loss for row in rows}),
    )


def thresholds(results: Results) -> list[float]:
    """Return the lowest accuracies of the classes Medium and Superior."""
    return [results.study.medium, results.study.superior]


def _row(results: Results, model: str, conditions: Sequence[str]) -> InferenceRow:
    entry = results.study.models[model]
    printed = results.reported.number("final", model, "test_accuracy")
    present = [c for c in conditions if (c, model) in results.summaries]
    return InferenceRow(
        key=model,
        short=results.study.model_label(model),
        title=entry.report_name,
        activation=word(entry.fields["activation"]),
        loss=word(entry.fields["loss"]),
        layers=len(entry.fields["nodes"]),
        printed=percent(printed),
        printed_kind=results.reported.text("final", model, "class").lower(),
        outcomes=[outcome(results, condition, model) for condition in conditions],
        sources=(
            model_lines(results, model, present),
            final_lines(results, model, present),
        ),
    )


def outcome(results: Results, condition: str, model: str) -> Outcome | None:
    """Return what came of a model under a condition; None where it has not been run."""
    row = results.summaries.get((condition, model))
    if row is None:
        return None
    median, low, high = (row[f"test_accuracy_{name}"] for name in ("median", "low", "high"))
    decimals = supported_decimals(low, high)
    return Outcome(
        condition=condition,
        name=heading(results.study.condition_label(condition)),
        tone=tone(results.study, condition),
        drawing=strip(
            results.accuracies(condition, model),
            median,
            (low, high),
            results.reported.number("final", model, "test_accuracy"),
            thresholds(results),
            tone(results.study, condition),
            _spoken(results, condition, model),
        ),
        median=on_the_point(percent(median, decimals), decimals),
        interval=NONE if missing(low) or missing(high) else span(low, high, decimals),
        level=share(row["test_accuracy_level"]),
        failures=f"{row['failures']}/{row['replicates']}",
        kind=str(row["class"]),
        shares=" / ".join(share(row[f"{name}_share"]) for name in CLASSES),
        order={
            "median": _number(median),
            "failures": float(row["failures"]) / float(row["replicates"]),
            "class": -CLASSES.index(str(row["class"])),
        },
    )


def _number(value: Any) -> float:
    """Return a value to sort by; what has none comes last."""
    return -1.0 if missing(value) else float(value)


def _spoken(results: Results, condition: str, model: str) -> str:
    """Say in words what a strip shows."""
    values = results.accuracies(condition, model)
    shown = ", ".join(percent(value, 1) for value in values.dropna())
    who = f"{results.study.model_label(model)}, {results.study.condition_label(condition)}"
    return (
        f"{who}, test accuracy in per cent of {plural(len(values), 'replicate')}: {shown or 'none'}"
    )
