"""The settings and the runs of a model, beside what the report says of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.formats import NONE, count, missing, seconds, word

# What the report says by naming a layer or a batch, where a value would follow.
NAMED = {"batched": "in batches", "dropout": "used", "batch_normalization": "used"}


def printed_setting(results: Results, model: str, quantity: str) -> str:
    """Return a setting of a model as the report prints it, in words."""
    text = results.reported.text("details", model, quantity)
    if not text:
        return NONE
    return NAMED.get(quantity, word(text)) if text != "none" else word(text)


def parameters(results: Results, model: str) -> str:
    """Return the number of a model's parameters, or numbers where conditions change it."""
    rows = [row for (_, key), row in results.summaries.items() if key == model]
    return " or ".join(dict.fromkeys(count(row["parameters"]) for row in rows))


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
