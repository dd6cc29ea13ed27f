"""The resolved study, as `study.json` holds it: what is run, under which conditions, and where."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mlpstudy.config.claims import ClaimsFile
from mlpstudy.config.comparisons import Comparison as ComparisonEntry
from mlpstudy.config.comparisons import Conclusions
from mlpstudy.config.models import Default
from mlpstudy.config.problems import Location, dotted, look_up
from mlpstudy.config.settings import Classes, Common, Subset
from mlpstudy.errors import StudyError
from mlpstudy.identity import is_finished
from mlpstudy.spec import Job as PlannedJob
from mlpstudy.spec import Spec, in_effect

CLASSES = ("superior", "medium", "inferior")


class Resolved(BaseModel):
    """A part of `study.json`; keys that an older version wrote are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Model(Resolved):
    """One row of the models' table; `fields` before any condition, `assumed` field → reason."""

    key: str = Field(default="", alias="name")
    report_name: str = ""
    fields: dict[str, Any]
    assumed: dict[str, str] = Field(default_factory=dict)

    @property
    def label(self) -> str:
        """Model 4 for the report's `Model 4 (Model 1_4)`; any other name as it is written."""
        name = self.report_name or self.key
        numbered = re.fullmatch(r"(Model \d+) \(.+\)", name)
        return numbered[1] if numbered else name


class Condition(Resolved):
    """A named set of overrides and the models that it covers, in the study's order.

    `label` is what its file says that readers see in place of `key`; empty for the key itself.
    `replicates` is None where their number is that of the study.
    """

    key: str = Field(default="", alias="name")
    label: str = ""
    overrides: dict[str, Any] = Field(default_factory=dict)
    models: tuple[str, ...]
    replicates: int | None = None


class Comparison(ComparisonEntry):
    """A comparison of the claims file with its name."""

    key: str = Field(default="", alias="name", exclude=True)


class Data(Resolved):
    """The dataset of a study; `digest` is the checksum of its files."""

    name: str
    classes: tuple[str, ...]
    subset: Subset | None = None
    digest: str = ""


class Job(Resolved):
    """A block of replicates, `first` to `last`, of one fold of one model under one condition.

    `written` is its folder as study.json has it, relative to `root`, the folder of study.json.
    """

    condition: str
    model: str
    fold: str
    first: int
    last: int
    written: str = Field(default="", alias="folder")
    root: Path = Field(default=Path(), exclude=True)

    @property
    def folder(self) -> Path:
        """The folder of the job, relative to the working directory."""
        return self.root / self.written


class Study(Common):
    """All of `study.json`; models and conditions keep the order in which the user wrote them."""

    model_config = ConfigDict(extra="ignore", strict=False, populate_by_name=True)

    dataset: Data = Data(name="", classes=())
    defaults: dict[str, Default] = Field(default_factory=dict)
    models: dict[str, Model]
    conditions: dict[str, Condition]
    comparisons: dict[str, Comparison] = Field(default_factory=dict)
    conclusions: Conclusions = Conclusions()
    code: str = ""
    jobs: tuple[Job, ...] = ()

    @field_validator("models", "conditions", "comparisons", mode="before")
    @classmethod
    def _named(cls, entries: Any) -> Any:
        """Give every entry the key that it stands under."""
        if not isinstance(entries, dict):
            return entries
        return {
            key: {**entry, "name": key} if isinstance(entry, dict) else entry
            for key, entry in entries.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the content of study.json."""
        return self.model_dump(mode="json", by_alias=True)

    def concluding(self, file: ClaimsFile) -> Study:
        """Return the study with the comparisons and conclusions of a claims file.

        A file about models of which the study has none concludes nothing about it.
        """
        optional = file.optional.models
        about = not optional or any(model in self.models for model in optional)
        comparisons = {
            name: Comparison(name=name, **each.model_dump())
            for name, each in file.comparisons.items()
        }
        conclusions = file.conclusions if about else Conclusions()
        return self.model_copy(update={"comparisons": comparisons, "conclusions": conclusions})

    @property
    def medium(self) -> float:
        """Lowest test accuracy, a fraction, that is not a failure."""
        return self.classes.medium

    @property
    def superior(self) -> float:
        """Lowest test accuracy, a fraction, of the best class."""
        return self.classes.superior

    @property
    def labels(self) -> list[str]:
        """The names of the dataset's classes, by label."""
        return list(self.dataset.classes)

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Every (condition, model) that is run, condition by condition."""
        return [(c.key, m) for c in self.conditions.values() for m in self.models if m in c.models]

    @cached_property
    def present_comparisons(self) -> list[tuple[Comparison, list[str]]]:
        """The comparisons of which the study has a model, each with the models it has."""
        found = [(c, [m for m in c.models if m in self.models]) for c in self.comparisons.values()]
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
            found[model] = {name: fields[name] for name in in_effect(fields)}
        return found

    def fields(self, condition: str, model: str) -> dict[str, Any]:
        """Return the hyper-parameters of `model` as `condition` has them."""
        return {**self.models[model].fields, **self.conditions[condition].overrides}

    def spec(self, condition: str, model: str) -> Spec:
        """Return the hyper-parameters of `model` under `condition` that are in effect."""
        return Spec.from_fields(self.fields(condition, model))

    def planned(self, job: Job) -> PlannedJob:
        """Return `job` with all that its results depend on, as the plan has it."""
        subset = self.dataset.subset
        return PlannedJob(
            condition=job.condition,
            model=job.model,
            fold=job.fold,
            first=job.first,
            last=job.last,
            seed=self.seed,
            data=self.dataset.digest,
            subset=(subset.train, subset.test) if subset else None,
            code=self.code,
            spec=self.spec(job.condition, job.model),
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
        raise StudyError(f"{path}: missing; snakemake writes this file first") from error
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: expected the resolved study as JSON: {error}") from error
    if not isinstance(raw, dict):
        raise StudyError(f"{path}: not the shape of a resolved study: expected a mapping")
    # Keys that have a default in config.yaml have none here.
    wanted: list[Location] = [(key,) for key in Study.model_fields]
    for place in [*wanted, *(("classes", key) for key in Classes.model_fields)]:
        if look_up(raw, place)[0] != place:
            raise StudyError(f"{path}: key '{dotted(place)}' is missing from the resolved study")
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = dotted(first["loc"])
        raise StudyError(
            f"{path}: not the shape of a resolved study: {where}: {first['msg']}"
        ) from error
    jobs = (job.model_copy(update={"root": path.parent}) for job in study.jobs)
    return study.model_copy(update={"jobs": tuple(jobs)})
