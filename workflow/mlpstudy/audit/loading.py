"""Reading checks.yaml: every expression compiled, every placeholder known."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from mlpstudy.analysis.reported import QUANTITIES
from mlpstudy.audit.expressions import check_sentence, compiled, vocabulary
from mlpstudy.audit.printed import Report
from mlpstudy.config.yamlfiles import read_yaml
from mlpstudy.errors import StudyError

WEIGHTS = ("serious", "minor")
# The kinds of finding in the order of the table.
KINDS = ("printed_twice", "arithmetic", "own_text", "coincidence", "replicates")

CHECKS = Path(__file__).with_name("checks.yaml")

# What an entry may have, and what each key must hold; a rule has the first four alone.
RULE: dict[str, type] = {"weight": str, "kind": str, "finding": str, "matters": str}
CHECK = {**RULE, "models": list, "says": dict, "places": list, "numbers": dict, "when": str}


class Check(NamedTuple):
    """One entry; `numbers`, with the shared ones that it uses, and `when` are compiled."""

    id: str
    weight: str
    kind: str
    finding: str
    matters: str
    models: tuple[str, ...]
    says: Mapping[str, str]
    places: tuple[str, ...]
    numbers: Mapping[str, CodeType]
    when: CodeType | None


class Checks(NamedTuple):
    """The file: the checks, and the sentences of the rules."""

    path: Path
    checks: dict[str, Check]
    rules: dict[str, Check]


def load_checks(path: Path = CHECKS) -> Checks:
    """Read checks.yaml.

    Raises:
        StudyError: the file is not what it should be; names the check, the key and what is wrong.
    """
    document: dict[str, Any] = read_yaml(path)
    for part in ("shared", *WEIGHTS, "rules"):
        if not isinstance(document.get(part), dict):
            raise StudyError(f"{path}: expected a mapping as key {part}")
    known = {*vocabulary(Report((), {})), "quoted"}
    shared = _numbers(f"{path}: shared", document["shared"], {}, known)
    checks: dict[str, Check] = {}
    for weight in WEIGHTS:
        for key, entry in document[weight].items():
            if key in checks:
                raise StudyError(f"{path}: {key}: is there twice")
            used = {n: c for n, c in shared.items() if re.search(rf"\b{n}\b", str(entry))}
            defaults = {"weight": weight, "kind": "own_text"}
            checks[key] = _check(path, key, entry, CHECK, defaults, used, known)
    rules = {
        key: _check(path, key, entry, RULE, {}, {}, None)
        for key, entry in document["rules"].items()
    }
    return Checks(path, checks, rules)


def _check(
    path: Path, key: str, entry: Any, allowed: Mapping[str, type], defaults: Mapping[str, str],
    shared: Mapping[str, CodeType], known: Collection[str] | None,
) -> Check:  # fmt: skip
    """Return an entry as a check; a rule's numbers come from its code, so `known` is None."""
    where = f"{path}: {key}"
    entry = {**defaults, **entry} if isinstance(entry, dict) else {}
    for name in (*RULE, *entry):
        if name not in allowed:
            raise StudyError(f"{where}: key {name} is not one of {', '.join(allowed)}")
        if not isinstance(entry.get(name), allowed[name]):
            raise StudyError(f"{where}, key {name}: expected a {allowed[name].__name__}")
    for name, choices in (("weight", WEIGHTS), ("kind", KINDS)):
        if entry[name] not in choices:
            raise StudyError(f"{where}, key {name}: expected one of {', '.join(choices)}")
    for place in entry.get("places", []):
        if str(place).partition(".")[2].removesuffix("*") not in QUANTITIES:
            raise StudyError(f"{where}, key places: expected model.quantity, found {place!r}")
    numbers = _numbers(where, entry.get("numbers", {}), shared, known or ())
    names = {*known, *numbers} if known is not None else None
    when, name = None, "when"
    try:
        if name in entry:
            when = compiled(entry[name], names or ())
        for name in ("finding", "matters"):
            check_sentence(entry[name], names)
    except ValueError as error:
        raise StudyError(f"{where}, key {name}: {error}") from error
    weight, kind, finding, matters = (entry[name].strip() for name in RULE)
    return Check(
        key, weight, kind, finding, matters, tuple(entry.get("models", [])),
        entry.get("says", {}), tuple(entry.get("places", [])), numbers, when,
    )  # fmt: skip


def _numbers(
    where: str, entries: Mapping[str, Any], shared: Mapping[str, CodeType], known: Collection[str]
) -> dict[str, CodeType]:
    """Compile named expressions, each of which may use those before it and the shared ones."""
    codes = dict(shared)
    for name, text in entries.items():
        try:
            codes[name] = compiled(text, {*known, *codes})
        except ValueError as error:
            raise StudyError(f"{where}, key {name}: {error}") from error
    return codes
