"""What figures are drawn from: the study, its tables, and its images if there are any."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlpstudy.analysis import schemas
from mlpstudy.analysis.reported import Reported, load_reported
from mlpstudy.analysis.runs import replicates
from mlpstudy.config.study import Study, load_study
from mlpstudy.data.dataset import Dataset, load
from mlpstudy.formats import names

# The tables that figures are drawn from beside those of the runs.
TABLES = (
    schemas.HISTORY,
    schemas.MODELS,
    schemas.CONTRASTS,
    schemas.CONFUSIONS,
    schemas.RECALLS,
    schemas.HARDEST,
)
# The same of steps that a study may do without.
OPTIONAL = (schemas.CAUSES, schemas.SENSITIVITY, schemas.SATURATION, schemas.CLAIMS)


@dataclass(frozen=True)
class FigureData:
    """The study, what the report prints, and the tables; accuracies and shares are fractions.

    Attributes:
        study: the resolved study.
        reported: the values that the report prints.
        replicates: one row per condition, model and replicate, folds averaged.
        tables: the tables of TABLES, and those of OPTIONAL that exist, by name.
        images: the prepared images, if figures may show them.
    """

    study: Study
    reported: Reported
    replicates: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    images: Dataset | None

    @cached_property
    def keys(self) -> list[str]:
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
        """The study's main conditions, which figures show for every model."""
        return self.study.main_conditions

    def contrasts_under(self, condition: str) -> pd.DataFrame:
        """Return the contrasts of two models under one condition."""
        frame = self.tables["contrasts"]
        return frame[
            (frame["first_condition"] == condition) & (frame["second_condition"] == condition)
        ]

    @property
    def pixels(self) -> int:
        """Pixels of an image: what the parameters of a model's first layer tell."""
        row = self.tables["models"].iloc[0]
        nodes = self.study.fields(row["condition"], row["model"])["nodes"]
        rest = sum((a + 1) * b for a, b in pairwise(nodes))
        if self.study.fields(row["condition"], row["model"])["batch_norm"]:
            rest += 2 * sum(nodes[:-1])
        return int((int(row["parameters"]) - rest) // nodes[0] - 1)

    @cached_property
    def _accuracies(self) -> dict[tuple[str, str], NDArray[np.float64]]:
        groups = self.replicates.groupby(["condition", "model"])["test_accuracy"]
        return {(str(c), str(m)): rows.to_numpy(np.float64) for (c, m), rows in groups}

    def accuracies(self, condition: str, model: str) -> NDArray[np.float64]:
        """Return the test accuracy of every replicate, a fraction or NaN; empty if not run."""
        return self._accuracies.get((condition, model), np.empty(0))

    def failures(self, condition: str, models: Sequence[str]) -> tuple[int, int]:
        """Return failed and all replicates of some models under a condition."""
        values = self._all_of(condition, models)
        return int((~(values >= self.study.medium)).sum()), len(values)

    def mean(self, condition: str, models: Sequence[str]) -> float:
        """Return the mean accuracy of all replicates of some models; NaN for none."""
        values = self._all_of(condition, models)
        known = values[np.isfinite(values)]
        return float(known.mean()) if len(known) else math.nan

    def _all_of(self, condition: str, models: Sequence[str]) -> NDArray[np.float64]:
        return np.concatenate([np.empty(0), *(self.accuracies(condition, m) for m in models)])

    def covers(self, condition: str, model: str, value: float) -> bool:
        """Say whether `value` is between the lowest and the highest replicate."""
        known = self.accuracies(condition, model)
        known = known[np.isfinite(known)]
        return bool(len(known) and known.min() <= value <= known.max())

    def replicate_numbers(
        self, models: Sequence[str], conditions: Sequence[str]
    ) -> tuple[int, int]:
        """Return the least and the largest number of replicates of some models, 0 if not run."""
        sizes = [len(self.accuracies(c, m)) for c in conditions for m in models]
        run = [size for size in sizes if size]
        return min(run, default=0), max(run, default=0)

    def rows(self, table: str, models: Sequence[str], conditions: Sequence[str]) -> pd.DataFrame:
        """Return the rows of a table that are about some models and conditions."""
        frame = self.tables[table]
        return frame[frame["model"].isin(models) & frame["condition"].isin(conditions)]

    def names(self, models: Sequence[str]) -> str:
        """Return what models are called within a sentence."""
        return names(self.study.model_labels(models))

    def groups(self, condition: str) -> dict[str, list[str]]:
        """Return the models by the activation that they have under a condition."""
        found: dict[str, list[str]] = {}
        for model in self.keys:
            activation = self.study.fields(condition, model)["activation"]
            found.setdefault(str(activation), []).append(model)
        return found

    def grid(self, models: list[str]) -> list[str]:
        """Return the conditions that change nothing of `models` but pixels and the form of KL.

        For each combination the first one, and those with models that the ones before do not have;
        the faults of the report before what mends them.
        """
        first = self.main[0]
        found: dict[tuple[bool, bool], list[str]] = {}
        for condition in self.conditions:
            covered = [m for m in models if m in self.study.conditions[condition].models]
            if covered and self._differ(first, condition, covered) <= {"pixels", "kl"}:
                same = found.setdefault(self._mended(condition, covered[0]), [])
                known = {model for other in same for model in self.study.conditions[other].models}
                if not known.issuperset(covered):
                    same.append(condition)
        return [condition for key in sorted(found) for condition in found[key]]

    def _mended(self, condition: str, model: str) -> tuple[bool, bool]:
        """Return whether pixels and form of the loss are other than the report's are taken for."""
        fields = self.study.fields(condition, model)
        return fields["pixels"] != "raw", fields["kl"] != "clipped"

    def _differ(self, one: str, other: str, models: list[str]) -> set[str]:
        """Return the fields in which two conditions differ for some of `models`."""
        return {
            name
            for model in models
            for name, value in self.study.fields(one, model).items()
            if self.study.fields(other, model)[name] != value
        }

    def printed(self, models: Sequence[str]) -> dict[str, float]:
        """Return the final test accuracies that the report prints for some of `models`."""
        marks = {m: self.reported.number("final", m, "test_accuracy") for m in models}
        return {model: value for model, value in marks.items() if not math.isnan(value)}

    def printed_anywhere(self) -> dict[str, list[float]]:
        """Return all test accuracies that the report prints of a model, the final one first."""
        found = {model: [value] for model, value in self.printed(self.keys).items()}
        rows = self.tables.get("sensitivity")
        if rows is not None:
            rows = rows[rows["quantity"] == "test_accuracy"].drop_duplicates(["model", "reported"])
            for model, value in zip(rows["model"], rows["reported"], strict=True):
                known = found.setdefault(model, [])
                # The same value to fewer digits is no other.
                if all(abs(value - other) >= 0.005 for other in known):
                    known.append(float(value))
        return found


def load_figure_data(study: Path, tables: Path, reported: Path, data: Path | None) -> FigureData:
    """Read the tables in the folder `tables`, and the prepared images in `data` if it is given.

    Raises:
        StudyError: one of the files is missing or is not what it should be.
    """
    present = [schema for schema in OPTIONAL if schema.exists(tables)]
    runs, timings = schemas.RUNS.read(tables), schemas.TIMINGS.read(tables)
    return FigureData(
        study=load_study(study),
        reported=load_reported(reported),
        replicates=replicates(runs, timings),
        tables={schema.name: schema.read(tables) for schema in (*TABLES, *present)},
        images=None if data is None else load(data),
    )
