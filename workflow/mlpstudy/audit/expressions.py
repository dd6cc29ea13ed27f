"""The language of checks.yaml: Python's expressions, and sentences with expressions in braces.

Allowed are numbers and texts, comparisons, arithmetic, `and`, `or`, `not`, `in`, `if`/`else`,
lists, comprehensions, and calls of the functions of `vocabulary`. There are no attributes, no
subscripts, no keywords and no other names, so an expression reaches nothing beyond the report.
"""

from __future__ import annotations

import ast
import math
import re
import statistics
import string
from collections.abc import Collection, Mapping
from functools import cache
from types import CodeType
from typing import Any

import numpy as np
import scipy

from mlpstudy.audit.printed import NotPrintedError, Report
from mlpstudy.formats import listing

TEST_IMAGES = 10_000  # of the MNIST family, to which the report's data belong

# Quantities and settings in words, where they are not words already.
WORDS = {
    "test_accuracy": "test accuracy", "test_loss": "test loss", "layers": "number of layers",
    "loss_function": "loss function", "validation": "validation scheme", "seconds": "time",
    "batched": "testing in batches", "batch_normalization": "batch normalisation",
}  # fmt: skip

_ALLOWED = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Store, ast.List, ast.Tuple, ast.Call,
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.IfExp,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.ListComp, ast.GeneratorExp, ast.comprehension,
)  # fmt: skip


@cache
def _compiled(text: str) -> tuple[CodeType, frozenset[str]]:
    """Return an expression as code, and the names that it needs.

    Raises:
        ValueError: it is no expression, or has something that is not allowed.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"expected an expression, got {text!r}: {error.msg}") from error
    nodes = list(ast.walk(tree))
    for node in nodes:
        if not isinstance(node, _ALLOWED):
            raise ValueError(f"{type(node).__name__} is not allowed in {text!r}")  # noqa: TRY004
        if isinstance(node, ast.Call) and (node.keywords or not isinstance(node.func, ast.Name)):
            raise ValueError(f"expected calls of functions by name, without keywords, in {text!r}")
    names = [node for node in nodes if isinstance(node, ast.Name)]
    own = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    needed = frozenset(name.id for name in names) - own
    return compile(tree, "<checks.yaml>", "eval"), needed


def expect_known(expression: object, names: Collection[str]) -> None:
    """Raise ValueError unless this is an expression that needs none but `names`."""
    _, needed = _compiled(str(expression))
    for name in sorted(needed - set(names)):
        known = ", ".join(sorted(names))
        raise ValueError(f"unknown name {name!r} in {expression!r}, expected one of {known}")


def evaluate(expression: object, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression.

    Raises:
        NotPrintedError: the report does not print what is asked for.
        ValueError: it is no expression, has something that is not allowed, or fails.
    """
    code, _ = _compiled(str(expression))
    try:
        return eval(code, {"__builtins__": {}, **names})
    except (TypeError, ArithmeticError, LookupError, NameError) as error:
        raise ValueError(str(error)) from error


def placeholders(sentence: str) -> list[str]:
    """Return the expressions of a sentence; ValueError for braces that do not match."""
    return [code for _, code, *_ in string.Formatter().parse(sentence) if code is not None]


def filled(sentence: str, names: Mapping[str, Any]) -> str:
    """Return a sentence with its expressions evaluated: {accuracy("m03"):.2%} is 79.76 %.

    Raises:
        NotPrintedError: the report does not print what is asked for.
        ValueError: an expression cannot be evaluated, or its value has no such format.
    """
    parts = []
    for text, expression, form, _ in string.Formatter().parse(sentence):
        parts.append(text)
        if expression is not None:
            parts.append(_in_words(evaluate(expression, names), form or ""))
    return "".join(parts)


def _in_words(value: Any, form: str) -> str:
    """Return a number in a format, `model 5` for m05, a quantity's name, or a list of these."""
    if isinstance(value, list | tuple | set):
        return listing([_in_words(part, form) for part in value]) if value else ""
    if isinstance(value, str):
        model = re.fullmatch(r"m0?([1-9]\d*)", value)
        return f"model {model[1]}" if model else WORDS.get(value, value)
    if form.endswith("%"):
        return f"{value:{form}}".replace("%", " %")
    return f"{value:{form or 'g'}}"


def vocabulary(report: Report) -> dict[str, Any]:
    """Return the names that expressions may use; models are given by their keys."""

    def accuracy(model: str) -> float:
        return report.number(model, "test_accuracy")

    def standard_error(first: str, second: str) -> float:
        shares = [accuracy(model) for model in (first, second)]
        return 100 * math.sqrt(sum(p * (1 - p) for p in shares) / TEST_IMAGES)

    return {
        "models": report.models,
        "number": report.number,
        "text": report.text,
        "accuracy": accuracy,
        "printings": lambda model, name: [v.number for v in report.printings(model, name)],
        "widths": report.widths,
        "depth": lambda model: len(report.widths(model)),
        "nodes": lambda model: sum(report.widths(model)),
        "differ": report.differ,
        "discussed": report.discussed,
        "mentions": report.mentions,
        "blank": report.blank,
        "log": math.log,
        "series": lambda model: int(report.text(model, "report_name").partition("_")[0]),
        "points": lambda first, second: 100 * (first - second),
        "standard_error": standard_error,
        "chance_of_equal_counts": chance_of_equal_counts,
        "mean": lambda values: statistics.fmean(_some(values)),
        "max": lambda values: max(_some(values)),
        "min": lambda values: min(_some(values)),
        **{f.__name__: f for f in (abs, all, len, range, set, sorted, sum)},
    }


def _some(values: Any) -> list[Any]:
    """Return values as a list; of none there is no mean and no largest."""
    found = list(values)
    if not found:
        raise NotPrintedError("no values")
    return found


def chance_of_equal_counts(accuracy: float) -> float:
    """Return the probability that two independent networks are right on equally many images."""
    counts = np.arange(TEST_IMAGES + 1)
    return float(np.sum(scipy.stats.binom.pmf(counts, TEST_IMAGES, accuracy) ** 2))
