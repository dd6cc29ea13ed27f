"""The configuration of a study that another workflow imports: its values over the shipped ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlpstudy.configuration.layers import merged
from mlpstudy.configuration.yamlfiles import read_yaml

SHIPPED = "config/config.yaml"
FILES = ("models", "claims")  # keys that name files, as seen from the working directory


def over_shipped(config: Mapping[str, object], checkout: Path) -> dict[str, object]:
    """Lay what the importing workflow says over config/config.yaml of this `checkout`.

    The files that the latter names are those of the checkout, wherever that lies; those that the
    importing workflow names are its own.

    Raises:
        StudyError: the shipped file is not strict YAML.
    """
    shipped = read_yaml(checkout / SHIPPED)
    files = {key: os.path.relpath(checkout / str(shipped[key])) for key in FILES if key in shipped}
    return merged({**shipped, **files}, config)
