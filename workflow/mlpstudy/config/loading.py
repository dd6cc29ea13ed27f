"""Reading the configuration files, and telling where each of their values comes from."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from mlpstudy.config.claim_rules import claim_problems
from mlpstudy.config.claims import ClaimsFile
from mlpstudy.config.entries import Config, ModelsFile
from mlpstudy.config.problems import (
    COMMAND_LINE,
    Location,
    Origin,
    dotted,
    got,
    look_up,
    raise_deepest,
    validated,
)
from mlpstudy.config.rules import (
    config_problems,
    file_problems,
    model_problems,
    restriction_problems,
)
from mlpstudy.config.yamlfiles import parse_yaml, read_yaml
from mlpstudy.errors import StudyError

SHIPPED = "config/config.yaml"
FILES = ("models", "claims")  # keys that name files, as seen from the working directory
_MISSING = object()


@dataclass(frozen=True)
class Layers:
    """The merged configuration `values` and the files below it, the last with the last word."""

    values: dict[str, Any]
    files: tuple[tuple[str, Mapping[str, object]], ...]

    def origin(self, location: Location) -> str:
        """Name what set the key at `location`: the last file with it, else the command line.

        A key that is missing everywhere belongs to whoever wrote the mapping around it.
        """
        location, value = look_up(self.values, location)
        for name, document in reversed(self.files):
            depth, found = look_up(document, location)
            both_mappings = isinstance(found, Mapping) and isinstance(value, Mapping)
            if depth == location and (both_mappings or _same(found, value)):
                return name
        return COMMAND_LINE


def read_config(
    config: Mapping[str, object], config_files: Sequence[Path]
) -> tuple[Config, Origin]:
    """Check the merged configuration; return it, and what tells the file of a key.

    `config` is what Snakemake merged from `config_files` (the last has the last word) and from
    `--config`.

    Raises:
        StudyError: one line with the file (or `--config`), the key, and what was expected.
    """
    layers = read_layers(config, config_files)
    _read_texts(layers)
    found = validated(Config, layers.values, layers.origin)
    raise_deepest(config_problems(found, layers.origin))
    if "claims" not in layers.values and not Path(str(found.claims)).is_file():
        # A user's own study may have no claims.
        found = found.model_copy(update={"claims": None})
    raise_deepest(file_problems(found, layers.origin))
    return found, layers.origin


def read_models(config: Config, of_config: Origin) -> ModelsFile:
    """Read and check the models file that `config` names, and what `config` says of models.

    Raises:
        StudyError: one line with the file, the key, and what was expected.
    """
    path = Path(config.models)
    found = validated(ModelsFile, read_yaml(path), in_file(path))
    raise_deepest(model_problems(found, in_file(path)))
    raise_deepest(restriction_problems(config, found.models, of_config))
    return found


def read_claims(path: Path, models: Collection[str], conditions: Collection[str]) -> ClaimsFile:
    """Read and check the claims file.

    Args:
        path: config/claims.yaml, or what stands in its place.
        models: names of the study's models.
        conditions: names of the study's conditions.

    Raises:
        StudyError: one line with the file, the key, and what was expected. A model or condition
            that the study does not have is one, unless the file itself has it as `optional`.
    """
    found = written_claims(path)
    raise_deepest(claim_problems(found, models, conditions, in_file(path)))
    return found


def written_claims(path: Path) -> ClaimsFile:
    """Read a claims file without regard to the study that it is about.

    Raises:
        StudyError: one line with the file, the key, and what was expected.
    """
    return validated(ClaimsFile, read_yaml(path), in_file(path))


def over_shipped(config: Mapping[str, object], checkout: Path) -> dict[str, object]:
    """Lay the configuration of an importing workflow over config/config.yaml of this `checkout`.

    The files that the latter names are those of the checkout, wherever that is; those that the
    importing workflow names are its own.

    Raises:
        StudyError: the shipped file is not strict YAML.
    """
    shipped = read_yaml(checkout / SHIPPED)
    files = {key: os.path.relpath(checkout / str(shipped[key])) for key in FILES if key in shipped}
    return merged({**shipped, **files}, config)


def in_file(path: Path) -> Origin:
    """Return the origin of keys that all stand in one file."""
    return lambda _: shown(path)


def shown(path: Path) -> str:
    """Name `path` as the user would: relative where it is below the working directory."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return str(path)


def merged(base: dict[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Merge `over` into `base` as Snakemake does: mappings key by key, everything else whole."""
    result = dict(base)
    for key, value in over.items():
        if isinstance(value, Mapping):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def read_layers(config: Mapping[str, object], config_files: Sequence[Path]) -> Layers:
    """Read `config_files` again, strictly, and put their values where `config` has taken them.

    `config` was merged from the same files by a reader of YAML 1.1, which has `1e-3` as text and
    `no` as false. A value of `config` that such a reader finds in the files is replaced by what
    the strict reader finds there; any other was set on the command line and stays.

    Raises:
        StudyError: a file is not strict YAML, or `config` has a key that is not text.
    """
    names = [shown(path) for path in config_files]  # Snakemake has them absolute
    files = tuple((name, read_yaml(Path(name))) for name in names)
    strict: dict[str, object] = {}
    lenient: dict[str, object] = {}
    for path, (_, document) in zip(config_files, files, strict=True):
        strict = merged(strict, document)
        lenient = merged(lenient, _read_leniently(path))
    values = _plain(config)
    _check_keys(values, (), Layers(values, files))
    return Layers(_replaced(values, strict, lenient), files)


def _read_leniently(path: Path) -> dict[str, object]:
    try:
        document: dict[str, object] = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, ValueError) as error:
        raise StudyError(
            f"{shown(path)}: expected what YAML 1.1 can read too (quote dates and =): {error}"
        ) from error
    return document


def _read_texts(layers: Layers) -> None:
    """Read as YAML what the command line handed over as text where something else is wanted."""
    try:
        Config.model_validate(layers.values)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            location, text = look_up(layers.values, each["loc"])
            wants_other = each["type"].endswith("_type") and isinstance(text, str)
            if wants_other and layers.origin(location) == COMMAND_LINE:
                _, parent = look_up(layers.values, location[:-1])
                parent[location[-1]] = parse_yaml(text, COMMAND_LINE)
    # The one key that may be text and null: --config claims=null.
    if layers.values.get("claims") == "null" and layers.origin(("claims",)) == COMMAND_LINE:
        layers.values["claims"] = None


def _plain(value: Any) -> Any:
    """Copy to plain dictionaries and lists, all the way down."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _check_keys(value: object, location: Location, layers: Layers) -> None:
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if not isinstance(key, str):
            where = dotted((*location, str(key)))
            raise StudyError(
                f"{layers.origin(location)}: {where}: expected a key that is text, got {got(key)} "
                "(yes, no, on, off and numbers need quotes)"
            )
        _check_keys(item, (*location, key), layers)


def _replaced(value: Any, strict: object, lenient: object) -> Any:
    if isinstance(value, dict):
        below = [layer if isinstance(layer, dict) else {} for layer in (strict, lenient)]
        return {
            key: _replaced(item, *(layer.get(key, _MISSING) for layer in below))
            for key, item in value.items()
        }
    return strict if strict is not _MISSING and _same(value, lenient) else value


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)
