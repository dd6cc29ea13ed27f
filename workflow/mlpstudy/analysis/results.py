"""The results of a study: its tables, read together, with look-ups by condition and model."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.analysis.conditions import Cell
from mlpstudy.analysis.reported import Reported, is_of_report, load_reported
from mlpstudy.analysis.runs import accuracies_by_cell
from mlpstudy.analysis.runs import replicates as by_replicate
from mlpstudy.analysis.schemas import TABLES
from mlpstudy.config.study import Study, load_study
from mlpstudy.data.dataset import Dataset, load
from mlpstudy.formats import few, names

Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class Results:
    """The study, what the report prints, and the tables; accuracies and shares are fractions.

    Attributes:
        study: the resolved study.
        reported: the values that the report prints.
        folder: where the tables are; each is read when it is first asked for.
        images: the prepared images, if figures may show them.
    """

    study: Study
    reported: Reported
    folder: Path
    images: Dataset | None = None
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    def table(self, name: str) -> pd.DataFrame:
        """Return NAME.csv.

        The audit and quotations are left out if the study has other images than the report, or
        none of its models.

        Raises:
            StudyError: the file is missing or lacks a column.
        """
        if name not in self._tables:
            frame = TABLES[name].read(self.folder)
            if name == "audit" and not self.has_report:
                frame = frame[:0]
            if name == "claims" and not self.has_report:
                about = _about(frame, self.study) & is_of_report(self.study)
                frame = frame[about | frame["quote"].isna()]
            self._tables[name] = frame
        return self._tables[name]

    def has(self, name: str) -> bool:
        """Say whether a table that not every study has is there and has rows."""
        return (self.folder / f"{name}.csv").is_file() and not self.table(name).empty

    def rows(self, name: str, models: Sequence[str], conditions: Sequence[str]) -> pd.DataFrame:
        """Return the rows of a table that are about some models and conditions."""
        frame = self.table(name)
        return frame[frame["model"].isin(models) & frame["condition"].isin(conditions)]

    @cached_property
    def replicates(self) -> pd.DataFrame:
        """One row per condition, model and replicate, folds averaged."""
        return by_replicate(self.table("runs"), self.table("timings"))

    @cached_property
    def models(self) -> list[str]:
        """The models that have runs, in the study's order."""
        present = set(self.replicates["model"])
        return [model for model in self.study.models if model in present]

    @cached_property
    def conditions(self) -> list[str]:
        """The conditions that have runs, in the study's order."""
        present = set(self.replicates["condition"])
        return [condition for condition in self.study.conditions if condition in present]

    @property
    def main(self) -> list[str]:
        """The study's main conditions, which stand side by side for every model."""
        return self.study.main_conditions

    @cached_property
    def printed(self) -> dict[str, float]:
        """The final test accuracies that the report prints, by model, in the study's order."""
        values = {m: self.reported.number("final", m, "test_accuracy") for m in self.models}
        return {model: value for model, value in values.items() if not math.isnan(value)}

    @property
    def has_report(self) -> bool:
        """Whether the report prints a final accuracy for any of the models."""
        return bool(self.printed)

    @cached_property
    def summaries(self) -> dict[tuple[str, str], Row]:
        """Rows of models.csv by (condition, model), with the `seconds` of the fastest replicate.

        These come from timings.csv: no other table holds what differs from machine to machine. The
        fastest one is shown, as times include waiting for a core that was busy.
        """
        keys = ["condition", "model"]
        seconds = self.replicates.groupby(keys)["seconds"].min()
        frame = self.table("models").join(seconds, on=keys)
        return {(row["condition"], row["model"]): row for row in frame.to_dict("records")}

    @cached_property
    def _accuracies(self) -> dict[Cell, pd.Series[float]]:
        return accuracies_by_cell(self.replicates)

    def accuracies(self, condition: str, model: str) -> pd.Series[float]:
        """Return the test accuracies, a fraction or NaN, by replicate; empty if not run."""
        return self._accuracies.get((condition, model), pd.Series(dtype="float64"))

    def replicates_of(self, condition: str, models: Sequence[str]) -> pd.DataFrame:
        """Return the replicates of some models under a condition."""
        frame = self.replicates
        return frame[(frame["condition"] == condition) & frame["model"].isin(models)]

    def failures(self, condition: str, models: Sequence[str]) -> tuple[int, int]:
        """Return the numbers of failed and of all replicates of some models under a condition."""
        values = self.replicates_of(condition, models)["test_accuracy"]
        return int((~(values >= self.study.medium)).sum()), len(values)

    def covers(self, condition: str, model: str, value: float) -> bool:
        """Say whether `value` is between the lowest and the highest replicate."""
        known = self.accuracies(condition, model).dropna()
        return bool(len(known) and known.min() <= value <= known.max())

    def replicate_numbers(
        self, models: Sequence[str], conditions: Sequence[str]
    ) -> tuple[int, int]:
        """Return the least and the largest number of replicates of some models, 0 if not run."""
        sizes = [len(self.accuracies(c, m)) for c in conditions for m in models]
        run = [size for size in sizes if size]
        return min(run, default=0), max(run, default=0)

    def contrasts_under(self, condition: str) -> pd.DataFrame:
        """Return the contrasts of two models under one condition."""
        frame = self.table("contrasts")
        return frame[
            (frame["first_condition"] == condition) & (frame["second_condition"] == condition)
        ]

    @cached_property
    def by_fold(self) -> dict[tuple[str, str, str], dict[Hashable, float]]:
        """Test accuracy by replicate, of every (condition, model, fold): the single runs."""
        runs = self.table("runs").set_index("replicate")
        groups = runs.groupby(["condition", "model", "fold"])["test_accuracy"]
        return {(str(c), str(m), str(f)): values.to_dict() for (c, m, f), values in groups}

    def changes(self, condition: str) -> dict[str, Any]:
        """Return what a condition overrides that the first main condition does not.

        What the first one overrides and this one does not is None: as set by each model.
        """
        base = self.study.conditions[self.main[0]].overrides
        own = self.study.conditions[condition].overrides
        own = {**own, **{name: None for name in base if name not in own}}
        return {k: v for k, v in own.items() if k not in base or base[k] != v}

    def names(self, models: Sequence[str]) -> str:
        """Return what models are called within a sentence."""
        return names(self.study.model_labels(models))

    def few(self, models: Sequence[str], opening: bool = False) -> str:
        """Return what models are called in a sentence, or how many they are if they are many."""
        return few(self.study.model_labels(models), opening)


def load_results(study: Path, reported: Path, tables: Path, data: Path | None = None) -> Results:
    """Read study.json and values.csv and, with `data`, the prepared images in that folder.

    Raises:
        StudyError: one of the files is missing or is not what it should be. Tables in the folder
            `tables` are read later, see `Results.table`.
    """
    images = None if data is None else load(data)
    plan = load_study(study)
    return Results(plan, load_reported(reported, plan), tables, images)


def _about(claims: pd.DataFrame, study: Study) -> pd.Series[bool]:
    """Return which claims are about at least one model of the study."""
    models = claims["models"].fillna("")
    ours = [any(key in study.models for key in str(keys).split()) for keys in models]
    return pd.Series(ours, index=claims.index, dtype=bool)
