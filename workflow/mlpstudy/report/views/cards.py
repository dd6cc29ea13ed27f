"""Section 1 of the Markdown page: a card a model, what it is and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.formats import (
    count,
    listing,
    loss,
    percent,
    seconds_range,
    span,
    word,
)
from mlpstudy.report.by_condition import class_cell, tone
from mlpstudy.report.layout import Cell, Column, Table
from mlpstudy.report.views.properties import FACTS, Fields, assumed, printed_time


@dataclass(frozen=True)
class Fact:
    """One property of a model; `assumed` says that its source does not state it."""

    label: str
    text: str
    assumed: bool


@dataclass(frozen=True)
class Card:
    """All that section 1 says of one model; `facts` in two columns, `results` a table."""

    key: str
    short: str
    title: str
    facts: list[Fact]
    results: Table


def cards(results: Results) -> list[Card]:
    """Return a card per model that has runs, in the study's order."""
    return [
        Card(
            key,
            results.study.model_label(key),
            results.study.models[key].report_name,
            facts(results, key),
            _results(results, key),
        )
        for key in results.models
    ]


def facts(results: Results, model: str) -> list[Fact]:
    """Return what the model is, with what a condition changes in brackets behind it."""
    entry = results.study.models[model]
    open_fields = assumed(results, model)
    found = []
    for label, fields, say in FACTS:
        text = say(entry.fields) + _changes(results, model, say)
        found.append(Fact(label, text, any(name in open_fields for name in fields)))
    rows = [
        results.summaries[c, model] for c in results.conditions if (c, model) in results.summaries
    ]
    sizes = list(dict.fromkeys(count(row["parameters"]) for row in rows))
    return [*found, Fact("Parameters", " or ".join(sizes), False)]


def _changes(results: Results, model: str, say: Callable[[Fields], str]) -> str:
    """Return ` (corrected: divided by 255)` where a condition's overrides change what is said."""
    base = say(results.study.models[model].fields)
    changed: dict[str, list[str]] = {}
    for condition in results.conditions:
        if (condition, model) not in results.summaries:
            continue
        text = say(results.study.fields(condition, model))
        if text != base:
            changed.setdefault(text, []).append(results.study.condition_label(condition))
    parts = [f"{listing(names)}: {text}" for text, names in changed.items()]
    return f" ({'; '.join(parts)})" if parts else ""


def _results(results: Results, model: str) -> Table:
    """Return what came of the model, a row a quantity; the report and each condition a column."""
    conditions = [c for c in results.conditions if (c, model) in results.summaries]
    head = [Column("", number=False)]
    if reports := results.has_report:
        head.append(Column("report"))
    head += [
        Column(results.study.condition_label(c), tone=tone(results.study, c)) for c in conditions
    ]
    table = Table("", head, title=results.study.model_label(model))
    rows = [results.summaries[c, model] for c in conditions]
    for label, printed, ours in _quantities(results, model):
        table.add(label, [printed] if reports else [], [ours(row) for row in rows])
    return table


Say = Callable[[Any], Cell | str]


def _quantities(results: Results, model: str) -> list[tuple[str, Cell | str, Say]]:
    """Return label, the report's figure and how ours is said, of each quantity."""
    printed = results.reported

    def number(quantity: str) -> float:
        return printed.number("details", model, quantity)

    return [
        (
            "Testing accuracy, %",
            percent(number("test_accuracy")),
            lambda row: percent(row["test_accuracy_median"]),
        ),
        (
            "lowest to highest",
            word(None),
            lambda row: span(row["test_accuracy_min"], row["test_accuracy_max"]),
        ),
        (
            "Class",
            class_cell(printed.text("final", model, "class").lower()),
            lambda row: class_cell(row["class"]),
        ),
        ("Failures", word(None), lambda row: f"{row['failures']} of {row['replicates']}"),
        ("Testing loss", loss(number("test_loss")), lambda row: loss(row["test_loss_median"])),
        ("Training accuracy, %", word(None), lambda row: percent(row["train_accuracy_median"])),
        ("Time", printed_time(results, model), lambda row: seconds_range(row)),
    ]
