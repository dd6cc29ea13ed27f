"""The fingerprint follows imports, and sees meaning, not comments."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlpstudy import fingerprint as module
from mlpstudy.fingerprint import (
    NOT_IN_OUTPUTS,
    PACKAGE,
    TRAINING,
    canonical,
    closure,
    fingerprint,
    training_fingerprint,
)

REACHABLE = sorted(closure(TRAINING, without=tuple(NOT_IN_OUTPUTS)))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package that a test may edit."""
    copy = tmp_path / PACKAGE.name
    shutil.copytree(PACKAGE, copy)
    monkeypatch.setattr(module, "PACKAGE", copy)
    return copy


def taken(*modules: str) -> str:
    """Return the fingerprint of `modules`, or of the training code, as the files are now."""
    fingerprint.cache_clear()
    training_fingerprint.cache_clear()
    return fingerprint(*modules) if modules else training_fingerprint()


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_what_training_reaches_is_what_it_imports() -> None:
    """Against Python itself, which has imported these when `training.job` is imported."""
    code = f"import mlpstudy.{TRAINING}, sys; print(*(m for m in sys.modules if 'mlpstudy.' in m))"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    loaded = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    names = {name.removeprefix("mlpstudy.") for name in loaded.split()}
    folders = {"training", "data"}  # their __init__.py are empty
    aside = {"fingerprint"}  # only `identity`, which is left out, imports it
    assert names - folders - aside - set(NOT_IN_OUTPUTS) == set(REACHABLE)
    assert set(NOT_IN_OUTPUTS) <= names


@pytest.mark.parametrize("name", REACHABLE)
def test_every_function_of_the_training_code_counts(package: Path, name: str) -> None:
    path = package / f"{name.replace('.', '/')}.py"
    tree = ast.parse(path.read_text())
    path.write_text(ast.unparse(tree))  # without comments, in another layout
    before = taken()
    assert before == training_fingerprint()
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions or name == "training"
    for function in functions:
        body = function.body
        function.body = [*body, ast.parse("assert True").body[0]]
        path.write_text(ast.unparse(tree))
        assert taken() != before, function.name
        function.body = [ast.Expr(ast.Constant("Another docstring.")), *body]
        path.write_text(ast.unparse(tree))
        assert taken() == before, function.name
        function.body = body


@pytest.mark.parametrize("name", [*NOT_IN_OUTPUTS, "cli", "training.devices", "fingerprint"])
def test_what_cannot_change_an_output_does_not_count(package: Path, name: str) -> None:
    before = taken()
    append(package / f"{name.replace('.', '/')}.py", "\nX = 1\n")
    assert taken() == before


def test_comments_docstrings_and_layout_do_not_count(package: Path) -> None:
    before = taken("training.losses")
    path = package / "training/losses.py"
    text = path.read_text()
    changed = text.replace('"""The losses:', '"""Losses:').replace("\n\n\n", "\n\n\n# why\n\n\n")
    changed = changed.replace(
        "softmax.sub_(targets)",
        "softmax.sub_(\n        targets\n    )",
    )
    assert len(changed) > len(text)
    path.write_text(changed)
    assert taken("training.losses") == before


def test_a_module_imported_by_the_name_of_its_folder_counts(package: Path) -> None:
    append(package / "report/layout.py", "\nfrom mlpstudy.figures import palette as _palette\n")
    before = taken("report.layout")
    append(package / "figures/palette.py", "\nX = 1\n")
    assert taken("report.layout") != before


def test_a_module_within_a_folder_counts(package: Path) -> None:
    before = taken("analysis.answers")
    append(package / "analysis/statistics/intervals.py", "\nX = 1\n")
    assert taken("analysis.answers") != before


def test_a_module_handed_on_by_its_folder_counts(package: Path) -> None:
    append(package / "spec.py", "\nfrom mlpstudy.training import handed_on\n")
    append(
        package / "training/__init__.py", "\nfrom mlpstudy.training.losses import X as handed_on\n"
    )
    before = taken("spec")
    append(package / "training/losses.py", "\nX = 1\n")
    assert taken("spec") != before


def text_of(source: str) -> str:
    return canonical(ast.parse(source))


def test_fields_that_only_newer_versions_have_do_not_count() -> None:
    """Python 3.12 added `type_params`; versions differ in which empty fields a tree has."""
    tree = ast.parse("class A:\n    def f(self): return 1")
    text = canonical(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            node._fields = (*type(node)._fields, "added")  # type: ignore[misc]
            node.added = []  # type: ignore[union-attr]
            del node.decorator_list
    assert canonical(tree) == text
    assert "type_params" not in text


def test_parts_of_an_f_string_may_be_cut_anywhere() -> None:
    name = ast.FormattedValue(ast.Name("x", ast.Load()), -1)
    one = ast.JoinedStr([ast.Constant("ab"), name])
    two = ast.JoinedStr([ast.Constant("a"), ast.Constant("b"), name, ast.Constant("")])
    assert canonical(one) == canonical(two) == canonical(ast.parse("f'ab{x}'", mode="eval").body)
    assert canonical(one) != canonical(ast.parse("f'ab{y}'", mode="eval").body)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = 'a'", "x = b'a'"),
        ("return_ = None", "return_ = 0"),
        ("def f(): return", "def f(): return None"),
        ("x[1:]", "x[:1]"),
        ("f(a, *b)", "f(*a, b)"),
        ("{**a, b: c}", "{b: c, **a}"),
        ("a - (b - c)", "a - b - c"),
        ("async def f(): pass", "def f(): pass"),
        ("def f(a, /): pass", "def f(a): pass"),
        ("def f(*, a): pass", "def f(a): pass"),
        ("x: int", "x: int = None"),
        ("'a' 'b'; x = 'ab'", "x = 'abc'"),
        ("f'{x!r}'", "f'{x}'"),
        ("from . import a", "from .. import a"),
    ],
)
def test_other_code_is_other_text(one: str, other: str) -> None:
    assert text_of(one) != text_of(other)


def interpreters() -> list[Path]:
    """Return one interpreter of each other version of Python on this machine, 3.11 or newer."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [shutil.which(f"python3.{minor}") for minor in range(11, 20)]
    paths = [*map(Path, filter(None, found)), *root.glob("versions/3.*/bin/python")]
    code = "import sys; print(sys.version_info[1])"
    by_version = {}
    for path in paths:
        told = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
        if told.returncode == 0:
            by_version[int(told.stdout)] = path
    return [path for minor, path in by_version.items() if 11 <= minor != sys.version_info[1]]


def test_other_versions_of_python_give_the_same_fingerprints() -> None:
    others = interpreters()
    if not others:
        pytest.skip("no other version of Python on this machine")
    modules = sorted(
        path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
        for path in PACKAGE.rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    )
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import fingerprint as module\n"
        "print(module.training_fingerprint(), module.fingerprint(*sys.argv[2:]))"
    )
    own = f"{training_fingerprint()} {fingerprint(*modules)}"
    for python in others:
        # The module alone: what the package needs may not be installed there.
        command = [python, "-I", "-B", "-c", code, PACKAGE, *modules]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert told.stdout.strip() == own, f"{python}: {told.stderr}"
