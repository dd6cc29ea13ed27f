"""Section 2 of the pages: models set side by side, with what our replicates say of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Comparison
from mlpstudy.formats import (
    NONE,
    median,
    names,
    percent,
    seconds_range,
    span,
    word,
)
from mlpstudy.report.by_condition import condition_columns
from mlpstudy.report.layout import Cell, Column, Finding, Table
from mlpstudy.report.views.comparison_findings import comparison_findings
from mlpstudy.report.views.contrasts import pairs_table
from mlpstudy.report.views.sources import model_lines, timing_lines
from mlpstudy.report.views.tables import model_cell


@dataclass(frozen=True)
class ComparisonView:
    """One comparison: what the report concludes, our table, our sentences.

    `quote` and `place` are empty for one that is not the report's.
    """

    key: str
    title: str
    quote: str
    place: str
    table: Table
    pairs: Table | None
    findings: list[Finding]


def comparison_views(results: Results) -> list[ComparisonView]:
    """Return the comparisons of which the study has a model with runs."""
    views = []
    for comparison, members in results.study.present_comparisons:
        models = [model for model in members if model in results.models]
        if models:
            views.append(_view(results, comparison, models))
    return views


def _view(results: Results, comparison: Comparison, models: list[str]) -> ComparisonView:
    return ComparisonView(
        key=comparison.key,
        title=names(results.study.model_labels(models), opening=True),
        quote=comparison.quote,
        place=comparison.place,
        table=_table(results, models),
        pairs=pairs_table(results, comparison),
        findings=comparison_findings(results, models),
    )


def _table(results: Results, models: list[str]) -> Table:
    columns = [Column("Model", False), Column("Activation", False), Column("Nodes", False)]
    if results.has_report:
        columns.append(Column("report"))
    for condition in results.main:
        columns += condition_columns(
            results.study, condition, "median", "range", "failures", "time"
        )
    table = Table("Test accuracy in per cent, failed replicates, time a replicate.", columns)
    for model in models:
        fields = results.study.models[model].fields
        cells: list[Cell | str] = [model_cell(results.study, model), word(fields["activation"])]
        cells.append(word(fields["nodes"]))
        if results.has_report:
            cells.append(percent(results.reported.number("final", model, "test_accuracy")))
        for condition in results.main:
            cells += _ours(results.summaries.get((condition, model)))
        lines = (model_lines, timing_lines)
        table.add(cells, sources=[of(results, model, results.main) for of in lines])
    return table


def _ours(row: Any) -> list[str]:
    if row is None:
        return [NONE] * 4
    return [
        median(row),
        span(row["test_accuracy_min"], row["test_accuracy_max"]),
        f"{row['failures']} of {row['replicates']}",
        seconds_range(row),
    ]
