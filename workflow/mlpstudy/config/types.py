"""The types of values that several keys of the configuration have in common."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

JsonSchema = dict[str, Any]


class Strict(BaseModel):
    """A mapping whose keys are all known and whose values have their type as they are written."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        regex_engine="python-re",  # the default one has no lookahead
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchema:
        """Describe the keys by the docstrings of the fields.

        Pydantic's `use_attribute_docstrings` looks for them whenever it makes a class. That takes
        half a second in every process that reads a configuration.
        """
        found = handler(schema)
        keys = handler.resolve_ref_schema(found).get("properties", {})
        for parent in cls.__mro__:
            for name, text in attribute_docstrings(parent).items():
                if name in keys and "description" not in keys[name]:
                    keys[name] = {"description": text, **keys[name]}
        return found


def attribute_docstrings(described: type) -> dict[str, str]:
    """Return the strings below the annotated attributes of a class; none if it has no source."""
    try:
        source = ast.parse(inspect.getsource(described)).body[0]
    except (OSError, TypeError):  # made by a function, or built in
        return {}
    return {
        one.target.id: inspect.cleandoc(str(other.value.value))
        for one, other in pairwise(source.body if isinstance(source, ast.ClassDef) else ())
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        if isinstance(other, ast.Expr) and isinstance(other.value, ast.Constant)
    }


@cache
def json_schema(model: type[Strict]) -> JsonSchema:
    """Return the JSON Schema of a mapping, with everything that errors and editors show."""
    return model.model_json_schema(schema_generator=_SchemaGenerator)


class _SchemaGenerator(GenerateJsonSchema):
    """Pydantic's JSON Schemas, without what says nothing to a person."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchema:
        """Leave out a default that cannot be written."""
        found = super().default_schema(schema)
        if schema.get("default") is None and "anyOf" not in found:
            found.pop("default", None)
        return found

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchema:
        """Describe keys and values apart from each other."""
        found = super().dict_schema(schema)
        for pattern, value in found.pop("patternProperties", {}).items():
            found["propertyNames"]["pattern"] = pattern
            found["additionalProperties"] = value
        return found


def wanted(expected: str) -> Any:
    """Return metadata of a type: what error messages say that they expected."""
    return Field(json_schema_extra={"x-expected": expected})


def matching(pattern: str, expected: str, **more: Any) -> Any:
    """Return metadata of a text that matches `pattern` as a whole; errors call it `expected`."""
    # In Python, "$" alone also matches before a line break at the end.
    anchored = rf"^{pattern}$(?!\n)"
    return Field(pattern=anchored, json_schema_extra={"x-expected": expected}, **more)


def line(longest: int, before: str = "") -> Any:
    """Return metadata of a text in pages and figures, which has no character that XML forbids.

    What follows must match the pattern `before` too.
    """
    pattern = before + r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"
    return matching(f"{pattern}{{1,{longest}}}", f"one line of 1 to {longest} characters")


@dataclass(frozen=True)
class Listed:
    """Metadata of a tuple that is written as a list of `least` to `most` items."""

    expected: str
    least: int = 0
    most: int | None = None
    distinct: bool = True

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Accept a list, and check its items before their number."""
        inner = core_schema.no_info_before_validator_function(_as_tuple, handler(source))
        return core_schema.no_info_after_validator_function(self._checked, inner)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchema:
        """Describe the limits for editors."""
        limits = {"minItems": self.least, "maxItems": self.most, "uniqueItems": self.distinct}
        stated = {name: limit for name, limit in limits.items() if limit}
        return {**handler(schema), **stated, "x-expected": self.expected}

    def _checked(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        fits = self.least <= len(items) <= (self.most or len(items))
        if not fits or (self.distinct and len(set(items)) < len(items)):
            raise ValueError(self.expected)
        return items


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def absent(value: Any = None, **more: Any) -> Any:
    """Return a field that may be left out; `value`, which then stands for it, cannot be written."""
    return Field(default=value, **more)


def initial(value: Any, **more: Any) -> Any:
    """Return a field with the default `value`, which is written as in a file."""
    return Field(value, validate_default=True, **more)


Name = Annotated[
    str,
    matching(
        "[A-Za-z][A-Za-z0-9_]{0,63}",
        "a name of at most 64 letters, digits and _ that begins with a letter",
    ),
]
Text = Annotated[str, matching(r"[^\x00-\x1f]{1,1000}", "one line of 1 to 1000 characters")]
File = Annotated[
    str,
    matching(
        r"(?!~)[^{}\x00-\x1f]+",
        "a file (not empty, without braces, control characters or a leading ~)",
    ),
]
ModelName = Annotated[str, Field(description="The name of a model.", examples=["m01"])]
ConditionName = Annotated[
    str, Field(description="The name of a condition.", examples=["as_reported"])
]
ModelNames = Annotated[
    tuple[ModelName, ...],
    Listed("a list of one or more distinct model names", 1),
    Field(examples=[["m01", "m03"]]),
]
