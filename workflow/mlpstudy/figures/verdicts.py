"""The report's claims and the verdict of our replicates on each, by condition."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mlpstudy.analysis.results import Results
from mlpstudy.config.study import Study
from mlpstudy.figures import style
from mlpstudy.figures.palette import FAINT, INK, MUTED, RULE
from mlpstudy.figures.style import MARGIN, WIDTH, write
from mlpstudy.formats import heading

# Inches: a row, each further line of its name, the space above the rows, for slanted heads right of
# them, between two halves, and the least width of the claims' names in two halves.
ROW, LINE, HEAD, RIGHT, GAP, NAMES = 0.165, 0.11, 0.94, 0.58, 0.24, 0.6
LETTERS = 16.2  # letters of a name per inch
# Claims from which they are set in two halves side by side, and conditions from which columns are
# narrow.
MANY, MANY_CONDITIONS = 16, 6
# The shape and the filling of a mark show the verdict; colours show the condition.
MARKS: dict[str, dict[str, Any]] = {
    "supported": {"marker": "o", "markersize": 5.2, "markeredgewidth": 0},
    "contradicted": {"marker": "x", "markersize": 4.6, "markeredgewidth": 1.5},
    "undecided": {
        "marker": "o", "markersize": 4.6, "markeredgewidth": 0.8, "markerfacecolor": "none",
    },
}  # fmt: skip


def draw(results: Results) -> Figure:
    """Draw a row per claim, a column per condition, a mark per verdict; no mark: not judged.

    The name of a claim is written in full, on several lines if it is long.
    """
    study, judged = results.study, judged_claims(results.study, results.table("claims"))
    names = list(dict.fromkeys(judged["claim"]))
    conditions = [c for c in study.conditions if (judged["condition"] == c).any()]
    column = 0.19 if len(conditions) >= MANY_CONDITIONS else 0.29
    room = (WIDTH - MARGIN - RIGHT - GAP) / 2 - column * len(conditions)
    halves = 2 if len(names) > MANY and room >= NAMES else 1
    rows = -(-len(names) // halves)
    width = (WIDTH - MARGIN - RIGHT - GAP * (halves - 1)) / halves
    longest = max(int((width - column * len(conditions)) * LETTERS), 4)
    labels = {name: wrap(heading(name.replace("_", " ")), longest) for name in names}
    heights = {name: ROW + LINE * (len(labels[name]) - 1) for name in names}
    parts = [names[half * rows : (half + 1) * rows] for half in range(halves)]
    tallest = max(sum(heights[name] for name in part) for part in parts)
    figure, axes = style.canvas(HEAD + tallest + 0.08)
    found = judged.set_index(["claim", "condition"])["verdict"].to_dict()
    for half, own in enumerate(parts):
        left = MARGIN + half * (width + GAP)
        ends = HEAD + np.cumsum([heights[name] for name in own])
        middles = {name: end - heights[name] / 2 for name, end in zip(own, ends, strict=True)}
        first = left + width - column * (len(conditions) - 0.5)
        for at, condition in enumerate(conditions):
            x, colour = first + column * at, style.colour_of(study, condition)
            if at % 2 == 0:
                corner = (x - column / 2, HEAD)
                axes.add_patch(Rectangle(corner, column, ends[-1] - HEAD, color=FAINT.light, lw=0))
            turned: dict[str, Any] = {"rotation": 45, "rotation_mode": "anchor", "va": "baseline"}
            label = style.condition_name(study, condition, 17)
            write(axes, x - 0.02, HEAD - 0.05, label, color=colour, **turned)
            for name, y in middles.items():
                if verdict := found.get((name, condition)):
                    axes.plot([x], [y], ls="", color=colour, zorder=3, **MARKS[verdict])
        axes.hlines(ends, left, left + width, color=RULE.light, lw=0.4, zorder=1)
        for name, y in middles.items():
            write(axes, left, y, "\n".join(labels[name]), linespacing=1.1)
    handles = [style.mark(name, color=INK.light, **look) for name, look in MARKS.items()]
    none = style.mark("no mark: not judged under this condition", color=MUTED.light)
    style.key(figure, [*handles, none])
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


def values(results: Results) -> dict[str, Any]:
    """Return the number of claims, and by condition how many have which verdict."""
    judged = judged_claims(results.study, results.table("claims"))
    conditions = [c for c in results.conditions if (judged["condition"] == c).any()]
    counts = judged.groupby(["condition", "verdict"]).size()
    return {
        "claims": judged["claim"].nunique(),
        "counts": {c: [(int(counts.get((c, v), 0)), v) for v in MARKS] for c in conditions},
    }
