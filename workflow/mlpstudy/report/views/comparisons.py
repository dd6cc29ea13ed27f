"""Section 2 of the pages: models set side by side, with what our replicates say of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlpstudy.evidence.comparisons import present
from mlpstudy.evidence.study_file import Comparison
from mlpstudy.report.evidence import Evidence
from mlpstudy.report.formats import (
    NONE,
    median,
    missing,
    names,
    p_value,
    percent,
    points,
    seconds_range,
    span,
    supported_decimals,
    word,
)
from mlpstudy.report.layout import Cell, Column, Finding, Table
from mlpstudy.report.views.comparison_findings import comparison_findings
from mlpstudy.report.views.sources import lines_of, model_lines, timing_lines
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


def comparison_views(evidence: Evidence) -> list[ComparisonView]:
    """Return the comparisons of which the study has a model with runs."""
    views = []
    for comparison, members in present(evidence.study):
        models = [model for model in members if model in evidence.keys]
        if models:
            views.append(_view(evidence, comparison, models))
    return views


def _view(evidence: Evidence, comparison: Comparison, models: list[str]) -> ComparisonView:
    return ComparisonView(
        key=comparison.key,
        title=names(evidence.study.model_labels(models), opening=True),
        quote=comparison.quote,
        place=comparison.place,
        table=_table(evidence, models),
        pairs=_pairs(evidence, comparison),
        findings=comparison_findings(evidence, comparison, models),
    )


def _table(evidence: Evidence, models: list[str]) -> Table:
    columns = [Column("Model", False), Column("Activation", False), Column("Nodes", False)]
    if evidence.has_report:
        columns.append(Column("report"))
    for condition in evidence.leading:
        columns += evidence.columns(condition, "median", "range", "failures", "time")
    table = Table("Test accuracy in per cent, failed replicates, time a replicate.", columns)
    for model in models:
        fields = evidence.study.models[model].fields
        cells: list[Cell | str] = [model_cell(evidence.study, model), word(fields["activation"])]
        cells.append(word(fields["nodes"]))
        if evidence.has_report:
            cells.append(percent(evidence.reported.number("final", model, "test_accuracy")))
        for condition in evidence.leading:
            cells += _ours(evidence.rows.get((condition, model)))
        lines = (model_lines, timing_lines)
        table.add(cells, sources=[of(evidence, model, evidence.leading) for of in lines])
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


def _pairs(evidence: Evidence, comparison: Comparison) -> Table | None:
    """Return the differences that the report's text speaks of, with intervals and verdicts."""
    frame = evidence.comparisons
    chosen = frame[(frame["comparison"] == comparison.key) & frame["named"].astype(bool)]
    if chosen.empty:
        return None
    columns = [Column("Step", False)]
    columns += [Column("report")] if evidence.has_report else []
    for condition in evidence.leading:
        group, tone = evidence.study.condition_label(condition), evidence.tone(condition)
        columns += evidence.columns(condition, "difference", "interval", "p")
        columns.append(Column("verdict", False, group, tone))
    table = Table(
        "Difference of the medians in percentage points, second less first; p by Holm's "
        "correction.",
        columns,
    )
    for (first, second), rows in chosen.groupby(["first", "second"], sort=False):
        by_condition = {row["condition"]: row for row in rows.to_dict("records")}
        printed = [points(rows["reported_difference"].iloc[0])] if evidence.has_report else []
        table.add(
            " \N{RIGHTWARDS ARROW} ".join(evidence.study.model_labels([str(first), str(second)])),
            printed,
            [cell for c in evidence.leading for cell in _difference(by_condition.get(c))],
            sources=[lines_of("comparisons.csv", rows, condition=evidence.leading)],
        )
    return table


def _difference(row: dict[Any, Any] | None) -> list[Cell | str]:
    if row is None or missing(row["difference"]):
        return [NONE] * 4
    low, high = row["difference_low"], row["difference_high"]
    decimals = supported_decimals(low, high)
    shown = NONE if missing(low) else f"{points(low, decimals)} to {points(high, decimals)}"
    p = p_value(row["p_holm"])
    kind = "undecided" if row["verdict"] == "undecided" else ""
    return [points(row["difference"], decimals), shown, p, Cell(word(row["verdict"]), kind)]
