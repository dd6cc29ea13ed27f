"""Strict YAML, by way of the configuration: what is not exactly one mapping is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from configuring import MODELS, edit, refused, written

from mlpstudy.config.yamlfiles import parse_yaml

pytestmark = pytest.mark.usefixtures("project_folder")


DUPLICATE = "duplicate key, expected each key once (it is already on line"


def test_a_duplicate_key_is_refused_wherever_it_is() -> None:
    text = "seed: 1\nclasses:\n  medium: 0.4\n  medium: 0.3\n"
    assert refused(written(text)) == f"mine.yaml: line 4: classes.medium: {DUPLICATE} 3)"
    edit(MODELS, "  m02:", "  m01:")
    message = refused()
    assert message.startswith("config/models.yaml: line ")
    assert f": models.m01: {DUPLICATE} " in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"models:\n\tm01: 1\n", "line 2: not valid YAML: "),
        (b"models: {}\n---\nmodels: {}\n", "not valid YAML: "),
        (b"models: {a: \x07}\n", "not valid YAML: "),
        (b"models: {1: {}}\n", "line 1: expected a key that is text, got 1 (quote it)"),
        (b"models: {[a]: {}}\n", "line 1: expected a key that is text, got a collection"),
        (b"models: !!int x\n", "not valid YAML: "),
        (b"models: *nowhere\n", "not valid YAML: "),
    ],
)
def test_what_is_not_a_models_file_is_refused(content: bytes, message: str) -> None:
    """docs/hostile-input.md has more of these, each with its whole line."""
    Path("mine.yaml").write_bytes(content)
    shown = refused(given=("models=mine.yaml",))
    assert shown.startswith("mine.yaml: ")
    assert message in shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # YAML 1.2.2, section 10.3.2, where it differs from the YAML 1.1 that PyYAML reads.
        ("1e-3", 0.001),
        ("-1.5E+2", -150.0),
        (".5", 0.5),
        ("7", 7),
        ("-0", 0),
        ("no", "no"),
        ("On", "On"),
        ("TRUE", True),
        ("1:30", "1:30"),
        ("2021-10-29", "2021-10-29"),
        ("1_000", "1_000"),
        ("=", "="),
        ("~", None),
        ("", None),
        ("'1'", "1"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    parsed = parse_yaml(text, "text")
    assert (type(parsed), parsed) == (type(value), value)
