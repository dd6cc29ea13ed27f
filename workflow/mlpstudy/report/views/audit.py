"""The audit as a page shows it: audit.csv -> findings in two groups, the serious and the minor.

A template walks `groups(frame, study)`; `of_model(frame, "m05", study)` gives one model's
findings for its own section. `anchor` is the finding's id, for links such as #audit-spread-m04.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpstudy.audit.checks import SEPARATOR
from mlpstudy.audit.loading import WEIGHTS
from mlpstudy.config.study import Study
from mlpstudy.formats import few, plural

TITLES = {"serious": "Serious findings", "minor": "Minor findings"}
# The kinds in words, beneath what a finding is about.
KINDS = {
    "printed_twice": "printed twice, differently",
    "arithmetic": "against arithmetic",
    "own_text": "against its own text and tables",
    "coincidence": "a coincidence",
    "replicates": "against our replicates",
}


@dataclass(frozen=True)
class Printing:
    """A value as printed, and all the places that print it so."""

    value: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class FindingView:
    """One finding; `models` are keys for links (#m05), `about` the same in words."""

    anchor: str
    weight: str
    kind: str
    models: tuple[str, ...]
    about: str
    printings: tuple[Printing, ...]
    finding: str
    matters: str


@dataclass(frozen=True)
class Group:
    """The findings of one weight, with its title."""

    weight: str
    title: str
    findings: tuple[FindingView, ...]

    @property
    def tally(self) -> str:
        """How many there are: 8 findings."""
        return plural(len(self.findings), "finding")


def groups(frame: pd.DataFrame, study: Study) -> list[Group]:
    """Return the weights that have findings, the serious first; none for an empty audit."""
    views = [_view(row, study) for row in frame.to_dict("records")]
    found = {weight: tuple(v for v in views if v.weight == weight) for weight in WEIGHTS}
    return [Group(weight, TITLES[weight], views) for weight, views in found.items() if views]


def of_model(frame: pd.DataFrame, model: str, study: Study) -> list[FindingView]:
    """Return the findings about one model, those that name fewest models first."""
    views = [_view(row, study) for row in frame.to_dict("records")]
    return sorted((v for v in views if model in v.models), key=lambda view: len(view.models))


def summary(found: Sequence[Group]) -> str:
    """Return the number of findings of each weight; empty for none."""
    return "; ".join(f"{group.title}: {len(group.findings)}" for group in found)


def _view(row: dict[Any, Any], study: Study) -> FindingView:
    models = tuple(row["models"].split())
    values: dict[str, list[str]] = {}
    pairs = zip(row["values"].split(SEPARATOR), row["places"].split(SEPARATOR), strict=True)
    for value, place in pairs:
        values.setdefault(value, []).append(place)
    return FindingView(
        anchor=row["id"],
        weight=row["weight"],
        kind=KINDS[row["kind"]],
        models=models,
        about=few(study.model_labels(models), opening=True) if models else "The report",
        printings=tuple(Printing(v, tuple(p)) for v, p in values.items() if v or p != [""]),
        finding=row["finding"],
        matters=row["matters"],
    )
