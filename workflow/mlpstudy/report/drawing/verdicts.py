"""The report's claims and what our replicates say of each, condition by condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mlpstudy.config.study import Study
from mlpstudy.report.drawing.labels import (
    condition_name,
    condition_style,
    key,
    mark,
    note,
    shortened,
)
from mlpstudy.report.drawing.style import WIDTH, new_figure
from mlpstudy.report.formats import heading
from mlpstudy.report.palette import FAINT, INK, MUTED, RULE

# Inches: a row, what is above and below the rows, a condition's column, the gap between two halves,
# and the ends of the lines; the slanted heads need some room at the right.
ROW, HEAD, FOOT, COLUMN, GAP, LEFT, RIGHT = 0.165, 0.94, 0.08, 0.29, 0.24, 0.06, 0.58
# Claims from which they are set in two halves side by side, and conditions from which columns are
# closer, so that there is room for the claims' names.
MANY, MANY_CONDITIONS, CLOSE = 16, 6, 0.19
# Claims' names of less than this are none; there is one half instead.
NAMES = 0.6
# A verdict is told by its mark's shape and filling, not by a colour.
MARKS: dict[str, dict[str, Any]] = {
    "supported": {"marker": "o", "markersize": 5.2, "markeredgewidth": 0},
    "contradicted": {"marker": "x", "markersize": 4.6, "markeredgewidth": 1.5},
    "undecided": {
        "marker": "o", "markersize": 4.6, "markeredgewidth": 0.8, "markerfacecolor": "none",
    },
}  # fmt: skip


def verdicts_figure(study: Study, claims: pd.DataFrame) -> Figure:
    """Draw a row a claim, a column a condition, a mark a verdict; no mark: not judged.

    Args:
        study: the study, for the order and the colours of conditions.
        claims: claim, condition, verdict: supported, contradicted or undecided.
    """
    judged = judged_claims(study, claims)
    names = list(dict.fromkeys(judged["claim"]))
    conditions = [c for c in study.conditions if (judged["condition"] == c).any()]
    column = CLOSE if len(conditions) >= MANY_CONDITIONS else COLUMN
    roomy = (WIDTH - LEFT - RIGHT - GAP) / 2 - column * len(conditions) >= NAMES
    halves = 2 if len(names) > MANY and roomy else 1
    per_half = -(-len(names) // halves)
    height = HEAD + ROW * per_half + FOOT
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.axis("off")
    width = (WIDTH - LEFT - RIGHT - GAP * (halves - 1)) / halves
    found = judged.set_index(["claim", "condition"])["verdict"].to_dict()
    for half in range(halves):
        left = LEFT + half * (width + GAP)
        _heads(axes, study, conditions, left + width, per_half, column)
        for place, name in enumerate(names[half * per_half : (half + 1) * per_half]):
            row = [found.get((name, condition), "") for condition in conditions]
            y = HEAD + ROW * (place + 0.5)
            _row(axes, study, name, row, conditions, left, width, y, column)
    handles = [mark(name, color=INK.light, **style) for name, style in MARKS.items()]
    key(figure, [*handles, note("no mark: not judged under this condition")], LEFT, 0.04)
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
    axes: Axes, study: Study, conditions: Sequence[str], right: float, rows: int, column: float
) -> None:
    for at, condition in enumerate(conditions):
        x = right - column * (len(conditions) - at - 0.5)
        if at % 2 == 0:
            axes.add_patch(
                Rectangle((x - column / 2, HEAD), column, ROW * rows, color=FAINT.light, lw=0)
            )
        name = condition_name(study, condition, 17)
        axes.text(x - 0.02, HEAD - 0.05, name, rotation=45, fontsize=7,
                  rotation_mode="anchor", color=condition_style(study, condition)[0])  # fmt: skip


def _row(
    axes: Axes, study: Study, name: str, verdicts: Sequence[str], conditions: Sequence[str],
    left: float, width: float, y: float, column: float,
) -> None:  # fmt: skip
    room = width - column * len(conditions)
    text = shortened(heading(name.replace("_", " ")), int(room * 15.5))
    axes.text(left, y, text, va="center", fontsize=7, color=MUTED.light)
    axes.plot([left, left + width], [y + ROW / 2] * 2, color=RULE.light, lw=0.4, zorder=1)
    for at, (condition, verdict) in enumerate(zip(conditions, verdicts, strict=True)):
        if verdict:
            x = left + width - column * (len(conditions) - at - 0.5)
            axes.plot([x], [y], ls="", color=condition_style(study, condition)[0], zorder=3,
                      **MARKS[verdict])  # fmt: skip
