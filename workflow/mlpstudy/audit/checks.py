"""checks.yaml applied to a report: each check whose statements and expression hold is a finding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.analysis.schemas import AUDIT, SENSITIVITY
from mlpstudy.audit.expressions import Sentence, evaluated, vocabulary
from mlpstudy.audit.loading import KINDS, WEIGHTS, Check, Checks, load_checks
from mlpstudy.audit.printed import NotPrintedError, Report, Value, load_report
from mlpstudy.audit.replicates import against_replicates
from mlpstudy.audit.rules import RULES
from mlpstudy.config.study import load_study
from mlpstudy.errors import StudyError
from mlpstudy.files import write_csv

SEPARATOR = " | "  # between the places, and between the values, of one finding

Shown = Sequence[tuple[str, str]]


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


def audit_table(rows: Iterable[dict[str, str]]) -> pd.DataFrame:
    """Return audit.csv, the serious findings first, then by kind; all columns are text."""
    ordered = sorted(rows, key=lambda row: (WEIGHTS.index(row["weight"]), KINDS.index(row["kind"])))
    return AUDIT.frame(ordered)


def findings(report: Report, checks: Checks, placed: pd.DataFrame) -> Iterator[dict[str, str]]:
    """Yield a row of audit.csv for each finding; `placed` is sensitivity.csv, and may be empty."""
    for rule in (*RULES, lambda printed: against_replicates(printed, placed)):
        for found in rule(report):
            if found.rule not in checks.rules:
                raise StudyError(f"{checks.path}: rules: {found.rule} is missing")
            sentences = checks.rules[found.rule]
            name = f"{found.rule.partition('-')[0]}-{found.key}"
            yield _row(checks, sentences, name, found.models, _shown(found.values), found.numbers)
    names = vocabulary(report)
    for check in checks.checks.values():
        try:
            yield from _of_check(checks, check, report, names)
        except NotPrintedError:
            continue  # the report does not print what the check is about


def _of_check(
    checks: Checks, check: Check, report: Report, known: Mapping[str, Any]
) -> Iterator[dict[str, str]]:
    """Yield the check's finding, if its statements have their words and its expression is true."""
    said = [report.statements[name] for name in check.says if name in report.statements]
    said = [statement for statement in said if check.says[statement.id] in statement.quote]
    if len(said) < len(check.says):
        return
    names = {**known, "quoted": lambda name: _first_number(check.says[name])}
    key = ""
    try:
        for key, code in check.numbers.items():
            names[key] = evaluated(code, names)
        key = "when"
        if check.when is not None and not evaluated(check.when, names):
            return
    except ValueError as error:
        raise StudyError(f"{checks.path}: {check.id}, key {key}: {error}") from error
    values = [value for place in check.places for value in _values(report, place, names)]
    about = {value.model for value in values}
    models = check.models or tuple(model for model in report.models if model in about)
    quotes = [(s.place, f"\u201c{s.quote}\u201d") for s in said]
    yield _row(checks, check, check.id, models, [*quotes, *_shown(values)], names)


def _values(report: Report, place: str, names: Mapping[str, Any]) -> Iterator[Value]:
    """Yield the values of a place: a model, or the name of a list of models, and a quantity."""
    name, _, quantity = place.partition(".")
    for model in names.get(name, [name]):
        if quantity.endswith("*"):
            yield from report.printings(model, quantity.removesuffix("*"))
        elif (value := report.find(model, quantity)) is not None:
            yield value


def _shown(values: Iterable[Value]) -> Shown:
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
    checks: Checks, check: Check, name: str, models: Sequence[str], places: Shown,
    numbers: Mapping[str, Any],
) -> dict[str, str]:  # fmt: skip
    key = ""
    sentences = {}
    try:
        for key in ("finding", "matters"):
            sentences[key] = Sentence().vformat(getattr(check, key), (), numbers)
    except (KeyError, TypeError, ValueError) as error:
        raise StudyError(f"{checks.path}: {check.id}, key {key}: cannot fill in {error}") from error
    return {
        "id": name, "weight": check.weight, "kind": check.kind, "models": " ".join(models),
        "places": SEPARATOR.join(place for place, _ in places),
        "values": SEPARATOR.join(value for _, value in places),
        **sentences,
    }  # fmt: skip
