"""Sentences about the report's comparisons: who fails, and what the replicates decide of a pair."""

from __future__ import annotations

from typing import Any

from mlpstudy.evidence.study_file import Comparison
from mlpstudy.report.evidence import Evidence
from mlpstudy.report.formats import (
    count,
    given_percent,
    listing,
    margin,
    missing,
    percent,
    points,
    supported_decimals,
)
from mlpstudy.report.layout import Finding


def comparison_findings(
    evidence: Evidence, comparison: Comparison, models: list[str]
) -> list[Finding]:
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
            parts.append(_pair(evidence, row))
        findings.append(evidence.finding(condition, " ".join(parts)))
    return findings


def _failures(evidence: Evidence, condition: str, models: list[str]) -> str:
    failed = [
        f"{evidence.study.model_label(m)} in {row['failures']} of {row['replicates']}"
        for m in models
        if (row := evidence.rows[condition, m])["failures"]
    ]
    limit = given_percent(evidence.study.medium)
    if not failed:
        return f"no replicate is below {limit} %."
    return f"below {limit} % are {listing(failed)} replicates."


def _rank(evidence: Evidence, condition: str, model: str) -> str:
    """Say where a model stands among all models of the condition."""
    rows = [row for (c, _), row in evidence.rows.items() if c == condition]
    own = evidence.rows[condition, model]
    if len(rows) == 1 or missing(own["test_accuracy_median"]):
        return ""
    median = own["test_accuracy_median"]
    better = sum(row["test_accuracy_median"] > median for row in rows)
    name = evidence.study.model_label(model)
    return f"Of {len(rows)} models {better} have a higher median than {name}, {percent(median)} %."


def _pair(evidence: Evidence, row: dict[Any, Any]) -> str:
    """Say what the replicates decide of a pair, beside the difference that the report prints."""
    first, second = evidence.study.model_labels([row["first"], row["second"]])
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
        within = margin(row["margin"])
        return f"{second} and {first} are equivalent, within {within} ({shift} points)."
    higher = row["verdict"] == "higher"
    # The test goes by the chance that one run is above the other: medians may differ the other way.
    theirs = "" if missing(printed) else f"; {points(printed)} in the report"
    return f"{second} is {'better' if higher else 'worse'} than {first} ({shift} points{theirs})."
