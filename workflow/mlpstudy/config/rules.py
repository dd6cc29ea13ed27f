"""The rules between keys of the configuration; those of a single key stand with it."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from mlpstudy.config.dataset import Dataset
from mlpstudy.config.entries import ConditionEntry, Config, ModelsFile
from mlpstudy.config.problems import Location, Origin, Problem, meant
from mlpstudy.config.study import Study

# Bytes. They go to a job as one argument, of which the system takes 128 KiB.
LONGEST_JSON = 100_000

# The names of the parts of the pages; the section of a model has the model's name.
PARTS = (
    "appendix", "assumptions", "audit", "cause", "claims", "comparisons", "conclusions",
    "conditions", "depth", "effects", "explanations", "groups", "inference", "legend", "main",
    "models", "pairs", "provenance", "summary", "trial",
)  # fmt: skip


def config_problems(config: Config, origin: Origin) -> Iterator[Problem]:
    """Check the thresholds, the dataset's files and sizes, and that a condition is left."""
    classes = config.classes
    if classes.medium >= classes.superior:
        at: Location = ("classes", "medium")
        text = f"expected less than classes.superior, which is {classes.superior}"
        yield Problem(origin(at), at, f"{text}, got {classes.medium}")
    dataset = config.dataset.to_dict()
    seen: dict[str, str] = {}
    for kind, file in dataset["files"].items():
        other = seen.setdefault(file["name"], kind)
        if other != kind:
            at = ("dataset", "files", kind, "name")
            text = f"expected another name than that of dataset.files.{other}, got {file['name']!r}"
            yield Problem(origin(at), at, text)
    for key in ("classes", "sources"):
        size = len(json.dumps(dataset[key]))
        if size > LONGEST_JSON:
            at, text = ("dataset", key), f"expected at most {LONGEST_JSON} bytes of JSON"
            yield Problem(origin(at), at, f"{text}, got {size}")
    if not any(config.conditions.values()):
        at = ("conditions",)
        yield Problem(origin(at), at, "expected at least one condition that is not null")
    yield from case_problems(config.conditions, ("conditions",), origin)
    yield from _label_problems(config.present_conditions, origin)


def _label_problems(conditions: Mapping[str, ConditionEntry], origin: Origin) -> Iterator[Problem]:
    """Check that readers can tell the conditions apart by their labels."""
    seen: dict[str, str] = {}
    for name, entry in conditions.items():
        label = entry.label or name.replace("_", " ")
        other = seen.setdefault(label.casefold(), name)
        if other != name:
            labelled, unlike = (name, other) if entry.label else (other, name)
            at: Location = ("conditions", labelled, "label")
            text = f"expected a label other than that of condition {unlike}, got {label!r}"
            yield Problem(origin(at), at, text)


def file_problems(config: Config, origin: Origin) -> Iterator[Problem]:
    """Check that the other files exist, and that no file is where results go."""
    results = Path(config.results)
    there = next((path for path in (results, *results.parents) if os.path.lexists(path)), None)
    if there is not None and not there.is_dir():
        text = f"expected a folder, got {config.results!r}: {there} is a file"
        yield Problem(origin(("results",)), ("results",), text)
    for key, path, hint in (
        ("models", config.models, ""),
        ("claims", config.claims, " (null for no claims)"),
    ):
        if path is not None and not Path(path).is_file():
            text = f"expected the file with the {key}, got {path!r}: no such file{hint}"
            yield Problem(origin((key,)), (key,), text)


def model_problems(file: ModelsFile, origin: Origin) -> Iterator[Problem]:
    """Check, of the models as they are written, their names and what they call assumed."""
    yield from case_problems(file.models, ("models",), origin)
    for name, entry in file.models.items():
        if name in PARTS:
            at: Location = ("models", name)
            yield Problem(origin(at), at, "expected another name: the pages have a part called so")
        for field in entry.assumed:
            if field not in entry.written:
                at = ("models", name, "assumed", field)
                yield Problem(origin(at), at, "expected a field that the model itself writes")


def restriction_problems(
    config: Config, models: Iterable[str], origin: Origin
) -> Iterator[Problem]:
    """Check that the models that a condition is restricted to exist."""
    known = dict.fromkeys(models)
    for name, condition in config.present_conditions.items():
        for index, model in enumerate(condition.models):
            if model not in known:
                at = ("conditions", name, "models", index)
                yield Problem(origin(at), at, unknown(model, known))


def run_problems(
    study: Study, dataset: Dataset, of_config: Origin, of_models: Origin
) -> Iterator[Problem]:
    """Check every model by itself and under each condition that it is trained under."""
    for origin, kind, entries in (
        (of_models, "models", {name: model.fields for name, model in study.models.items()}),
        (of_config, "conditions", {name: c.overrides for name, c in study.conditions.items()}),
    ):
        for name, fields in entries.items():
            nodes = fields.get("nodes", [len(dataset.classes)])
            if nodes[-1] != len(dataset.classes):
                at: Location = (kind, name, "nodes")
                text = f"expected a last layer of {len(dataset.classes)} nodes, one for each of "
                yield Problem(origin(at), at, f"{text}dataset.classes, got {nodes[-1]}")
    for name, condition in study.conditions.items():
        for model in condition.models:
            fields = study.fields(name, model)
            for text in _subset_problems(fields, f"model {model} under {name}", dataset):
                at = ("dataset", "subset", "train")
                yield Problem(of_config(at), at, text)


def _subset_problems(fields: Mapping[str, Any], who: str, dataset: Dataset) -> Iterator[str]:
    """Check that every part of a split, which keeps proportions, has an image of each class."""
    if dataset.subset is None:
        return
    train, classes = dataset.subset.train, len(dataset.classes)
    if fields["validation"] == "kfold":
        pool = train + (dataset.subset.test if fields["kfold_pool"] == "all" else 0)
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


def unknown(name: str, known: Collection[str]) -> str:
    """Say that a name is not one of those that are known, of which at most 20 are listed."""
    some = ", ".join(islice(known, 20)) + (", …" if len(known) > 20 else "")
    return f"expected one of {some}, got {name!r}{meant(name, known)}"


def case_problems(names: Iterable[str], inside: Location, origin: Origin) -> Iterator[Problem]:
    """Names are folders, and some file systems do not tell M01 from m01."""
    for _, group in groupby(sorted(names, key=str.lower), key=str.lower):
        first, *others = group
        for name in others:
            at = (*inside, name)
            text = f"expected names that differ by more than their case, got {first} too"
            yield Problem(origin(at), at, text)
