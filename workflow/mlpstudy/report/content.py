"""The content of the report: all that its templates put into words and tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mlpstudy.analysis.reported import FINAL
from mlpstudy.analysis.results import Results
from mlpstudy.analysis.sensitivity import likelihoods
from mlpstudy.figures.index import Entry, FigureIndex
from mlpstudy.formats import heading, listing, setting, word
from mlpstudy.report import outcomes
from mlpstudy.report.contrasts import (
    contrast,
    contrasts_by_id,
    effect_cells,
    effects_by_setting,
    parsed,
    step,
)
from mlpstudy.report.provenance import Provenance, stamp
from mlpstudy.report.sources import Sources, by, numbered
from mlpstudy.report.verdicts import Verdicts

# What is about more models than this is about the report as a whole, not about a model.
FEW = 6


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
    verdicts, sources, found = Verdicts(results), Sources(results), findings(results)

    def model_figures(model: str, *kinds: str) -> list[Entry]:
        entries = figures.find(section="models", model=model)
        return [entry for entry in entries if entry.kind in kinds]

    def likelihood_rows() -> list[dict[Any, Any]]:
        frame = likelihoods(results.study, results.table("runs"), results.reported)
        return frame.to_dict("records")

    reported = (v for values in results.reported.groups.values() for v in values)
    final = {value.model for value in reported if value.section == FINAL}
    concluded = results.study.conclusions.model_dump().values()
    first_screen = {name for said in concluded for name in said.get("headline", ())}
    # Templates call these without their first argument, the results.
    bound = (
        assumed, effects_by_setting, model_groups, reproduced_models, outcomes.condition_cell,
        outcomes.model_cell, outcomes.outcome_cells, outcomes.outcome_columns, outcomes.tone,
    )  # fmt: skip
    return {
        **{function.__name__: partial(function, results) for function in bound},
        "results": results,
        "study": results.study,
        "rows": sources.rows,
        "source": sources.lines,
        "by": by,
        "class_cell": outcomes.class_cell,
        "contrast": partial(contrast, contrasts_by_id(results)),
        "effect_cells": effect_cells,
        "parsed": parsed,
        "step": step,
        "settings": settings,
        "link": lambda path: os.path.relpath(path, page).replace(os.sep, "/"),
        "conditions_of": lambda m: [c for c in results.conditions if (c, m) in results.summaries],
        "covered": lambda c: [m for m in results.models if (c, m) in results.summaries],
        "printed_models": len(final),
        "own": [m for m in results.models if m not in results.printed],
        "further": [c for c in results.conditions if c not in results.main],
        "stamp": stamp(provenance),
        "provenance": provenance,
        "differences": provenance.get("archive", {}).get("differences", []),
        "figures": figures,
        "model_figures": model_figures,
        "likelihood_rows": likelihood_rows,
        "headline": [claim for claim in verdicts.claims if claim.name in first_screen],
        "verdicts": verdicts,
        "few": FEW,
        "findings": found,
        "findings_of": lambda m: [f for f in found if m in f["models"] and len(f["models"]) <= FEW],
        "assumptions": assumptions(results),
    }


def settings(overrides: Mapping[str, Any], separator: str = "") -> str:
    """Return what a condition overrides in words; with commas and `and` if nothing parts them."""
    said = [setting(*item) for item in overrides.items()]
    return separator.join(said) if separator or not said else listing(said)


def findings(results: Results) -> list[dict[Any, Any]]:
    """Return the rows of audit.csv, `models` as a list; none for a study without a report."""
    if not results.has("audit"):
        return []
    rows = numbered(results.table("audit").fillna(""), "audit.csv")
    return [{**row, "models": row["models"].split()} for row in rows]


def model_groups(results: Results, topic: str, up_to: int | None = None) -> dict[str, list[Any]]:
    """Return the rows of models.csv under the main conditions by what a conclusion is about.

    Args:
        results: the study and its tables.
        topic: settings, activations or layers.
        up_to: the number of layers up to which models are in one group, where deeper ones are in
            the other; None for one group per number.
    """
    column = {"settings": "loss_function", "activations": "activation", "layers": "layers"}[topic]
    frame = results.table("models")
    frame = frame[frame["condition"].isin(results.main)]
    keys = frame[column]
    if up_to is not None:
        keys = (keys > up_to).map({False: f"up to {up_to}", True: f"more than {up_to}"})
    order = sorted(keys.unique()) if keys.dtype.kind in "iu" else keys.unique()
    return {word(key): frame[keys == key].to_dict("records") for key in order}


def reproduced_models(results: Results) -> tuple[list[str], list[str], list[str]]:
    """Return the models by which conditions have the printed accuracy in their range.

    These are the first main condition, another one only, and none.
    """
    found: tuple[list[str], list[str], list[str]] = ([], [], [])
    for model, value in results.printed.items():
        if results.covers(results.main[0], model, value):
            found[0].append(model)
        elif any(results.covers(condition, model, value) for condition in results.conditions):
            found[1].append(model)
        else:
            found[2].append(model)
    return found


def assumed(results: Results, model: str) -> dict[str, str]:
    """Return what a model's source leaves open: field to why its value was taken.

    A model beside the report's is the user's own: no report left its values open, and the reasons
    of the defaults are not about it. What its entry itself calls assumed stays.
    """
    reasons = results.study.models[model].assumed
    if not results.has_report or model in results.printed:
        return reasons
    defaults = {field: entry.why for field, entry in results.study.defaults.items()}
    return {field: why for field, why in reasons.items() if why != defaults.get(field)}


def assumptions(results: Results) -> list[dict[str, Any]]:
    """Return all that the models' source leaves open: `name`, `value`, `why`, and the `models`."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for key in results.models:
        fields = results.study.models[key].fields
        for name, why in assumed(results, key).items():
            found.setdefault((name, word(fields.get(name)), why), []).append(key)
    order = list(dict.fromkeys(name for name, _, _ in found))
    return [
        {"name": heading(word(name)), "value": value, "models": models, "why": why}
        for (name, value, why), models in sorted(found.items(), key=lambda i: order.index(i[0][0]))
    ]
