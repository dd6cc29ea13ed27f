"""The study's tables together, with look-ups by condition and model."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from mlpstudy.analysis.reported_values import Reported
from mlpstudy.config.study import Study
from mlpstudy.figures.palette import series
from mlpstudy.formats import few, word
from mlpstudy.report.layout import Cell, Column

Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class Evidence:
    """The study, what the report prints, and the tables; accuracies are fractions."""

    study: Study
    reported: Reported
    replicates: pd.DataFrame
    models: pd.DataFrame
    groups: pd.DataFrame
    final: pd.DataFrame
    contrasts: pd.DataFrame
    runs_table: pd.DataFrame
    timings: pd.DataFrame
    further: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def rows(self) -> dict[tuple[str, str], Row]:
        """Rows of models.csv by (condition, model), with the replicates' `seconds_min` and `_max`.

        These come from timings.csv: no other table holds what differs from machine to machine.
        They include time in which a job stood still, so no model is faster than another by them.
        """
        keys = ["condition", "model"]
        seconds = self.replicates.groupby(keys)["seconds"].agg(seconds_min="min", seconds_max="max")
        frame = self.models.join(seconds, on=keys)
        return {(row["condition"], row["model"]): row for row in frame.to_dict("records")}

    @cached_property
    def accuracies(self) -> dict[tuple[str, str], list[tuple[int, float]]]:
        """Replicate and test accuracy of every replicate, by (condition, model)."""
        found: dict[tuple[str, str], list[tuple[int, float]]] = {}
        columns = ["condition", "model", "replicate", "test_accuracy"]
        for condition, model, replicate, value in self.replicates[columns].itertuples(index=False):
            found.setdefault((condition, model), []).append((int(replicate), float(value)))
        return found

    @cached_property
    def conditions(self) -> list[str]:
        """The conditions that have runs, in the study's order."""
        present = set(self.models["condition"])
        return [condition for condition in self.study.conditions if condition in present]

    @cached_property
    def keys(self) -> list[str]:
        """The models that have runs, in the study's order."""
        present = set(self.models["model"])
        return [model for model in self.study.models if model in present]

    @cached_property
    def has_report(self) -> bool:
        """Whether the report prints a final accuracy for any of the models."""
        return bool(self.reported_models)

    @cached_property
    def reported_models(self) -> list[str]:
        """The models for which the report prints a final accuracy, in the study's order."""
        printed = set(self.final.loc[self.final["reported_accuracy"].notna(), "model"])
        return [model for model in self.keys if model in printed]

    @cached_property
    def by_fold(self) -> dict[tuple[str, str, str], dict[int, float]]:
        """Test accuracy by replicate, of every (condition, model, fold): the single trainings."""
        found: dict[tuple[str, str, str], dict[int, float]] = {}
        columns = ["condition", "model", "fold", "replicate", "test_accuracy"]
        for condition, model, fold, replicate, value in self.runs_table[columns].itertuples(
            index=False
        ):
            found.setdefault((condition, model, fold), {})[int(replicate)] = float(value)
        return found

    @property
    def leading(self) -> list[str]:
        """The study's main conditions, which stand side by side for every model."""
        return self.study.main_conditions

    def has(self, name: str) -> bool:
        """Say whether a table that not every study has is there and has rows."""
        return name in self.further and not self.further[name].empty

    def table(self, name: str) -> pd.DataFrame:
        """Return a table that not every study has."""
        return self.further[name]

    @cached_property
    def audit(self) -> pd.DataFrame:
        """audit.csv as texts, cells that are empty as empty texts."""
        frame = self.table("audit")
        return frame.astype("object").where(frame.notna(), "").astype("str")

    def names(self, models: Sequence[str], opening: bool = False) -> str:
        """Return what models are called in a sentence, or how many they are if they are many."""
        return few(self.study.model_labels(models), opening)

    def failures(self, condition: str, models: list[str]) -> tuple[int, int]:
        """Return failed and all replicates of some models under a condition."""
        rows = [self.rows[condition, m] for m in models if (condition, m) in self.rows]
        return sum(int(r["failures"]) for r in rows), sum(int(r["replicates"]) for r in rows)

    def changes(self, condition: str) -> dict[str, Any]:
        """Return what a condition overrides that the study's first one does not.

        What the first one overrides and this one does not is None: as each model has it.
        """
        conditions = self.study.conditions
        base = conditions[self.leading[0]].overrides
        own = conditions[condition].overrides
        own = {**own, **{name: None for name in base if name not in own}}
        return {k: v for k, v in own.items() if k not in base or base[k] != v}

    def tone(self, condition: str) -> str:
        """Return the CSS variable of a condition's colour."""
        return series(list(self.study.conditions).index(condition)).variable

    def columns(self, condition: str, *labels: str) -> list[Column]:
        """Return columns of numbers under the condition's label."""
        group, tone = self.study.condition_label(condition), self.tone(condition)
        return [Column(label, group=group, tone=tone) for label in labels]

    def runs(self, condition: str, models: list[str]) -> pd.DataFrame:
        """Return the replicates of some models under a condition."""
        frame = self.replicates
        return frame[(frame["condition"] == condition) & frame["model"].isin(models)]


def class_cell(name: Any) -> Cell:
    """Return a class as a cell; a model without one gets an empty cell."""
    text = str(name or "")
    return Cell(text.capitalize(), text) if text else Cell(word(None))


Results = Evidence
