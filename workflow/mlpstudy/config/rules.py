"""The rules between keys of the configuration files; those of a single key stand with it.

Each function yields the location of every key that breaks a rule, and what is wrong with it.
"""

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
from mlpstudy.config.problems import Location, Problem, meant
from mlpstudy.config.settings import ConditionEntry, Config, Dataset
from mlpstudy.config.study import Study

# Bytes. They go to a job as one argument, of which the system takes 128 KiB.
LONGEST_JSON = 100_000

# The names of the parts of the pages; the section of a model has the model's name.
PARTS = (
    "appendix", "assumptions", "audit", "cause", "claims", "comparisons", "conclusions",
    "conditions", "depth", "effects", "explanations", "groups", "inference", "legend", "main",
    "models", "pairs", "provenance", "summary", "trial",
)  # fmt: skip

# Keys of the claims file that hold names, in lists however deep.
_OF_MODELS = ("models", "than", "groups", "exception", "pair")
_OF_CONDITIONS = ("conditions", "against")


def dataset_problems(layer: Mapping[str, object]) -> Iterator[Problem]:
    """Check that a file which names another dataset describes all of it.

    What it leaves out would stay that of the dataset which it overrides.
    """
    given = layer.get("dataset")
    if isinstance(given, Mapping) and {"name", "files"} & set(given):
        missing = [key for key in ("name", "classes", "files", "sources") if key not in given]
        if missing:
            yield ("dataset", missing[0]), "missing: expected name, classes, files and sources"


def config_problems(config: Config) -> Iterator[Problem]:
    """Check the thresholds, the dataset's files and sizes, and that a condition is left."""
    classes, dataset = config.classes, config.dataset.to_dict()
    if classes.medium >= classes.superior:
        text = f"expected less than classes.superior, which is {classes.superior}"
        yield ("classes", "medium"), f"{text}, got {classes.medium}"
    seen: dict[str, str] = {}
    for kind, file in dataset["files"].items():
        other = seen.setdefault(file["name"], kind)
        if other != kind:
            text = f"expected another name than that of dataset.files.{other}, got {file['name']!r}"
            yield ("dataset", "files", kind, "name"), text
    for key in ("classes", "sources"):
        size = len(json.dumps(dataset[key]))
        if size > LONGEST_JSON:
            yield ("dataset", key), f"expected at most {LONGEST_JSON} bytes of JSON, got {size}"
    if not any(config.conditions.values()):
        yield ("conditions",), "expected at least one condition that is not null"
    yield from _case_problems(config.conditions, "conditions")
    yield from _label_problems(config.present_conditions)


def _label_problems(conditions: Mapping[str, ConditionEntry]) -> Iterator[Problem]:
    """Check that readers can tell the conditions apart by their labels."""
    seen: dict[str, str] = {}
    for name, entry in conditions.items():
        label = entry.label or name.replace("_", " ")
        other = seen.setdefault(label.casefold(), name)
        if other != name:
            labelled, unlike = (name, other) if entry.label else (other, name)
            text = f"expected a label other than that of condition {unlike}, got {label!r}"
            yield ("conditions", labelled, "label"), text


def file_problems(config: Config) -> Iterator[Problem]:
    """Check that the other files exist, and that no file is where results go."""
    results = Path(config.results)
    there = next((path for path in (results, *results.parents) if os.path.lexists(path)), None)
    if there is not None and not there.is_dir():
        yield ("results",), f"expected a folder, got {config.results!r}: {there} is a file"
    for key, path, hint in (
        ("models", config.models, ""),
        ("claims", config.claims, " (null for no claims)"),
    ):
        if path is not None and not Path(path).is_file():
            yield (key,), f"expected the file with the {key}, got {path!r}: no such file{hint}"


def model_problems(file: ModelsFile) -> Iterator[Problem]:
    """Check, of the models as they are written, their names and what they call assumed."""
    yield from _case_problems(file.models, "models")
    for name, entry in file.models.items():
        if name in PARTS:
            yield ("models", name), f"expected another name: the report has a section {name!r}"
        for field in entry.assumed:
            if field not in entry.written:
                text = "expected a field that the model itself sets"
                yield ("models", name, "assumed", field), text


def restriction_problems(config: Config, models: Collection[str]) -> Iterator[Problem]:
    """Check that the models that a condition is restricted to exist."""
    for name, condition in config.present_conditions.items():
        for index, model in enumerate(condition.models):
            if model not in models:
                yield ("conditions", name, "models", index), _unknown(model, models)


