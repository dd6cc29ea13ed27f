"""A hash of code that changes when the code's meaning may have, and not with its comments."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parent

# The module of the subcommand `train`. With all that it imports, it determines a job's outputs.
TRAINING = "training.job"

# Modules that it imports and that cannot change an output, each with the reason.
NOT_IN_OUTPUTS = {
    "errors": "the exceptions that end a job early; the next run continues from its checkpoint",
    "files": "writes the bytes that it is given, all of them or none",
    "identity": "compares what a job wrote with what it was to write",
    "locks": "prevents a second process on the same job",
}


@cache
def training_fingerprint() -> str:
    """Return the fingerprint of the code that determines the outputs of a training job."""
    return fingerprint(TRAINING, without=tuple(NOT_IN_OUTPUTS))


@cache
def fingerprint(*modules: str, without: tuple[str, ...] = ()) -> str:
    """Return the SHA-256 of `modules` of this package and of all that they import from it.

    It is the same under every version of Python. Comments, docstrings, blank lines and line breaks
    have no effect. `without` names modules to leave out, with what only they import.
    """
    hashes = hashlib.sha256()
    known = len(_parsed())
    for module in sorted(closure(*modules, without=without)):
        hashes.update(f"{module}\n{_read(module).meaning}\n".encode())
    if len(_parsed()) > known:
        _keep_parsed()
    return hashes.hexdigest()


def closure(*modules: str, without: tuple[str, ...] = ()) -> set[str]:
    """Name `modules` and all that they import from this package, directly or not."""
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in seen and module not in without:
            seen.add(module)
            waiting += _read(module).imports
    return seen


class _Module(NamedTuple):
    """What a module means, as a text, and what it may import from this package."""

    meaning: str
    imports: list[str]


def _read(module: str) -> _Module:
    source = _path(module).read_bytes()
    key = hashlib.sha256(source).hexdigest()
    if key not in _parsed():
        tree = ast.parse(source)
        _parsed()[key] = _Module(canonical(tree), _imports(tree))
    meaning, imports = _parsed()[key]
    return _Module(meaning, [name for name in imports if _path(name).is_file()])


@cache
def _parsed() -> dict[str, _Module]:
    """Return the modules parsed so far, by the SHA-256 of their source.

    They are kept beside Python's own compiled files, as parsing them takes half a second.
    """
    with contextlib.suppress(OSError, ValueError, TypeError):
        return {key: _Module(*found) for key, found in json.loads(_kept().read_bytes()).items()}
    return {}


def _keep_parsed() -> None:
    temporary = _kept().with_suffix(f".{os.getpid()}")
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(_parsed()), encoding="ascii")
            temporary.replace(_kept())


def _kept() -> Path:
    return PACKAGE / "__pycache__" / f"fingerprint.{sys.implementation.cache_tag}.json"


def _imports(tree: ast.Module) -> list[str]:
    """Name what `tree` imports from this package: modules, and what may be one or lie in one."""
    named = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{PACKAGE.name}."):
            origin = str(node.module)
            candidates = [origin, *(f"{origin}.{alias.name}" for alias in node.names)]
            named += [name.removeprefix(f"{PACKAGE.name}.") for name in candidates]
    return named


def _path(module: str) -> Path:
    """Return the file of a module, or that of a folder which hands on names of its modules."""
    place = PACKAGE / module.replace(".", "/")
    file = place.with_name(f"{place.name}.py")
    return file if file.is_file() else place / "__init__.py"


_IMPLIED = {"ctx", "kind", "type_comment", "type_ignores"}


def canonical(node: object) -> str:
    """Return a syntax tree as text that is the same under every version of Python.

    `ast.dump` is not: newer versions have fields that older ones lack, and leave out empty ones.
    Here, fields that are absent, empty or implied by the place of a node are left out, docstrings
    too.
    """
    if isinstance(node, ast.Constant):
        return ascii(node.value)
    if not isinstance(node, ast.AST):
        return ascii(node)
    fields = []
    for name in sorted({*node._fields} - _IMPLIED):
        value = getattr(node, name, None)
        if isinstance(value, list) and value:
            items = _joined(value) if isinstance(node, ast.JoinedStr) else value
            kept = [item for item in items if not (name == "body" and _is_string(item))]
            fields.append(f"{name}=[{','.join(map(canonical, kept))}]")
        elif value is not None and value != []:
            fields.append(f"{name}={canonical(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _joined(values: list[object]) -> list[object]:
    """Join adjacent texts of an f-string, which versions of Python cut in different places."""
    joined: list[object] = []
    for value in values:
        if isinstance(value, ast.Constant):
            before = joined.pop() if joined and isinstance(joined[-1], str) else ""
            joined.append(f"{before}{value.value!s}")
        else:
            joined.append(value)
    return [value for value in joined if value != ""]


def _is_string(node: object) -> bool:
    """Tell a docstring: a statement that is nothing but a text."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
