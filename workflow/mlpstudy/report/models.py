"""The settings and the runs of a model, beside what the report says of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from mlpstudy.analysis.results import Results
from mlpstudy.formats import NONE, count, missing, percent, seconds, word

Fields = dict[str, Any]


class Setting(NamedTuple):
    """One setting of a model: what the report prints, what this study takes, both in words."""

    label: str
    printed: str
    ours: str
    assumed: bool


def _activation(fields: Fields) -> str:
    text = word(fields["activation"])
    leaky = fields["activation"] == "leaky_relu"
    return f"{text}, slope {fields['leaky_slope']:g}" if leaky else text


def _loss(fields: Fields) -> str:
    text = word(fields["loss"])
    return f"{text}, {word(fields['kl'])}" if fields["loss"] == "kl_divergence" else text


def _validation(fields: Fields) -> str:
    if fields["validation"] == "holdout":
        return f"hold-out of {percent(fields['holdout_fraction'], 0)} % of the training images"
    if fields["validation"] == "kfold":
        pool = "all images" if fields["kfold_pool"] == "all" else "the training images"
        return f"{fields['folds']} folds of {pool}"
    return "no validation"


# A setting: its label, the fields that it is made of, how it is said, and the quantities that the
# report prints it as.
SETTINGS: tuple[tuple[str, tuple[str, ...], Callable[[Fields], str], str], ...] = (
    ("Layers", ("nodes",), lambda f: str(len(f["nodes"])), "layers"),
    ("Nodes", ("nodes",), lambda f: word(f["nodes"]), "nodes"),
    ("Activation", ("activation", "leaky_slope"), _activation, "activation"),
    ("Loss", ("loss", "kl"), _loss, "loss_function"),
    ("Optimizer", ("optimizer",), lambda f: word(f["optimizer"]), "optimizer"),
    ("Learning rate", ("learning_rate",), lambda f: f"{f['learning_rate']:g}", ""),
    (
        "Validation",
        ("validation", "holdout_fraction", "folds", "kfold_pool"),
        _validation,
        "validation",
    ),
    ("Epochs", ("epochs",), lambda f: str(f["epochs"]), "epochs"),
    ("Batch size", ("batch_size",), lambda f: str(f["batch_size"]), "batched"),
    (
        "Dropout",
        ("dropout",),
        lambda f: f"rate {f['dropout']:g} after each hidden layer" if f["dropout"] else "none",
        "dropout",
    ),
    (
        "Batch normalisation",
        ("batch_norm",),
        lambda f: "after each hidden layer" if f["batch_norm"] else "none",
        "batch_normalization",
    ),
    ("Pixels", ("pixels",), lambda f: "0 to 255" if f["pixels"] == "raw" else "0 to 1", ""),
)
NAMED = {"batched": "in batches", "dropout": "used", "batch_normalization": "used"}


def model_settings(results: Results, model: str) -> dict[str, Setting]:
    """Return the settings of a model by their labels."""
    fields, open_fields = results.study.models[model].fields, assumed(results, model)
    found = []
    for label, names, say, quantity in SETTINGS:
        text = results.reported.text("details", model, quantity) if quantity else ""
        printed = NAMED.get(quantity, "") if text and text != "none" else ""
        printed = printed or (word(text) if text else NONE)
        is_assumed = any(name in open_fields for name in names)
        found.append(Setting(label, printed, say(fields), is_assumed))
    rows = [row for (_, key), row in results.summaries.items() if key == model]
    sizes = dict.fromkeys(count(row["parameters"]) for row in rows)
    found.append(Setting("Parameters", NONE, " or ".join(sizes), False))
    return {each.label: each for each in found}


def assumed(results: Results, model: str) -> dict[str, str]:
    """Return what a model's source leaves open: field to why its value was taken.

    A model beside the report's is the user's own: no report left its values open, and the reasons
    of the defaults are not about it. What its entry itself calls assumed stays.
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
    return f"{text} per fold" if value is fold and not missing(fold.number) else text


def model_jobs(results: Results, model: str, page: Path) -> list[dict[str, Any]]:
    """Return the jobs of a model: their condition, fold, replicates, accuracies and spec.json.

    The path of `spec` starts from the folder `page`.
    """
    found = []
    for job in results.study.jobs:
        if job.model == model:
            values = results.by_fold.get((job.condition, job.model, job.fold), {})
            spec = os.path.relpath(job.folder / "spec.json", page).replace(os.sep, "/")
            found.append(
                {
                    "condition": job.condition,
                    "fold": job.fold,
                    "replicates": f"{job.first} to {job.last}"
                    if job.last > job.first
                    else job.first,
                    "accuracies": [values.get(n) for n in range(job.first, job.last + 1)],
                    "spec": spec,
                }
            )
    return found
