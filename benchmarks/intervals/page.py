"""docs/intervals.md: the template with tables and numbers from the simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from benchmarks.intervals.coverage import SLOW
from benchmarks.intervals.rejections import NONE, SOME
from benchmarks.intervals.verdicts import CASES, COPIES

TEMPLATE = Path(__file__).with_name("template.md")
SHOWN = (3, 6, 12)  # the numbers of replicates in the tables of intervals and tests
COMMON = ("Mann-Whitney", "Wilcoxon", "Fisher", "McNemar")  # what our tests are compared with


def page(figures: pd.DataFrame, samples: int) -> str:
    """Return the page as Markdown; its numbers are per cent."""
    frame = figures.assign(value=100 * figures["value"])
    covered, rejected, judged, equivalent = (
        frame[frame["table"] == name]
        for name in ("coverage", "rejections", "verdicts", "equivalence")
    )
    found = rejected[(rejected["group"] == SOME) & rejected["replicates"].isin((12, 20))]
    ours = found["method"].str.contains("test")
    compared = found[ours | found["method"].isin(COMMON)].assign(test="common")
    compared.loc[ours, "test"] = "study"
    each = judged[judged["case"] != "any claim"]
    right = each[(each["measure"] == "right") & (each["method"] == "in a family")]
    in_family = right.groupby("replicates")["value"].mean()

    def one(part: pd.DataFrame, **where: object) -> str:
        for column, wanted in where.items():
            part = part[part[column] == wanted]
        return f"{part['value'].iloc[0]:.0f}"

    def lowest(method: str, least: int = 3) -> str:
        chosen = covered[(covered["method"] == method) & (covered["replicates"] >= least)]
        return f"{chosen['value'].min():.0f}"

    def highest(method: str, measure: str) -> float:
        chosen = (rejected["method"] == method) & (rejected["measure"] == measure)
        return float(rejected[chosen & (rejected["group"] == NONE)]["value"].max())

    ten = equivalent[equivalent["case"] == "sd 0.3, 10 % fail against none"]
    usual = compared[compared["measure"] == "at 5 %"]
    half = compared[compared["measure"] == "at 0.1 %"]
    return TEMPLATE.read_text(encoding="utf-8").format(
        samples=f"{samples:,}",
        medians=f"{samples // 4:,}",
        rank_samples=f"{2 * samples:,}",
        small_samples=f"{20 * samples:,}",
        studies=f"{samples // 2:,}",
        claims=COPIES * len(CASES),
        coverages=table(
            covered[covered["replicates"].isin(SHOWN)], "method", ["group", "replicates"], "min"
        ),
        false_rejections=table(
            rejected[(rejected["group"] == NONE) & rejected["replicates"].isin(SHOWN)],
            "method", ["measure", "replicates"], "max", 2,
        ),
        power=table(
            compared[compared["replicates"] == 12], "case", ["measure", "test"], "first"
        ),
        verdicts=table(each, "case", ["measure", "method", "replicates"], "first"),
        right_12=f"{in_family[12]:.0f}",
        right_20=f"{in_family[20]:.0f}",
        any_alone=one(judged, case="any claim", method="alone", replicates=12),
        any_12=one(judged, case="any claim", method="in a family", replicates=12),
        any_20=one(judged, case="any claim", method="in a family", replicates=20),
        blind=one(ten, method="no failures", replicates=12),
        blind_before=one(ten, method="all runs", replicates=12),
        varies=one(
            judged, case="`varies_more`, alike, 30 % fail → undecided", method="alone",
            replicates=12, measure="wrong",
        ),
        rare=one(usual, case="higher: 0 % fail against 30 %", test="study", replicates=12),
        half=one(half, case="50 % fail against 0 %", test="study", replicates=12),
        half_paired=one(half, case="50 % fail against 0 %, paired", test="study", replicates=12),
        false=f"{highest('shift test, independent', 'at 5 %'):.0f}",
        false_small=f"{highest('shift test, independent', 'at 0.1 %'):.1f}",
        wilson=lowest("share, Wilson"),
        newcombe=lowest("share difference, Newcombe, independent"),
        shift=lowest("shift, independent"),
        shift_paired=lowest("shift, paired"),
        medians_lowest=lowest(f"{SLOW}, independent", 12),
        medians_paired=lowest(f"{SLOW}, paired", 12),
        means=lowest("mean difference, independent", 12),
        superiority=lowest("superiority, independent"),
        superiority_paired=lowest("superiority, paired"),
    )  # fmt: skip


def table(
    frame: pd.DataFrame,
    rows: str,
    columns: list[str],
    aggregate: Literal["min", "max", "first"],
    digits: int = 0,
) -> str:
    """Return values as a table in Markdown, one column for each combination of `columns`."""
    wide = frame.pivot_table(
        index=rows, columns=columns, values="value", aggfunc=aggregate, sort=False
    )
    wide = wide.sort_index(axis="columns", level=0, key=_order, sort_remaining=False)
    head = [rows, *(", ".join(map(str, names)) for names in wide.columns.to_flat_index())]
    cells = [
        [str(name), *("" if value != value else f"{value:.{digits}f}" for value in values)]
        for name, *values in wide.itertuples()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *cells))


def _order(names: pd.Index[str]) -> pd.Index[int]:
    """Return for every name the place at which it appears first."""
    return pd.Index(pd.factorize(names)[0])
