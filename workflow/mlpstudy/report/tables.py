"""The tables of the report's own parts: the final table, the groups, the assumptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import CLASSES
from mlpstudy.formats import (
    NONE,
    count,
    heading,
    listing,
    loss,
    number_of,
    percent,
    setting,
    share,
    span,
    word,
)
from mlpstudy.report.layout import Cell, Column, Table
from mlpstudy.report.models import assumed
from mlpstudy.report.outcomes import (
    class_cell,
    condition_columns,
    model_cell,
    outcome_cells,
    outcome_columns,
    tone,
)
from mlpstudy.report.sources import lines_of, model_lines

REPORT = "report"


def final_table(results: Results) -> Table:
    """Return the final inference table: the report and each main condition, one row per model."""
    columns = [Column("Model", False), Column("activation", False), Column("layers")]
    if results.has_report:
        columns += [Column("accuracy, %", group=REPORT), Column("class", False, REPORT)]
    for condition in results.main:
        columns += outcome_columns(results, condition)
    table = Table(
        "Test accuracy: the median of the replicates with its 95 % confidence interval; failed "
        "replicates; and the class of the median replicate.",
        columns,
        title="Final inference table",
    )
    for model in results.models:
        fields = results.study.models[model].fields
        printed = results.reported.number("final", model, "test_accuracy")
        kind = results.reported.text("final", model, "class").lower()
        present = [c for c in results.main if (c, model) in results.summaries]
        table.add(
            model_cell(results, model),
            Cell(word(fields["activation"]), note=word(fields["loss"])),
            str(len(fields["nodes"])),
            [percent(printed), class_cell(kind)] if results.has_report else [],
            [cell for c in results.main for cell in outcome_cells(results, c, model)],
            sources=[
                model_lines(results, model, present),
                lines_of(
                    results,
                    "final_inference",
                    model=model,
                    condition=present,
                ),
            ],
        )
    return table


def short_table(results: Results) -> Table:
    """Return the final table for a README: printed accuracies, medians and failures."""
    columns = [Column("Model", False)]
    columns += [Column("printed, %")] if results.has_report else []
    for condition in results.main:
        columns += condition_columns(results, condition, "median, %", "failed")
    table = Table("", columns)
    for model in results.models:
        printed = percent(results.printed.get(model))
        cells = [c for at in results.main for c in outcome_cells(results, at, model)[1:3]]
        shown = [replace(cell, note="") for cell in cells]
        table.add(model_cell(results, model), [printed] if results.has_report else [], shown)
    return table


def class_shares(results: Results) -> Table:
    """Return the share of each model's replicates in each class."""
    columns = [Column("Model", False)]
    for condition in results.main:
        columns += condition_columns(results, condition, *(name.capitalize() for name in CLASSES))
    table = Table("Share of the replicates in each class, %.", columns, title="Classes")
    for model in results.models:
        cells = []
        for condition in results.main:
            row = results.summaries.get((condition, model))
            cells += [NONE if row is None else share(row[f"{name}_share"]) for name in CLASSES]
        sources = [lines_of(results, "final_inference", model=model,
                            condition=results.main)]  # fmt: skip
        table.add(model_cell(results, model), cells, sources=sources)
    return table


def comparison_table(results: Results, models: list[str]) -> Table:
    """Return models side by side: what they are, what the report prints, what came of them."""
    columns = [Column("Model", False), Column("activation", False)]
    columns += [Column("accuracy, %", group=REPORT)] if results.has_report else []
    for condition in results.main:
        columns += outcome_columns(results, condition)
    table = Table("Test accuracy and failed replicates.", columns)
    for model in models:
        fields = results.study.models[model].fields
        printed = results.reported.number("final", model, "test_accuracy")
        table.add(
            replace(model_cell(results, model), note=word(fields["nodes"])),
            Cell(word(fields["activation"]), note=word(fields["loss"])),
            [percent(printed)] if results.has_report else [],
            [cell for c in results.main for cell in outcome_cells(results, c, model)],
            sources=[model_lines(results, model, results.main)],
        )
    return table


def group_tables(results: Results) -> list[Table]:
    """Return one table per activation function, with the report's columns and ours."""
    groups = results.table("activation_groups").groupby("activation", sort=False)
    return [_group(results, str(name), frame.to_dict("records")) for name, frame in groups]


def _group(results: Results, activation: str, rows: list[dict[Any, Any]]) -> Table:
    columns = [Column("Model", False), Column("layers"), Column("epochs")]
    if results.has_report:
        columns += [Column(label, group=REPORT) for label in ("layers", "accuracy, %", "loss")]
    for condition in results.main:
        columns += condition_columns(results, condition, "median, %", "min to max, %", "loss")
    table = Table("Test accuracy and test loss.", columns, title=word(activation))
    by_model: dict[str, dict[str, Mapping[Any, Any]]] = {}
    for row in rows:
        by_model.setdefault(row["model"], {})[row["condition"]] = row
    for model, found in by_model.items():
        epochs = dict.fromkeys(str(row["epochs"]) for row in found.values())
        table.add(
            model_cell(results, model),
            str(next(iter(found.values()))["layers"]),
            " or ".join(epochs),
            _group_printed(results, model) if results.has_report else [],
            [cell for c in results.main for cell in _group_cells(found.get(c))],
            sources=[
                lines_of(results, "activation_groups", model=model, activation=activation,
                    condition=results.main,
                )
            ],
        )  # fmt: skip
    return table


