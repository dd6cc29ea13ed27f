"""The report's claims and the verdict of our replicates on each, by condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mlpstudy.config.study import Study
from mlpstudy.figures.palette import FAINT, INK, MUTED, RULE
from mlpstudy.figures.style import (
    MARGIN,
    WIDTH,
    canvas,
    colour_of,
    condition_name,
    key,
    mark,
    shortened,
)
from mlpstudy.formats import heading

# Inches: a row, the space above, below and, for slanted heads, right of the rows, a condition's
# column, the same of many conditions, and the gap between two halves.
ROW, HEAD, FOOT, RIGHT, COLUMN, NARROW, GAP = 0.165, 0.94, 0.08, 0.58, 0.29, 0.19, 0.24
# Claims from which they are set in two halves side by side, conditions from which columns are
# narrow, and the least width in inches of the claims' names in two halves.
MANY, MANY_CONDITIONS, NAMES = 16, 6, 0.6
# The shape and the filling of a mark show the verdict; colours show the condition.
MARKS: dict[str, dict[str, Any]] = {
    "supported": {"marker": "o", "markersize": 5.2, "markeredgewidth": 0},
    "contradicted": {"marker": "x", "markersize": 4.6, "markeredgewidth": 1.5},
    "undecided": {
        "marker": "o", "markersize": 4.6, "markeredgewidth": 0.8, "markerfacecolor": "none",
    },
}  # fmt: skip


def verdicts_figure(study: Study, claims: pd.DataFrame) -> Figure:
    """Draw a row per claim, a column per condition, a mark per verdict; no mark: not judged.

    Args:
        study: the study, for the order and the colours of conditions.
        claims: claim, condition, verdict: supported, contradicted or undecided.
    """
    judged = judged_claims(study, claims)
    names = list(dict.fromkeys(judged["claim"]))
    conditions = [c for c in study.conditions if (judged["condition"] == c).any()]
    column = NARROW if len(conditions) >= MANY_CONDITIONS else COLUMN
    room = (WIDTH - MARGIN - RIGHT - GAP) / 2 - column * len(conditions)
    halves = 2 if len(names) > MANY and room >= NAMES else 1
    rows = -(-len(names) // halves)
    width = (WIDTH - MARGIN - RIGHT - GAP * (halves - 1)) / halves
    figure, axes = canvas(HEAD + ROW * rows + FOOT)
    found = judged.set_index(["claim", "condition"])["verdict"].to_dict()
    for half in range(halves):
        left = MARGIN + half * (width + GAP)
        first = left + width - column * (len(conditions) - 0.5)
        columns = {c: first + column * at for at, c in enumerate(conditions)}
        _heads(axes, study, columns, column, ROW * rows)
        for place, name in enumerate(names[half * rows : (half + 1) * rows]):
            y = HEAD + ROW * (place + 0.5)
            axes.plot([left, left + width], [y + ROW / 2] * 2, color=RULE.light, lw=0.4, zorder=1)
            longest = int((width - column * len(conditions)) * 15.5)
            text = shortened(heading(name.replace("_", " ")), longest)
            axes.text(left, y, text, va="center", fontsize=7, color=MUTED.light)
            for condition, x in columns.items():
                if verdict := found.get((name, condition)):
                    colour = colour_of(study, condition)
                    axes.plot([x], [y], ls="", color=colour, zorder=3, **MARKS[verdict])
    handles = [mark(name, color=INK.light, **style) for name, style in MARKS.items()]
    none = mark("no mark: not judged under this condition", color=MUTED.light)
    key(figure, [*handles, none])
    return figure


def judged_claims(study: Study, claims: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of claims.csv with a verdict, under the conditions that the figure shows.

    These are the main conditions, and those of claims that are judged under none of them.
    """
    judged = claims[claims["verdict"].isin(list(MARKS))]
    judged = judged[judged["condition"].isin(list(study.conditions))]
    main = judged["condition"].isin(study.main_conditions)
    others = judged.loc[~judged["claim"].isin(judged.loc[main, "claim"]), "condition"]
    return judged[main | judged["condition"].isin(others)]


def _heads(
    axes: Axes, study: Study, columns: Mapping[str, float], width: float, height: float
) -> None:
    """Name the columns, and shade every second one."""
    for at, (condition, x) in enumerate(columns.items()):
        if at % 2 == 0:
            ground = Rectangle((x - width / 2, HEAD), width, height, color=FAINT.light, lw=0)
            axes.add_patch(ground)
        axes.text(
            x - 0.02, HEAD - 0.05, condition_name(study, condition, 17), rotation=45, fontsize=7,
            rotation_mode="anchor", color=colour_of(study, condition),
        )  # fmt: skip


def verdicts_values(
    study: Study, judged: pd.DataFrame, conditions: Sequence[str]
) -> dict[str, Any]:
    """Return what the caption says: the number of claims by condition and verdict."""
    told = []
    for condition in conditions:
        counts = judged.loc[judged["condition"] == condition, "verdict"].value_counts()
        if len(counts):
            numbers = [(int(counts.get(verdict, 0)), verdict) for verdict in MARKS]
            told.append({"label": study.condition_label(condition), "verdicts": numbers})
    return {"claims": judged["claim"].nunique(), "conditions": told}
