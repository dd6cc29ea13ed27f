"""checks.yaml applied to a report: each check whose statements and expression hold is a finding."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.analysis.reported import Value
from mlpstudy.analysis.schemas import AUDIT, SENSITIVITY
from mlpstudy.audit.expressions import evaluate, filled, vocabulary
from mlpstudy.audit.loading import KINDS, WEIGHTS, Check, Checks, Rule, load_checks, locating
from mlpstudy.audit.printed import NotPrintedError, Report, load_report
from mlpstudy.audit.replicates import against_replicates
from mlpstudy.audit.rules import RULES
from mlpstudy.config.study import load_study
from mlpstudy.errors import StudyError
from mlpstudy.files import write_csv

SEPARATOR = " | "  # between the places, and between the values, of one finding

Row = dict[str, str]


def audit(study: Path, reported: Path, checks: Path, tables: Path, output: Path) -> None:
    """Write audit.csv: the inconsistencies of the report's numbers and statements.

    A trial study is not compared with the printed values: it only shows that everything runs.

    Args:
        study: the resolved study, study.json.
        reported: folder of values.csv and statements.csv; each may be absent.
        checks: checks.yaml.
        tables: folder of sensitivity.csv.
        output: file to write.

    Raises:
        StudyError: one of the files is missing or is not what it should be.
    """
    placed = SENSITIVITY.read(tables)
    if load_study(study).trial:
        placed = placed[:0]
    found = findings(load_report(reported), load_checks(checks), placed)
    write_csv(audit_table(found), output)


def audit_table(rows: Iterable[Row]) -> pd.DataFrame:
    """Return audit.csv, the serious findings first, then by kind; all columns are text."""
    ordered = sorted(rows, key=lambda row: (WEIGHTS.index(row["weight"]), KINDS.index(row["kind"])))
    return AUDIT.frame(ordered)


def findings(report: Report, checks: Checks, placed: pd.DataFrame) -> Iterator[Row]:
    """Yield a row of audit.csv for each finding; `placed` is sensitivity.csv, and may be empty."""
    for rule in (*RULES, lambda printed: against_replicates(printed, placed)):
        for found in rule(report):
            where = f"{checks.path}: rules.{found.rule}"
            if found.rule not in checks.rules:
                raise StudyError(f"{where}: missing, expected the text of this finding")
            name = f"{found.rule.partition('-')[0]}-{found.key}"
            shown = _shown(found.values)
            yield _row(where, checks.rules[found.rule], name, found.models, shown, found.numbers)
    known = vocabulary(report)
    for name, check in checks.checks.items():
        with contextlib.suppress(NotPrintedError):  # then there is nothing to check
            yield from _of_check(
                f"{checks.path}: {check.weight}.{name}", name, check, report, known
            )


def _of_check(
    where: str, name: str, check: Check, report: Report, known: Mapping[str, Any]
) -> Iterator[Row]:
    """Yield the check's finding, if its statements have their words and its expression is true."""
    said = [report.statements[name] for name in check.says if name in report.statements]
    said = [statement for statement in said if check.says[statement.id] in statement.quote]
    if len(said) < len(check.says):
        return
    names = {**known, "quoted": lambda name: _first_number(check.says[name])}
    for key, expression in check.numbers.items():
        with locating(f"{where}.numbers.{key}"):
            names[key] = evaluate(expression, names)
    with locating(f"{where}.when"):
        if not evaluate(check.when, names):
            return
    values = [value for place in check.places for value in _values(report, place, names)]
    about = {value.model for value in values}
    models = check.models or [model for model in report.models if model in about]
    quotes = [(s.place, f"\u201c{s.quote}\u201d") for s in said]
    yield _row(where, check, name, models, [*quotes, *_shown(values)], names)


def _values(report: Report, place: str, names: Mapping[str, Any]) -> Iterator[Value]:
    """Yield the values of a place: a model, or the name of a list of models, and a quantity."""
    name, _, quantity = place.partition(".")
    for model in names.get(name, [name]):
        if quantity.endswith("*"):
            yield from report.printings(model, quantity.removesuffix("*"))
        elif (value := report.find(model, quantity)) is not None:
            yield value


def _shown(values: Iterable[Value]) -> list[tuple[str, str]]:
    """Return place and characters of each value once, in the report's order."""
    ordered = sorted(values, key=lambda value: int(value.id[1:]))
    return list(dict.fromkeys((v.place, v.printed or "(blank)") for v in ordered))


def _first_number(words: str) -> float:
    """Return the first number of some words, a fraction where it is per cent."""
    found = re.search(r"(\d+(?:\.\d+)?) ?(%?)", words)
    if found is None:
        raise ValueError(f"no number in {words!r}")
    return float(found[1]) / (100 if found[2] else 1)


def _row(
    where: str,
    entry: Check | Rule,
    name: str,
    models: Sequence[str],
    shown: Sequence[tuple[str, str]],
    names: Mapping[str, Any],
) -> Row:
    """Return a row of audit.csv; `shown` are places and what they print."""
    row = {
        "id": name,
        "weight": str(entry.weight),
        "kind": entry.kind,
        "models": " ".join(models),
        "places": SEPARATOR.join(place for place, _ in shown),
        "values": SEPARATOR.join(value for _, value in shown),
    }
    for key, sentence in (("finding", entry.finding), ("matters", entry.matters)):
        with locating(f"{where}.{key}"):
            row[key] = filled(sentence, names)
    return row
