"""audit.csv for readers: the findings in two tables, the serious and the minor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.audit.checks import SEPARATOR
from mlpstudy.report.layout import Column, Table
from mlpstudy.report.sources import lines_of

# The kinds of findings in words.
KINDS = {
    "printed_twice": "printed twice, differently",
    "arithmetic": "against arithmetic",
    "own_text": "against its own text and tables",
    "coincidence": "a coincidence",
    "replicates": "against our replicates",
}


@dataclass(frozen=True)
class Printing:
    """A value as printed, and all the places that print it so."""

    value: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One finding; `about` names its models, and is empty for the report as a whole."""

    id: str
    weight: str
    kind: str
    models: tuple[str, ...]
    about: str
    printings: tuple[Printing, ...]
    finding: str
    matters: str


def findings(results: Results) -> list[Finding]:
    """Return the findings of the audit, in its order; none for a study without a report."""
    if not results.has("audit"):
        return []
    rows = results.table("audit").fillna("").to_dict("records")
    return [_finding(results, row) for row in rows]


def _finding(results: Results, row: dict[Any, Any]) -> Finding:
    models = tuple(row["models"].split())
    values: dict[str, list[str]] = {}
    pairs = zip(row["values"].split(SEPARATOR), row["places"].split(SEPARATOR), strict=True)
    for value, place in pairs:
        values.setdefault(value, []).append(place)
    return Finding(
        id=row["id"],
        weight=row["weight"],
        kind=KINDS[row["kind"]],
        models=models,
        about=results.few(list(models), opening=True) if models else "",
        printings=tuple(Printing(v, tuple(p)) for v, p in values.items() if v or p != [""]),
        finding=row["finding"],
        matters=row["matters"],
    )


def findings_table(
    results: Results, found: list[Finding], title: str, detail: Callable[[Finding], str]
) -> Table:
    """Return one row per finding; `detail` makes the Markdown that is folded below it."""
    columns = [Column(label, False) for label in ("Finding", "About")]
    table = Table("", columns, title=title, prose=True)
    for each in found:
        table.add(
            each.finding,
            each.about or "The report",
            sources=[lines_of(results, "audit", id=each.id)],
            id=f"audit-{each.id}",
            detail=detail(each),
        )
    return table
