"""The tables on disk, read together for the pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from mlpstudy.analysis import schemas
from mlpstudy.analysis.reported import load_reported
from mlpstudy.analysis.runs import replicates
from mlpstudy.config.study import Study, load_study
from mlpstudy.report.evidence import Evidence

# Tables that not every study has.
FURTHER = (
    schemas.CLAIMS,
    schemas.AUDIT,
    schemas.CAUSES,
    schemas.SENSITIVITY,
    schemas.SATURATION,
)


def load_evidence(study: Path, reported: Path, tables: Path) -> Evidence:
    """Read the tables in the folder `tables` that the pages are computed from.

    Raises:
        StudyError: one of the files is missing or is not what it should be.
    """
    plan = load_study(study)
    runs, timings = schemas.RUNS.read(tables), schemas.TIMINGS.read(tables)
    final = schemas.FINAL_INFERENCE.read(tables)
    further = {schema.name: schema.read(tables) for schema in FURTHER if schema.exists(tables)}
    if final["reported_accuracy"].isna().all():
        further = _of_own_models(plan, further)
    return Evidence(
        study=plan,
        reported=load_reported(reported),
        replicates=replicates(runs, timings),
        runs_table=runs,
        timings=timings,
        models=schemas.MODELS.read(tables),
        groups=schemas.ACTIVATION_GROUPS.read(tables),
        final=final,
        contrasts=schemas.CONTRASTS.read(tables),
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
