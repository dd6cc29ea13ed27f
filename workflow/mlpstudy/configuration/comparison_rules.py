"""The rules of what the claims file sets side by side: known models, and pairs of what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlpstudy.configuration.problems import Location, meant
from mlpstudy.configuration.rules import listed


def comparison_problems(
    written: Mapping[str, Any], models: Sequence[str]
) -> Iterator[tuple[Location, str]]:
    """Check `comparisons` and `conclusions` of a file that its schema allows.

    Args:
        written: the file, with these two filled in.
        models: the models that may be named.
    """
    for place, model in _named(written):
        if model not in models:
            yield place, f"expected one of {listed(models)}, got {model!r}{meant(model, models)}"
    for name, comparison in written["comparisons"].items():
        pairs = comparison.get("pairs", [])
        for index, pair in enumerate(pairs):
            at: Location = ("comparisons", name, "pairs", index)
            for model in pair:
                if model not in comparison["models"]:
                    yield at, f"expected two of the comparison's models, got {model!r}"
            if pair[::-1] in pairs[:index]:
                yield at, f"expected each pair in one direction, got {' and '.join(pair)} in both"


def _named(written: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    """Yield every model that is named, with its place."""
    for name, comparison in written["comparisons"].items():
        for index, model in enumerate(comparison["models"]):
            yield ("comparisons", name, "models", index), model
    concluded = written["conclusions"]
    if "exception" in concluded.get("layers", {}):
        yield ("conclusions", "layers", "exception"), concluded["layers"]["exception"]
    for index, model in enumerate(concluded.get("batch_norm", {}).get("pair", [])):
        yield ("conclusions", "batch_norm", "pair", index), model
