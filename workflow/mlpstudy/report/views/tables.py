"""The tables of the pages: accuracies side by side, groups, the final table, assumptions."""

from __future__ import annotations

from typing import Any

from mlpstudy.analysis.results import Results, Row
from mlpstudy.config.study import CLASSES, Study
from mlpstudy.formats import (
    NONE,
    count,
    heading,
    loss,
    median,
    number_of,
    percent,
    share,
    span,
    word,
)
from mlpstudy.report.by_condition import class_cell, condition_columns
from mlpstudy.report.layout import Cell, Column, Table
from mlpstudy.report.views.properties import assumed
from mlpstudy.report.views.sources import lines_of

REPORT = "report"


def model_cell(study: Study, model: str) -> Cell:
    """Return the model's label with a link to its details."""
    return Cell(study.model_label(model), href=f"#{model}")


def side_by_side(results: Results) -> Table:
    """Return the accuracy that the report prints beside ours, a row a model."""
    printed = "as printed in the report, and " if results.has_report else ""
    table = Table(
        f"Test accuracy in per cent: {printed}the median and the range of our replicates. "
        "A class is that of the median.",
        _final_columns(results, "median", "range", "class"),
    )
    for model, rows in _by_model(results):
        table.add(
            _final_start(results, model, rows),
            [
                cell
                for condition in results.main
                for cell in _median_range_class(rows.get(condition))
            ],
        )
    return table


def final_table(results: Results) -> Table:
    """Return the report's final table, with the share of our replicates in each class."""
    printed = "the report's, " if results.has_report else ""
    table = Table(
        f"The class of each model: {printed}that of our median replicate, and, under S / M / I, "
        "the per cent of our replicates that are Superior, Medium and Inferior.",
        _final_columns(results, "accuracy", "class", "S / M / I"),
    )
    for model, rows in _by_model(results):
        cells: list[Cell | str] = []
        for condition in results.main:
            row = rows.get(condition)
            if row is None:
                cells += [NONE] * 3
                continue
            cells += [percent(row["test_accuracy_median"]), class_cell(row["class"])]
            cells.append(" / ".join(share(row[f"{name}_share"]) for name in CLASSES))
        table.add(_final_start(results, model, rows), cells)
    return table


def _by_model(results: Results) -> list[tuple[str, dict[str, Row]]]:
    """Return each model with its rows of final_inference.csv by condition."""
    rows: dict[str, dict[str, Row]] = {model: {} for model in results.models}
    for row in results.table("final_inference").to_dict("records"):
        rows[row["model"]][row["condition"]] = row
    return list(rows.items())


def _final_columns(results: Results, *labels: str) -> list[Column]:
    columns = [Column("Model", False), Column("Activation", False), Column("Layers")]
    if results.has_report:
        columns += [Column("accuracy", group=REPORT), Column("class", False, REPORT)]
    for condition in results.main:
        columns += [
            Column(column.label, column.label != "class", column.group, column.tone)
            for column in condition_columns(results.study, condition, *labels)
        ]
    return columns


def _final_start(results: Results, model: str, rows: dict[str, Row]) -> list[Cell | str]:
    """Return the cells that do not depend on a condition."""
    row = next(iter(rows.values()))
    name = model_cell(results.study, model)
    start: list[Cell | str] = [name, word(row["activation"]), str(row["layers"])]
    if results.has_report:
        start += [percent(row["reported_accuracy"]), class_cell(row["reported_class"])]
    return start


def _median_range_class(row: Row | None) -> list[Cell | str]:
    if row is None:
        return [NONE] * 3
    low, high = row["test_accuracy_min"], row["test_accuracy_max"]
    return [percent(row["test_accuracy_median"]), span(low, high), class_cell(row["class"])]


def group_tables(results: Results) -> list[Table]:
    """Return a table per activation function, with the columns of the report's and ours."""
    return [
        _group(results, activation, frame.to_dict("records"))
        for activation, frame in results.table("activation_groups").groupby(
            "activation", sort=False
        )
    ]


def _group(results: Results, activation: Any, rows: list[dict[Any, Any]]) -> Table:
    columns = [Column("Model", False), Column("Layers"), Column("Epochs")]
    if results.has_report:
        columns += [Column(label, group=REPORT) for label in ("layers", "accuracy", "loss")]
    for condition in results.main:
        columns += condition_columns(results.study, condition, "median", "range", "loss")
    caption = "Testing accuracy in per cent and testing loss"
    caption += ", as the report groups them, and ours." if results.has_report else "."
    table = Table(caption, columns, title=word(activation))
    by_model: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_model.setdefault(row["model"], {})[row["condition"]] = row
    for model, found in by_model.items():
        cells: list[Cell | str] = []
        for condition in results.main:
            cells += _group_cells(results, found.get(condition))
        first = next(iter(found.values()))
        epochs = dict.fromkeys(str(row["epochs"]) for row in found.values())
        printed = _group_printed(results, model) if results.has_report else []
        name = model_cell(results.study, model)
        table.add(
            name, str(first["layers"]), " or ".join(epochs), printed, cells,
            sources=[
                lines_of(
                    "activation_groups.csv", results.table("activation_groups"), model=model,
                    activation=activation, condition=results.main,
                )
            ],
        )  # fmt: skip
    return table


def _group_printed(results: Results, model: str) -> list[str]:
    """Return layers, accuracy and loss with the digits that the report prints."""
    accuracy = results.reported.value("group", model, "test_accuracy")
    loss_value = results.reported.value("group", model, "test_loss")
    return [
        count(results.reported.number("group", model, "layers")),
        percent(accuracy.number, min(accuracy.decimals, 2)),
        NONE if not loss_value.text else f"{loss_value.number:.{min(loss_value.decimals, 2)}f}",
    ]


def _group_cells(results: Results, row: Row | None) -> list[Cell | str]:
    if row is None:
        return [NONE] * 3
    low, high = row["test_accuracy_min"], row["test_accuracy_max"]
    shown = median(results.summaries[row["condition"], row["model"]])
    return [shown, span(low, high), loss(row["test_loss_median"])]


def assumptions(results: Results) -> Table:
    """Return everything that the models' source leaves open: what we take, for which, and why."""
    table = Table(
        f"What {'the report leaves' if results.has_report else 'is left'} open, what is assumed "
        "in its place, and why.",
        [Column(label, False) for label in ("Field", "Value", "Models", "Why")],
    )
    found: dict[tuple[str, str, str], list[str]] = {}
    for key in results.models:
        model = results.study.models[key]
        for name, why in assumed(results, key).items():
            found.setdefault((name, word(model.fields.get(name)), why), []).append(key)
    order = list(dict.fromkeys(name for name, _, _ in found))
    for (name, value, why), models in sorted(found.items(), key=lambda i: order.index(i[0][0])):
        table.add(heading(word(name)), value, _names(results, models), why)
    return table


def _names(results: Results, models: list[str]) -> str:
    """Return the models' labels, of the report's models only their numbers: 1, 2, 3, wide."""
    if len(models) == len(results.models):
        return "all"
    return ", ".join(map(number_of, results.study.model_labels(models)))
