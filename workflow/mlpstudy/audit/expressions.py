"""The language of checks.yaml: Python's expressions without what could reach beyond the report.

Allowed are numbers and texts, comparisons, arithmetic, `and`, `or`, `not`, `in`, `if`/`else`,
lists, comprehensions, and calls of the functions of `vocabulary`. There are no attributes, no
subscripts, no keywords and no other names.
"""

from __future__ import annotations

import ast
import math
import statistics
import string
from collections.abc import Collection, Mapping
from types import CodeType
from typing import Any

import numpy as np
from scipy.stats import binom

from mlpstudy.audit.printed import NotPrintedError, Report, in_words, listing

TEST_IMAGES = 10_000  # of the MNIST family, to which the report's data belong

_ALLOWED = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Store, ast.List, ast.Tuple, ast.Call,
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.IfExp,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.ListComp, ast.GeneratorExp, ast.comprehension,
)  # fmt: skip


def compiled(text: object, names: Collection[str]) -> CodeType:
    """Return an expression ready for `evaluated`; `names` are those that it may use.

    Raises:
        ValueError: it is no expression, or has something that is not allowed.
    """
    try:
        tree = ast.parse(str(text).strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"expected an expression, found {text!r}: {error.msg}") from error
    nodes = list(ast.walk(tree))
    for node in nodes:
        if not isinstance(node, _ALLOWED):
            raise ValueError(f"{type(node).__name__} is not allowed in {text!r}")  # noqa: TRY004
        if isinstance(node, ast.Call) and (node.keywords or not isinstance(node.func, ast.Name)):
            raise ValueError(f"expected calls of functions by name, without keywords, in {text!r}")
    own = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id not in own and node.id not in names:
            raise ValueError(f"unknown name {node.id!r} in {text!r}; known are {_known(names)}")
    return compile(tree, "<checks.yaml>", "eval")


def evaluated(code: CodeType, names: Mapping[str, Any]) -> Any:
    """Return the value of what `compiled` allowed.

    Raises:
        NotPrintedError: the report does not print what is asked for.
        ValueError: the expression cannot be computed.
    """
    try:
        return eval(code, {"__builtins__": {}, **names})
    except (TypeError, ArithmeticError, LookupError) as error:
        raise ValueError(str(error)) from error


def vocabulary(report: Report) -> dict[str, Any]:
    """Return the names that expressions may use; models are given by their keys."""

    def standard_error(first: str, second: str) -> float:
        shares = [report.number(model, "test_accuracy") for model in (first, second)]
        return 100 * math.sqrt(sum(p * (1 - p) for p in shares) / TEST_IMAGES)

    return {
        "models": report.models,
        "number": report.number,
        "text": report.text,
        "accuracy": lambda model: report.number(model, "test_accuracy"),
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
    return float(np.sum(binom.pmf(counts, TEST_IMAGES, accuracy) ** 2))


class Sentence(string.Formatter):
    """Sentences with named numbers: {share:.2%} is 79.76 %, {failing} is model 6 and model 15."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:  # noqa: ARG002
        """Return the value of a plain name; attributes and items are not looked up."""
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a number by its format, a name in words, and the parts of a list in a row."""
        if isinstance(value, list | tuple | set):
            return listing(self.format_field(part, format_spec) for part in value)
        if isinstance(value, str):
            return in_words(value)
        if format_spec.endswith("%"):
            return f"{format(value, format_spec).removesuffix('%')} %"
        return format(value, format_spec or "g")


def check_sentence(sentence: object, names: Collection[str] | None) -> None:
    """Check that a sentence's placeholders are all among `names`; None for any names.

    Raises:
        ValueError: it is no text, has another placeholder, or braces that do not match.
    """
    if not isinstance(sentence, str) or not sentence.strip():
        raise ValueError(f"expected a sentence, found {sentence!r}")
    for _, name, *_ in string.Formatter().parse(sentence):
        if name is not None and names is not None and name not in names:
            raise ValueError(f"unknown placeholder {name!r}; known are {_known(names)}")


def _known(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
