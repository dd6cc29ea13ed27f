"""What only the HTML page shows: its first screen, sections a model, sources, and its contents."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mlpstudy.analysis.contrasts import LEVEL
from mlpstudy.analysis.results import Results
from mlpstudy.config.study import CLASSES
from mlpstudy.figures.index import Entry, FigureIndex
from mlpstudy.formats import percent
from mlpstudy.report.layout import Table
from mlpstudy.report.views.answers import three_answers
from mlpstudy.report.views.cause_parts import cause_parts
from mlpstudy.report.views.conditions import changes
from mlpstudy.report.views.inference import inference
from mlpstudy.report.views.judgements import judgements
from mlpstudy.report.views.model_sections import model_sections
from mlpstudy.report.views.sources import embedded

# Tables that the page holds a copy of, so that it can show and export their lines.
EMBEDDED = (
    "models.csv", "final_inference.csv", "activation_groups.csv", "contrasts.csv", "claims.csv",
    "audit.csv", "causes.csv", "sensitivity.csv", "saturation.csv", "architectures.csv",
    "timings.csv",
)  # fmt: skip
# Kinds of figures that have a place of their own in a model's section.
PLACED = ("architecture", "curves")


def html_views(
    results: Results, figures: FigureIndex, tables: Path, output: Path
) -> dict[str, Any]:
    """Return what the HTML templates use beside what they share with Markdown.

    Args:
        results: the study and its tables.
        figures: the index of the drawn figures.
        tables: folder of the CSVs; links to them start from `output`.
        output: folder of the page.
    """
    sections = model_sections(results, output)
    changed = changes(results)

    def model_figures(model: str) -> list[Entry]:
        found = figures.find(section="models", model=model)
        return [entry for entry in found if entry.kind not in PLACED]

    return {
        "three": three_answers(results),
        "inference": inference(results),
        "sections": sections,
        "changes": changed,
        **judgements(results),
        **cause_parts(results, tables),
        "base_name": results.study.condition_label(results.main[0]),
        "figures": figures,
        "model_figures": model_figures,
        "tables_path": os.path.relpath(tables, output).replace(os.sep, "/"),
        "embedded": embedded(tables, list(EMBEDDED)),
        "level": percent(LEVEL, 0),
        "class_order": {name: -place for place, name in enumerate(CLASSES)},
    }


def contents(context: dict[str, Any]) -> list[tuple[str, str]]:
    """Return anchor and label of the parts after the models, as far as the page has them."""
    figures: FigureIndex = context["figures"]

    def rows_of(table: Table | None) -> bool:
        return table is not None and bool(table.rows)

    parts = [
        ("comparisons", "Comparisons", context["comparisons"]),
        ("groups", "By activation", context["groups"]),
        ("conclusions", "Conclusions", True),
        ("claims", "Claims", context["claim_parts"]),
        ("cause", "Cause of failure", context["squares"] or figures.find(section="cause")),
        ("depth", "Depth and width", rows_of(context["architecture_table"])),
        ("sensitivity", "Sensitivity", context["changes"] or figures.find(section="sensitivity")),
        ("effects", "Effects", context["effect_tables"]),
        ("pairs", "Every pair", figures.find(section="pairs")),
        ("audit", "Audit", context["audit"]),
        ("conditions", "Conditions", True),
        ("assumptions", "Assumptions", True),
        ("provenance", "Provenance", True),
    ]
    return [(anchor, label) for anchor, label, there in parts if there]