def _group_printed(results: Results, model: str) -> list[str]:
    """Return layers, accuracy and loss as the report groups them."""
    accuracy = results.reported.value("group", model, "test_accuracy")
    printed = results.reported.value("group", model, "test_loss")
    return [
        count(results.reported.number("group", model, "layers")),
        percent(accuracy.number, min(accuracy.decimals, 2)),
        NONE if not printed.text else f"{printed.number:.{min(printed.decimals, 2)}f}",
    ]


def _group_cells(row: Mapping[Any, Any] | None) -> list[str]:
    if row is None:
        return [NONE] * 3
    low, high = row["test_accuracy_min"], row["test_accuracy_max"]
    return [percent(row["test_accuracy_median"], 1), span(low, high), loss(row["test_loss_median"])]


Key = Callable[[Mapping[Any, Any]], str]
GROUPINGS: dict[str, tuple[str, Key]] = {
    "settings": ("Loss function", lambda row: word(row["loss_function"])),
    "activations": ("Activation", lambda row: word(row["activation"])),
    "layers": ("Layers", lambda row: str(row["layers"])),
}


def grouped_table(results: Results, topic: str, up_to: int | None = None) -> Table | None:
    """Return the models grouped by what a conclusion is about; None where that is no group.

    Each group has its best replicate, the range of its models' medians, and its failures. The
    median of all replicates of a group may be that of none of its models.

    Args:
        results: the study and its tables.
        topic: a key of GROUPINGS, or another one.
        up_to: the number of layers up to which models are in one group, where deeper ones are in
            the other; None for one group per number.
    """
    if topic not in GROUPINGS:
        return None
    label, key = GROUPINGS[topic]
    if topic == "layers" and up_to is not None:
        names = f"up to {up_to}", f"more than {up_to}"
        key = lambda row: names[row["layers"] > up_to]  # noqa: E731
    numeric = topic == "layers" and up_to is None
    columns = [Column(label, numeric), Column("models")]
    for condition in results.main:
        columns += condition_columns(results, condition, "best, %", "medians, %", "failed, %")
    table = Table(
        "Best replicate, range of the models' median test accuracies, and share of the replicates "
        "that failed.",
        columns,
    )
    groups: dict[str, dict[str, list[str]]] = {}
    for (condition, model), row in results.summaries.items():
        if condition in results.main:
            groups.setdefault(key(row), {}).setdefault(condition, []).append(model)
    for name in sorted(groups, key=float) if numeric else groups:
        found = groups[name]
        models = [m for m in results.models if any(m in each for each in found.values())]
        cells = [c for at in results.main for c in _group_summary(results, at, found.get(at))]
        source = lines_of(results, "models", model=models, condition=results.main)
        table.add(name, str(len(models)), cells, sources=[source])
    return table


def _group_summary(results: Results, condition: str, models: list[str] | None) -> list[str]:
    if not models:
        return [NONE] * 3
    accuracy = results.replicates_of(condition, models)["test_accuracy"]
    failed = (~(accuracy >= results.study.medium)).mean()
    medians = [results.summaries[condition, model]["test_accuracy_median"] for model in models]
    known = [value for value in medians if value == value]
    return [
        percent(accuracy.max(), 1),
        span(min(known), max(known)) if known else NONE,
        share(failed),
    ]


def assumptions(results: Results) -> Table:
    """Return everything that the models' source leaves open: what we take, for which, and why."""
    labels = ("Setting", "Value", "Models", "Why")
    columns = [Column(label, False) for label in labels]
    table = Table("", columns, title="Assumptions", prose=True)
    found: dict[tuple[str, str, str], list[str]] = {}
    for key in results.models:
        fields = results.study.models[key].fields
        for name, why in assumed(results, key).items():
            found.setdefault((name, word(fields.get(name)), why), []).append(key)
    order = list(dict.fromkeys(name for name, _, _ in found))
    for (name, value, why), models in sorted(found.items(), key=lambda i: order.index(i[0][0])):
        labelled = ", ".join(map(number_of, results.study.model_labels(models)))
        everywhere = len(models) == len(results.models)
        table.add(heading(word(name)), value, "all" if everywhere else labelled, why)
    return table


def condition_table(results: Results) -> Table:
    """Return what each condition changes in the models as they are written."""
    columns = [Column(label, False) for label in ("Condition", "Changes", "Models")]
    table = Table("", columns, title="Conditions", prose=True)
    for condition in results.conditions:
        overrides = results.study.conditions[condition].overrides
        changes = [setting(name, value) for name, value in overrides.items()]
        models = [model for model in results.models if (condition, model) in results.summaries]
        covered = "all" if len(models) == len(results.models) else results.few(models)
        table.add(
            Cell(heading(results.study.condition_label(condition)), tone=tone(results, condition)),
            heading(listing(changes)) if changes else "Nothing: the models as they are written",
            covered,
            id=f"condition-{condition}",
        )
    return table
