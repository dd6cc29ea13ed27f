"""What the audit finds, and the table of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from mlpstudy.evidence.audit.printed import Printed

# The kinds of finding in the order of the table, and what each of them is.
KINDS = {
    "printed_twice": "the same quantity printed differently in two places",
    "arithmetic": "a number that cannot be, or that says more than it seems to",
    "own_text": "a sentence that the report's own tables contradict or do not bear out",
    "coincidence": "numbers that agree, or differ, more than they should",
    "replicates": "a printed value that our repetitions do not give",
}

COLUMNS = [
    *("id", "kind", "models", "quantity", "places", "values", "rule", "explanation", "matters"),
]
# Between the places, and between the values, of one finding; no place and no quote has it.
SEPARATOR = " | "


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    `key` tells it from the others of its rule, and stays the same as long as the report does.
    `shown` are (place, characters as printed) in the order of the report. `explanation` says what
    is found, with its numbers and the most favourable reading; `matters` why one should care.
    """

    kind: str
    rule: str
    key: str
    models: tuple[str, ...]
    quantity: str
    shown: tuple[tuple[str, str], ...]
    explanation: str
    matters: str

    @property
    def id(self) -> str:
        """The rule and the key: cut-m08-test_accuracy."""
        return f"{self.rule}-{self.key}"


def showing(values: Iterable[Printed]) -> tuple[tuple[str, str], ...]:
    """Return place and characters of printed values, each once, in the report's order."""
    ordered = sorted(values, key=lambda value: value.id)
    return tuple(dict.fromkeys((value.place, value.shown) for value in ordered))


def audit_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return audit.csv: a row a finding, kinds in the order of KINDS, else as they come.

    Where a rule finds two things of the same key, the second has -2 after its id.
    """
    order = list(KINDS)
    rows: list[dict[str, str]] = []
    seen: Counter[str] = Counter()
    for finding in sorted(findings, key=lambda finding: order.index(finding.kind)):
        seen[finding.id] += 1
        number = seen[finding.id]
        rows.append(
            {
                "id": finding.id if number == 1 else f"{finding.id}-{number}",
                "kind": finding.kind,
                "models": " ".join(finding.models),
                "quantity": finding.quantity,
                "places": SEPARATOR.join(place for place, _ in finding.shown),
                "values": SEPARATOR.join(value for _, value in finding.shown),
                "rule": finding.rule,
                "explanation": finding.explanation,
                "matters": finding.matters,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS, dtype="str")
