"""The wording of what is wrong with a configuration: one line with file, key and expectation."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlpstudy.errors import StudyError

Location = tuple[str | int, ...]
_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "null",
}
_BOUNDS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}
_LONGEST = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the file (or `--config`), the key, and what was expected."""

    origin: str
    location: Location
    text: str


def raise_deepest(problems: Iterable[Problem]) -> None:
    """Raise the problem of the deepest key, with the number of other keys that have one.

    Of several problems with one key, and of several keys equally deep, the first is told.

    Raises:
        StudyError: there is a problem.
    """
    by_key: dict[tuple[str, Location], Problem] = {}
    for problem in problems:
        by_key.setdefault((problem.origin, problem.location), problem)
    if not by_key:
        return
    deepest = max(by_key.values(), key=lambda problem: len(problem.location))
    more = f" (and {len(by_key) - 1} more)" if len(by_key) > 1 else ""
    where = f"{dotted(deepest.location)}: " if deepest.location else ""
    raise StudyError(f"{deepest.origin}: {where}{deepest.text}{more}")


def dotted(location: Location) -> str:
    """Write a location as in `models.m03.nodes[0]`; names out of the ordinary are quoted."""
    text = ""
    for key in location:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f".{key}" if re.fullmatch(r"[\w-]+", key) else f".{got(key)}"
    return text.removeprefix(".")


def expected(schema: Mapping[str, Any]) -> str:
    """Say what a schema wants: its own wording, its choices, or its type with the bounds."""
    if "x-expected" in schema:
        return str(schema["x-expected"])
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    types = schema.get("type", "value")
    kinds = [_KINDS.get(kind, kind) for kind in ([types] if isinstance(types, str) else types)]
    if "minimum" in schema and "maximum" in schema:
        return f"{' or '.join(kinds)} from {schema['minimum']} to {schema['maximum']}"
    bounds = [f"{words} {schema[key]}" for key, words in _BOUNDS.items() if key in schema]
    return " or ".join(kinds) + (f" {' and '.join(bounds)}" if bounds else "")


def got(value: object) -> str:
    """Show a value as YAML would have it, shortened, on one line."""
    if isinstance(value, str):
        text = repr(value)
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def meant(word: object, choices: Iterable[object]) -> str:
    """Suggest the closest of `choices` to a misspelt `word`, as in " (did you mean 'relu'?)"."""
    known = {str(choice).lower(): str(choice) for choice in choices}
    written = str(word).lower().replace("-", "_").replace(" ", "_")
    close = difflib.get_close_matches(written, known, n=1)
    return f" (did you mean '{known[close[0]]}'?)" if close and isinstance(word, str) else ""
