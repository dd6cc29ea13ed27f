"""The two by two of the cause: which rows of causes.csv stand in which of its cells.

For figures and pages alike, so that a figure, the table and the sentence beside it agree.
"""

from __future__ import annotations

import pandas as pd


def square_rows(causes: pd.DataFrame) -> pd.DataFrame:
    """Return a row per model and cell: of what changes nothing but pixels and form of the loss.

    Cells are filled model by model: of several conditions that make the same of a model the first
    one counts, and a cell has models of several conditions where no single one has them all.

    Args:
        causes: model, pixels, kl, also (what else a condition changes; empty for nothing), ….
    """
    return causes[causes["also"] == ""].drop_duplicates(["model", "pixels", "kl"])


def cell_rows(causes: pd.DataFrame, pixels: str, kl: str) -> pd.DataFrame:
    """Return the rows of one cell, one a model."""
    rows = square_rows(causes)
    return rows[(rows["pixels"] == pixels) & (rows["kl"] == kl)]
