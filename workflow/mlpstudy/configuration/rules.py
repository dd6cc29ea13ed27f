"""The rules between keys, which a JSON Schema cannot express."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from mlpstudy.configuration.entries import Condition, Dataset, Fields, ModelEntry, Settings
from mlpstudy.configuration.problems import Location, Problem, meant

Origin = Callable[[Location], str]

# Bytes. They go to a job as one argument, of which the system takes 128 KiB.
LONGEST_JSON = 100_000

# What the parts of the pages are called; a model's section is called like the model.
PARTS = (
    "assumptions", "audit", "cause", "claims", "comparisons", "conclusions", "conditions", "depth",
    "effects", "groups", "inference", "legend", "main", "models", "pairs", "provenance",
    "sensitivity", "summary",
)  # fmt: skip


def study_problems(config: dict[str, Any], origin: Origin) -> Iterator[Problem]:
    """Check the thresholds, the dataset's files and sizes, and that a condition is left."""
    medium, superior = config["classes"]["medium"], config["classes"]["superior"]
    if medium >= superior:
        at: Location = ("classes", "medium")
        text = f"expected less than classes.superior, which is {superior}, got {medium}"
        yield Problem(origin(at), at, text)
    seen: dict[str, str] = {}
    for kind, file in config["dataset"]["files"].items():
        other = seen.setdefault(file["name"], kind)
        if other != kind:
            at = ("dataset", "files", kind, "name")
            text = f"expected another name than that of dataset.files.{other}, got {file['name']!r}"
            yield Problem(origin(at), at, text)
    for key in ("classes", "sources"):
        size = len(json.dumps(config["dataset"][key]))
        if size > LONGEST_JSON:
            at = ("dataset", key)
            yield Problem(
                origin(at), at, f"expected at most {LONGEST_JSON} bytes of JSON, got {size}"
            )
    if all(overrides is None for overrides in config["conditions"].values()):
        at = ("conditions",)
        yield Problem(origin(at), at, "expected at least one condition that is not null")
    yield from case_problems(config["conditions"], ("conditions",), origin)
    yield from _label_problems(config["conditions"], origin)


def condition_label(name: str, entry: dict[str, Any]) -> str:
    """Return what readers see for a condition: its label, else its name with spaces."""
    return str(entry.get("label") or name.replace("_", " "))


def _label_problems(conditions: dict[str, Any], origin: Origin) -> Iterator[Problem]:
    """Check that readers can tell the conditions apart by their labels."""
    seen: dict[str, str] = {}
    for name, entry in conditions.items():
        if entry is None:
            continue
        label = condition_label(name, entry)
        other = seen.setdefault(label.casefold(), name)
        if other != name:
            labelled, unlike = (name, other) if "label" in entry else (other, name)
            at: Location = ("conditions", labelled, "label")
            text = f"expected a label other than that of condition {unlike}, got {label!r}"
            yield Problem(origin(at), at, text)


def file_problems(config: dict[str, Any], origin: Origin) -> Iterator[Problem]:
    """Check that the other files are there, and that no file is where results go."""
    results = Path(config["results"])
    there = next((path for path in (results, *results.parents) if os.path.lexists(path)), None)
    if there is not None and not there.is_dir():
        text = f"expected a folder, got {config['results']!r}: {there} is a file"
        yield Problem(origin(("results",)), ("results",), text)
    for key, hint in {"models": "", "claims": " (null for no claims)"}.items():
        path = config[key]
        if path is not None and not Path(path).is_file():
            text = f"expected the file with the {key}, got {path!r}: no such file{hint}"
            yield Problem(origin((key,)), (key,), text)


def model_problems(models: dict[str, dict[str, Any]], origin: Origin) -> Iterator[Problem]:
    """Check, of the models as they are written, their names and what they call assumed."""
    yield from case_problems(models, ("models",), origin)
    for name, entry in models.items():
        if name in PARTS:
            at: Location = ("models", name)
            yield Problem(origin(at), at, "expected another name: the pages have a part called so")
        for field in entry.get("assumed", {}):
            if field not in entry:
                at = ("models", name, "assumed", field)
                yield Problem(origin(at), at, "expected a field that the model itself writes")


def run_problems(settings: Settings, of_config: Origin, of_models: Origin) -> Iterator[Problem]:
    """Check every model by itself and under each condition that it is trained under."""
    nodes = ("nodes",)
    for name, entry in settings.models.items():
        for text in _node_problems(entry.fields, settings.dataset):
            at: Location = ("models", name, *nodes)
            yield Problem(of_models(at), at, text)
    for name, condition in settings.conditions.items():
        if "nodes" in condition.overrides:
            for text in _node_problems(condition.overrides, settings.dataset):
                at = ("conditions", name, *nodes)
                yield Problem(of_config(at), at, text)
        for model in condition.models:
            for text in _subset_problems(settings.models[model], condition, settings.dataset):
                at = ("dataset", "subset", "train")
                yield Problem(of_config(at), at, text)


def restriction_problems(
    conditions: dict[str, dict[str, Any]], models: Iterable[str], origin: Origin
) -> Iterator[Problem]:
    """Check that the models a condition is restricted to are there."""
    known = dict.fromkeys(models)
    for name, condition in conditions.items():
        for index, model in enumerate(condition.get("models", ())):
            if model not in known:
                at = ("conditions", name, "models", index)
                text = f"expected one of {listed(known)}, got {model!r}{meant(model, known)}"
                yield Problem(origin(at), at, text)


def listed(names: Collection[str]) -> str:
    """List the names that there are, not endlessly."""
    return ", ".join(islice(names, 20)) + (", …" if len(names) > 20 else "")


def case_problems(names: Iterable[str], inside: Location, origin: Origin) -> Iterator[Problem]:
    """Names are folders, and some file systems do not tell M01 from m01."""
    for _, group in groupby(sorted(names, key=str.lower), key=str.lower):
        first, *others = group
        for name in others:
            at = (*inside, name)
            text = f"expected names that differ by more than their case, got {first} too"
            yield Problem(origin(at), at, text)


def _node_problems(fields: Fields, dataset: Dataset) -> Iterator[str]:
    nodes: Any = fields["nodes"]
    if nodes[-1] != len(dataset.classes):
        yield (
            f"expected a last layer of {len(dataset.classes)} nodes, one for each of "
            f"dataset.classes, got {nodes[-1]}"
        )


def _subset_problems(entry: ModelEntry, condition: Condition, dataset: Dataset) -> Iterator[str]:
    """Check that every part of a split, which keeps proportions, has an image of each class."""
    if dataset.subset is None:
        return
    fields: dict[str, Any] = {**entry.fields, **condition.overrides}
    train, classes = dataset.subset["train"], len(dataset.classes)
    who = f"model {entry.name} under {condition.name}"
    if fields["validation"] == "kfold":
        pool = train + (dataset.subset["test"] if fields["kfold_pool"] == "all" else 0)
        least = fields["folds"] * classes
        if pool < least:
            of = "training and test images" if fields["kfold_pool"] == "all" else "images"
            yield f"expected at least {least} {of} for {fields['folds']} folds ({who}), got {pool}"
    elif fields["validation"] == "holdout":
        held_out = math.ceil(fields["holdout_fraction"] * train)
        if min(held_out, train - held_out) < classes:
            yield (
                f"expected enough images for one of each class inside and outside a hold-out of "
                f"{fields['holdout_fraction']} ({who}), got {train}"
            )
