"""The tables on disk, read together for the pages, with look-ups by condition and model."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from mlpstudy.evidence.reported_values import Reported, load_reported
from mlpstudy.evidence.study_file import Study, load_study
from mlpstudy.evidence.summaries import replicates
from mlpstudy.evidence.tables import COLUMNS, read_table
from mlpstudy.report.formats import heading, word
from mlpstudy.report.layout import Cell, Column, Finding
from mlpstudy.report.palette import series

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
    comparisons: pd.DataFrame

    @cached_property
    def rows(self) -> dict[tuple[str, str], Row]:
        """Rows of models.csv by (condition, model)."""
        return {(row["condition"], row["model"]): row for row in self.models.to_dict("records")}

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
        return bool(self.final["reported_accuracy"].notna().any())

    def tone(self, condition: str) -> str:
        """Return the CSS variable of a condition's colour."""
        return series(list(self.study.conditions).index(condition)).variable

    def columns(self, condition: str, *labels: str) -> list[Column]:
        """Return columns of numbers under the condition's name."""
        group, tone = word(condition), self.tone(condition)
        return [Column(label, group=group, tone=tone) for label in labels]

    def finding(self, condition: str, text: str) -> Finding:
        """Return a sentence about one condition."""
        return Finding(
            text.replace(" %", "\N{NO-BREAK SPACE}%"),
            heading(word(condition)),
            self.tone(condition),
        )

    def runs(self, condition: str, models: list[str]) -> pd.DataFrame:
        """Return the replicates of some models under a condition."""
        frame = self.replicates
        return frame[(frame["condition"] == condition) & frame["model"].isin(models)]


def load_evidence(study: Path, reported: Path, tables: Path) -> Evidence:
    """Read the tables in the folder `tables` that the pages are computed from.

    Raises:
        StudyError: one of the files is missing or is not what it should be.
    """
    return Evidence(
        study=load_study(study),
        reported=load_reported(reported),
        replicates=replicates(
            read_table(tables / "runs.csv", COLUMNS["metrics"]),
            read_table(tables / "timings.csv", COLUMNS["timings"]),
        ),
        models=read_table(tables / "models.csv", ["condition", "model", "test_accuracy_median"]),
        groups=read_table(tables / "activation_groups.csv", ["activation", "reported_accuracy"]),
        final=read_table(tables / "final_inference.csv", ["model", "reported_class"]),
        comparisons=read_table(tables / "comparisons.csv", ["comparison", "difference"]),
    )


def class_cell(name: Any) -> Cell:
    """Return a class as a cell; a model without one gets an empty cell."""
    text = str(name or "")
    return Cell(text.capitalize(), text) if text else Cell(word(None))
