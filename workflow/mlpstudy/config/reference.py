"""What editors and readers know of the configuration: JSON Schemas, and the tables of all keys.

`python -m mlpstudy.config.reference` writes both anew, in the folder of a checkout.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from mlpstudy.config.claims import ClaimsFile
from mlpstudy.config.models import FIELDS, ModelsFile
from mlpstudy.config.problems import expected, schema_at
from mlpstudy.config.settings import Config
from mlpstudy.config.types import JsonSchema, Strict, json_schema
from mlpstudy.files import write_text

FILES: dict[str, type[Strict]] = {"config": Config, "models": ModelsFile, "claims": ClaimsFile}
GUIDE = "config/README.md"
SCHEMA = "workflow/schemas/{}.schema.yaml"

# The tables of the guide: the file, the place of the keys in it, and how they begin.
TABLES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "config": ("config", (), ""),
    "conditions": ("config", ("conditions", "*"), "conditions.*."),
    "models": ("models", ("models", "*"), ""),
    "claims": ("claims", ("claims", "*"), ""),
}
_DEPTH = 2  # below `dataset` and `classes`, and no deeper


class _Dumper(yaml.SafeDumper):
    """Writes references, and lists without mappings, on one line."""


def _list_node(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    short = not any(isinstance(item, dict) for item in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=short)


def _dict_node(dumper: yaml.SafeDumper, data: dict[str, Any]) -> yaml.Node:
    short = list(data) == ["$ref"]
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=short)


_Dumper.add_representer(list, _list_node)
_Dumper.add_representer(dict, _dict_node)


def schema_text(name: str) -> str:
    """Return the JSON Schema of a file, as YAML."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"config/{name}.yaml",
    }
    schema = {**head, **_with_references(_for_editors(json_schema(FILES[name])))}
    text = yaml.dump(schema, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
    return f"# Made by python -m mlpstudy.config.reference; do not edit.\n{text}"


def _for_editors(schema: Any) -> Any:
    """Copy a schema without the names of classes and what only our error messages use."""
    if isinstance(schema, dict):
        kept = {key: each for key, each in schema.items() if key not in ("x-expected", "title")}
        return {key: _for_editors(each) for key, each in kept.items()}
    if isinstance(schema, list):
        return [_for_editors(each) for each in schema]
    return _one_line(schema) if isinstance(schema, str) else schema


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def _with_references(schema: JsonSchema) -> JsonSchema:
    """Replace keys that have the same schema in several places by references to one definition."""
    definitions = schema["$defs"]
    mappings = [each["properties"] for each in (schema, *definitions.values())]
    places: dict[str, list[tuple[JsonSchema, str]]] = {}
    for properties in mappings:
        for key, below in properties.items():
            places.setdefault(json.dumps(below), []).append((properties, key))
    for text, same in places.items():
        names = sorted({key for _, key in same} - {*definitions})
        if len(same) > 1 and "$ref" not in json.loads(text) and names:
            definitions[names[0]] = json.loads(text)
            for properties, key in same:
                properties[key] = {"$ref": f"#/$defs/{names[0]}"}
    return schema


def key_table(name: str) -> str:
    """Return one of TABLES as Markdown: every key with its default, its values and its meaning."""
    file, place, before = TABLES[name]
    root = json_schema(FILES[file])
    rows = ["| key | default | values | meaning |", "|---|---|---|---|"]
    for key, schema in _keys(root, place, before):
        if name == "conditions" and key.removeprefix(before) in FIELDS:
            continue  # explained with the models
        meaning = _one_line(schema.get("description", ""))
        cells = (f"`{key}`", _default(schema), expected(schema), meaning)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def guide(text: str) -> str:
    """Return the guide with its tables made anew; each stands between two comments."""
    for name in TABLES:
        begin, end = f"<!-- keys: {name} -->\n", "<!-- end -->"
        if begin in text:
            before, _, rest = text.partition(begin)
            text = f"{before}{begin}{key_table(name)}\n{end}{rest.partition(end)[2]}"
    return text


def _keys(
    root: Mapping[str, Any], place: tuple[str, ...], before: str, depth: int = 1
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the keys at `place`, and those of mappings below it, each with its schema."""
    schema = schema_at(root, place)
    for key in schema["properties"]:
        below = schema_at(root, (*place, key))
        inside = below.get("properties", {})
        if inside and depth < _DEPTH and key != "where":
            yield from _keys(root, (*place, key), f"{before}{key}.", depth + 1)
        else:
            required = key in schema.get("required", ())
            yield f"{before}{key}", {**below, "required": required}


def _default(schema: Mapping[str, Any]) -> str:
    if schema["required"] is True:
        return "required"
    value = schema.get("default")
    if isinstance(value, list | dict) and len(str(value)) > 40:
        return "as in `config.yaml`"
    if value in ("", [], {}) or ("default" not in schema):
        return "-"
    shown = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True)
    return f"`{shown.removesuffix('...' + chr(10)).strip()}`"


def main(root: Path) -> None:
    """Write the schemas and the guide of the checkout at `root` anew."""
    for name in FILES:
        write_text(root / SCHEMA.format(name), schema_text(name))
    write_text(root / GUIDE, guide((root / GUIDE).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main(Path.cwd())
