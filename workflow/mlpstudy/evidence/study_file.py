"""The resolved study, as `study.json` holds it: what was run, under which conditions, and where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mlpstudy.errors import StudyError

CLASSES = ("superior", "medium", "inferior")


@dataclass(frozen=True)
class Model:
    """One row of the models' table; `fields` before any condition, `assumed` field → reason."""

    key: str
    report_name: str
    fields: dict[str, Any]
    assumed: dict[str, str]


@dataclass(frozen=True)
class Condition:
    """A named set of overrides and the models that it covers, in the study's order."""

    key: str
    overrides: dict[str, Any]
    models: tuple[str, ...]


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
    """A block of replicates, `first` to `last`, of one fold of one model under one condition."""

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
        """The conditions shown for every model: the first two that cover all models."""
        whole = [c.key for c in self.conditions.values() if set(c.models) >= set(self.models)]
        return whole[:2] or list(self.conditions)[:2]

    def fields(self, condition: str, model: str) -> dict[str, Any]:
        """Return the hyper-parameters of `model` as `condition` has them."""
        return {**self.models[model].fields, **self.conditions[condition].overrides}

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
        return _parse(raw)
    except KeyError as error:
        raise StudyError(f"{path}: key {error} is missing from the resolved study") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise StudyError(f"{path}: not the shape of a resolved study: {error}") from error


def _parse(raw: dict[str, Any]) -> Study:
    models = {
        key: Model(key, entry.get("report_name") or key, entry["fields"], entry["assumed"])
        for key, entry in raw["models"].items()
    }
    conditions = {
        key: Condition(key, entry["overrides"], tuple(entry["models"]))
        for key, entry in raw["conditions"].items()
    }
    jobs = tuple(
        Job(
            job["condition"],
            job["model"],
            str(job["fold"]),
            int(job["first"]),
            int(job["last"]),
            Path(job["folder"]),
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
    for key in ("conclusions", "trial", "replicates", "defaults", "seed"):
        raw[key]  # every reader below may rely on these
    study = Study(raw, models, conditions, jobs, comparisons)
    _ = study.medium, study.superior, study.margin, study.labels  # and on these
    return study
