"""Small reports for the audit's tests: values as somebody would transcribe them, and readings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pandas as pd

from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.printed import Report, load_report
from mlpstudy.evidence.audit.readings import Reading
from mlpstudy.evidence.reported import (
    COUNTS,
    DETAILS,
    FINAL,
    FRACTIONS,
    MEASURES,
    STATEMENT_COLUMNS,
    UNITS,
    VALUE_COLUMNS,
    read_values,
)

Row = dict[str, str]


def printed(model: str, quantity: str, text: str, section: str = DETAILS, note: str = "") -> Row:
    """Return a row of values.csv as one transcribes what is printed."""
    row = dict.fromkeys(VALUE_COLUMNS, "") | {
        "model": model, "section": section, "place": f"{section}, {model}, {quantity}, {text}",
        "quantity": quantity, "printed": text, "value": text, "approximate": "false", "note": note,
    }  # fmt: skip
    if quantity in [*COUNTS, *FRACTIONS, *MEASURES] and text:
        digits = re.search(r"\d+(?:\.(\d+))?", text)
        assert digits
        unit = "min" if "min" in text else "s" if quantity in MEASURES[:2] else ""
        unit = "%" if quantity in FRACTIONS else unit
        row["unit"] = unit
        row["decimals"] = str(len(digits.group(1) or ""))
        row["value"] = f"{Decimal(digits.group(0)) * Decimal(str(UNITS[unit])).normalize():f}"
        row["approximate"] = str("about" in text).lower()
    return row


def model(key: str, accuracy: str = "", final: str = "", **details: str) -> list[Row]:
    """Return a model's rows: `details` of section 1, and its class in the final table."""
    rows = [printed(key, name, text) for name, text in details.items()]
    if accuracy:
        rows.append(printed(key, "test_accuracy", accuracy))
    if final:
        rows.append(printed(key, "class", final, FINAL))
    return rows


def report_of(tmp_path: Path, rows: Iterable[Row], sentences: Iterable[str] = ()) -> Report:
    """Return a report of these values, read from a file, with sentences s01, s02, …."""
    numbered = [{**row, "id": f"v{n:03d}"} for n, row in enumerate(rows, 1)]
    path = tmp_path / "values.csv"
    pd.DataFrame(numbered, columns=VALUE_COLUMNS).to_csv(path, index=False)
    statements = [
        {
            "id": f"s{n:02d}", "section": "2 explanation", "place": f"Paragraph {n}",
            "models": "", "quote": quote, "kind": "other", "note": "",
        }
        for n, quote in enumerate(sentences or ["A sentence.", "Another."], 1)
    ]  # fmt: skip
    return load_report(read_values(path), pd.DataFrame(statements, columns=STATEMENT_COLUMNS))


def reading(
    report: Report, form: str, models: str = "", others: str = "", quantity: str = "",
    value: str = "", said: str = "", sentence: str = "s01", note: str = "",
) -> Reading:  # fmt: skip
    """Return a reading of one of the report's sentences."""
    return Reading(
        report.sentences[sentence], form, tuple(models.split()), tuple(others.split()),
        quantity, said, value, note,
    )  # fmt: skip


def ids(found: Iterator[Finding]) -> list[str]:
    """Return the findings' ids."""
    return [finding.id for finding in found]


def only(found: Iterator[Finding]) -> Finding:
    """Return the one finding that there is."""
    (finding,) = found
    return finding


Rule = Callable[[Report, Sequence[Reading]], Iterator[Finding]]


TEXT = "2 explanation"


def check(
    tmp_path: Path,
    rule: Rule,
    rows: Sequence[Row],
    expected: bool,
    form: str,
    *args: str,
    **more: str,
) -> str:
    """Run one rule on one reading; return the explanation, or nothing if there is no finding."""
    report = report_of(tmp_path, rows)
    found = list(rule(report, [reading(report, form, *args, **more)]))
    assert bool(found) is expected
    assert all(finding.kind in ("own_text", "arithmetic") for finding in found)
    return found[0].explanation if found else ""
