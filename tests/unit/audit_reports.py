"""The transcribed report with corrections, and small reports, for the audit's tests."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pandas as pd

from mlpstudy.analysis.reported import Value
from mlpstudy.analysis.schemas import SENSITIVITY
from mlpstudy.audit.checks import findings
from mlpstudy.audit.loading import Checks, load_checks
from mlpstudy.audit.printed import Report, Statement, load_report

REPORTED = Path(__file__).parents[2] / "resources" / "reported"
REPORT = load_report(REPORTED)
CHECKS = load_checks()
NOTHING = SENSITIVITY.frame([])


def value(
    model: str, quantity: str, printed: str, section: str = "1 details", unit: str = ""
) -> Value:
    """Return a printed value as `read_values` gives it; accuracies are printed in per cent."""
    unit = "%" if quantity == "test_accuracy" else unit
    digits = printed.removeprefix("about ").rstrip("% smin")
    decimals = len(digits.partition(".")[2])
    scale = {"%": "0.01", "min": "60"}.get(unit, "1")
    numeric = bool(re.fullmatch(r"[\d.]+", digits))
    text = str(Decimal(digits) * Decimal(scale)) if numeric else printed
    return Value(
        "v1", model, section, f"{section}, {quantity}", quantity, printed, text, decimals, unit,
        printed.startswith("about"), float(text) if numeric else float("nan"),
        10.0**-decimals * float(scale),
    )  # fmt: skip


def report_of(*values: Value) -> Report:
    """Return a report of these values and no statements."""
    return Report(tuple(v._replace(id=f"v{n:03d}") for n, v in enumerate(values, 1)), {})


def corrected(edits: str) -> Report:
    """Return the report with edits: m05.class=Medium, m05.epochs@3=9 in one section, -m17, +m06.

    A + has the model discussed in section 2; * stands for every model.
    """
    values = list(REPORT.values)
    for edit in edits.split():
        if edit.startswith("-"):
            values = [v for v in values if v.model != edit[1:]]
        elif edit.startswith("+"):
            values.append(value(edit[1:], "layers", "4", "2 explanation"))
        else:
            target, _, new = edit.partition("=")
            place, _, section = target.partition("@")
            model, _, quantity = place.partition(".")
            for at, old in enumerate(values):
                named = model in ("*", old.model) and quantity == old.quantity
                if named and old.section.startswith(section):
                    number = float(new) if re.fullmatch(r"[\d.]+", new) else old.number
                    values[at] = old._replace(printed=new, value=new, number=number)
    return Report(tuple(values), REPORT.statements)


def without_words(statement: str, words: str) -> Report:
    """Return the report with a statement that does not say `words`."""
    old = REPORT.statements[statement]
    new = Statement(old.id, old.section, old.place, old.quote.replace(words, "…"))
    return Report(REPORT.values, REPORT.statements | {statement: new})


def audited(
    report: Report, checks: Checks = CHECKS, placed: pd.DataFrame = NOTHING
) -> dict[str, dict[str, str]]:
    """Return the findings by their ids."""
    return {row["id"]: row for row in findings(report, checks, placed)}
