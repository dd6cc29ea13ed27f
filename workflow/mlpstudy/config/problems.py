"""The wording of what is wrong with a configuration: one line with file, key and expectation."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mlpstudy.config.types import Strict, json_schema
from mlpstudy.errors import StudyError

Location = tuple[str | int, ...]
Problem = tuple[Location, str]  # a key, and what was expected
Origin = Callable[[Location], str]  # names the file that set a key
Schema = Mapping[str, Any]
Written = TypeVar("Written", bound=Strict)

COMMAND_LINE = "--config"
_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list",
    "object": "a mapping of keys to values",
}
_BOUNDS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}
_LONGEST = 60


def raise_deepest(problems: Iterable[Problem], origin: Origin) -> None:
    """Raise the problem of the deepest key, with the number of other keys that have one.

    Of several problems with one key, and of several keys at the same depth, the first is reported.

    Raises:
        StudyError: there is a problem.
    """
    by_key: dict[Location, str] = {}
    for location, text in problems:
        by_key.setdefault(location, text)
    if by_key:
        deepest = max(by_key, key=len)
        more = f" (and {len(by_key) - 1} more)" if len(by_key) > 1 else ""
        where = f"{dotted(deepest)}: " if deepest else ""
        raise StudyError(f"{origin(deepest)}: {where}{by_key[deepest]}{more}")


def validated(model: type[Written], values: object, origin: Origin) -> Written:
    """Return `values` as a `model`; `origin` tells which file a key is from.

    Raises:
        StudyError: one line with the file, the key, and what was expected.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        schema = json_schema(model)
        # A misspelt key explains why another one is missing, so it comes first.
        found = sorted(error.errors(include_url=False), key=lambda each: each["type"] == "missing")
        explained = [(*_explained(each, values, schema), each) for each in found]
        raise_deepest(
            ((at, text + _as_text(each, origin(at))) for at, text, each in explained), origin
        )
        raise


def look_up(document: Any, location: Location) -> tuple[Location, Any]:
    """Return how far `location` goes into `document`, and the value there."""
    for depth, key in enumerate(location):
        try:
            document = document[key]
        except (LookupError, TypeError):
            return location[:depth], document
    return location, document


def _explained(error: ErrorDetails, values: object, root: Schema) -> tuple[Location, str]:
    """Return the key that an error is about, and what is wrong with it.

    Beyond keys and indices, the library's own locations name members of unions.
    """
    kind, location = error["type"], error["loc"]
    if location and location[-1] == "[key]":
        *inside, name = location[:-1]
        schema = schema_at(root, inside).get("propertyNames", {})
        return location[:-1], f"expected {expected(schema)}{meant(name, schema.get('enum', ()))}"
    at, value = look_up(values, location)
    if kind == "missing":
        return location, f"missing, expected {expected(schema_at(root, location))}"
    if kind == "extra_forbidden":
        known = list(schema_at(root, at[:-1])["properties"])
        text = f"unknown key, expected one of {', '.join(known)}{meant(at[-1], known)}"
        return at, text
    schema = schema_at(root, at)
    return (
        at,
        f"expected {expected(schema)}, got {got(value)}{meant(value, schema.get('enum', ()))}",
    )


def schema_at(root: Schema, location: Iterable[str | int]) -> Schema:
    """Return the JSON Schema of the value at `location`."""
    schema = _resolved(root, root)
    for key in location:
        if isinstance(key, int):
            below = schema.get("items", {})
        else:
            others = schema.get("additionalProperties")
            below = schema.get("properties", {}).get(key, others or {})
        schema = _resolved(below, root)
    return schema


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow the `$ref` of `schema`; what stands beside it adds to the target."""
    if "$ref" in schema:
        target = root["$defs"][schema["$ref"].rpartition("/")[2]]
        return {**_resolved(target, root), **schema}
    branches = schema.get("anyOf", [])
    if len(branches) == 2 and branches[1] == {"type": "null"}:
        below = _resolved(branches[0], root)
        return {**below, "type": [below.get("type"), "null"], **schema}
    return schema


def _as_text(error: ErrorDetails, origin: str) -> str:
    """Say how to write what was read as a number or truth value where it should be text.

    Snakemake removes quotes on the command line, where the text is always that of a path.
    """
    value = error["input"]
    if error["type"] != "string_type" or not isinstance(value, int | float):
        return ""
    return f" (write it as ./{value})" if origin == COMMAND_LINE else " (quote it)"


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
    kind, *null = [types] if isinstance(types, str) else types
    if "minimum" in schema and "maximum" in schema:
        limits = f" from {schema['minimum']} to {schema['maximum']}"
    else:
        bounds = [f" {words} {schema[key]}" for key, words in _BOUNDS.items() if key in schema]
        limits = " and".join(bounds)
    return _KINDS.get(kind, kind) + limits + (" or null" if null else "")


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
