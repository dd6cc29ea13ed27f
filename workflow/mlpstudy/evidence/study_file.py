"""The resolved study, as `study.json` holds it: what was run, under which conditions, and where."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mlpstudy import spec
from mlpstudy.errors import StudyError
from mlpstudy.identity import is_finished

CLASSES = ("superior", "medium", "inferior")


@dataclass(frozen=True)
class Model:
    """One row of the models' table; `fields` before any condition, `assumed` field → reason."""

    key: str
    report_name: str
    fields: dict[str, Any]
    assumed: dict[str, str]

    @property
    def label(self) -> str:
        """Model 4 for the report's `Model 4 (Model 1_4)`; any other name as it is written."""
        numbered = re.fullmatch(r"(Model \d+) \(.+\)", self.report_name)
        return numbered[1] if numbered else self.report_name


@dataclass(frozen=True)
class Condition:
    """A named set of overrides and the models that it covers, in the study's order.

    `label` is what its file says that readers see in place of `key`; empty for the key itself.
    """

    key: str
    overrides: dict[str, Any]
    models: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True)
class Comparison:
    """Models to set side by side; `pairs` are told in a sentence, each from first to second.

    `quote` is what the models' source concludes from it, and `place` where; empty for one's own.
    """

    key: str
    models: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    quote: str = ""
    place: str = ""


@dataclass(frozen=True)
class Job:
    """A block of replicates, `first` to `last`, of one fold of one model under one condition.

    `folder` is written relative to study.json, and is relative to the working directory here.
    """

    condition: str
    model: str
    fold: str
    first: int
    last: int
    folder: Path


@dataclass(frozen=True)
class Study:
    """All of `study.json`; models and conditions keep the order in which the user wrote them."""

    raw: dict[str, Any]
    models: dict[str, Model]
    conditions: dict[str, Condition]
    jobs: tuple[Job, ...]
    comparisons: tuple[Comparison, ...] = ()

    @property
    def trial(self) -> bool:
        """Whether the figures only show that the workflow runs."""
        return bool(self.raw["trial"])

    @property
    def medium(self) -> float:
        """Lowest test accuracy, a fraction, that is not a failure."""
        return float(self.raw["classes"]["medium"])

    @property
    def superior(self) -> float:
        """Lowest test accuracy, a fraction, of the best class."""
        return float(self.raw["classes"]["superior"])

    @property
    def labels(self) -> list[str]:
        """The names of the dataset's classes, by label."""
        return [str(name) for name in self.raw["dataset"]["classes"]]

    @property
    def margin(self) -> float:
        """The difference of mean test accuracies, a fraction, below which models are equivalent."""
        return float(self.raw["margin"])

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Every (condition, model) that is run, condition by condition."""
        return [(c.key, m) for c in self.conditions.values() for m in self.models if m in c.models]

    @cached_property
    def present_comparisons(self) -> list[tuple[Comparison, list[str]]]:
        """The comparisons of which the study has a model, each with the models it has."""
        found = [(c, [m for m in c.models if m in self.models]) for c in self.comparisons]
        return [(comparison, models) for comparison, models in found if models]

    @cached_property
    def main_conditions(self) -> list[str]:
        """The one or two conditions that figures, tables and first screen show for every model.

        They are the first two that cover every model, in the order of the configuration. If no
        condition covers every model, they are the two that cover the most. A condition that
        repeats an earlier one is taken only if there is no other.
        """
        cells = {key: self._in_force(key) for key in self.conditions}
        cells = {key: covered for key, covered in cells.items() if covered}
        every = len({model for covered in cells.values() for model in covered})
        full = [key for key, covered in cells.items() if len(covered) == every]
        order = list(cells)

        def rank(key: str) -> tuple[bool, int]:
            earlier = order[: order.index(key)]
            repeats = any(cells[key].items() <= cells[other].items() for other in earlier)
            return repeats, -len(cells[key])

        return sorted(sorted(full or order, key=rank)[:2], key=order.index)

    @cached_property
    def _model_labels(self) -> dict[str, str]:
        """The label of every model; its key where another model has the same label."""
        count = Counter(model.label for model in self.models.values())
        return {
            key: model.label if count[model.label] == 1 else key
            for key, model in self.models.items()
        }

    def model_label(self, model: str) -> str:
        """Return what readers see for a model, also for one of the report's that is not run."""
        if model in self._model_labels:
            return self._model_labels[model]
        return re.sub(r"^m0*([1-9]\d*)$", r"Model \1", model)

    def model_labels(self, models: Iterable[str]) -> list[str]:
        """Return the labels of several models."""
        return [self.model_label(model) for model in models]

    def condition_label(self, condition: str) -> str:
        """Return what readers see for a condition, also for one that a claim misses."""
        known = self.conditions.get(condition)
        return (known.label if known else "") or condition.replace("_", " ")

    def _in_force(self, condition: str) -> dict[str, dict[str, Any]]:
        """Return model → the fields that its training depends on, under a condition."""
        found = {}
        for model in self.conditions[condition].models:
            fields = self.fields(condition, model)
            found[model] = {name: fields[name] for name in spec.in_effect(fields)}
        return found

    def fields(self, condition: str, model: str) -> dict[str, Any]:
        """Return the hyper-parameters of `model` as `condition` has them."""
        return {**self.models[model].fields, **self.conditions[condition].overrides}

    def planned(self, job: Job) -> spec.Job:
        """Return `job` with all that its results depend on, as the plan has it."""
        dataset = self.raw["dataset"]
        subset = dataset.get("subset")
        return spec.Job(
            condition=job.condition,
            model=job.model,
            fold=job.fold,
            first=job.first,
            last=job.last,
            seed=self.raw["seed"],
            data=dataset.get("digest", ""),
            subset=(subset["train"], subset["test"]) if subset else None,
            code=self.raw["code"],
            spec=spec.Spec.from_fields(self.fields(job.condition, job.model)),
        )

    def is_finished(self, job: Job) -> bool:
        """Tell whether the folder of `job` holds its finished runs, and not those of another."""
        return is_finished(self.planned(job), job.folder)

    def class_of(self, accuracy: float) -> str:
        """Return superior, medium or inferior; a run without an accuracy is inferior."""
        if accuracy >= self.superior:
            return "superior"
        return "medium" if accuracy >= self.medium else "inferior"


