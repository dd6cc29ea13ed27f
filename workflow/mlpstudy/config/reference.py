"""What editors and readers know of the configuration: JSON Schemas, and the tables of all keys.

`python -m mlpstudy.config.reference` writes both anew, in the folder of a checkout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from mlpstudy.config.claims import ClaimsFile
from mlpstudy.config.entries import FIELDS, Config, ModelsFile
from mlpstudy.config.problems import expected, schema_at
from mlpstudy.config.types import Strict, json_schema
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


def schema_text(name: str) -> str:
    """Return the JSON Schema of a file, as YAML."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"config/{name}.yaml",
    }
    schema = {**head, **json_schema(FILES[name])}
    text: str = yaml.safe_dump(schema, sort_keys=False, width=100, allow_unicode=True)
    return f"# Made by python -m mlpstudy.config.reference; do not edit.\n{text}"


def key_table(name: str) -> str:
    """Return one of TABLES as Markdown: every key with its default, its values and its meaning."""
    file, place, before = TABLES[name]
    root = json_schema(FILES[file])
    rows = ["| key | default | values | meaning |", "|---|---|---|---|"]
    for key, schema in _keys(root, place, before):
        if name == "conditions" and key.removeprefix(before) in FIELDS:
            continue  # explained with the models
        cells = (f"`{key}`", _default(schema), expected(schema), schema.get("description", ""))
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
