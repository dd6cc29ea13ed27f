"""The content of the report: all that its templates put into words and tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mlpstudy.analysis.reported import FINAL
from mlpstudy.analysis.results import Results
from mlpstudy.audit.checks import SEPARATOR
from mlpstudy.figures.index import Entry, FigureIndex
from mlpstudy.formats import listing, setting, word
from mlpstudy.report import outcomes
from mlpstudy.report.contrasts import (
    contrasts_by_id,
    effect_cells,
    effects_by_setting,
    pairs,
    parsed,
    step,
)
from mlpstudy.report.explanations import (
    assumptions,
    cause_of_failures,
    likelihood_rows,
    printed_rows,
    reproduced,
    unexplained_failures,
)
from mlpstudy.report.models import (
    assumed,
    model_jobs,
    parameters,
    printed_setting,
    printed_time,
)
from mlpstudy.report.provenance import Provenance, configuration, stamp
from mlpstudy.report.sources import Sources, by, numbered
from mlpstudy.report.verdicts import Claim, Verdicts

# What is about more models than this is about the report as a whole, not about a model.
FEW = 6

# Topics of the conclusions, in the order of the report.
TOPICS = {
    "settings": "All settings together",
    "activations": "Activation functions",
    "layers": "Number of layers",
    "batch_norm": "Batch normalisation",
}

# The kinds of findings in words.
KINDS = {
    "printed_twice": "printed twice, differently",
    "arithmetic": "against arithmetic",
    "own_text": "against its own text and tables",
    "coincidence": "a coincidence",
    "replicates": "against our replicates",
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
    study, verdicts, sources = results.study, Verdicts(results), Sources(results)
    found = findings(results)

    def model_figures(model: str, *kinds: str) -> list[Entry]:
        entries = figures.find(section="models", model=model)
        return [entry for entry in entries if entry.kind in kinds]

    reported = (v for values in results.reported.groups.values() for v in values)
    final = {value.model for value in reported if value.section == FINAL}
    # Templates call these without their first argument, the results.
    bound = (
        assumed, effects_by_setting, likelihood_rows, parameters, printed_rows, printed_setting,
        printed_time, outcomes.condition_cell, outcomes.condition_columns, outcomes.model_cell,
        outcomes.outcome_cells, outcomes.outcome_columns, outcomes.tone,
    )  # fmt: skip
    return {
        **{function.__name__: partial(function, results) for function in bound},
        "results": results,
        "study": study,
        "rows": sources.rows,
        "source": sources.lines,
        "by": by,
        "class_cell": outcomes.class_cell,
        "effect_cells": effect_cells,
        "parsed": parsed,
        "step": step,
        "settings": settings,
        "conditions_of": lambda m: [c for c in results.conditions if (c, m) in results.summaries],
        "covered": lambda c: [m for m in results.models if (c, m) in results.summaries],
        "printed_models": len(final),
        "own": [m for m in results.models if m not in results.printed],
        "outcomes": [outcome(results, condition) for condition in results.main],
        "further": [c for c in results.conditions if c not in results.main],
        "configuration": configuration(study, provenance),
        "stamp": stamp(provenance),
        "provenance": provenance,
        "figures": figures,
        "model_figures": model_figures,
        "jobs": lambda model: model_jobs(results, model, page),
        "comparisons": _comparisons(results, verdicts),
        "conclusions": _conclusions(results, verdicts),
        "headline": _headline(results, verdicts),
        "verdicts": verdicts,
        "few": FEW,
        "findings": found,
        "findings_of": lambda m: [f for f in found if m in f["models"] and len(f["models"]) <= FEW],
        "cause": cause_of_failures(results),
        "unexplained": unexplained_failures(results),
        "assumptions": assumptions(results),
    }


def settings(overrides: Mapping[str, Any], separator: str = "") -> str:
    """Return what a condition overrides in words; with commas and `and` if nothing parts them."""
    said = [setting(*item) for item in overrides.items()]
    return separator.join(said) if separator or not said else listing(said)


def outcome(results: Results, condition: str) -> dict[str, Any]:
    """Return a main condition in numbers.

    Its `label`, and `changes` to the first main condition in words; how many replicates `failed` of
    all `runs`; and of how many models the printed accuracy is in the range of the replicates
    (`reproduced`), and would be in the mean, if each printed run were one more (`expected`).
    """
    changed = results.changes(condition) if condition != results.main[0] else {}
    models = [model for c, model in results.summaries if c == condition]
    failed, runs = results.failures(condition, models)
    inside, expected = reproduced(results, condition)
    return {
        "label": results.study.condition_label(condition),
        "changes": [setting(*item) for item in changed.items()],
        "failed": failed,
        "runs": runs,
        "reproduced": inside,
        "expected": expected,
    }


def findings(results: Results) -> list[dict[str, Any]]:
    """Return the rows of audit.csv for readers; none for a study without a report.

    `models` is a list, and `about` names them; it is empty for the report as a whole. `printings`
    has the places of each printed value.
    """
    if not results.has("audit"):
        return []
    found = []
    for row in numbered(results.table("audit").fillna(""), "audit.csv"):
        models = row["models"].split()
        places: dict[str, list[str]] = {}
        texts = zip(row["values"].split(SEPARATOR), row["places"].split(SEPARATOR), strict=True)
        for value, place in texts:
            places.setdefault(value, []).append(place)
        own = {
            "kind": KINDS[row["kind"]],
            "models": models,
            "about": results.few(models, opening=True) if models else "",
            "printings": {v: p for v, p in places.items() if v or p != [""]},
        }
        found.append({**row, **own})
    return found


def _comparisons(results: Results, verdicts: Verdicts) -> list[dict[str, Any]]:
    """Return the models that are set side by side, with the report's words, pairs and claims."""
    found, by_id = [], contrasts_by_id(results)
    for comparison, members in results.study.present_comparisons:
        models = [model for model in members if model in results.models]
        if models:
            found.append(
                {
                    "key": comparison.key,
                    "models": models,
                    "quote": comparison.quote,
                    "pairs": pairs(results, by_id, comparison),
                    "claims": verdicts.at(comparison.place),
                }
            )
    return found


