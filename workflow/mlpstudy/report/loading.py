"""The tables on disk, read together for the pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from mlpstudy.analysis.reported_values import load_reported
from mlpstudy.analysis.summaries import replicates
from mlpstudy.analysis.tables import COLUMNS, read_table
from mlpstudy.audit.checks import AUDIT_COLUMNS
from mlpstudy.config.study import Study, load_study
from mlpstudy.report.evidence import Evidence

CLAIM_COLUMNS = [
    "claim", "section", "place", "quote", "statement", "form", "models", "condition", "verdict",
    "measure", "effect", "low", "high", "unit", "level", "reference", "failure_bound", "n",
    "parts", "required", "parts_for", "parts_against", "p_holm", "needed", "contrast", "reason",
]  # fmt: skip
# Tables that not every study has, with the columns that the pages rely on.
FURTHER = {
    "claims": CLAIM_COLUMNS,
    "audit": AUDIT_COLUMNS,
    "causes": ["condition", "model", "failures"],
    "sensitivity": ["condition", "model", "reported"],
    "saturation": ["model", "pixels"],
    "saturation_layers": ["model", "pixels", "layer", "saturated"],
    "architectures": ["condition", "size", "correlation"],
}


def load_evidence(study: Path, reported: Path, tables: Path) -> Evidence:
    """Read the tables in the folder `tables` that the pages are computed from.

    Raises:
        StudyError: one of the files is missing or is not what it should be.
    """
    plan = load_study(study)
    runs = read_table(tables / "runs.csv", COLUMNS["metrics"])
    timings = read_table(tables / "timings.csv", COLUMNS["timings"])
    final = read_table(tables / "final_inference.csv", ["model", "reported_class"])
    further = {
        name: read_table(tables / f"{name}.csv", columns)
        for name, columns in FURTHER.items()
        if (tables / f"{name}.csv").is_file()
    }
    if final["reported_accuracy"].isna().all():
        further = _of_own_models(plan, further)
    return Evidence(
        study=plan,
        reported=load_reported(reported),
        replicates=replicates(runs, timings),
        runs_table=runs,
        timings=timings,
        models=read_table(tables / "models.csv", ["condition", "model", "test_accuracy_median"]),
        groups=read_table(tables / "activation_groups.csv", ["activation", "reported_accuracy"]),
        final=final,
        contrasts=read_table(tables / "contrasts.csv", ["contrast", "shift"]),
        further=further,
    )


def _of_own_models(study: Study, further: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Leave out what is about a report of whose models the study has none.

    That is the audit, and quotations about models that are not there.
    """
    found = dict(further)
    if "audit" in found:
        found["audit"] = found["audit"][:0]
    if "claims" in found:
        claims = found["claims"]
        ours = (
            claims["models"]
            .fillna("")
            .map(lambda names: any(name in study.models for name in str(names).split()))
        )
        found["claims"] = claims[ours.astype(bool) | claims["quote"].isna()]
    return found
