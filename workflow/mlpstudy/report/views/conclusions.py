"""Section 5 of the pages: the report's conclusions by topic, each beside what the tables say of it.

Everything but the quotations, which are the claims file's, is computed; the statistics that turn
this into verdicts are another module's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.formats import NONE, percent, share, word
from mlpstudy.report.by_condition import condition_columns
from mlpstudy.report.layout import Cell, Column, Finding, Table
from mlpstudy.report.views.conclusion_findings import (
    Key,
    changed_classes,
    groups_of,
    medians_of,
    rankings,
    shared_classes,
)
from mlpstudy.report.views.layer_findings import depths, normalisation
from mlpstudy.report.views.sources import lines_of


@dataclass(frozen=True)
class Conclusion:
    """What is concluded on one topic: the report's words and place, our sentences and table.

    `quote` and `place` are empty where the report says nothing of it.
    """

    topic: str
    title: str
    quote: str
    place: str
    findings: list[Finding]
    table: Table | None


def conclusions(results: Results) -> list[Conclusion]:
    """Return each topic of which this study's tables say something."""
    concluded = results.study.conclusions.model_dump()
    found = []
    for topic, (title, say, table) in TOPICS.items():
        said = concluded.get(topic, {})
        findings = say(results, said)
        if findings:
            words = (said.get("quote", ""), said.get("place", ""))
            found.append(Conclusion(topic, title, *words, findings, table(results)))
    return found


def _by(results: Results, label: str, key: Key, numeric: bool = False) -> Table:
    """Return a table with a row per group of models: best, median, failed replicates."""
    columns = [Column(label, numeric), Column("Models")]
    for condition in results.main:
        columns += condition_columns(results.study, condition, "best", "medians", "failures, %")
    caption = (
        "The models of a row: their best replicate's test accuracy, the range of their medians, "
        "and the share of their replicates that failed, in per cent."
    )
    table = Table(caption, columns, title=f"By {label.lower()}")
    by_condition = {c: groups_of(results, c, key) for c in results.main}
    names = list(dict.fromkeys(n for groups in by_condition.values() for n in groups))
    for name in sorted(names, key=float) if numeric else names:
        models = {m for groups in by_condition.values() for m in groups.get(name, [])}
        cells: list[Cell | str] = []
        for condition, groups in by_condition.items():
            cells += _cells(results, condition, groups.get(name, []))
        chosen = [m for m in results.models if m in models]
        source = lines_of(
            "models.csv", results.table("models"), model=chosen, condition=results.main
        )
        table.add(name, str(len(models)), cells, sources=[source])
    return table


def _cells(results: Results, condition: str, models: list[str]) -> list[str]:
    if not models:
        return [NONE] * 3
    accuracy = results.replicates_of(condition, models)["test_accuracy"]
    failed = (~(accuracy >= results.study.medium)).mean()
    medians = medians_of(results, condition, models)
    return [percent(accuracy.max()), medians, share(failed)]


Say = Callable[[Results, Mapping[str, Any]], list[Finding]]

# Each topic: its title, its sentences, given what the report concludes on it, and its table.
TOPICS: dict[str, tuple[str, Say, Callable[[Results], Table | None]]] = {
    "settings": (
        "All settings together",
        lambda results, _: shared_classes(results) + changed_classes(results),
        lambda results: _by(results, "Loss function", lambda row: word(row["loss_function"])),
    ),
    "activations": (
        "Activation functions",
        lambda results, said: rankings(results, said.get("order", [])),
        lambda results: _by(results, "Activation", lambda row: word(row["activation"])),
    ),
    "layers": (
        "Number of layers",
        lambda results, said: depths(results, said.get("up_to"), said.get("exception", "")),
        lambda results: _by(results, "Layers", lambda row: str(row["layers"]), numeric=True),
    ),
    "batch_norm": (
        "Batch normalisation",
        lambda results, said: normalisation(results, said.get("pair", [])),
        lambda _: None,
    ),
}
