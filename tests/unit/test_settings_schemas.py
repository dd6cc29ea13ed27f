"""The schemas are complete, and whatever is changed is accepted or refused in one line."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from configuring import CONFIG, FIELDS, MODELS, ROOT, SCHEMAS, settle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from snakemake.common.configfile import load_configfile

from mlpstudy.configuration.schema import Schemas
from mlpstudy.configuration.settings import read_settings
from mlpstudy.errors import StudyError
from mlpstudy.spec import Spec


@pytest.fixture(autouse=True)
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path, monkeypatch)


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


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_any_change_is_accepted_or_refused_in_one_line(data: st.DataObject) -> None:
    config, models = copy.deepcopy(SHIPPED)
    for _ in range(data.draw(st.integers(1, 3))):
        changed(data, config if data.draw(st.booleans()) else models)
    in_file = config if data.draw(st.booleans()) else SHIPPED[0]
    CONFIG.write_text(yaml.safe_dump(in_file, allow_unicode=True), encoding="utf-8")
    MODELS.write_text(yaml.safe_dump(models, allow_unicode=True), encoding="utf-8")
    try:
        study = read_settings(config, [CONFIG], SCHEMAS)
    except StudyError as error:
        message = str(error)
    else:
        message = ""
        for entry in study.models.values():
            assert Spec(**entry.fields).nodes[-1] == len(study.dataset.classes)
    assert len(message.splitlines()) <= 1
    assert not message or message.startswith(("config/", "--config: "))


def described(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    schemas = Schemas(SCHEMAS)
    for key, below in schema.get("properties", {}).items():
        resolved = schemas.resolved(below)
        yield f"{path}.{key}", resolved
        yield from described(resolved, f"{path}.{key}")
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            resolved = schemas.resolved(schema[key])
            yield f"{path}.<{key}>", resolved
            yield from described(resolved, f"{path}.<{key}>")


@pytest.mark.parametrize("name", ["config", "models", "claims"])
def test_every_key_has_a_description_and_a_valid_default_or_example(name: str) -> None:
    schemas = Schemas(SCHEMAS)
    root = schemas.resolved({"$ref": f"{name}.schema.yaml"})
    keys = dict(described(root, name))
    assert len(keys) > 30
    for path, schema in keys.items():
        assert schema.get("description"), path
        assert "default" in schema or "examples" in schema, path
        assert schema.get("type") != "object" or "additionalProperties" in schema, path


def test_the_schemas_are_schemas_and_list_the_fields_of_a_spec() -> None:
    documents = {path.name: yaml.safe_load(path.read_text()) for path in SCHEMAS.iterdir()}
    for document in documents.values():
        Draft202012Validator.check_schema(document)
    fields = documents["fields.schema.yaml"]["$defs"]
    models = documents["models.schema.yaml"]
    model = models["properties"]["models"]["additionalProperties"]["properties"]
    condition = documents["config.schema.yaml"]["properties"]["conditions"]["additionalProperties"]
    defaults = models["properties"]["defaults"]["properties"]
    assert tuple(fields) == FIELDS
    assert tuple(model) == ("report_name", "assumed", *FIELDS)
    assert tuple(condition["properties"]) == ("label", "models", "where", *FIELDS)
    assert tuple(condition["properties"]["where"]["properties"]) == FIELDS
    assert tuple(models["$defs"]["field"]["enum"]) == FIELDS
    assert {field: each["default"]["value"] for field, each in defaults.items()} == {
        field: schema["default"] for field, schema in fields.items() if field != "nodes"
    }


def test_the_guide_names_every_field_with_its_default() -> None:
    rows = [line.split(" | ") for line in (ROOT / "config/README.md").read_text().splitlines()]
    shown = {row[0].strip("| `"): row[1].strip("`") for row in rows if len(row) == 3}
    fields = yaml.safe_load((SCHEMAS / "fields.schema.yaml").read_text())["$defs"]
    for field, schema in fields.items():
        default = schema.get("default", "none, required")
        assert shown[field] == (str(default).lower() if isinstance(default, bool) else str(default))
