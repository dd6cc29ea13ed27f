"""Checking a document against the JSON Schemas of one folder, and filling in their defaults."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mlpstudy.configuration.layers import COMMAND_LINE
from mlpstudy.configuration.problems import (
    Location,
    Problem,
    expected,
    got,
    meant,
)
from mlpstudy.configuration.yamlfiles import read_yaml
from mlpstudy.places import shipped

Schema = Mapping[str, Any]

SCHEMAS = shipped("schemas")


class Schemas:
    """The schemas of one folder, `NAME.schema.yaml` each; every `$ref` in them names its file."""

    def __init__(self, folder: Path) -> None:
        """Read every schema of `folder`.

        Raises:
            StudyError: a schema cannot be read.
        """
        schemas = {path.name: read_yaml(path) for path in sorted(folder.glob("*.schema.yaml"))}
        for schema in schemas.values():
            # It would make the library go on with its own validator instead of `_Validator`.
            del schema["$schema"]
        self._registry: Registry[Any] = Registry().with_resources(
            (name, DRAFT202012.create_resource(schema)) for name, schema in schemas.items()
        )
        self._resolver = self._registry.resolver()

    def resolved(self, schema: Schema) -> Schema:
        """Follow the `$ref` of `schema`, if any; what stands beside it adds to the target."""
        if "$ref" not in schema:
            return schema
        target = self.resolved(self._resolver.lookup(schema["$ref"]).contents)
        properties = {**target.get("properties", {}), **schema.get("properties", {})}
        return {**target, **schema, "properties": properties}

    def errors(self, document: object, name: str) -> list[ValidationError]:
        """Validate `document` against the schema file `name`."""
        validator = _Validator({"$ref": name}, registry=self._registry)
        return list(validator.iter_errors(document))

    def problems(
        self, document: object, name: str, origin: Callable[[Location], str]
    ) -> Iterator[Problem]:
        """Validate `document`; `origin` tells which file a key is from."""
        for error in self.errors(document, name):
            for location, text in self._explained(error):
                where = origin(location)
                hint = _as_text(error, where == COMMAND_LINE)
                yield Problem(where, location, text + hint)

    def filled(self, value: Any, schema: Schema) -> Any:
        """Copy the valid `value` with the schema's defaults in place of absent keys."""
        if not isinstance(value, dict):
            return copy.deepcopy(value)
        result = {key: copy.deepcopy(item) for key, item in value.items()}
        for key, below in self.resolved(schema).get("properties", {}).items():
            resolved = self.resolved(below)
            if key not in result and "default" in resolved:
                result[key] = resolved["default"]
            if key in result:
                result[key] = self.filled(result[key], resolved)
        return result

    def entries(self, value: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, Any]]:
        """Yield each entry of a mapping of names to entries, copied with the defaults filled in."""
        below = self.resolved(schema)["additionalProperties"]
        for name, entry in value.items():
            yield name, self.filled(entry, below)

    def _explained(self, error: ValidationError) -> Iterator[tuple[Location, str]]:
        """Say what is wrong with which key; one error of the library can be about several."""
        location = tuple(error.absolute_path)
        schema: Any = error.schema
        instance: Any = error.instance
        if "propertyNames" in error.absolute_schema_path:
            hint = meant(instance, schema.get("enum", ()))
            yield (*location, instance), f"expected {expected(schema)}{hint}"
        elif error.validator == "additionalProperties":
            known = list(schema["properties"])
            for key in (each for each in instance if each not in schema["properties"]):
                text = f"unknown key, expected one of {', '.join(known)}{meant(key, known)}"
                yield (*location, key), text
        elif error.validator == "required":
            for key in schema["required"]:
                if key not in instance:
                    wanted = expected(self.resolved(schema["properties"][key]))
                    yield (*location, key), f"missing, expected {wanted}"
        else:
            hint = meant(instance, schema.get("enum", ()))
            yield location, f"expected {expected(schema)}, got {got(instance)}{hint}"


def _as_text(error: ValidationError, on_command_line: bool) -> str:
    """Say how to write what was read as a number or truth value where it should be text.

    Snakemake removes quotes on the command line, where the text is always that of a path.
    """
    schema: Any = error.schema
    wants_text = error.validator == "type" and "string" in schema["type"] and "enum" not in schema
    if not wants_text or not isinstance(error.instance, int | float):
        return ""
    return f" (write it as ./{error.instance})" if on_command_line else " (quote it)"


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: object, value: object) -> bool:
    return _is_integer(_, value) or (isinstance(value, float) and math.isfinite(value))


# JSON Schema takes 3.0 for an integer and knows neither infinity nor not-a-number.
_Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    ),
)
