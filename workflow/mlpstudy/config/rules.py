"""The rules between keys of the configuration files; those of a single key stand with it."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations, groupby, islice
from pathlib import Path
from typing import Any

from mlpstudy.config.claims import FORMS, ClaimEntry, ClaimsFile
from mlpstudy.config.models import ModelsFile
from mlpstudy.config.problems import Location, Origin, Problem, meant
from mlpstudy.config.settings import ConditionEntry, Config, Dataset
from mlpstudy.config.study import Study

# Bytes. They go to a job as one argument, of which the system takes 128 KiB.
LONGEST_JSON = 100_000

# The names of the parts of the pages; the section of a model has the model's name.
PARTS = (
    "assumptions", "audit", "cause", "claims", "comparisons", "conclusions", "conditions", "depth",
    "effects", "groups", "inference", "legend", "main", "models", "pairs", "provenance",
    "sensitivity", "summary",
)  # fmt: skip

# Keys of the claims file that hold names, in lists however deep.
_OF_MODELS = ("models", "than", "groups", "exception", "pair")
_OF_CONDITIONS = ("conditions", "against")


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


def claim_problems(
    file: ClaimsFile, models: Collection[str], conditions: Collection[str], origin: Origin
) -> Iterator[Problem]:
    """Check every claim, comparison and conclusion of a file whose keys are valid by themselves.

    Args:
        file: the claims file.
        models: names of the study's models.
        conditions: names of the study's conditions.
        origin: tells the file of a key.
    """
    known_models = list(dict.fromkeys([*models, *file.optional.models]))
    known_conditions = list(dict.fromkeys([*conditions, *file.optional.conditions]))
    found: list[tuple[Location, str]] = []
    for kind in ("comparisons", "conclusions", "claims"):
        written = file.model_dump(include={kind}, exclude_unset=True).get(kind, {})
        for name, entry in written.items():
            named = [*_named(entry, _OF_MODELS, known_models)]
            named += _named(entry, _OF_CONDITIONS, known_conditions)
            found += [((kind, name, *at), text) for at, text in named]
    for name, comparison in file.comparisons.items():
        for index, pair in enumerate(comparison.pairs):
            for text in _pair_problems(pair, comparison.pairs[:index], comparison.models):
                found.append((("comparisons", name, "pairs", index), text))
    for name, claim in file.claims.items():
        inside = [*_key_problems(claim), *_side_problems(claim)]
        found += [(("claims", name, *at), text) for at, text in inside]
    yield from (Problem(origin(at), at, text) for at, text in found)
    yield from case_problems(file.comparisons, ("comparisons",), origin)
    yield from case_problems(file.claims, ("claims",), origin)


def _named(
    entry: dict[str, Any], keys: tuple[str, ...], known: list[str]
) -> Iterator[tuple[Location, str]]:
    """Check each name under `keys`, in lists however deep, with its place."""
    for key in keys:
        waiting: list[tuple[Location, Any]] = [((key,), entry.get(key, ()))]
        while waiting:
            at, value = waiting.pop(0)
            if not isinstance(value, str):
                waiting += [((*at, index), each) for index, each in enumerate(value)]
            elif value not in known:
                yield at, unknown(value, known)


def _pair_problems(
    pair: tuple[str, ...], earlier: tuple[tuple[str, ...], ...], models: tuple[str, ...]
) -> Iterator[str]:
    for model in pair:
        if model not in models:
            yield f"expected two of the comparison's models, got {model!r}"
    if pair[::-1] in earlier:
        yield f"expected each pair in one direction, got {' and '.join(pair)} in both"


def _key_problems(claim: ClaimEntry) -> Iterator[tuple[Location, str]]:
    """Check that a claim has what its form needs, and nothing that its form does not know."""
    form, written = FORMS[claim.form], claim.model_fields_set
    for key in form.needs:
        stands_in = key == "than" and claim.against
        if key not in written and not stands_in:
            yield (key,), f"missing, expected with form {claim.form}"
    for key in (each for each in type(claim).model_fields if each in written):
        if key not in form.keys:
            own = ", ".join((*form.needs, *form.takes))
            text = f"unknown with form {claim.form}, which has {own}{meant(key, form.keys)}"
            yield (key,), text
    if claim.of and claim.of not in form.of:
        yield ("of",), f"expected {', '.join(form.of)} with form {claim.form}, got {claim.of!r}"
    if claim.form == "sooner" and claim.quantity == "test_accuracy":
        text = "expected train_accuracy or validation_accuracy with form sooner, got "
        yield ("quantity",), f"{text}'test_accuracy': test images are looked at once, at the end"
    if claim.against and not claim.conditions:
        yield ("conditions",), "missing, expected with against"
    if claim.against in claim.conditions:
        yield ("against",), f"expected another condition than {claim.against!r}, which is asked"


def _side_problems(claim: ClaimEntry) -> Iterator[tuple[Location, str]]:
    """Check that no model is compared with itself."""
    if claim.against:
        return
    key = "groups" if claim.groups else "than"
    for one, other in combinations(claim.groups or (claim.models, claim.than), 2):
        both = [model for model in one if model in other]
        if both:
            yield (key,), f"expected models that stand on one side only, got {both[0]!r} on two"
            return


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
