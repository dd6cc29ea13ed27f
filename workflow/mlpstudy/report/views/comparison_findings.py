"""Sentences about the models that are compared: how many of their replicates fail."""

from __future__ import annotations

from mlpstudy.formats import (
    given_percent,
    listing,
)
from mlpstudy.report.evidence import Evidence
from mlpstudy.report.layout import Finding


def comparison_findings(evidence: Evidence, models: list[str]) -> list[Finding]:
    """Return one sentence per condition about the failures."""
    findings = []
    for condition in evidence.leading:
        present_here = [m for m in models if (condition, m) in evidence.rows]
        if not present_here:
            continue
        parts = [_failures(evidence, condition, present_here)]
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
