"""The section of a model: its results, its settings beside the report's, and its runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Job
from mlpstudy.formats import (
    NONE,
    count,
    heading,
    listing,
    loss,
    missing,
    percent,
    seconds,
    seconds_range,
    setting,
    word,
)
from mlpstudy.report.layout import Cell, Column, Table
from mlpstudy.report.outcomes import class_cell, outcome_cells, outcome_columns, tone
from mlpstudy.report.sources import model_lines, timing_lines

Fields = dict[str, Any]


@dataclass(frozen=True)
class Fact:
    """One setting of a model: how the report names it, how this study takes it, in words."""

    label: str
    printed: str
    ours: str
    assumed: bool


@dataclass(frozen=True)
class ModelSection:
    """What the section of one model shows, beside its figures."""

    key: str
    label: str
    other_name: str
    facts: list[Fact]
    results: Table
    further: Table
    settings: Table
    reasons: Table
    runs: Table


def model_sections(results: Results, page: Path) -> list[ModelSection]:
    """Return a section per model that has runs; `page` is the folder that links start from."""
    return [_section(results, model, page) for model in results.models]


def _section(results: Results, model: str, page: Path) -> ModelSection:
    entry = results.study.models[model]
    facts = _facts(results, model)
    main = [c for c in results.main if (c, model) in results.summaries]
    others = [c for c in results.conditions if (c, model) in results.summaries and c not in main]
    return ModelSection(
        key=model,
        label=results.study.model_label(model),
        other_name=entry.report_name.removeprefix(entry.label).strip(" ()"),
        facts=facts,
        results=_results(results, model, main, printed=True),
        further=_results(results, model, others, printed=False),
        settings=_settings(results, facts),
        reasons=_reasons(results, model),
        runs=_runs(results, model, page),
    )


# A setting: its label, the fields that it is made of, how it is said, and the quantities that the
# report prints it as.
def _activation(fields: Fields) -> str:
    text = word(fields["activation"])
    leaky = fields["activation"] == "leaky_relu"
    return f"{text}, slope {fields['leaky_slope']:g}" if leaky else text


def _loss(fields: Fields) -> str:
    text = word(fields["loss"])
    return f"{text}, {word(fields['kl'])}" if fields["loss"] == "kl_divergence" else text


def _validation(fields: Fields) -> str:
    if fields["validation"] == "holdout":
        return f"hold-out of {percent(fields['holdout_fraction'], 0)} % of the training images"
    if fields["validation"] == "kfold":
        pool = "all images" if fields["kfold_pool"] == "all" else "the training images"
        return f"{fields['folds']} folds of {pool}"
    return "no validation"


SETTINGS: tuple[tuple[str, tuple[str, ...], Callable[[Fields], str], str], ...] = (
    ("Layers", ("nodes",), lambda f: str(len(f["nodes"])), "layers"),
    ("Nodes", ("nodes",), lambda f: word(f["nodes"]), "nodes"),
    ("Activation", ("activation", "leaky_slope"), _activation, "activation"),
    ("Loss", ("loss", "kl"), _loss, "loss_function"),
    ("Optimizer", ("optimizer",), lambda f: word(f["optimizer"]), "optimizer"),
    ("Learning rate", ("learning_rate",), lambda f: f"{f['learning_rate']:g}", ""),
    (
        "Validation",
        ("validation", "holdout_fraction", "folds", "kfold_pool"),
        _validation,
        "validation",
    ),
    ("Epochs", ("epochs",), lambda f: str(f["epochs"]), "epochs"),
    ("Batch size", ("batch_size",), lambda f: str(f["batch_size"]), "batched"),
    (
        "Dropout",
        ("dropout",),
        lambda f: f"rate {f['dropout']:g} after each hidden layer" if f["dropout"] else "none",
        "dropout",
    ),
    (
        "Batch normalisation",
        ("batch_norm",),
        lambda f: "after each hidden layer" if f["batch_norm"] else "none",
        "batch_normalization",
    ),
    ("Pixels", ("pixels",), lambda f: "0 to 255" if f["pixels"] == "raw" else "0 to 1", ""),
)
NAMED = {"batched": "in batches", "dropout": "used", "batch_normalization": "used"}


def assumed(results: Results, model: str) -> dict[str, str]:
    """Return what a model's source leaves open: field to why its value was taken.

    A model beside the report's is the user's own: no report left its values open, and the reasons
    of the defaults are not about it. What its entry itself calls assumed stays.
    """
    reasons = results.study.models[model].assumed
    if not results.has_report or model in results.printed:
        return reasons
    defaults = {field: entry.why for field, entry in results.study.defaults.items()}
    return {field: why for field, why in reasons.items() if why != defaults.get(field)}


def _facts(results: Results, model: str) -> list[Fact]:
    fields = results.study.models[model].fields
    open_fields = assumed(results, model)
    found = []
    for label, names, say, quantity in SETTINGS:
        text = results.reported.text("details", model, quantity) if quantity else ""
        printed = NAMED.get(quantity, "") if text and text != "none" else ""
        printed = printed or (word(text) if text else NONE)
        ours = say(fields)
        found.append(Fact(label, printed, ours, any(name in open_fields for name in names)))
    rows = [
        results.summaries[c, model] for c in results.conditions if (c, model) in results.summaries
    ]
    sizes = dict.fromkeys(count(row["parameters"]) for row in rows)
    return [*found, Fact("Parameters", NONE, " or ".join(sizes), False)]


def _settings(results: Results, facts: list[Fact]) -> Table:
    columns = [Column("Setting", False)]
    columns += [Column("report", False)] if results.has_report else []
    table = Table("† assumed", [*columns, Column("this study", False)], title="Settings")
    for fact in facts:
        mark = " †" if fact.assumed else ""
        table.add(fact.label, [fact.printed] if results.has_report else [], fact.ours + mark)
    return table


def _reasons(results: Results, model: str) -> Table:
    columns = [Column(label, False) for label in ("Assumed", "Value", "Why")]
    table = Table("", columns, title="Assumptions", prose=True)
    fields = results.study.models[model].fields
    for name, why in assumed(results, model).items():
        table.add(heading(word(name)), word(fields.get(name)), why)
    return table


def _results(results: Results, model: str, conditions: list[str], printed: bool) -> Table:
    """Return one row for the report and one per condition."""
    columns = [
        Column("", False), *outcome_columns(results), Column("test loss"),
        Column("training accuracy, %"), Column("training time"),
    ]  # fmt: skip
    table = Table("", columns, title=results.study.model_label(model))
    if printed and (cells := _printed(results, model)):
        table.add(cells)
    for condition in conditions:
        row = results.summaries[condition, model]
        overrides = {} if printed else results.changes(condition)
        changes = listing([setting(*item) for item in overrides.items()]) if overrides else ""
        name = heading(results.study.condition_label(condition))
        table.add(
            Cell(name, note=changes, tone=tone(results, condition)),
            outcome_cells(results, condition, model),
            loss(row["test_loss_median"]),
            percent(row["train_accuracy_median"], 1),
            seconds_range(row),
            sources=[
                model_lines(results, model, [condition]),
                timing_lines(results, model, [condition]),
            ],
        )
    return table


def _printed(results: Results, model: str) -> list[Cell]:
    """Return the report's results of a model; empty where it prints none."""
    number = results.reported.number
    details, final = (number(place, model, "test_accuracy") for place in ("details", "final"))
    if missing(details) and missing(final):
        return []
    return [
        Cell("Report", tone="muted"),
        Cell(""),
        Cell(percent(final if missing(details) else details)),
        Cell(NONE),
        class_cell(results.reported.text("final", model, "class").lower()),
        Cell(loss(number("details", model, "test_loss"))),
        Cell(NONE),
        Cell(_printed_time(results, model)),
    ]


