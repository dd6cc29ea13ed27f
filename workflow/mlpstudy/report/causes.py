"""Why models fail: failures with and without each fault, and the softmax before the first step."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpstudy.analysis.failures import cell_rows, square_rows
from mlpstudy.analysis.results import Results
from mlpstudy.formats import NONE, missing, p_value, percent, points, setting, share, span, word
from mlpstudy.report.layout import Cell, Column, Source, Table
from mlpstudy.report.outcomes import model_cell
from mlpstudy.report.sources import lines_of, numbered

PIXELS = ("raw", "unit")
FORMS = ("clipped", "exact")
WORDS = {"raw": "pixels 0 to 255", "unit": "pixels 0 to 1"}


@dataclass(frozen=True)
class FaultCell:
    """All models under one combination of pixels and form of the KL divergence.

    `failed` of `runs` runs failed; `models` are those with a failure.
    """

    pixels: str
    kl: str
    failed: int
    runs: int
    models: list[str]


@dataclass(frozen=True)
class Cause:
    """The numbers that the text on the cause of the failures is made of.

    Attributes:
        cells: the combinations of both faults that were trained.
        stuck_failed: least and greatest share of training images without a gradient in the last
            epoch, among the median failed run of each model; None if no run failed.
        stuck_learned: the same of the runs that did not fail.
        impossible: least and greatest share of images whose true class has a probability below
            1e-7 before training, with raw pixels, among the models that have any; None if none.
        activations: the activations of these models.
    """

    cells: list[FaultCell]
    stuck_failed: tuple[float, float] | None
    stuck_learned: tuple[float, float] | None
    impossible: tuple[float, float] | None
    activations: list[str]

    def cell(self, pixels: str, kl: str) -> FaultCell | None:
        """Return one combination; None if it was not trained."""
        return next((c for c in self.cells if (c.pixels, c.kl) == (pixels, kl)), None)


def cause_of_failures(results: Results) -> Cause | None:
    """Return what the tables say about the cause; None where no model has a KL divergence."""
    if not results.has("causes"):
        return None
    causes = results.table("causes")
    cells = []
    for pixels in PIXELS:
        for kl in FORMS:
            rows = cell_rows(causes, pixels, kl)
            if len(rows):
                failed = rows[rows["failures"] > 0]["model"].tolist()
                total = int(rows["failures"].sum())
                cells.append(FaultCell(pixels, kl, total, int(rows["n"].sum()), failed))
    both = cell_rows(causes, "raw", "clipped")
    steep = pd.DataFrame({"activation": [], "share_below": []})
    if results.has("saturation"):
        table = results.table("saturation")
        steep = table[(table["pixels"] == "raw") & (table["share_below"] > 0)]
    return Cause(
        cells,
        _range(both["stuck_last_failed"]),
        _range(both["stuck_last_learned"]),
        _range(steep["share_below"]),
        list(dict.fromkeys(steep["activation"])),
    )


def unexplained_failures(results: Results) -> FaultCell:
    """Return the failures of models without a KL divergence under the first condition."""
    base = results.main[0]
    rows = {m: row for (c, m), row in results.summaries.items() if c == base}
    others = [m for m in rows if results.study.fields(base, m)["loss"] != "kl_divergence"]
    failed, runs = results.failures(base, others)
    return FaultCell("", "", failed, runs, [m for m in others if rows[m]["failures"]])


def _range(values: pd.Series[float]) -> tuple[float, float] | None:
    known = values.dropna()
    return (float(known.min()), float(known.max())) if len(known) else None


def fault_table(results: Results) -> Table | None:
    """Return failures and median accuracy of each model, with and without each fault."""
    if not results.has("causes"):
        return None
    columns = [Column("Model", False)]
    for pixels in PIXELS:
        for kl in FORMS:
            group = f"{WORDS[pixels]}, {kl} KL"
            columns += [Column(label, group=group) for label in ("failed", "median, %")]
    table = Table(
        "Failed runs, with the 95 % confidence interval of their share in %, and median test "
        "accuracy.",
        columns,
        title="Failures with and without each fault",
    )
    causes = results.table("causes")
    for model, rows in square_rows(causes).groupby("model", sort=False):
        cells = {(row["pixels"], row["kl"]): row for row in rows.to_dict("records")}
        parts = [_fault_cells(cells.get((pixels, kl))) for pixels in PIXELS for kl in FORMS]
        table.add(
            model_cell(results, str(model)),
            [cell for part in parts for cell in part],
            sources=[lines_of(results, "causes", model=model, also="")],
        )
    return table


def _fault_cells(row: Mapping[Any, Any] | None) -> list[Cell]:
    if row is None:
        return [Cell(NONE)] * 2
    interval = span(row["failures_low"], row["failures_high"], 0)
    return [
        Cell(f"{row['failures']} of {row['n']}", note=interval, order=float(row["failure_share"])),
        Cell(percent(row["median_accuracy"], 1)),
    ]


def saturation_table(results: Results) -> Table | None:
    """Return what raw and scaled pixels do to the untrained networks, one row per model."""
    if not results.has("saturation"):
        return None
    labels = ("logit range", "p < 1e-7, %", "certain, %", "saturated, %")
    columns = [Column("Model", False), Column("activation", False)]
    for pixels in PIXELS:
        columns += [Column(label, group=setting("pixels", pixels)) for label in labels]
    table = Table(
        "Before the first step, over 1,000 training images and three initialisations: the median "
        "difference between an image's highest and lowest logit; the share of images whose true "
        "class has a probability below 1e-7; the share for which one class has a probability above "
        "1 - 1e-7; and the share of activations of the first hidden layer with a slope below "
        "1e-3.",
        columns,
        title="The softmax before training",
    )
    saturation, layers = results.table("saturation"), results.table("saturation_layers")
    first = layers[layers["layer"] == 1].set_index(["model", "pixels"])["saturated"]
    rows = {(row["model"], row["pixels"]): row for row in saturation.to_dict("records")}
    for model in dict.fromkeys(saturation["model"]):
        cells: list[str] = []
        for pixels in PIXELS:
            row = rows[model, pixels]
            cells += [f"{row['logit_range']:.1f}", share(row["share_below"])]
            cells += [share(row["share_certain"]), share(first.get((model, pixels)))]
        table.add(
            model_cell(results, model),
            word(rows[model, PIXELS[0]]["activation"]),
            cells,
            sources=[lines_of(results, "saturation", model=model)],
        )
    return table


def architecture_table(results: Results) -> Table | None:
    """Return the rank correlation of size and accuracy, among models alike otherwise."""
    if not results.has("architectures"):
        return None
    words = [Column(label, False) for label in ("Condition", "models", "size")]
    labels = ("number", "range, %", "correlation", "p", "smallest p")
    table = Table(
        "Spearman's correlation between size and median test accuracy of models, with its "
        "unadjusted p value and the smallest p value that so many models can give; the range is "
        "that of the medians.",
        [*words, *(Column(label) for label in labels)],
        title="Depth and width",
    )
    for row in numbered(results.table("architectures")):
        table.add(
            results.study.condition_label(row["condition"]),
            _group_name(row),
            word(row["size"]),
            str(row["models"]),
            span(row["lowest"], row["highest"]),
            NONE if missing(row["correlation"]) else points(row["correlation"] / 100),
            p_value(row["p"]),
            p_value(row["p_smallest"]),
            sources=[Source("architectures.csv", (row["line"],))],
        )
    return table


def _group_name(row: Mapping[Hashable, Any]) -> str:
    parts = [word(row[name]) for name in ("activation", "loss_function") if not missing(row[name])]
    return ", ".join(parts) or "all"
