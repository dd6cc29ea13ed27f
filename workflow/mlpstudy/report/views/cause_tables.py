"""The tables of the cause on disk, read together for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mlpstudy.analysis import architectures, causes, sensitivity
from mlpstudy.analysis.tables import read_table
from mlpstudy.config.study import Study

# Not from the module that makes them, which imports torch.
SATURATION = {
    "saturation": ["model", "activation", "pixels", "share_below", "logit_range"],
    "saturation_layers": ["model", "activation", "pixels", "layer", "saturated", "dead"],
    "saturation_bins": ["model", "pixels", "low", "high", "share"],
}


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

    def read(name: str, columns: list[str]) -> pd.DataFrame:
        path = tables / f"{name}.csv"
        if name in SATURATION and not path.is_file():
            return pd.DataFrame(columns=columns)
        return read_table(path, columns)

    return CauseTables(
        study=study,
        causes=read("causes", causes.COLUMNS),
        architectures=read("architectures", architectures.COLUMNS),
        sensitivity=read("sensitivity", sensitivity.COLUMNS),
        saturation=read("saturation", SATURATION["saturation"]),
        layers=read("saturation_layers", SATURATION["saturation_layers"]),
        bins=read("saturation_bins", SATURATION["saturation_bins"]),
    )
