"""Reading the configuration files, and telling where each of their values comes from."""

from __future__ import annotations

import copy
import os
from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlpstudy.config.claims import ClaimsFile
from mlpstudy.config.models import ModelsFile
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
    claim_problems,
    config_problems,
    dataset_problems,
    file_problems,
    model_problems,
    restriction_problems,
)
from mlpstudy.config.settings import Config
from mlpstudy.config.yamlfiles import parse_yaml, read_yaml
from mlpstudy.errors import StudyError

SHIPPED = "config/config.yaml"
FILES = ("models", "claims")  # keys that name files, as seen from the working directory


def read_config(files: Sequence[Path], given: Mapping[str, object]) -> tuple[Config, Origin]:
    """Read and check the configuration; return it, and what tells the file of a key.

    Args:
        files: configuration files, each laid over the ones before it.
        given: what the command line sets, laid over the files.

    Raises:
        StudyError: one line with the file (or `--config`), the key, and what was expected.
    """
    layers = [(shown(path), read_yaml(Path(shown(path)))) for path in files]
    values: dict[str, object] = reduce(merged, (layer for _, layer in layers), {})
    if given:
        _check_keys(given)
        layers.append((COMMAND_LINE, _texts_read(values, given)))
        values = merged(values, layers[-1][1])

    def origin(location: Location) -> str:
        """Name the last layer that has a key, or the mapping around it if the key is missing."""
        location, _ = look_up(values, location)
        having = [name for name, layer in layers if look_up(layer, location)[0] == location]
        return having[-1] if having else COMMAND_LINE

    found = validated(Config, values, origin)
    raise_deepest(config_problems(found), origin)
    for name, layer in layers:
        raise_deepest(dataset_problems(layer), _named(name))
    if "claims" not in values and not Path(str(found.claims)).is_file():
        # A user's own study may have no claims.
        found = found.model_copy(update={"claims": None})
    raise_deepest(file_problems(found), origin)
    return found, origin


def read_models(config: Config, of_config: Origin) -> ModelsFile:
    """Read and check the models file that `config` names, and what `config` says of models.

    Raises:
        StudyError: one line with the file, the key, and what was expected.
    """
    path = Path(config.models)
    found = validated(ModelsFile, read_yaml(path), in_file(path))
    raise_deepest(model_problems(found), in_file(path))
    raise_deepest(restriction_problems(config, found.models), of_config)
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
    raise_deepest(claim_problems(found, models, conditions), in_file(path))
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
    return _named(shown(path))


def _named(origin: str) -> Origin:
    return lambda _: origin


def shown(path: Path) -> str:
    """Name `path` as the user would: relative where it is below the working directory."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return str(path)


def merged(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Merge `over` into `base` as Snakemake does: mappings key by key, everything else whole."""
    result = dict(base)
    for key, value in over.items():
        if isinstance(value, Mapping):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def _texts_read(values: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """Return `given` with those texts read as YAML in whose place something else is wanted.

    The command line hands over nested values as text. `values` are those of the files.
    """
    result = copy.deepcopy(merged({}, given))
    try:
        Config.model_validate(merged(values, result))
    except ValidationError as error:
        for each in error.errors(include_url=False):
            location, text = look_up(result, each["loc"])
            if each["type"].endswith("_type") and isinstance(text, str):
                parent: Any = look_up(result, location[:-1])[1]
                parent[location[-1]] = parse_yaml(text, COMMAND_LINE)
    # The one key that may be text and null: --config claims=null.
    if result.get("claims") == "null":
        result["claims"] = None
    return result


def _check_keys(value: object, location: Location = ()) -> None:
    """Check that all keys are text: an importing workflow may have read `on` as true."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise StudyError(
                    f"{COMMAND_LINE}: {dotted((*location, str(key)))}: expected a key that is "
                    f"text, got {got(key)} (yes, no, on, off and numbers need quotes)"
                )
            _check_keys(item, (*location, key))
