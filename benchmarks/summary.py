"""Measurements → medians and ratios; pure functions over tables.

A contender's cost is in core-milliseconds: the wall-clock milliseconds of one training step of one
model, times the cores that it had to itself. A study has more jobs than cores, so what counts is
how long a core is busy with a model, not how soon one model alone is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pandas as pd

STUDY = "study"  # the row of all models together, weighted by their steps
FLOOR = "floor"
OURS = "ours-5"  # the depth of stack of the reference study


def costs(rows: pd.DataFrame, *, per_core: bool = True) -> pd.DataFrame:
    """Return milliseconds by (round, model) and contender, each at its best number of cores.

    The best number is the one with the lowest median over the rounds, chosen for every model, of
    core-milliseconds or, if not `per_core`, of wall-clock milliseconds. Empty where not measured.
    """
    keys = ["model", "contender", "cores"]
    # The fixed cost of a call can hide that of too few steps: the difference may then be negative.
    failed = rows.assign(failed=rows["milliseconds"] <= 0).groupby(keys)["failed"].transform("any")
    rows = rows[~failed]
    factor = rows["cores"] if per_core else 1
    costed = rows.assign(cost=rows["milliseconds"] * factor)
    medians = costed.groupby(keys)["cost"].median().reset_index()
    best = medians.loc[medians.groupby(keys[:2])["cost"].idxmin(), keys]
    return costed.merge(best, on=keys).pivot_table(
        index=["round", "model"], columns="contender", values="cost"
    )


def with_study(table: pd.DataFrame, steps: Mapping[str, int]) -> pd.DataFrame:
    """Add to each round the row STUDY: the mean over all steps of the study.

    `steps` maps models to the steps of one replicate. A contender that lacks a model has no value.
    """
    weights = pd.Series(steps).reindex(table.index.get_level_values("model")).to_numpy()
    weighted = table.mul(weights, axis=0).groupby(level="round").sum(min_count=1)
    complete = table.notna().groupby(level="round").all()
    models = table.index.get_level_values("model").unique()
    study = weighted.where(complete) / sum(steps[model] for model in models)
    study.index = pd.MultiIndex.from_product([study.index, [STUDY]], names=table.index.names)
    return pd.concat([table, study])


def summarise(rows: pd.DataFrame, steps: Mapping[str, int]) -> pd.DataFrame:
    """Return a row for each model and contender, with the weighted study as a model of its own.

    Columns: core_milliseconds (median, low and high over the rounds), and the medians of the
    ratios to the floor and to ours and of wall-clock time to our core time. Ratios are taken within
    a round, before their median is.
    """
    table = with_study(costs(rows), steps)
    wall = with_study(costs(rows, per_core=False), steps)
    parts = {
        "core_milliseconds": _spread(table, "median"),
        "low": _spread(table, "min"),
        "high": _spread(table, "max"),
        "over_floor": _ratio(table, table, FLOOR),
        "over_ours": _ratio(table, table, OURS),
        "wall_over_ours": _ratio(wall, table, OURS),
    }
    # Models in the order of `steps`, the study last.
    order = [name for name in [*steps, STUDY] if name in table.index.get_level_values("model")]
    return (
        pd.DataFrame({name: part for name, part in parts.items() if part is not None})
        .reindex(columns=list(parts))
        .loc[order]
        .dropna(subset="core_milliseconds")
        .reset_index()
    )


def ratios(rows: pd.DataFrame, steps: Mapping[str, int], contender: str, to: str) -> pd.DataFrame:
    """Return `contender` over `to` by round and model, the study included."""
    table = with_study(costs(rows), steps)
    long = (table[contender] / table[to]).rename("ratio").reset_index()
    return long.pivot_table(index="round", columns="model", values="ratio", dropna=False)


def _spread(table: pd.DataFrame, statistic: str) -> pd.Series:
    by_model = table.groupby(level="model").agg(statistic)
    return cast(pd.Series, by_model.stack())  # noqa: PD013, its result has the order that we want


def _ratio(table: pd.DataFrame, reference: pd.DataFrame, to: str) -> pd.Series | None:
    if to not in reference:
        return None
    return _spread(table.div(reference[to], axis=0), "median")
