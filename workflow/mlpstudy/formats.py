"""Numbers and names as a reader sees them: per cent, seconds, the words for a field's value."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

NONE = "\N{EM DASH}"
DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"

# Words for the values of fields; a value without an entry is shown with its underscores as spaces.
WORDS = {
    "relu": "ReLU", "leaky_relu": "Leaky ReLU", "sigmoid": "Sigmoid", "tanh": "Tanh",
    "gelu": "GELU", "elu": "ELU", "cross_entropy": "cross-entropy",
    "kl_divergence": "KL divergence", "adam": "Adam", "adamw": "AdamW", "sgd": "SGD",
    "rmsprop": "RMSprop", "holdout": "hold-out", "kfold": "k-fold",
    "kl": "form of the KL divergence",
    "leaky_slope": "leaky slope", "kfold_pool": "images cut into folds",
    "holdout_fraction": "held-out fraction", "batch_norm": "batch normalisation",
    "fashion-mnist": "Fashion-MNIST", "mnist": "MNIST", "kmnist": "KMNIST",
}  # fmt: skip


# What a field's value makes of the model, where field and value side by side would not say it.
SETTINGS = {
    ("pixels", "raw"): "pixels as raw bytes, 0 to 255", ("pixels", "unit"): "pixels divided by 255",
    ("kl", "clipped"): "KL divergence clipped to [1e-7, 1]", ("kl", "exact"): "exact KL divergence",
    ("batch_norm", "True"): "batch normalisation",
    ("batch_norm", "False"): "no batch normalisation",
}  # fmt: skip


def missing(value: Any) -> bool:
    """Say whether there is no value: None, an empty text, or not a number."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def word(value: Any) -> str:
    """Return a field's name or value in words."""
    if missing(value):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return "+".join(str(part) for part in value)
    return WORDS.get(str(value), str(value).replace("_", " "))


def setting(field: str, value: Any) -> str:
    """Return what a field is set to, in words: pixels divided by 255; None for nothing."""
    if value is None:
        return f"{word(field)} as set by each model"
    said = SETTINGS.get((field, str(value)))
    return said or f"{word(field)} {word(value)}"


def heading(text: str) -> str:
    """Return a text with its first letter a capital."""
    return text[:1].upper() + text[1:]


def given_percent(fraction: float) -> str:
    """Return a setting as per cent without the sign, with the digits that it is given with."""
    return f"{100 * fraction:g}"


def margin(fraction: float) -> str:
    """Return a margin in points, with the digits that it is given with: 1 point, 0.5 points."""
    text = given_percent(fraction)
    return f"{text} point" if text == "1" else f"{text} points"


def percent(fraction: Any, decimals: int = 2) -> str:
    """Return a fraction as per cent without the sign, which a column's head has."""
    return NONE if missing(fraction) else f"{100 * float(fraction):.{decimals}f}"


def points(fraction: Any, decimals: int = 2) -> str:
    """Return a difference of two fractions in percentage points, with its sign unless it is 0."""
    if missing(fraction):
        return NONE
    text = f"{100 * float(fraction):+.{decimals}f}"
    return text.replace("-", MINUS) if text.strip("+-0.") else text[1:]


def span(low: Any, high: Any, decimals: int = 1) -> str:
    """Return a range in per cent; one figure where both ends print alike."""
    ends = [percent(low, decimals), percent(high, decimals)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]}{DASH}{ends[1]}"


def share(fraction: Any) -> str:
    """Return a share as whole per cent; never 0 or 100 for what is not quite."""
    if missing(fraction):
        return NONE
    value = 100 * float(fraction)
    return f"{value:.0f}" if round(value) not in (0, 100) or value in (0, 100) else f"{value:.1f}"


def loss(value: Any) -> str:
    """Return a loss with three significant digits or more."""
    if missing(value):
        return NONE
    number = float(value)
    if math.isinf(number):
        return "infinite"
    return f"{number:,.1f}" if abs(number) >= 1000 else f"{number:.{2 if number >= 10 else 3}f}"


def count(value: Any) -> str:
    """Return a whole number with narrow spaces between thousands, from five digits on."""
    if missing(value):
        return NONE
    text = f"{int(value):,}" if abs(int(value)) >= 10_000 else str(int(value))
    return text.replace(",", NARROW)


def seconds(value: Any) -> str:
    """Return a duration: 0.8 s, 41 s, 2 min 5 s, 1 h 4 min."""
    if missing(value):
        return NONE
    number = float(value)
    if number < 10:
        return f"{number:.1f}{NARROW}s"
    whole = round(number)
    if whole < 60:
        return f"{whole}{NARROW}s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes}{NARROW}min" + (f" {rest}{NARROW}s" if rest else "")
    hours, minutes = divmod(round(number / 60), 60)
    return f"{hours}{NARROW}h" + (f" {minutes}{NARROW}min" if minutes else "")


def number_of(label: str) -> str:
    """Return `4` for the label Model 4; any other label as it is."""
    return label[6:] if re.fullmatch(r"Model \d+", label) else label


def names(labels: Sequence[str], opening: bool = False) -> str:
    """Return labels of models for a sentence: `models 4 and 15`, `models 4 and 5 and wide`.

    With `opening`, as the first words of a sentence: `Models 4 and 15`. A user's own label keeps
    its letters in both.
    """
    numbers = [number_of(label) for label in labels if number_of(label) != label]
    others = [label for label in labels if number_of(label) == label]
    if not numbers:
        return listing(others)
    noun = ("Model" if opening else "model") + ("s" if len(numbers) > 1 else "")
    return listing([f"{noun} {listing(numbers)}", *others])


def quoted(label: str) -> str:
    """Return the label of a condition for a sentence: “corrected”."""
    return f"\N{LEFT DOUBLE QUOTATION MARK}{label}\N{RIGHT DOUBLE QUOTATION MARK}"


def p_value(p: Any) -> str:
    """Return a probability with what is small as a bound."""
    if missing(p):
        return NONE
    return "< 0.001" if float(p) < 0.001 else f"{float(p):.3f}"


def few(labels: Sequence[str], opening: bool = False) -> str:
    """Name models by their labels, or count them where there are many."""
    return names(labels, opening) if len(labels) <= 8 else plural(len(labels), "model")


def listing(parts: Sequence[str]) -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + f" and {parts[-1]}"


def plural(number: int, noun: str) -> str:
    """Return `1 run`, `3 runs`."""
    return f"{count(number)} {noun}" + ("" if number == 1 else "s")


def date(text: str) -> str:
    """Return a date as people write it: 26 November 2026, 09:30 UTC."""
    when = datetime.fromisoformat(text)
    return f"{when.day} {when:%B} {when.year}, {when:%H:%M} UTC"
