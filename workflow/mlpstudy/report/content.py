"""The content of the report: every number and table that its templates put into words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.figures.index import Entry, FigureIndex
from mlpstudy.formats import names, setting
from mlpstudy.report.causes import (
    architecture_table,
    cause_of_failures,
    fault_table,
    saturation_table,
    unexplained_failures,
)
from mlpstudy.report.contrasts import effect_table, effect_tables, pairs_table
from mlpstudy.report.explanations import (
    changes,
    likelihood_table,
    printed_tables,
    reproduced,
)
from mlpstudy.report.findings import findings, findings_table
from mlpstudy.report.layout import Table
from mlpstudy.report.models import assumed, model_sections
from mlpstudy.report.origin import configuration, stamp
from mlpstudy.report.provenance import Provenance
from mlpstudy.report.tables import (
    assumptions,
    class_shares,
    comparison_table,
    condition_table,
    final_table,
    group_tables,
    grouped_table,
)
from mlpstudy.report.verdicts import Claim, Verdicts


@dataclass(frozen=True)
class Outcome:
    """A main condition in numbers.

    Attributes:
        name, label: of the condition.
        changes: what it changes in the first main condition, in words.
        failed, runs: numbers of failed and of all replicates.
        reproduced: of how many models the printed accuracy is in the range of the replicates.
        expected: of how many it would be in the mean, if each printed run were one more replicate.
        failing: the models with a failure.
    """

    name: str
    label: str
    changes: list[str]
    failed: int
    runs: int
    reproduced: int
    expected: int
    failing: list[str]


@dataclass(frozen=True)
class Comparison:
    """Models that are set side by side: title, the report's words, our tables, the claims."""

    key: str
    title: str
    quote: str
    table: Table
    pairs: Table | None
    claims: list[Claim]


@dataclass(frozen=True)
class Conclusion:
    """A conclusion of the report: its words, the claims that test it, the models by topic."""

    topic: str
    title: str
    quote: str
    claims: list[Claim]
    tables: list[Table]


# What is about more models than this is about the report as a whole, not about a model.
FEW = 6

# Topics of the last section, in the order of the report.
TOPICS = {
    "settings": "All settings together",
    "activations": "Activation functions",
    "layers": "Number of layers",
    "batch_norm": "Batch normalisation",
}


def report_context(
    results: Results, provenance: Provenance, figures: FigureIndex, page: Path
) -> dict[str, Any]:
    """Return all that the templates of the report may use.

    Args:
        results: the study and its tables.
        provenance: what the report comes from.
        figures: the index of the drawn figures.
        page: folder of the page, from which links start.
    """
    study, verdicts = results.study, Verdicts(results)
    found = findings(results)

    def model_figures(model: str, *kinds: str) -> list[Entry]:
        entries = figures.find(section="models", model=model)
        return [entry for entry in entries if entry.kind in kinds]

    return {
        "results": results,
        "study": study,
        "printed_models": len(
            {
                model
                for section, model, _ in results.reported.values
                if section == "4 final table" and model
            }
        ),
        "own": [m for m in results.models if m not in results.printed],
        "outcomes": [outcome(results, condition) for condition in results.main],
        "further": [c for c in results.conditions if c not in results.main],
        "configuration": configuration(study, provenance),
        "stamp": stamp(provenance),
        "provenance": provenance,
        "figures": figures,
        "model_figures": model_figures,
        "final_table": final_table(results),
        "class_shares": class_shares(results),
        "sections": model_sections(results, page),
        "assumed_models": [m for m in results.models if assumed(results, m)],
        "comparisons": _comparisons(results, verdicts),
        "group_tables": group_tables(results),
        "conclusions": _conclusions(results, verdicts),
        "headline": _headline(results, verdicts),
        "verdicts": verdicts,
        "few": FEW,
        "findings": found,
        "findings_of": lambda model: [
            f for f in found if model in f.models and len(f.models) <= FEW
        ],
        "findings_table": lambda *args: findings_table(results, *args),
        "cause": cause_of_failures(results),
        "unexplained": unexplained_failures(results),
        "fault_table": fault_table(results),
        "saturation_table": saturation_table(results),
        "architecture_table": architecture_table(results),
        "likelihood_table": (likelihood := likelihood_table(results)),
        "best": likelihood.rows[0].cells if likelihood and likelihood.rows else None,
        "printed_tables": printed_tables(results),
        "changes": list(changes(results)),
        "effect_tables": effect_tables(results),
        "assumptions": (assumed_settings := assumptions(results)),
        "assumed_names": list(dict.fromkeys(row.cells[0].text for row in assumed_settings.rows)),
        "condition_table": condition_table(results),
    }


def outcome(results: Results, condition: str) -> Outcome:
    """Return a main condition in numbers."""
    base = results.main[0]
    changed = results.changes(condition) if condition != base else {}
    rows = {m: row for (c, m), row in results.summaries.items() if c == condition}
    failed, runs = results.failures(condition, list(rows))
    return Outcome(
        condition,
        results.study.condition_label(condition),
        [setting(*item) for item in changed.items()],
        failed,
        runs,
        *reproduced(results, condition),
        [model for model, row in rows.items() if row["failures"]],
    )


def _comparisons(results: Results, verdicts: Verdicts) -> list[Comparison]:
    found = []
    for comparison, members in results.study.present_comparisons:
        models = [model for model in members if model in results.models]
        if models:
            found.append(
                Comparison(
                    comparison.key,
                    names(results.study.model_labels(models), opening=True),
                    comparison.quote,
                    comparison_table(results, models),
                    pairs_table(results, comparison),
                    verdicts.at(comparison.place),
                )
            )
    return found


def _conclusions(results: Results, verdicts: Verdicts) -> list[Conclusion]:
    concluded = results.study.conclusions.model_dump()
    found = []
    for topic, title in TOPICS.items():
        said = concluded.get(topic, {})
        claims = verdicts.at(said.get("place", ""))
        named = [
            m for m in (*said.get("pair", ()), said.get("exception", "")) if m in results.models
        ]
        tables = [grouped_table(results, topic, said.get("up_to"))]
        tables.append(comparison_table(results, named) if named else None)
        tables.append(effect_table(results, topic))
        if tables[0] is not None or said:
            quote = said.get("quote", "")
            shown = [table for table in tables if table is not None]
            found.append(Conclusion(topic, title, quote, claims, shown))
    return found


def _headline(results: Results, verdicts: Verdicts) -> Table | None:
    """Return the verdicts on the claims that the first screen shows; None for no claims."""
    concluded = results.study.conclusions.model_dump().values()
    names = [name for said in concluded for name in said.get("headline", ())]
    shown = [claim for claim in verdicts.claims if claim.name in names]
    return verdicts.table(shown, "Conclusions of the report") if shown else None
