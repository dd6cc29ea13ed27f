"""Sentences about the models that are compared: how many of their replicates fail."""

from __future__ import annotations

from mlpstudy.analysis.results import Results
from mlpstudy.formats import (
    given_percent,
    listing,
)
from mlpstudy.report.by_condition import condition_finding
from mlpstudy.report.layout import Finding


def comparison_findings(results: Results, models: list[str]) -> list[Finding]:
    """Return one sentence per condition about the failures."""
    findings = []
    for condition in results.main:
        present_here = [m for m in models if (condition, m) in results.summaries]
        if not present_here:
            continue
        parts = [_failures(results, condition, present_here)]
        findings.append(condition_finding(results.study, condition, " ".join(parts)))
    return findings


def _failures(results: Results, condition: str, models: list[str]) -> str:
    failed = [
        f"{results.study.model_label(m)} in {row['failures']} of {row['replicates']}"
        for m in models
        if (row := results.summaries[condition, m])["failures"]
    ]
    limit = given_percent(results.study.medium)
    if not failed:
        return f"no replicate is below {limit} %."
    return f"below {limit} % are {listing(failed)} replicates."
