"""The share of examples whose gradient the clip has switched off, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Study
from mlpstudy.figures.curves import joined, scale_epochs
from mlpstudy.figures.palette import MUTED
from mlpstudy.figures.style import (
    ACROSS,
    colour_of,
    condition_name,
    in_rows,
    key,
    line,
    model_panels,
)
from mlpstudy.formats import heading

HEIGHT = 1.06  # of a panel in inches
FAILED: dict[str, Any] = {"lw": 1.3, "alpha": 0.9, "ls": "-"}
LEARNED: dict[str, Any] = {"lw": 0.7, "alpha": 0.8, "ls": (0, (2.0, 1.2))}


def grid(m: Results, models: list[str]) -> list[str]:
    """Return the conditions that change nothing of `models` but pixels and the form of KL.

    For each combination the first one, and those with models that the ones before do not have;
    the faults of the report before what mends them.
    """
    first = m.main[0]
    found: dict[tuple[bool, bool], list[str]] = {}
    for condition in m.conditions:
        covered = [k for k in models if k in m.study.conditions[condition].models]
        if covered and _differ(m.study, first, condition, covered) <= {"pixels", "kl"}:
            same = found.setdefault(_mended(m.study, condition, covered[0]), [])
            known = {model for other in same for model in m.study.conditions[other].models}
            if not known.issuperset(covered):
                same.append(condition)
    return [condition for key in sorted(found) for condition in found[key]]


def _mended(study: Study, condition: str, model: str) -> tuple[bool, bool]:
    """Return whether pixels and form of the loss are other than the report's are taken for."""
    fields = study.fields(condition, model)
    return fields["pixels"] != "raw", fields["kl"] != "clipped"


def _differ(study: Study, one: str, other: str, models: list[str]) -> set[str]:
    """Return the fields in which two conditions differ for some of `models`."""
    return {
        name
        for model in models
        for name, value in study.fields(one, model).items()
        if study.fields(other, model)[name] != value
    }


def stuck_figure(m: Results, models: Sequence[str], conditions: Sequence[str]) -> Figure:
    """Draw a row per condition, a column per model; every replicate a line, by its outcome."""
    figure, grid = model_panels(m.study, models, len(conditions), HEIGHT)
    for condition, row in zip(conditions, grid, strict=True):
        for model, axes in row.items():
            _panel(axes, m, model, condition)
        name = fill(heading(condition_name(m.study, condition, 24)), 13)
        for first, *_ in in_rows(models, ACROSS):
            row[first].set_ylabel(name, rotation=0, ha="right", va="center", weight="bold",
                                  color=colour_of(m.study, condition))  # fmt: skip
    figure.align_ylabels()
    key(figure, [line("a replicate that failed in the end", **FAILED),
                 line("one that learned", **LEARNED)])  # fmt: skip
    return figure


def _panel(axes: Axes, m: Results, model: str, condition: str) -> None:
    """Draw one model under one condition."""
    rows = m.rows("history", [model], [condition])
    runs = m.replicates.query("model == @model and condition == @condition").set_index("replicate")
    table = 100 * rows.pivot_table("stuck", "epoch", "replicate", dropna=False)
    learned = runs["test_accuracy"].reindex(table.columns) >= m.study.medium
    for chosen, style in ((~learned, FAILED), (learned, LEARNED)):
        if chosen.any():
            epochs, shares = joined(table.loc[:, chosen])
            colour = colour_of(m.study, condition)
            axes.plot(epochs, shares, color=colour, clip_on=False, zorder=3, **style)
    if rows.empty:
        axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", va="center",
                  color=MUTED.light, fontsize=7)  # fmt: skip
    scale_epochs(axes, rows)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])


def stuck_values(m: Results, models: Sequence[str], conditions: Sequence[str]) -> dict[str, Any]:
    """Return what the caption says: the median share after the last epoch, by outcome."""
    rows = m.rows("history", models, m.conditions)
    last = rows[rows["epoch"] == rows.groupby(["condition", "model"])["epoch"].transform("max")]
    ends = last.groupby(["condition", "model", "replicate"])["stuck"].mean().reset_index()
    ends = ends.merge(m.replicates, on=["condition", "model", "replicate"]).dropna(subset="stuck")
    ends["outcome"] = (ends["test_accuracy"] >= m.study.medium).map(
        {False: "failed", True: "learned"}
    )
    found = ends.groupby(["condition", "outcome"])["stuck"].agg(["median", "size"])
    told = []
    for condition in conditions:
        if condition in found.index:
            shares = [(outcome, *row) for outcome, *row in found.loc[condition].itertuples()]
            told.append({"label": m.study.condition_label(condition), "shares": shares})
    return {"conditions": told}
