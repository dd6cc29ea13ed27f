"""Section 1 of the pages: what each model is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlpstudy.report.evidence import Evidence, class_cell
from mlpstudy.report.formats import (
    count,
    listing,
    loss,
    missing,
    percent,
    seconds,
    setting,
    short_name,
    span,
    word,
)
from mlpstudy.report.layout import Cell, Column, Table


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


Fields = dict[str, Any]

# A fact: its label, the fields it tells of, and how it is said.
FACTS: tuple[tuple[str, tuple[str, ...], Callable[[Fields], str]], ...] = (
    ("Layers", ("nodes",), lambda f: str(len(f["nodes"]))),
    ("Nodes", ("nodes",), lambda f: f"{word(f['nodes'])} nodes in total"),
    ("Activation", ("activation", "leaky_slope"), lambda f: _activation(f)),
    ("Loss", ("loss", "kl"), lambda f: _loss(f)),
    (
        "Optimizer",
        ("optimizer", "learning_rate"),
        lambda f: f"{word(f['optimizer'])}, learning rate {f['learning_rate']:g}",
    ),
    (
        "Validation",
        ("validation", "holdout_fraction", "folds", "kfold_pool"),
        lambda f: _validation(f),
    ),
    ("Epochs", ("epochs",), lambda f: str(f["epochs"])),
    ("Batch size", ("batch_size",), lambda f: str(f["batch_size"])),
    (
        "Dropout",
        ("dropout",),
        lambda f: f"rate {f['dropout']:g} after each hidden layer" if f["dropout"] else "none",
    ),
    (
        "Batch normalisation",
        ("batch_norm",),
        lambda f: "after each hidden layer" if f["batch_norm"] else "none",
    ),
    (
        "Pixels",
        ("pixels",),
        lambda f: setting("pixels", f["pixels"]).removeprefix("pixels ").removeprefix("as "),
    ),
)


def _activation(fields: Fields) -> str:
    text = word(fields["activation"])
    leaky = fields["activation"] == "leaky_relu"
    return f"{text}, slope {fields['leaky_slope']:g}" if leaky else text


def _loss(fields: Fields) -> str:
    text = word(fields["loss"])
    return f"{text}, {word(fields['kl'])}" if fields["loss"] == "kl_divergence" else text


def _validation(fields: Fields) -> str:
    if fields["validation"] == "holdout":
        return f"hold-out, {percent(fields['holdout_fraction'], 0)} % of the training images"
    if fields["validation"] == "kfold":
        pool = "training and test images together" if fields["kfold_pool"] == "all" else (
            "training images"
        )  # fmt: skip
        return f"{fields['folds']} folds of the {pool}"
    return "none, training and testing only"


def cards(evidence: Evidence) -> list[Card]:
    """Return a card per model that has runs, in the study's order."""
    return [
        Card(
            key,
            short_name(key),
            evidence.study.models[key].report_name,
            facts(evidence, key),
            _results(evidence, key),
        )
        for key in evidence.keys
    ]


def facts(evidence: Evidence, model: str) -> list[Fact]:
    """Return what the model is, with what a condition changes in brackets behind it."""
    entry = evidence.study.models[model]
    found = []
    for label, fields, say in FACTS:
        text = say(entry.fields) + _changes(evidence, model, say)
        found.append(Fact(label, text, any(name in entry.assumed for name in fields)))
    rows = [evidence.rows[c, model] for c in evidence.conditions if (c, model) in evidence.rows]
    sizes = list(dict.fromkeys(count(row["parameters"]) for row in rows))
    return [*found, Fact("Parameters", " or ".join(sizes), False)]


def _changes(evidence: Evidence, model: str, say: Callable[[Fields], str]) -> str:
    """Return ` (corrected: divided by 255)` where a condition's overrides change what is said."""
    base = say(evidence.study.models[model].fields)
    changed: dict[str, list[str]] = {}
    for condition in evidence.conditions:
        if (condition, model) not in evidence.rows:
            continue
        text = say(evidence.study.fields(condition, model))
        if text != base:
            changed.setdefault(text, []).append(word(condition))
    parts = [f"{listing(names)}: {text}" for text, names in changed.items()]
    return f" ({'; '.join(parts)})" if parts else ""


def _results(evidence: Evidence, model: str) -> Table:
    """Return what came of the model, a row a quantity; the report and each condition a column."""
    conditions = [c for c in evidence.conditions if (c, model) in evidence.rows]
    head = [Column("", number=False)]
    if reports := evidence.has_report:
        head.append(Column("report"))
    head += [Column(word(c), tone=evidence.tone(c)) for c in conditions]
    table = Table("", head, title=short_name(model))
    rows = [evidence.rows[c, model] for c in conditions]
    for label, printed, ours in _quantities(evidence, model):
        table.add(label, [printed] if reports else [], [ours(row) for row in rows])
    return table


Say = Callable[[Any], Cell | str]


def _quantities(evidence: Evidence, model: str) -> list[tuple[str, Cell | str, Say]]:
    """Return label, the report's figure and how ours is said, of each quantity."""
    printed = evidence.reported

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
        ("Time", printed_time(evidence, model), lambda row: seconds(row["seconds_median"])),
    ]


def printed_time(evidence: Evidence, model: str) -> str:
    """Return the report's time; that of a fold where it gives no other."""
    whole = evidence.reported.value("details", model, "seconds")
    fold = evidence.reported.value("details", model, "seconds_per_fold")
    value = fold if missing(whole.number) else whole
    text = ("about " if value.approximate else "") + seconds(value.number)
    return f"{text} a fold" if value is fold and not missing(fold.number) else text