def load_study(path: Path) -> Study:
    """Read `study.json`.

    Raises:
        StudyError: the file is missing, is not JSON, lacks a key, or has what cannot be read.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StudyError(f"{path}: missing; it is the resolved study, made first") from error
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: expected the resolved study as JSON: {error}") from error
    try:
        return _parse(raw, path.parent)
    except KeyError as error:
        raise StudyError(f"{path}: key {error} is missing from the resolved study") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise StudyError(f"{path}: not the shape of a resolved study: {error}") from error


def _parse(raw: dict[str, Any], root: Path) -> Study:
    models = {
        key: Model(key, entry.get("report_name") or key, entry["fields"], entry["assumed"])
        for key, entry in raw["models"].items()
    }
    conditions = {
        key: Condition(
            key,
            entry["overrides"],
            tuple(entry["models"]),
            entry.get("label") or "",
        )
        for key, entry in raw["conditions"].items()
    }
    jobs = tuple(
        Job(
            job["condition"],
            job["model"],
            str(job["fold"]),
            int(job["first"]),
            int(job["last"]),
            root / job["folder"],
        )
        for job in raw["jobs"]
    )
    comparisons = tuple(
        Comparison(
            key,
            tuple(entry["models"]),
            tuple((first, second) for first, second in entry["pairs"]),
            entry.get("quote", ""),
            entry.get("place", ""),
        )
        for key, entry in raw["comparisons"].items()
    )
    for key in ("conclusions", "trial", "replicates", "defaults", "seed", "code"):
        raw[key]  # every reader below may rely on these
    study = Study(raw, models, conditions, jobs, comparisons)
    _ = study.medium, study.superior, study.margin, study.labels  # and on these
    return study
