"""What the user writes in config.yaml and models.yaml, key by key."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from pydantic import Field, create_model

from mlpstudy.config.dataset import Dataset
from mlpstudy.config.types import (
    File,
    Listed,
    Matching,
    ModelNames,
    Name,
    Strict,
    absent,
    described,
    initial,
    shown,
    wanted,
)
from mlpstudy.spec import Spec

FIELDS = tuple(Spec.__dataclass_fields__)
Reason = Annotated[
    str,
    Field(min_length=1, max_length=1000, examples=["The framework's own default."]),
    wanted("a reason of 1 to 1000 characters"),
]


def _hyperparameters(required: bool = False) -> dict[str, Any]:
    """Return type and default of every field of a spec, as `create_model` takes them.

    A field without a default has None, which no one can write, unless it is `required`.
    """
    hints, found = get_type_hints(Spec), {}
    for field in dataclasses.fields(Spec):
        limits, kind = dict(field.metadata), hints[field.name]
        if "items" in limits:
            item = Field(description="One item.", examples=[10], **limits.pop("items"))
            size = (limits.pop("min_length"), limits.pop("max_length"))
            listed = Listed(limits.pop("expected"), *size, distinct=False)
            kind = Annotated[tuple[Annotated[int, item], ...], listed]
        stated = field.default is not dataclasses.MISSING
        default = field.default if stated else ... if required else None
        found[field.name] = (kind, Field(default, **limits))
    return found


class HasFields(Strict):
    """An entry with hyper-parameters among its keys."""

    @property
    def written(self) -> dict[str, Any]:
        """The hyper-parameters that the entry itself has, in the order of a spec."""
        return {field: getattr(self, field) for field in FIELDS if field in self.model_fields_set}

    @classmethod
    def descriptions(cls) -> dict[str, str]:
        """Return the description of each key."""
        return {**super().descriptions(), **described(Spec)}


if TYPE_CHECKING:

    class Where(HasFields):
        """Fields and values."""

else:
    Where = create_model("Where", __base__=HasFields, **_hyperparameters())


class _Condition(HasFields):
    label: Annotated[str, shown(60, r"(?!.*\s$)")] = absent("", examples=["pixels / 255"])
    """What readers see for the condition in pages and figures; by default its name, with
    underscores as spaces. Files keep the name, and changing a label trains nothing."""

    models: ModelNames = ()
    """The models that the condition is restricted to; by default all."""

    where: Annotated[Where, wanted("a mapping of fields to values")] = initial(
        {}, examples=[{"loss": "kl_divergence"}]
    )
    """Fields and the values that a model must have in them for the condition to apply to it; if no
    model has them, there is nothing to train."""


class _Model(HasFields):
    report_name: Annotated[str, shown(100)] = absent("", examples=["Model 1 (Model 1_1)"])
    """How pages call the model; by default the key that it stands under."""

    assumed: dict[Literal[FIELDS], Reason] = initial({})  # type: ignore[valid-type]
    """Of the fields that the model writes, those that its source does not state, each with the
    reason for the value."""


class Default(Strict):
    """The value of one field in models that do not write it."""

    value: Any
    """The value."""

    basis: Literal["assumed", "stated"] = "assumed"
    """Whether the models' source states the value or it is assumed."""

    why: Reason = "The workflow's own default; no reason is given."
    """The reason for the value, or where it is stated."""


def _default_of(name: str, kind: Any, field: Any) -> tuple[Any, Any]:
    """Return type and default of the default of a field."""
    entry = create_model(f"Default_{name}", __base__=Default, __doc__=Default.__doc__,
                         value=(kind, field))  # fmt: skip
    description = f"What a model has that does not write {name}."
    return entry, initial({"value": field.default}, description=description)


if TYPE_CHECKING:

    class ConditionEntry(_Condition):
        """Fields of a model and the values that they have under this condition."""

    class ModelEntry(_Model):
        """One model."""

    class Defaults(Strict):
        """The default of every field."""

