"""How the audit names models and numbers in its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable


def listing(parts: Iterable[str], last: str = "and") -> str:
    """Return `a`, `a and b`, or `a, b and c`; nothing for nothing."""
    *first, end = list(parts) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def sentence(text: str) -> str:
    """Return a text with its first letter a capital."""
    return text[:1].upper() + text[1:]


def models(keys: Iterable[str]) -> str:
    """Return `model 4`, `models 4 and 5`; a key that is no number stands as it is."""
    numbers = [re.sub(r"^m0*(\d+)$", r"\1", key) for key in keys]
    return f"model{'s' if len(numbers) > 1 else ''} {listing(numbers)}"


def percent(fraction: float, decimals: int = 2) -> str:
    """Return a fraction as per cent with its sign."""
    return f"{100 * fraction:.{decimals}f} %"


def points(fraction: float) -> str:
    """Return a difference of two fractions, without its sign, in percentage points."""
    return f"{abs(100 * fraction):.2f} points"


def counted(number: int, noun: str) -> str:
    """Return `1 model`, `3 models`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def quantity(name: str) -> str:
    """Return a quantity's name in words: test accuracy."""
    return {
        "loss_function": "loss function",
        "layers": "number of layers",
        "validation": "validation scheme",
        "seconds": "time",
        "batched": "testing in batches",
    }.get(name, name.replace("_", " ")).replace("normalization", "normalisation")


VALUES = {
    "relu": "ReLU", "leaky_relu": "Leaky ReLU", "kfold": "k-fold", "holdout": "hold-out",
    "cross_entropy": "cross-entropy", "kl_divergence": "KL divergence", "true": "yes",
    "false": "no", "none": "no validation",
}  # fmt: skip


def setting(value: str) -> str:
    """Return a setting's value in words: Leaky ReLU, yes."""
    return VALUES.get(value, value.replace("_", " "))


def times(number: int) -> str:
    """Return `once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
