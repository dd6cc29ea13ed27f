"""Section 2 of the pages: the report's comparisons, with what our replicates say of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlpstudy.evidence.comparisons import Comparison, present
from mlpstudy.report.evidence import Evidence
from mlpstudy.report.figure_index import comparison_name
from mlpstudy.report.formats import (
    NONE,
    count,
    listing,
    median,
    missing,
    percent,
    points,
    seconds,
    short_name,
    span,
    supported_decimals,
    word,
)
from mlpstudy.report.layout import Cell, Column, Finding, Table
from mlpstudy.report.sources import lines_of, model_lines
from mlpstudy.report.table_views import model_cell


@dataclass(frozen=True)
class ComparisonView:
    """One comparison: what the report concludes, our table, our sentences, our figure."""

    anchor: str
    title: str
    quote: str
    table: Table
    pairs: Table | None
    findings: list[Finding]
    figure: str


def comparison_views(evidence: Evidence) -> list[ComparisonView]:
    """Return the comparisons of which the study has a model with runs."""
    views = []
    for comparison, members in present(evidence.study):
        models = [model for model in members if model in evidence.keys]
        if models:
            views.append(_view(evidence, comparison, models))
    return views


def _view(evidence: Evidence, comparison: Comparison, models: list[str]) -> ComparisonView:
    numbers = listing([short_name(model).removeprefix("Model ") for model in models])
    return ComparisonView(
        anchor=f"comparison-{comparison.key}",
        title=f"Model{'s' if len(models) > 1 else ''} {numbers}",
        quote=comparison.quote,
        table=_table(evidence, models),
        pairs=_pairs(evidence, comparison),
        findings=_findings(evidence, comparison, models),
        figure=comparison_name(comparison.key),
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
        cells: list[Cell | str] = [model_cell(model), word(fields["activation"])]
        cells.append(word(fields["nodes"]))
        if evidence.has_report:
            cells.append(percent(evidence.reported.number("final", model, "test_accuracy")))
        for condition in evidence.leading:
            cells += _ours(evidence.rows.get((condition, model)))
        table.add(cells, sources=[model_lines(evidence, model, evidence.leading)])
    return table


def _ours(row: Any) -> list[str]:
    if row is None:
        return [NONE] * 4
    return [
        median(row),
        span(row["test_accuracy_min"], row["test_accuracy_max"]),
        f"{row['failures']} of {row['replicates']}",
        seconds(row["seconds_median"]),
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
        group, tone = word(condition), evidence.tone(condition)
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
            f"{short_name(str(first))} \N{RIGHTWARDS ARROW} {short_name(str(second))}",
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
    p = NONE if missing(row["p_holm"]) else f"{row['p_holm']:.3f}"
    kind = "undecided" if row["verdict"] == "undecided" else ""
    return [points(row["difference"], decimals), shown, p, Cell(word(row["verdict"]), kind)]


def _findings(evidence: Evidence, comparison: Comparison, models: list[str]) -> list[Finding]:
    """Return sentences per condition: failures, then each pair that the report speaks of."""
    findings = []
    for condition in evidence.leading:
        present_here = [m for m in models if (condition, m) in evidence.rows]
        if not present_here:
            continue
        parts = [_failures(evidence, condition, present_here)]
        if len(comparison.models) == 1:
            parts.append(_rank(evidence, condition, present_here[0]))
        frame = evidence.comparisons
        named = (frame["comparison"] == comparison.key) & (frame["condition"] == condition)
        for row in frame[named & frame["named"].astype(bool)].to_dict("records"):
            parts.append(_pair(row))
        findings.append(evidence.finding(condition, " ".join(parts)))
    return findings


def _failures(evidence: Evidence, condition: str, models: list[str]) -> str:
    failed = [
        f"{short_name(m)} in {row['failures']} of {row['replicates']}"
        for m in models
        if (row := evidence.rows[condition, m])["failures"]
    ]
    limit = percent(evidence.study.medium, 0)
    if not failed:
        return f"no replicate is below {limit} %."
    return f"below {limit} % are {listing(failed)} replicates."


def _rank(evidence: Evidence, condition: str, model: str) -> str:
    """Say where a model stands among all models of the condition."""
    rows = [row for (c, _), row in evidence.rows.items() if c == condition]
    own = evidence.rows[condition, model]
    if len(rows) == 1 or missing(own["test_accuracy_median"]):
        return ""
    median, time = own["test_accuracy_median"], own["seconds_median"]
    better = sum(row["test_accuracy_median"] > median for row in rows)
    faster = sum(row["seconds_median"] < time for row in rows)
    return (
        f"Of {len(rows)} models {better} have a higher median than {short_name(model)}, "
        f"{percent(median)} %, and {faster} take less time, {seconds(time)} a replicate."
    )


def _pair(row: dict[Any, Any]) -> str:
    """Say what the replicates decide of a pair, and whether that is what the report has."""
    first, second = short_name(row["first"]), short_name(row["second"])
    difference, printed = row["difference"], row["reported_difference"]
    if missing(difference):
        return f"{second} cannot be set against {first}: there is no accuracy."
    decimals = supported_decimals(row["difference_low"], row["difference_high"])
    shift = points(difference, decimals)
    if row["verdict"] == "undecided":
        needed = row["replicates_needed"]
        more = "" if missing(needed) else f"; about {count(needed)} replicates each would decide it"
        return f"Whether {second} differs from {first} is undecided ({shift} points){more}."
    if row["verdict"] == "equivalent":
        margin = points(row["margin"], 0).lstrip("+")
        return f"{second} and {first} are equivalent, within {margin} point ({shift} points)."
    higher = row["verdict"] == "higher"
    text = f"{second} is {'better' if higher else 'worse'} than {first}, by {shift} points"
    if not missing(printed):
        text += ", as the report has it" if higher == (printed > 0) else ", unlike the report"
    return f"{text}."