else:
    ConditionEntry = create_model("ConditionEntry", __base__=_Condition, **_hyperparameters())
    ModelEntry = create_model("ModelEntry", __base__=_Model, **_hyperparameters(required=True))
    Defaults = create_model(
        "Defaults",
        __base__=Strict,
        **{
            name: _default_of(name, *entry)
            for name, entry in _hyperparameters().items()
            if entry[1].default is not None
        },
    )


class ModelsFile(Strict):
    """The models, and what they all have where they do not say otherwise."""

    defaults: Defaults = initial({})
    """The values of fields that a model does not write, and the reasons for them."""

    models: Annotated[
        dict[Name, ModelEntry], Field(min_length=1), wanted("a mapping of at least one model")
    ] = Field(examples=[{"wide": {"nodes": [512, 10], "activation": "relu"}}])
    """The models by name, one mapping each."""


class Classes(Strict):
    """Test accuracies, as fractions; a model below both is inferior."""

    superior: Annotated[float, Field(gt=0, le=1)] = 0.8
    """A model is superior from this test accuracy on."""

    medium: Annotated[float, Field(gt=0, le=1)] = 0.5
    """A model is medium from this test accuracy on; a run below it is a failure."""


class Common(Strict):
    """The settings that the resolved study has as they are written."""

    seed: Annotated[int, Field(ge=0, le=4294967295)] = 2021
    """The study's seed. All random streams are functions of it, replicate and fold."""

    replicates: Annotated[int, Field(ge=1, le=100_000)] = 3
    """How many independent times each model is trained under each condition."""

    replicates_per_job: Annotated[int, Field(ge=1, le=1000)] = 3
    """How many replicates one job trains together. Raising replicates by a multiple of this only
    adds jobs; another number trains all of them again."""

    trial: bool = False
    """Whether all pages are stamped as those of a trial run, not of the study."""

    classes: Classes = initial({})
    """The test accuracies, as fractions, from which a model is called superior or medium."""

    margin: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """The difference of mean test accuracies, as a fraction, below which two models count as
    equivalent."""


class Config(Common):
    """The study around the models. Every key may be left out; its default is then used."""

    results: Annotated[
        str,
        # What a shell takes for one word: the commands of the rules have it unquoted.
        Matching(
            r"[\w./+@%=,:-]+",
            "a folder (not empty, of letters, digits and the characters _ . / + @ % = , : -)",
        ),
    ] = "results"
    """The folder for everything that is made, relative to the working directory."""

    models: File = "config/models.yaml"
    """The file with the models, relative to the working directory."""

    claims: Annotated[
        File | None,
        wanted("a file (not empty, without braces, control characters or a leading ~), or null"),
    ] = "config/claims.yaml"
    """The file with the claims to judge; null for none. The default need not exist."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where models are trained. auto takes a GPU where there is one."""

    when_gpus_are_taken: Literal["wait", "share"] = "wait"
    """What a job does if every GPU of the machine is taken by another job. wait: it starts when one
    is free; share: it computes on the one that the fewest jobs use."""

    conditions: Annotated[
        dict[
            Name,
            Annotated[
                ConditionEntry | None,
                wanted("a mapping of fields to values, {} for none, or null to drop the condition"),
            ],
        ],
        Field(min_length=1),
        wanted("a mapping of keys to values"),
    ] = initial(
        {
            "as_reported": {"label": "report's settings (gaps assumed)"},
            "corrected": {"label": "corrected", "pixels": "unit", "kl": "exact"},
            "unit_pixels": {"pixels": "unit", "where": {"loss": "kl_divergence"}},
            "exact_kl": {"label": "exact KL", "kl": "exact", "where": {"loss": "kl_divergence"}},
        }
    )
    """Named sets of overrides. All models are trained under every condition, unless it has `models`
    or `where`; a condition that is null is dropped."""

    dataset: Dataset = initial({})
    """The images, where they come from and how they are verified."""

    @property
    def present_conditions(self) -> dict[str, ConditionEntry]:
        """The conditions that are not null."""
        return {name: each for name, each in self.conditions.items() if each is not None}
