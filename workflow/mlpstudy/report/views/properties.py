"""What a model is, property by property, in words: the one place that knows how each is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.formats import missing, percent, seconds, setting, word

Fields = dict[str, Any]


def _activation(fields: Fields) -> str:
    text = word(fields["activation"])
    leaky = fields["activation"] == "leaky_relu"
    return f"{text}, slope {fields['leaky_slope']:g}" if leaky else text


def _loss(fields: Fields) -> str:
    text = word(fields["loss"])
    return f"{text}, {word(fields['kl'])}" if fields["loss"] == "kl_divergence" else text


def _validation(fields: Fields) -> str:
    if fields["validation"] == "holdout":
        return f"hold-out, {percent(fields['holdout_fraction'], 0)} % of the training images"
    if fields["validation"] == "kfold":
        pool = "training and test images together" if fields["kfold_pool"] == "all" else (
            "training images"
        )  # fmt: skip
        return f"{fields['folds']} folds of the {pool}"
    return "none, training and testing only"


# A fact: its label, the fields it tells of, and how it is said.
FACTS: tuple[tuple[str, tuple[str, ...], Callable[[Fields], str]], ...] = (
    ("Layers", ("nodes",), lambda f: str(len(f["nodes"]))),
    ("Nodes", ("nodes",), lambda f: f"{word(f['nodes'])} nodes in total"),
    ("Activation", ("activation", "leaky_slope"), _activation),
    ("Loss", ("loss", "kl"), _loss),
    (
        "Optimizer",
        ("optimizer", "learning_rate"),
        lambda f: f"{word(f['optimizer'])}, learning rate {f['learning_rate']:g}",
    ),
    (
        "Validation",
        ("validation", "holdout_fraction", "folds", "kfold_pool"),
        _validation,
    ),
    ("Epochs", ("epochs",), lambda f: str(f["epochs"])),
    ("Batch size", ("batch_size",), lambda f: str(f["batch_size"])),
    (
        "Dropout",
        ("dropout",),
        lambda f: f"rate {f['dropout']:g} after each hidden layer" if f["dropout"] else "none",
    ),
    (
        "Batch normalisation",
        ("batch_norm",),
        lambda f: "after each hidden layer" if f["batch_norm"] else "none",
    ),
    (
        "Pixels",
        ("pixels",),
        lambda f: setting("pixels", f["pixels"]).removeprefix("pixels ").removeprefix("as "),
    ),
)


def assumed(results: Results, model: str) -> dict[str, str]:
    """Return what a model's source leaves open: field to why its value was taken.

    A model that stands beside the report's and is not one of them is one's own: no report left its
    values open, and the reasons of the defaults are not about it. What its entry itself calls
    assumed stays.
    """
    reasons = results.study.models[model].assumed
    if not results.has_report or model in results.printed:
        return reasons
    defaults = {field: entry.why for field, entry in results.study.defaults.items()}
    return {field: why for field, why in reasons.items() if why != defaults.get(field)}


def printed_time(results: Results, model: str) -> str:
    """Return the report's time; that of a fold where it gives no other."""
    whole = results.reported.value("details", model, "seconds")
    fold = results.reported.value("details", model, "seconds_per_fold")
    value = fold if missing(whole.number) else whole
    text = ("about " if value.approximate else "") + seconds(value.number)
    return f"{text} a fold" if value is fold and not missing(fold.number) else text
