"""Schemas and tables of keys are current; what is refused, and in which words."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from configuring import CONFIG, FIELDS, MODELS, ROOT, SCHEMAS, configured, edit, refused, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from snakemake.common.configfile import load_configfile

from mlpstudy.config import reference
from mlpstudy.config.loading import read_claims
from mlpstudy.config.planning import read_plan
from mlpstudy.config.yamlfiles import parse_yaml
from mlpstudy.errors import StudyError
from mlpstudy.spec import Spec

pytestmark = pytest.mark.usefixtures("project_folder")


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**12),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["m01", "all", "1e-3", "10", "{}", "[1", "../x", "relu"]),
    st.lists(st.integers(-1, 12), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places(document: Any, inside: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield inside
    if isinstance(document, dict | list):
        below = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in below:
            yield from places(value, (*inside, key))


SHIPPED = [load_configfile(ROOT / path) for path in (CONFIG, MODELS)]
CLAIMS = Path("config/claims.yaml")
CLAIMS_FILE = yaml.safe_load((ROOT / CLAIMS).read_text())
ONE_EACH = {claim["form"]: claim for claim in CLAIMS_FILE["claims"].values()}


def changed(data: st.DataObject, document: Any) -> None:
    """Set, delete or add one value somewhere in `document`."""
    everywhere = [place for place in places(document) if place]
    if not everywhere:
        return
    *inside, last = everywhere[data.draw(st.integers(0, len(everywhere) - 1))]
    for key in inside:
        document = document[key]
    action = data.draw(st.sampled_from(["set", "delete", "add"]))
    if action == "delete":
        del document[last]
    elif action == "add" and isinstance(document, dict):
        document[data.draw(st.text(max_size=4))] = data.draw(VALUES)
    else:
        document[last] = data.draw(VALUES)


fuzz = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def said(read: Callable[[], object]) -> str:
    """Return the one line that something is refused with, or "" if it is accepted."""
    try:
        read()
    except StudyError as error:
        line = str(error)
    else:
        return ""
    assert len(line.splitlines()) == 1
    return line


@fuzz
@given(st.data())
def test_any_change_is_accepted_or_refused_in_one_line(data: st.DataObject) -> None:
    config, models = copy.deepcopy(SHIPPED)
    for _ in range(data.draw(st.integers(1, 3))):
        changed(data, config if data.draw(st.booleans()) else models)
    in_file, given = data.draw(st.sampled_from([(config, {}), (SHIPPED[0], config)]))
    CONFIG.write_text(yaml.safe_dump(in_file, allow_unicode=True), encoding="utf-8")
    MODELS.write_text(yaml.safe_dump(models, allow_unicode=True), encoding="utf-8")

    def read() -> None:
        study = read_plan([CONFIG], given).study
        for entry in study.models.values():
            assert Spec.from_fields(entry.fields).nodes[-1] == len(study.dataset.classes)

    line = said(read)
    assert not line or line.startswith(("config/", "--config: "))


@settings(fuzz, max_examples=25)
@given(st.data())
def test_any_change_of_the_claims_is_accepted_or_refused_in_one_line(data: st.DataObject) -> None:
    claims: dict[str, Any] = copy.deepcopy({**CLAIMS_FILE, "claims": ONE_EACH})
    for _ in range(data.draw(st.integers(1, 3))):
        changed(data, claims)
    CLAIMS.write_text(yaml.safe_dump(claims, allow_unicode=True), encoding="utf-8")
    models = [f"m{number:02}" for number in range(1, 18)]
    line = said(lambda: read_claims(CLAIMS, models, ["as_reported", "corrected"]))
    assert not line or line.startswith("config/claims.yaml: ")


def committed(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((SCHEMAS / f"{name}.schema.yaml").read_text())
    return document


def described(schema: Mapping[str, Any], path: str, root: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key of a schema, and of those below it, with its own schema."""
    if "$ref" in schema:
        schema = {**root["$defs"][schema["$ref"].rpartition("/")[2]], **schema}
    yield path, schema
    for key, below in schema.get("properties", {}).items():
        yield from described(below, f"{path}.{key}", root)
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            yield from described(schema[key], f"{path}.<{key}>", root)
    for below in schema.get("anyOf", []):
        if "properties" in below or "$ref" in below:
            _, *inside = described(below, path, root)
            yield from inside


@pytest.mark.parametrize("name", reference.FILES)
def test_the_committed_schema_is_what_the_code_gives(name: str) -> None:
    Draft202012Validator.check_schema(committed(name))
    text = (SCHEMAS / f"{name}.schema.yaml").read_text(encoding="utf-8")
    assert text == reference.schema_text(name), "run python -m mlpstudy.config.reference"


@pytest.mark.parametrize("name", reference.FILES)
def test_the_shipped_file_is_valid_for_editors(name: str) -> None:
    document = yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())
    if name == "models":
        document["defaults"]["learning_rate"]["value"] = 0.001  # YAML 1.1 has 1e-3 as text
    Draft202012Validator(committed(name)).validate(document)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config", "replicates: 0"),
        ("config", "replicate: 5"),
        ("config", "device: metal"),
        ("config", "results: my study"),
        ("config", "conditions: {a/b: {}}"),
        ("config", "conditions: {fast: {epochs: '5'}}"),
        ("config", "conditions: {fast: {where: {activation: relo}}}"),
        ("config", "dataset: {subset: {train: 10}}"),
        ("models", "models: {m: {epochs: 15}}"),
        ("models", "models: {m: {nodes: [10]}}"),
        ("models", "defaults: {leaky_slope: {value: steep}}\nmodels: {m: {nodes: [8, 10]}}"),
        ("claims", "claims: {it: {statement: So., form: hihger}}"),
        ("claims", "claims: {}\ncomparisons: {a: {models: [m01, m01]}}"),
    ],
)
def test_editors_mark_a_mistake(name: str, text: str) -> None:
    assert not Draft202012Validator(committed(name)).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("name", reference.FILES)
def test_every_key_has_a_description_and_a_default_or_example(name: str) -> None:
    root = committed(name)
    keys = dict(described(root, name, root))
    assert len(keys) > 30
    for path, schema in keys.items():
        if path != name and "<" not in path.rpartition(".")[2]:
            assert schema.get("description"), path
            assert {"default", "examples", "properties"} & {*schema}, path


def test_the_tables_of_the_guide_are_current() -> None:
    text = (ROOT / reference.GUIDE).read_text(encoding="utf-8")
    assert text == reference.guide(text), "run python -m mlpstudy.config.reference"
    for name in reference.TABLES:
        assert f"<!-- keys: {name} -->\n| key " in text
    assert all(f"\n| `{field}` | " in text for field in FIELDS)


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
