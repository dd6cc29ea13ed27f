"""Where each configured value comes from: one of the configuration files, or the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from mlpstudy.configuration.problems import Location, dotted, got
from mlpstudy.configuration.yamlfiles import read_yaml
from mlpstudy.errors import StudyError

COMMAND_LINE = "--config"
_MISSING = object()


@dataclass(frozen=True)
class Layers:
    """The merged configuration `values` and the files below it, the last with the last word."""

    values: dict[str, object]
    files: tuple[tuple[str, Mapping[str, object]], ...]

    def origin(self, location: Location) -> str:
        """Name what set the key at `location`: the last file with it, else the command line.

        A key that is missing everywhere belongs to whoever wrote the mapping around it.
        """
        value = look_up(self.values, location)
        if value is _MISSING and location:
            return self.origin(location[:-1])
        for name, document in reversed(self.files):
            found = look_up(document, location)
            both_mappings = isinstance(found, Mapping) and isinstance(value, Mapping)
            if both_mappings or _same(found, value):
                return name
        return COMMAND_LINE


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
    replaced = _replaced(values, strict, lenient)
    return Layers(replaced if isinstance(replaced, dict) else {}, files)


def _read_leniently(path: Path) -> dict[str, object]:
    try:
        document: dict[str, object] = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, ValueError) as error:
        raise StudyError(
            f"{shown(path)}: expected what YAML 1.1 can read too (quote dates and =): {error}"
        ) from error
    return document


def shown(path: Path) -> str:
    """Name `path` as the user would: relative where it is below the working directory."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return str(path)


def look_up(document: object, location: Location) -> object:
    """Give the value at `location`, or a sentinel that equals no value."""
    for key in location:
        try:
            document = document[key]  # type: ignore[index]
        except (LookupError, TypeError):
            return _MISSING
    return document


def replace_at(document: object, location: Location, value: object) -> None:
    """Set the existing key or entry of `document` at `location`, which is not empty, to `value`."""
    parent = look_up(document, location[:-1])
    if isinstance(parent, dict | list):
        parent[location[-1]] = value  # type: ignore[index]


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


def _plain(value: Mapping[str, object]) -> dict[str, object]:
    """Copy to plain dictionaries and lists, all the way down."""

    def copied(item: object) -> object:
        if isinstance(item, Mapping):
            return {key: copied(each) for key, each in item.items()}
        if isinstance(item, list | tuple):
            return [copied(each) for each in item]
        return item

    return {key: copied(item) for key, item in value.items()}


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


def _replaced(value: object, strict: object, lenient: object) -> object:
    if isinstance(value, dict):
        below = [layer if isinstance(layer, dict) else {} for layer in (strict, lenient)]
        return {
            key: _replaced(item, *(layer.get(key, _MISSING) for layer in below))
            for key, item in value.items()
        }
    return strict if strict is not _MISSING and _same(value, lenient) else value


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)
