"""A hash of code that changes when the code's meaning may have, and not with its comments."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parent

# What the results of a training job depend on.
TRAINING = ("training.trainer", "training.metrics")


@cache
def fingerprint(*modules: str) -> str:
    """Return the SHA-256 of `modules` of this package and of all that they import from it.

    Comments, docstrings, blank lines and line breaks are left out.
    """
    hashes = hashlib.sha256()
    for module in sorted(_closure(modules)):
        hashes.update(f"{module}\n{_read(module).meaning}\n".encode())
    return hashes.hexdigest()


def _closure(modules: tuple[str, ...]) -> set[str]:
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += _read(module).imports
    return seen


def _imports(tree: ast.Module) -> list[str]:
    """Name the modules of this package that `tree` imports, from their room or from within."""
    named = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{PACKAGE.name}."):
            origin = str(node.module)
            candidates = [origin, *(f"{origin}.{alias.name}" for alias in node.names)]
            named += [name.removeprefix(f"{PACKAGE.name}.") for name in candidates]
    return [name for name in named if _path(name).is_file() and _tree(name).body]


def _path(module: str) -> Path:
    """Return the file of a module, or that of a room which hands on names of its modules."""
    place = PACKAGE / module.replace(".", "/")
    file = place.with_name(f"{place.name}.py")
    return file if file.is_file() else place / "__init__.py"


class _Module(NamedTuple):
    """What a module means, as a text, and what it imports from this package."""

    meaning: str
    imports: list[str]


@cache
def _read(module: str) -> _Module:
    """Read a module once, however many fingerprints it is part of: a start waits for it."""
    tree = _tree(module)
    return _Module(ast.dump(tree), _imports(tree))


@cache
def _tree(module: str) -> ast.Module:
    tree = ast.parse(_path(module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_string(line)]  # type: ignore[attr-defined]
    return tree


def _is_string(node: ast.AST) -> bool:
    """Tell a docstring: a statement that is nothing but a text."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
