"""The configuration, read and checked as a whole before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlpstudy.configuration.entries import (
    Condition,
    Dataset,
    Default,
    Fields,
    ModelEntry,
    Settings,
)
from mlpstudy.configuration.layers import COMMAND_LINE, Layers, read_layers, replace_at, shown
from mlpstudy.configuration.problems import Location, raise_deepest
from mlpstudy.configuration.rules import (
    condition_label,
    file_problems,
    model_problems,
    restriction_problems,
    run_problems,
    study_problems,
)
from mlpstudy.configuration.schema import Schema, Schemas
from mlpstudy.configuration.yamlfiles import parse_yaml, read_yaml
from mlpstudy.spec import in_effect

_CONFIG, _MODELS, _FIELDS = (f"{name}.schema.yaml" for name in ("config", "models", "fields"))


def read_settings(
    config: Mapping[str, object], config_files: Sequence[Path], schemas: Path
) -> Settings:
    """Check the merged configuration and the models file that it names, and complete both.

    `config` is what Snakemake merged from `config_files` (the last has the last word) and from
    `--config`; its `models` is relative to the working directory. `schemas` is the folder of the
    JSON Schemas.

    Raises:
        StudyError: one line with the file (or `--config`), the key, and what was expected.
    """
    return resolved(read_layers(config, config_files), schemas)


def resolved(layers: Layers, schemas: Path) -> Settings:
    """Do what `read_settings` does, with the configuration as `layers`."""
    checker = Schemas(schemas)
    _read_texts(layers, checker)
    raise_deepest(checker.problems(layers.values, _CONFIG, layers.origin))
    study = checker.filled(layers.values, {"$ref": _CONFIG})
    raise_deepest(study_problems(study, layers.origin))

    if "claims" not in layers.values and not Path(study["claims"]).is_file():
        study["claims"] = None  # a study of one's own need not have any
    models_file = Path(study["models"])
    raise_deepest(file_problems(study, layers.origin))
    written: dict[str, Any] = read_yaml(models_file)

    def of_models(_: Location) -> str:
        return shown(models_file)

    raise_deepest(checker.problems(written, _MODELS, of_models))
    raise_deepest(model_problems(written["models"], of_models))
    conditions = {name: each for name, each in study["conditions"].items() if each is not None}
    raise_deepest(restriction_problems(conditions, written["models"], layers.origin))

    settings = _assembled(study, conditions, checker.filled(written, {"$ref": _MODELS}), checker)
    raise_deepest(run_problems(settings, layers.origin, of_models))
    return settings


def _read_texts(layers: Layers, checker: Schemas) -> None:
    """Read as YAML what the command line handed over as text where something else is wanted."""
    for error in checker.errors(layers.values, _CONFIG):
        location = tuple(error.absolute_path)
        if error.validator == "type" and isinstance(error.instance, str):
            origin = layers.origin(location)
            if origin == COMMAND_LINE:
                replace_at(layers.values, location, parse_yaml(error.instance, origin))
    # The one key that may be text and null: --config claims=null.
    if layers.values.get("claims") == "null" and layers.origin(("claims",)) == COMMAND_LINE:
        layers.values["claims"] = None


def _assembled(
    study: dict[str, Any], conditions: dict[str, Any], written: dict[str, Any], checker: Schemas
) -> Settings:
    fields: dict[str, Schema] = checker.resolved({"$ref": _FIELDS})["$defs"]
    models = {
        name: _model(name, entry, written["defaults"], fields)
        for name, entry in written["models"].items()
    }
    return Settings(
        results=Path(study["results"]),
        models_file=Path(study["models"]),
        seed=study["seed"],
        replicates=study["replicates"],
        replicates_per_job=study["replicates_per_job"],
        device=study["device"],
        when_gpus_are_taken=study["when_gpus_are_taken"],
        trial=study["trial"],
        classes={name: float(study["classes"][name]) for name in ("superior", "medium")},
        margin=float(study["margin"]),
        claims_file=Path(study["claims"]) if study["claims"] else None,
        dataset=_dataset(study["dataset"]),
        defaults=_defaults(written, models, fields),
        models=models,
        conditions={
            name: _condition(name, entry, models, fields) for name, entry in conditions.items()
        },
    )


def _condition(
    name: str, entry: dict[str, Any], models: dict[str, ModelEntry], fields: dict[str, Schema]
) -> Condition:
    named = set(entry.get("models", models))
    where = _in_order(entry.get("where", {}), fields)
    # In the order of the models file, however the condition lists them.
    chosen = (
        model.name
        for model in models.values()
        if model.name in named and all(model.fields[key] == where[key] for key in where)
    )
    return Condition(
        name=name,
        label=condition_label(name, entry),
        overrides=_in_order(entry, fields),
        models=tuple(chosen),
    )


def _model(
    name: str, entry: dict[str, Any], defaults: dict[str, Any], fields: dict[str, Schema]
) -> ModelEntry:
    values = {field: default["value"] for field, default in defaults.items()}
    resolved = _in_order({**values, **entry}, fields)
    reasons = {
        field: default["why"]
        for field, default in defaults.items()
        if default["basis"] == "assumed" and field not in entry
    }
    reasons.update(entry.get("assumed", {}))
    relevant = in_effect(resolved)
    return ModelEntry(
        name=name,
        report_name=entry.get("report_name", name),
        fields=resolved,
        assumed={field: reasons[field] for field in relevant if field in reasons},
        stated=tuple(field for field in relevant if field not in reasons),
    )


def _defaults(
    written: dict[str, Any], models: dict[str, ModelEntry], fields: dict[str, Schema]
) -> dict[str, Default]:
    relevant = {name: in_effect(model.fields) for name, model in models.items()}
    return {
        field: Default(
            value=_canonical(default["value"], fields[field]),
            basis=default["basis"],
            why=default["why"],
            used_by=tuple(
                name
                for name, entry in written["models"].items()
                if field not in entry and field in relevant[name]
            ),
        )
        for field in fields
        if (default := written["defaults"].get(field)) is not None
    }


def _in_order(values: Mapping[str, Any], fields: dict[str, Schema]) -> Fields:
    """Keep the fields of a model, in the schema's order, and drop what else `values` holds."""
    return {
        field: _canonical(values[field], schema)
        for field, schema in fields.items()
        if field in values
    }


def _canonical(value: Any, schema: Schema) -> Any:
    """Give one form to what may be written in two, so that `1` and `1.0` are the same model."""
    if schema["type"] == "array":
        return tuple(value)
    return float(value) if schema["type"] == "number" else value


def _dataset(study: dict[str, Any]) -> Dataset:
    sources = tuple(
        {kind: place.rstrip("/") if kind == "url" else place for kind, place in source.items()}
        for source in study["sources"]
    )
    kinds = ("train_images", "train_labels", "test_images", "test_labels")
    files = {kind: {key: study["files"][kind][key] for key in ("name", "sha256")} for kind in kinds}
    classes = tuple(study["classes"])
    return Dataset(study["name"], classes, files, sources, study["subset"])
