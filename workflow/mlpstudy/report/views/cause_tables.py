"""The tables of the cause on disk, read together for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mlpstudy.analysis import schemas
from mlpstudy.analysis.columns import Table
from mlpstudy.config.study import Study


@dataclass(frozen=True)
class CauseTables:
    """causes.csv, sensitivity.csv and so on, by their names; accuracies are fractions."""

    study: Study
    causes: pd.DataFrame
    architectures: pd.DataFrame
    sensitivity: pd.DataFrame
    saturation: pd.DataFrame
    layers: pd.DataFrame
    bins: pd.DataFrame


def load_causes(study: Study, tables: Path) -> CauseTables:
    """Read what `tabulate` and `probe` wrote into the folder `tables`.

    What `probe` writes may be absent, and is empty then.

    Raises:
        StudyError: one of the files is missing or is not what it should be.
    """

    def read(schema: Table) -> pd.DataFrame:
        return schema.read(tables) if schema.exists(tables) else schema.frame([])

    return CauseTables(
        study=study,
        causes=schemas.CAUSES.read(tables),
        architectures=schemas.ARCHITECTURES.read(tables),
        sensitivity=schemas.SENSITIVITY.read(tables),
        saturation=read(schemas.SATURATION),
        layers=read(schemas.SATURATION_LAYERS),
        bins=read(schemas.SATURATION_BINS),
    )