def _conclusions(results: Results, verdicts: Verdicts) -> list[dict[str, Any]]:
    """Return the conclusions of the report, with their claims and what they are about."""
    concluded = results.study.conclusions.model_dump()
    found = []
    for topic, title in TOPICS.items():
        said = concluded.get(topic, {})
        groups = model_groups(results, topic, said.get("up_to"))
        named = [*said.get("pair", ()), said.get("exception", "")]
        if groups or said:
            found.append(
                {
                    "topic": topic,
                    "title": title,
                    "quote": said.get("quote", ""),
                    "claims": verdicts.at(said.get("place", "")),
                    "groups": groups,
                    "models": [model for model in named if model in results.models],
                }
            )
    return found


def _headline(results: Results, verdicts: Verdicts) -> list[Claim]:
    """Return the claims that the first screen shows."""
    concluded = results.study.conclusions.model_dump().values()
    names = [name for said in concluded for name in said.get("headline", ())]
    return [claim for claim in verdicts.claims if claim.name in names]


def model_groups(results: Results, topic: str, up_to: int | None = None) -> list[dict[str, Any]]:
    """Return the models grouped by what a conclusion is about; nothing where that is no group.

    Each group has its `name`, its `models`, and under each main condition a summary: its `best`
    replicate, the `lowest` and `highest` of its models' medians, and the share that `failed`. The
    median of all replicates of a group may be that of none of its models.

    Args:
        results: the study and its tables.
        topic: a key of TOPICS.
        up_to: the number of layers up to which models are in one group, where deeper ones are in
            the other; None for one group per number.
    """
    column = {"settings": "loss_function", "activations": "activation", "layers": "layers"}
    if topic not in column:
        return []
    frame = results.table("models")
    frame = frame[frame["condition"].isin(results.main)]
    keys = frame[column[topic]]
    if topic == "layers" and up_to is not None:
        keys = (keys > up_to).map({False: f"up to {up_to}", True: f"more than {up_to}"})
    found = []
    for key in sorted(keys.unique()) if keys.dtype.kind in "iu" else keys.unique():
        rows = frame[keys == key]
        models = [model for model in results.models if model in set(rows["model"])]
        summaries = [_summary(results, c, rows[rows["condition"] == c]) for c in results.main]
        found.append({"name": word(key), "models": models, "summaries": summaries})
    return found


def _summary(results: Results, condition: str, rows: Any) -> dict[str, float]:
    values = results.replicates_of(condition, rows["model"].tolist())["test_accuracy"]
    medians = rows["test_accuracy_median"]
    return {
        "best": values.max(),
        "lowest": medians.min(),
        "highest": medians.max(),
        "failed": (~(values >= results.study.medium)).mean(),
    }