def _printed_time(results: Results, model: str) -> str:
    """Return the report's time; that of a fold where it gives no other."""
    whole = results.reported.value("details", model, "seconds")
    fold = results.reported.value("details", model, "seconds_per_fold")
    value = fold if missing(whole.number) else whole
    text = ("about " if value.approximate else "") + seconds(value.number)
    return f"{text} per fold" if value is fold and not missing(fold.number) else text


def _runs(results: Results, model: str, page: Path) -> Table:
    """Return one row per job of a model, with the file of all that it depends on."""
    labels = ("Condition", "Fold", "Replicates", "Test accuracies, %", "Specification")
    table = Table(
        "One row per job: the replicates that it trained together, their test accuracies, and the "
        "file with all that it depends on.",
        [Column(label, False) for label in labels],
        title="Runs",
        prose=True,
    )
    for job in results.study.jobs:
        if job.model != model:
            continue
        spec = os.path.relpath(job.folder / "spec.json", page).replace(os.sep, "/")
        label = results.study.condition_label(job.condition)
        numbers = f"{job.first} to {job.last}" if job.last > job.first else str(job.first)
        table.add(
            Cell(heading(label), tone=tone(results, job.condition)), job.fold, numbers,
            _accuracies(results, job), Cell("spec.json", href=spec),
        )  # fmt: skip
    return table


def _accuracies(results: Results, job: Job) -> str:
    values = results.by_fold.get((job.condition, job.model, job.fold), {})
    return " ".join(percent(values.get(n)) for n in range(job.first, job.last + 1))
