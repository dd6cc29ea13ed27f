"""The audit as a page shows it: audit.csv -> findings in groups, one group a kind.

A template walks `groups(frame, study)`; `of_model(frame, "m05", study)` gives one model's
findings for its own section. All texts are ready to print; `anchor` is the finding's id, for links
such as #cut-m08.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd

from mlpstudy.evidence.audit.findings import KINDS, SEPARATOR
from mlpstudy.evidence.study_file import Study
from mlpstudy.report.formats import heading, names, plural, word

TITLES = {
    "printed_twice": "Printed twice, differently",
    "arithmetic": "Against arithmetic",
    "own_text": "Against its own text and tables",
    "coincidence": "Coincidences",
    "replicates": "Against our replicates",
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
    kind: str
    models: tuple[str, ...]
    about: str
    quantity: str
    printings: tuple[Printing, ...]
    explanation: str
    matters: str
    rule: str


@dataclass(frozen=True)
class Group:
    """The findings of one kind, with its title and a sentence on what the kind is."""

    kind: str
    title: str
    meaning: str
    findings: tuple[FindingView, ...]

    @property
    def tally(self) -> str:
        """How many there are: 8 findings."""
        return plural(len(self.findings), "finding")


def groups(frame: pd.DataFrame, study: Study) -> list[Group]:
    """Return the kinds that have findings, in the order of KINDS; none for an empty audit."""
    views = [_view(row, study) for row in frame.to_dict("records")]
    found = {kind: tuple(view for view in views if view.kind == kind) for kind in KINDS}
    return [
        Group(kind, TITLES[kind], heading(KINDS[kind]) + ".", views)
        for kind, views in found.items()
        if views
    ]


def of_model(frame: pd.DataFrame, model: str, study: Study) -> list[FindingView]:
    """Return the findings about one model, those that name fewest models first."""
    views = [_view(row, study) for row in frame.to_dict("records")]
    return sorted((v for v in views if model in v.models), key=lambda view: len(view.models))


def summary(found: Sequence[Group]) -> str:
    """Return one sentence with the number of findings in all and by kind; empty for none."""
    if not found:
        return ""
    total = sum(len(group.findings) for group in found)
    parts = [f"{group.title[0].lower()}{group.title[1:]}: {len(group.findings)}" for group in found]
    return f"{plural(total, 'finding')}: " + "; ".join(parts) + "."


def _view(row: dict[Any, Any], study: Study) -> FindingView:
    models = tuple(row["models"].split())
    return FindingView(
        anchor=row["id"],
        kind=row["kind"],
        models=models,
        about=names(study.model_labels(models), opening=True) if models else "The report",
        quantity=heading(word(row["quantity"])) if row["quantity"] else "",
        printings=_printings(row["places"].split(SEPARATOR), row["values"].split(SEPARATOR)),
        explanation=row["explanation"],
        matters=row["matters"],
        rule=row["rule"],
    )


def _printings(places: list[str], values: list[str]) -> tuple[Printing, ...]:
    """Put the places that print the same characters together, values in order of appearance."""
    pairs = [(value, place) for place, value in zip(places, values, strict=True) if place]
    first = {value: at for at, (value, _) in reversed(list(enumerate(pairs)))}
    ordered = sorted(pairs, key=lambda pair: first[pair[0]])
    return tuple(
        Printing(value, tuple(place for _, place in same))
        for value, same in groupby(ordered, key=lambda pair: pair[0])
    )
