"""What the user writes in models.yaml, and the hyper-parameters, which conditions have too."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_type_hints

from pydantic import Field, create_model

from mlpstudy.config.types import (
    Listed,
    Name,
    Strict,
    absent,
    attribute_docstrings,
    initial,
    line,
    wanted,
)
from mlpstudy.spec import Spec

FIELDS = tuple(Spec.__dataclass_fields__)
Entry = TypeVar("Entry", bound="HasFields")
Base = TypeVar("Base", bound=Strict)
Reason = Annotated[
    str,
    Field(min_length=1, max_length=1000, examples=["The framework's own default."]),
    wanted("a reason of 1 to 1000 characters"),
]


def _hyperparameters() -> dict[str, tuple[Any, Any]]:
    """Return the type and the limits of every field of a spec, as `create_model` takes them.

    A field without a default has None, which no one can write.
    """
    hints, found = get_type_hints(Spec), {}
    descriptions = attribute_docstrings(Spec)
    for field in dataclasses.fields(Spec):
        limits, kind = dict(field.metadata), hints[field.name]
        if "items" in limits:
            item = Field(description="One item.", examples=[10], **limits.pop("items"))
            size = (limits.pop("min_length"), limits.pop("max_length"))
            listed = Listed(limits.pop("expected"), *size, distinct=False)
            kind = Annotated[tuple[Annotated[int, item], ...], listed]
        default = None if field.default is dataclasses.MISSING else field.default
        description = " ".join(descriptions[field.name].split())
        found[field.name] = (kind, Field(default, description=description, **limits))
    return found


HYPERPARAMETERS = _hyperparameters()


class HasFields(Strict):
    """An entry with hyper-parameters among its keys; it must have those that are `needed`."""

    needed: ClassVar[tuple[str, ...]] = ()

    @property
    def written(self) -> dict[str, Any]:
        """The hyper-parameters that the entry itself has, in the order of a spec."""
        return {field: getattr(self, field) for field in FIELDS if field in self.model_fields_set}


def with_hyperparameters(entry: type[Entry]) -> type[Entry]:
    """Add the fields of a spec to the keys of an entry; this is a class decorator."""
    fields = dict(HYPERPARAMETERS)
    for name in entry.needed:
        kind, limits = fields[name]
        fields[name] = (Annotated[kind, limits], ...)
    return _extended(entry, entry.__name__, **fields)


def _extended(entry: type[Base], name: str, **fields: Any) -> type[Base]:
    return create_model(name, __base__=entry, __doc__=entry.__doc__, **fields)


@with_hyperparameters
class ModelEntry(HasFields):
    """One model."""

    needed = ("nodes",)

    report_name: Annotated[str, line(100)] = absent("", examples=["Model 1 (Model 1_1)"])
    """The model's name on the pages; by default its key."""

    assumed: dict[Literal[FIELDS], Reason] = initial({})  # type: ignore[valid-type]
    """The fields set here that the source does not state, each with the reason for its value."""


class Default(Strict):
    """The value of one field in models that do not set it."""

    value: Any
    """The value."""

    basis: Literal["assumed", "stated"] = "assumed"
    """Whether the models' source states the value or it is assumed."""

    why: Reason = "The workflow's own default; no reason is given."
    """The reason for the value, or where it is stated."""


def _with_defaults(entry: type[Base]) -> type[Base]:
    """Add to the keys of an entry the default of every field that has one."""
    found = {}
    for name, (kind, field) in HYPERPARAMETERS.items():
        if field.default is not None:
            default = _extended(Default, f"Default_{name}", value=(kind, field))
            description = f"The default of {name}."
            found[name] = (default, initial({"value": field.default}, description=description))
    return _extended(entry, entry.__name__, **found)


@_with_defaults
class Defaults(Strict):
    """The default of every field."""


class ModelsFile(Strict):
    """The models, and the defaults of their fields."""

    defaults: Defaults = initial({})
    """The values of fields that a model does not set, and the reasons for them."""

    models: Annotated[
        dict[Name, ModelEntry], Field(min_length=1), wanted("a mapping of at least one model")
    ] = Field(examples=[{"wide": {"nodes": [512, 10], "activation": "relu"}}])
    """The models by name, one mapping each."""