def run_problems(study: Study, dataset: Dataset) -> Iterator[Problem]:
    """Check every model by itself and under each condition that it is trained under."""
    count = len(dataset.classes)
    for kind, entries in (
        ("models", {name: model.fields for name, model in study.models.items()}),
        ("conditions", {name: each.overrides for name, each in study.conditions.items()}),
    ):
        for name, fields in entries.items():
            last = fields.get("nodes", [count])[-1]
            if last != count:
                text = f"expected a last layer of {count} nodes, one for each of dataset.classes"
                yield (kind, name, "nodes"), f"{text}, got {last}"
    for condition, model in study.pairs if dataset.subset else ():
        fields = study.fields(condition, model)
        for text in _subset_problems(fields, f"model {model} under {condition}", dataset):
            yield ("dataset", "subset", "train"), text


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
                f"expected enough images for one per class in both parts of a hold-out of "
                f"{fields['holdout_fraction']} ({who}), got {train}"
            )


def claim_problems(
    file: ClaimsFile, models: Collection[str], conditions: Collection[str]
) -> Iterator[Problem]:
    """Check every claim, comparison and conclusion of a file whose keys are valid by themselves.

    Args:
        file: the claims file.
        models: names of the study's models.
        conditions: names of the study's conditions.
    """
    known_models = list(dict.fromkeys([*models, *file.optional.models]))
    known_conditions = list(dict.fromkeys([*conditions, *file.optional.conditions]))
    for kind in ("comparisons", "conclusions", "claims"):
        written = file.model_dump(include={kind}, exclude_unset=True).get(kind, {})
        for name, entry in written.items():
            for keys, known in (
                (_OF_MODELS, known_models),
                (_OF_CONDITIONS, known_conditions),
                (("headline",), list(file.claims)),
            ):
                for key in keys:
                    yield from _name_problems(entry.get(key, ()), (kind, name, key), known)
    for name, comparison in file.comparisons.items():
        for index, pair in enumerate(comparison.pairs):
            for text in _pair_problems(pair, comparison.pairs[:index], comparison.models):
                yield ("comparisons", name, "pairs", index), text
    for name, claim in file.claims.items():
        for key, text in (*_key_problems(claim), *_side_problems(claim)):
            yield ("claims", name, key), text
    yield from _case_problems(file.comparisons, "comparisons")
    yield from _case_problems(file.claims, "claims")


def _name_problems(value: Any, at: Location, known: list[str]) -> Iterator[Problem]:
    """Check a name, or every name in a list however deep."""
    if not isinstance(value, str):
        for index, each in enumerate(value):
            yield from _name_problems(each, (*at, index), known)
    elif value not in known:
        yield at, _unknown(value, known)


def _pair_problems(
    pair: tuple[str, ...], earlier: tuple[tuple[str, ...], ...], models: tuple[str, ...]
) -> Iterator[str]:
    for model in pair:
        if model not in models:
            yield f"expected two of the comparison's models, got {model!r}"
    if pair[::-1] in earlier:
        yield f"expected each pair in one direction, got {' and '.join(pair)} in both"


def _key_problems(claim: ClaimEntry) -> Iterator[tuple[str, str]]:
    """Check that a claim has what its form needs, and nothing that its form does not know."""
    form, written = FORMS[claim.form], claim.model_fields_set
    for key in form.needs:
        stands_in = key == "than" and claim.against
        if key not in written and not stands_in:
            yield key, f"missing, expected with form {claim.form}"
    for key in (each for each in type(claim).model_fields if each in written):
        if key not in form.keys:
            own = ", ".join((*form.needs, *form.takes))
            text = f"unknown with form {claim.form}, which has {own}{meant(key, form.keys)}"
            yield key, text
    if claim.of and claim.of not in form.of:
        yield "of", f"expected {', '.join(form.of)} with form {claim.form}, got {claim.of!r}"
    if claim.form == "sooner" and claim.quantity == "test_accuracy":
        text = "expected train_accuracy or validation_accuracy with form sooner, got "
        yield "quantity", f"{text}'test_accuracy': it is measured only after the last epoch"
    if claim.against and not claim.conditions:
        yield "conditions", "missing, expected with against"
    if claim.against in claim.conditions:
        yield "against", f"expected a condition that is not in conditions, got {claim.against!r}"


def _side_problems(claim: ClaimEntry) -> Iterator[tuple[str, str]]:
    """Check that no model is compared with itself."""
    if claim.against:
        return
    key = "groups" if claim.groups else "than"
    for one, other in combinations(claim.groups or (claim.models, claim.than), 2):
        both = [model for model in one if model in other]
        if both:
            yield key, f"expected each model on one side only, got {both[0]!r} on two"
            return


def _unknown(name: str, known: Collection[str]) -> str:
    """Say that a name is not one of those that are known, of which at most 20 are listed."""
    some = ", ".join(islice(known, 20)) + (", …" if len(known) > 20 else "")
    return f"expected one of {some}, got {name!r}{meant(name, known)}"


def _case_problems(names: Iterable[str], key: str) -> Iterator[Problem]:
    """Check that names below a key are distinct folders where file systems ignore their case."""
    for _, group in groupby(sorted(names, key=str.lower), key=str.lower):
        first, *others = group
        for name in others:
            yield (
                (key, name),
                f"expected names that differ by more than their case, got {first} too",
            )
