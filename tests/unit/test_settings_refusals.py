"""What is refused, and in which words; what the scalars of a YAML file mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from configuring import CONFIG, FIELDS, configured, edit, refused, written

from mlpstudy.config.loading import read_claims
from mlpstudy.config.yamlfiles import parse_yaml
from mlpstudy.errors import StudyError

REFUSALS = (
    Path(__file__)
    .with_name("refusals.txt")
    .read_text(encoding="utf-8")
    .replace("FIELDS", ", ".join(FIELDS))
)


def mistakes(section: str) -> list[list[str]]:
    """Return every mistake of a section of refusals.txt with its line."""
    text = REFUSALS.partition(f"\n# {section}\n\n")[2].partition("\n# ")[0]
    return [case.split("\n=> ") for case in text.strip().split("\n\n")]


pytestmark = pytest.mark.usefixtures("project_folder")


@pytest.mark.parametrize(("text", "message"), mistakes("config.yaml"))
def test_a_mistake_in_a_configuration_file_is_named(text: str, message: str) -> None:
    assert refused(written(text)) == f"mine.yaml: {message}"


@pytest.mark.parametrize(("text", "message"), mistakes("models.yaml"))
def test_a_mistake_in_the_models_is_named(text: str, message: str) -> None:
    assert refused(given=(f"models={written(text)}",)) == f"mine.yaml: {message}"


@pytest.mark.parametrize(("text", "message"), mistakes("claims.yaml"))
def test_a_mistake_in_the_claims_is_named(text: str, message: str) -> None:
    if "claims:" not in text:
        text += "\nclaims: {}"
    with pytest.raises(StudyError) as caught:
        read_claims(written(text), ["m01", "m02", "wide"], ["as_reported", "corrected"])
    assert str(caught.value) == f"mine.yaml: {message}"


@pytest.mark.parametrize(("argument", "message"), mistakes("command line"))
def test_a_mistake_on_the_command_line_is_named(argument: str, message: str) -> None:
    assert refused(given=(argument,)) == f"--config: {message}"


def test_a_folder_may_be_called_like_a_number() -> None:
    assert configured(given=("results=./2024",)).results == "./2024"
    assert configured(written('results: "2024"')).results == "2024"


def test_the_wrong_key_is_sought_in_the_file_that_set_it() -> None:
    later = written("seed: 7", "later.yaml")
    assert refused(written("replicates: -1"), later).startswith("mine.yaml: replicates: ")
    edit(CONFIG, "medium: 0.50", "medium: high")
    assert refused(later).startswith("config/config.yaml: classes.medium: ")


def test_several_mistakes_are_counted_and_the_deepest_is_told() -> None:
    edit(CONFIG, "seed: 2021", "seed: x")
    edit(CONFIG, "medium: 0.50", "medium: x")
    edit(CONFIG, "pixels: unit", "pixels: halves")
    message = refused()
    assert message.startswith("config/config.yaml: conditions.corrected.pixels: ")
    assert message.endswith(" (and 2 more)")


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
