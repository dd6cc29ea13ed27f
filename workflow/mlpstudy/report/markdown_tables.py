"""The files of tables/: which tables each has, for pasting into a repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlpstudy.formats import NONE, heading
from mlpstudy.report.layout import Column, Table
from mlpstudy.report.views.audit import Group
from mlpstudy.report.views.claims import ClaimView, VerdictView

# The Markdown files of tables/, each with one or more tables; without any it says so.
TABLE_PAGES = (
    "accuracy", "models", "comparisons", "activation_groups", "final_inference", "conclusions",
    "claims", "cause", "depth", "sensitivity", "effects", "audit", "assumptions", "provenance",
)  # fmt: skip


def table_pages(context: Mapping[str, Any]) -> dict[str, list[Table]]:
    """Return the tables of each file of TABLE_PAGES, from the context of the pages."""
    compared = [t for c in context["comparisons"] for t in (c.table, c.pairs) if t is not None]
    sensitive = [
        context["likeliest_table"],
        context["condition_table"],
        *(change.table for change in context["changes"]),
    ]
    found = (
        [context["accuracy"]], [card.results for card in context["cards"]], compared,
        context["groups"], [context["final"]], concluded(context),
        claim_tables(context["claim_parts"], _conditions(context)),
        [context["square_table"], context["saturation_table"]],
        [context["architecture_table"]], [*sensitive, *context["sensitivity_tables"]],
        context["effect_tables"], audit_tables(context["audit"]),
        [context["assumptions"]], [context["provenance"]],
    )  # fmt: skip
    told = [[t.without_drawings() for t in tables if t is not None and t.rows] for tables in found]
    return dict(zip(TABLE_PAGES, told, strict=True))


def concluded(context: Mapping[str, Any]) -> list[Table | None]:
    """Return for each topic the claims of the report's conclusion, judged, and its table."""
    tables: list[Table | None] = []
    for topic in context["conclusions"]:
        said = context["claims_at"](topic.place)
        if said:
            tables += claim_tables([(f"{topic.title}, judged", said)], _conditions(context))
        tables.append(topic.table)
    return tables


def claim_tables(
    parts: Sequence[tuple[str, Sequence[ClaimView]]], conditions: Mapping[str, str]
) -> list[Table]:
    """Return one table per part of the report, with one row per claim and one column per condition.

    Args:
        parts: title and claims of each part.
        conditions: the labels of the conditions, by key.
    """
    tables = []
    for title, claims in parts:
        columns = [Column("Claim", False), Column("In the report's words", False)]
        columns += [Column(label, False) for label in conditions.values()]
        table = Table("", columns, title=title)
        for claim in claims:
            quote = f"{claim.quote} ({claim.place})" if claim.quote else NONE
            table.add(claim.statement, quote, _verdicts(claim, list(conditions)))
        tables.append(table)
    return tables


def _conditions(context: Mapping[str, Any]) -> dict[str, str]:
    return {condition: context["condition_label"](condition) for condition in context["leading"]}


def _verdicts(claim: ClaimView, conditions: Sequence[str]) -> list[str]:
    """Return each condition's verdict; one that is of none of them stands in the first column."""
    found = {verdict.condition: verdict for verdict in claim.verdicts}
    if any(condition in found for condition in conditions):
        return [_verdict(found[c]) if c in found else NONE for c in conditions]
    said = [
        f"{v.condition_name}: {_verdict(v)}" if v.condition_name else f"{v.state_name}: {v.reason}"
        for v in claim.verdicts
    ]
    return ["; ".join(said), *[NONE] * (len(conditions) - 1)]


def _verdict(verdict: VerdictView) -> str:
    text = heading(verdict.state_name)
    if verdict.effect == NONE:
        return text
    needed = f"; about {verdict.needed} replicates would decide it" if verdict.needed else ""
    return f"{text}, {verdict.effect}, n = {verdict.n}{needed}"


def audit_tables(groups: Sequence[Group]) -> list[Table]:
    """Return one table for each weight of findings, one row per finding."""
    tables = []
    for group in groups:
        labels = ("About", "Kind", "Finding", "Why it matters", "As printed")
        columns = [Column(label, False) for label in labels]
        table = Table(group.tally, columns, title=group.title)
        for finding in group.findings:
            printed = "; ".join(f"{p.value} ({'; '.join(p.places)})" for p in finding.printings)
            about = (finding.about, finding.kind)
            table.add(*about, finding.finding, finding.matters, printed or NONE)
        tables.append(table)
    return tables
