"""What figures are drawn from: the study, its tables, and where there are any, its images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import pandas as pd

from mlpstudy.config.study import Study, load_study
from mlpstudy.data.dataset import Dataset, load
from mlpstudy.evidence.reported_values import Reported, load_reported
from mlpstudy.evidence.summaries import replicates
from mlpstudy.evidence.tables import COLUMNS, read_table
from mlpstudy.report.formats import names

# Tables of steps that a study may do without, and the columns that a figure needs of them.
OPTIONAL = {
    "causes": ["condition", "model", "pixels", "kl", "also", "n", "failures"],
    "sensitivity": ["condition", "model", "quantity", "reported", "inside"],
    "saturation": ["model", "pixels", "share_below", "log10_p_true_q50"],
    "claims": ["claim", "condition", "verdict"],
}


@dataclass(frozen=True)
class Material:
    """The study, what the report prints, and the tables; accuracies and shares are fractions."""

    study: Study
    reported: Reported
    replicates: pd.DataFrame
    history: pd.DataFrame
    models: pd.DataFrame
    contrasts: pd.DataFrame
    confusions: pd.DataFrame
    recalls: pd.DataFrame
    hardest: pd.DataFrame
    optional: dict[str, pd.DataFrame]
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
        frame = self.contrasts
        return frame[
            (frame["first_condition"] == condition) & (frame["second_condition"] == condition)
        ]

    @property
    def pixels(self) -> int:
        """Pixels of an image: what the parameters of a model's first layer tell."""
        row = self.models.iloc[0]
        nodes = self.study.fields(row["condition"], row["model"])["nodes"]
        rest = sum((a + 1) * b for a, b in pairwise(nodes))
        if self.study.fields(row["condition"], row["model"])["batch_norm"]:
            rest += 2 * sum(nodes[:-1])
        return int((int(row["parameters"]) - rest) // nodes[0] - 1)

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

    def printed(self, models: list[str]) -> dict[str, float]:
        """Return the final test accuracies that the report prints for some of `models`."""
        marks = {m: self.reported.number("final", m, "test_accuracy") for m in models}
        return {model: value for model, value in marks.items() if not math.isnan(value)}

    def printed_anywhere(self) -> dict[str, list[float]]:
        """Return all test accuracies that the report prints of a model, the final one first."""
        found = {model: [value] for model, value in self.printed(self.keys).items()}
        rows = self.optional.get("sensitivity")
        if rows is not None:
            rows = rows[rows["quantity"] == "test_accuracy"].drop_duplicates(["model", "reported"])
            for model, value in zip(rows["model"], rows["reported"], strict=True):
                known = found.setdefault(model, [])
                # The same value to fewer digits is no other.
                if all(abs(value - other) >= 0.005 for other in known):
                    known.append(float(value))
        return found


def load_material(study: Path, tables: Path, reported: Path, data: Path | None) -> Material:
    """Read the tables in the folder `tables`, and the prepared images in `data` if it is given.

    Raises:
        StudyError: one of the files is missing or is not what it should be.
    """
    optional = {
        name: read_table(tables / f"{name}.csv", columns)
        for name, columns in OPTIONAL.items()
        if (tables / f"{name}.csv").exists()
    }
    return Material(
        study=load_study(study),
        reported=load_reported(reported),
        replicates=replicates(
            read_table(tables / "runs.csv", COLUMNS["metrics"]),
            read_table(tables / "timings.csv", COLUMNS["timings"]),
        ),
        history=read_table(tables / "history.csv", COLUMNS["history"]),
        models=read_table(tables / "models.csv", ["condition", "model", "parameters"]),
        contrasts=read_table(
            tables / "contrasts.csv", ["contrast", "shift", "shift_low", "shift_high"]
        ),
        confusions=read_table(tables / "confusions.csv", ["condition", "model", "share"]),
        recalls=read_table(tables / "recalls.csv", ["condition", "model", "recall_mean"]),
        hardest=read_table(tables / "hardest.csv", ["condition", "model", "image", "share"]),
        optional=optional,
        images=None if data is None else load(data),
    )
