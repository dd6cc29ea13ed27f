"""Claims and findings as the page places them: whole lists, and each model's own."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mlpstudy.analysis.results import Results
from mlpstudy.formats import NONE, heading
from mlpstudy.report.by_condition import tone
from mlpstudy.report.layout import Source
from mlpstudy.report.views import audit, claims
from mlpstudy.report.views.sources import lines_of

# Claims about more models than this are the report's as a whole, not a model's.
FEW = 6


def judgements(results: Results) -> dict[str, Any]:
    """Return the claims' and the audit's views; a study without either has empty lists."""
    study = results.study
    views = claims.claim_views(results.table("claims"), study) if results.has("claims") else []
    findings = _texts(results.table("audit")) if results.has("audit") else pd.DataFrame()
    groups = audit.groups(findings, study) if len(findings) else []
    tally = claims.tally(results.table("claims")) if views else {}

    def claims_of(model: str) -> list[claims.ClaimView]:
        return [c for c in views if model in c.models and len(c.models) <= FEW]

    def audit_of(model: str) -> list[audit.FindingView]:
        found = audit.of_model(findings, model, study) if groups else []
        return [finding for finding in found if len(finding.models) <= FEW]

    def claims_at(place: str) -> list[claims.ClaimView]:
        """Return the claims that stand at a place of the report, or within it."""
        return [c for c in views if place and f"{c.place},".startswith(f"{place},")]

    def verdicts_of(claim: claims.ClaimView) -> dict[str, claims.VerdictView]:
        """Return the leading conditions' verdicts; where there are none, all that there are."""
        found = {v.condition: v for v in claim.verdicts}
        return {c: found[c] for c in results.main if c in found} or found

    return {
        "claim_parts": _by_section(views),
        "claims_of": claims_of,
        "claims_at": claims_at,
        "verdicts_of": verdicts_of,
        "none_sign": NONE,
        "leading": results.main,
        "condition_label": study.condition_label,
        "claims_tally": [
            (
                heading(study.condition_label(condition)) if condition else "Under no condition",
                list(tally[condition].items()),
            )
            for condition in (*results.main, "")
            if condition in tally
        ],
        "states_in_words": claims.STATES,
        "leading_in": lambda found: [c for c in results.main if c in found],
        "claim_sources": _sources(results, "claims", "claim", [c.claim for c in views]),
        "audit": groups,
        "audit_of": audit_of,
        "audit_summary": audit.summary(groups),
        "audit_sources": _sources(
            results, "audit", "id", [f.anchor for group in groups for f in group.findings]
        ),
        "model_label": study.model_label,
        "keys": results.models,
        "tone": lambda condition: tone(study, condition),
    }


def _by_section(
    views: list[claims.ClaimView],
) -> list[tuple[str, list[claims.ClaimView]]]:
    """Return the claims by the section of the report that they stand in, in their order."""
    parts: dict[str, list[claims.ClaimView]] = {}
    for claim in views:
        number, _, name = claim.section.partition(" ")
        numbered = f"Section {number}: {name}" if name and number.isdecimal() else claim.section
        title = numbered or "Claims of this study"
        parts.setdefault(title, []).append(claim)
    return list(parts.items())


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table as texts, with empty texts for empty cells."""
    return frame.astype("object").where(frame.notna(), "").astype("str")


def _sources(
    results: Results, name: str, column: str, keys: list[str]
) -> dict[str, tuple[Source, ...]]:
    """Return the lines of each key in a table that not every study has."""
    return {key: (lines_of(f"{name}.csv", results.table(name), **{column: key}),) for key in keys}
