"""Helpers of the settings' tests, which work in the folder of the fixture `project_folder`."""

from __future__ import annotations

from pathlib import Path

import pytest
from snakemake.cli import parse_config

from mlpstudy.config.planning import Plan, read_plan
from mlpstudy.config.settings import Config
from mlpstudy.config.study import Study
from mlpstudy.errors import StudyError
from mlpstudy.spec import Spec

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "workflow" / "schemas"
CONFIG = Path("config/config.yaml")
QUICK = Path("config/quick.yaml")
REFERENCE = Path("config/reference.yaml")
MODELS = Path("config/models.yaml")
FIELDS = tuple(Spec.__dataclass_fields__)


def configure(*files: Path, given: tuple[str, ...] = ()) -> Study:
    """Return the resolved study of config.yaml, further files and the command line."""
    return planned(*files, given=given).study


def configured(*files: Path, given: tuple[str, ...] = ()) -> Config:
    """Return the merged configuration itself."""
    return planned(*files, given=given).config


def planned(*files: Path, given: tuple[str, ...] = ()) -> Plan:
    """Read the plan of config.yaml, further files and the command line, as Snakemake parses it."""
    return read_plan((CONFIG, *files), parse_config(given))


def plan_of(**overrides: object) -> Plan:
    """Read the plan of config.yaml with other values of some keys."""
    return read_plan((CONFIG,), overrides)


def refused(*files: Path, given: tuple[str, ...] = ()) -> str:
    with pytest.raises(StudyError) as caught:
        configure(*files, given=given)
    message = str(caught.value)
    assert "\n" not in message
    return message


def written(text: str, path: str = "mine.yaml") -> Path:
    Path(path).write_text(text, encoding="utf-8")
    return Path(path)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
