"""The cause of failure for the pages: the two-by-two of each model, and all that stands by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpstudy.analysis.failures import cell_rows, square_rows
from mlpstudy.config.study import Study
from mlpstudy.formats import (
    NONE,
    heading,
    names,
    percent,
    span,
)
from mlpstudy.report.layout import Column, Finding, Table
from mlpstudy.report.views.architectures import architecture_table
from mlpstudy.report.views.cause_tables import CauseTables
from mlpstudy.report.views.saturation import (
    PIXELS,
    saturation_finding,
    saturation_table,
    share_range,
)
from mlpstudy.report.views.sensitivity import condition_table, likeliest_table, sensitivity_tables
from mlpstudy.report.views.sources import lines_of
from mlpstudy.report.views.tables import model_cell

FORMS = ("clipped", "exact")
WORDS = {"raw": "raw", "unit": "scaled"}  # what the values of `pixels` are called in a sentence
CELLS = [(pixels, kl) for pixels in PIXELS for kl in FORMS]


@dataclass(frozen=True)
class SquareCell:
    """One cell of a model's two-by-two: how many of its runs failed, with Wilson's interval.

    `share`, `low`, `high`, `median` and `stuck` (of the training examples, in the last epoch) are
    fractions.
    """

    condition: str
    failures: int
    n: int
    share: float
    low: float
    high: float
    median: float
    stuck: float

    @property
    def text(self) -> str:
        """What stands in the cell: 5 of 6."""
        return f"{self.failures} of {self.n}"

    @property
    def interval(self) -> str:
        """The interval of the share of failures, in per cent."""
        return span(self.low, self.high, 0)


@dataclass(frozen=True)
class Square:
    """One model's two-by-two; `rows` are by pixels, within them by the form of the loss.

    A cell that no condition of the study has is None.
    """

    model: str
    name: str
    rows: tuple[tuple[SquareCell | None, ...], ...]


def squares(tables: CauseTables) -> list[Square]:
    """Return the two-by-two of each model whose loss is KL divergence, in the study's order."""
    by_model = square_rows(tables.causes).groupby("model", sort=False)
    return [_square(tables.study, str(model), rows) for model, rows in by_model]


def _square(study: Study, model: str, rows: pd.DataFrame) -> Square:
    cells = {(row["pixels"], row["kl"]): _cell(row) for row in rows.to_dict("records")}
    by_pixels = tuple(tuple(cells.get((pixels, kl)) for kl in FORMS) for pixels in PIXELS)
    return Square(model, study.model_label(model), by_pixels)


def _cell(row: dict[Any, Any]) -> SquareCell:
    return SquareCell(
        condition=row["condition"],
        failures=int(row["failures"]),
        n=int(row["n"]),
        share=float(row["failure_share"]),
        low=float(row["failures_low"]),
        high=float(row["failures_high"]),
        median=float(row["median_accuracy"]),
        stuck=float(row["stuck_last"]),
    )


def square_table(tables: CauseTables) -> Table:
    """Return all squares as one table, for Markdown and print."""
    columns = [Column("Model", False)]
    for pixels, kl in CELLS:
        group = f"{WORDS[pixels]} pixels, {kl} KL"
        columns += [Column(label, group=group) for label in ("failed", "interval", "median")]
    table = Table(
        "Runs that failed, the 95 % interval of their share and the median test accuracy, both in "
        "per cent: with raw or scaled pixels, with the clipped or the exact KL divergence.",
        columns,
        title="The cause, present and absent",
    )
    for square in squares(tables):
        cells = [cell for row in square.rows for cell in row]
        parts = [[c.text, c.interval, percent(c.median)] if c else [NONE] * 3 for c in cells]
        table.add(
            model_cell(tables.study, square.model),
            [text for part in parts for text in part],
            sources=[lines_of("causes.csv", tables.causes, model=square.model, also="")],
        )
    return table


def cause_findings(tables: CauseTables) -> list[Finding]:
    """Return what the tables say of the cause, in sentences; none where there is no such model."""
    found = [_failures(tables), _mechanism(tables), saturation_finding(tables)]
    return [Finding(text.replace(" %", "\N{NO-BREAK SPACE}%")) for text in found if text]


def _failures(tables: CauseTables) -> str:
    """Say how many runs fail in each cell, over all models that are in it."""
    parts = []
    for pixels, kl in CELLS:
        cells = cell_rows(tables.causes, pixels, kl)
        if cells.empty:
            continue
        failed, n = int(cells["failures"].sum()), int(cells["n"].sum())
        whose = cells.loc[cells["failures"] > 0, "model"].tolist()
        of = f", of {names(tables.study.model_labels(whose))}" if failed else ""
        parts.append(
            f"with {WORDS[pixels]} pixels and {kl} KL divergence {failed} of {n} runs fail{of}"
        )
    return heading(f"{'; '.join(parts)}.") if parts else ""


def _mechanism(tables: CauseTables) -> str:
    """Say how many examples had no gradient at the end, in runs that failed and in the others."""
    cells = cell_rows(tables.causes, "raw", "clipped")
    failed = cells["stuck_last_failed"].dropna()
    learned = cells["stuck_last_learned"].dropna()
    if failed.empty:
        return ""
    text = (
        "In the last epoch of the runs that failed, the gradient was gone for "
        f"{share_range(failed)} % of the training examples, by the median run of each model"
    )
    if learned.empty:
        return f"{text}."
    return f"{text}; in those that learned, for {share_range(learned)} %."


def cause_context(tables: CauseTables) -> dict[str, Any]:
    """Return what a page shows of the cause, by name: squares, tables, sentences."""
    return {
        "squares": squares(tables),
        "square_table": square_table(tables),
        "cause_findings": cause_findings(tables),
        "saturation_table": saturation_table(tables),
        "condition_table": condition_table(tables),
        "likeliest_table": likeliest_table(tables),
        "sensitivity_tables": sensitivity_tables(tables),
        "architecture_table": architecture_table(tables),
    }
