"""Strict YAML: a file is read as a person would read it, or refused with the number of the line.

PyYAML takes the last of duplicate keys, and follows YAML 1.1, where `no` is false, `1:30` is 90,
`010` is 8 and `1e-3` is text. Here, duplicate keys are refused, and scalars follow the core schema
of YAML 1.2.2 (section 10.3.2), with decimal numbers only. Anchors and merge keys work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from mlpstudy.errors import StudyError

if TYPE_CHECKING:
    from yaml import SafeLoader as BaseLoader
else:
    # The C parser, where PyYAML was built with it, reads a thousand models ten times as fast.
    BaseLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# A configuration of a thousand models has some ten thousand.
MOST_VALUES = 1_000_000

_TAG = "tag:yaml.org,2002:"
_SCALARS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
)


class _StrictLoader(BaseLoader):
    """PyYAML's safe loader with the scalars of `_SCALARS` and no others."""

    # Without this, the first `add_implicit_resolver` would start from a copy of PyYAML's own.
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]


for _name, _pattern, _first in _SCALARS:
    _StrictLoader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})\\Z"), _first)


def read_yaml(path: Path) -> dict[str, object]:
    """Read the one mapping that the YAML (or JSON) file `path` consists of.

    Raises:
        StudyError: the file cannot be read, is not UTF-8 or not YAML, repeats a key, has a key
            that is not text, refers to itself, unfolds to a million values, or is not a mapping.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StudyError(f"{path}: expected text in UTF-8: {error.reason}") from error
    document = parse_yaml(text, str(path))
    if not isinstance(document, dict):
        found = "nothing" if document is None else f"a {type(document).__name__}"
        raise StudyError(f"{path}: expected a mapping of keys to values, got {found}")
    return document


def parse_yaml(text: str, name: str) -> object:
    """Read one YAML document from `text`; `name` is what errors call it.

    Raises:
        StudyError: as `read_yaml`, but for the document's kind, which may be any.
    """
    try:
        loader = _StrictLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check(node, name)
            value: object = loader.construct_document(node)
            return value
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise StudyError(f"{name}: {_explained(error)}") from error
    except RecursionError as error:
        raise StudyError(f"{name}: not valid YAML: it is nested too deeply") from error
    except ValueError as error:
        raise StudyError(f"{name}: not valid YAML: {error}") from error


def _explained(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is malformed"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = f"line {mark.line + 1}: " if mark else ""
    return f"{place}not valid YAML: {problem}"


def _check(root: yaml.Node, name: str) -> None:
    """Refuse duplicate keys, keys that are not text, and nodes that contain themselves.

    This is done on the node graph, as constructing a mapping already folds merge keys into it. A
    node that many aliases refer to is looked at once.
    """
    sizes: dict[int, int] = {}  # 0 for a node that is being looked at

    def size(node: yaml.Node, inside: tuple[str, ...]) -> int:
        """Check `node` and all below; return how many values it has, aliases unfolded."""
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) not in sizes:
            sizes[id(node)] = 0
            below = _below(node, inside, name)
            sizes[id(node)] = 1 + sum(size(value, (*inside, *key)) for key, value in below)
        elif not sizes[id(node)]:
            raise StudyError(f"{name}: {_line(node)}: {'.'.join(inside)} contains itself")
        return sizes[id(node)]

    if size(root, ()) > MOST_VALUES:
        raise StudyError(f"{name}: its anchors unfold to more than {MOST_VALUES} values")


def _below(
    node: yaml.Node, inside: tuple[str, ...], name: str
) -> Iterator[tuple[tuple[str, ...], yaml.Node]]:
    """Yield the values in `node`, each with its key if it has one."""
    if isinstance(node, yaml.SequenceNode):
        yield from (((), item) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, yaml.Node] = {}
        for key, value in node.value:
            text = _key_text(key, name)
            if text in seen:
                raise StudyError(
                    f"{name}: {_line(key)}: {'.'.join((*inside, text))}: duplicate key, expected "
                    f"each key once (it is already on {_line(seen[text])})"
                )
            seen[text] = key
            yield (text,), value


def _key_text(key: yaml.Node, name: str) -> str:
    if isinstance(key, yaml.ScalarNode) and key.tag in (_TAG + "str", _TAG + "merge"):
        return str(key.value)
    shown = key.value if isinstance(key, yaml.ScalarNode) else "a collection"
    raise StudyError(f"{name}: {_line(key)}: expected a key that is text, got {shown} (quote it)")


def _line(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"
