"""docs/intervals.md: what was chosen, how it does, and where it falls short, by the simulation."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from benchmarks.intervals.claims import CASES
from benchmarks.intervals.counts import case_name
from benchmarks.intervals.pairs import PAIRS
from benchmarks.intervals.shapes import REPLICATES, SHAPES

TEMPLATE = Path(__file__).with_name("template.md")
WIDTH_AT = 12

OURS = "rank permutation, studentised"
LOTTERIES = "varies more: 30 % of both fail"
RARE, JUMP = "10 % fail against none", "70 % fail against 10 %"


class Figures:
    """The simulated figures, to look up from the text and to print as tables."""

    def __init__(self, frame: pd.DataFrame) -> None:
        keys = ["table", "case", "method", "replicates", "measure"]
        self.frame = frame
        self.values = frame.set_index(keys)["value"]

    def percent(
        self, table: str, case: str, method: str, replicates: int, measure: str = "coverage"
    ) -> str:
        """Return one share as the text has it."""
        return f"{100 * self.values[table, case, method, replicates, measure]:.0f} %"

    def least(self, table: str, method: str, replicates: int) -> str:
        """Return the lowest coverage of a method over all cases."""
        frame = self.frame
        chosen = (frame["table"] == table) & (frame["method"] == method)
        chosen &= (frame["replicates"] == replicates) & (frame["measure"] == "coverage")
        return f"{100 * frame.loc[chosen, 'value'].min():.0f} %"

    def coverages(self, table: str) -> str:
        """Return a table of coverages in per cent, a row a case and method, with one width."""
        rows = self._rows(table, "coverage")
        head = ["case", "interval", *map(str, REPLICATES), f"width at {WIDTH_AT}, points"]
        return _markdown(
            head,
            (
                [*row, f"{100 * self.values[table, row[0], row[1], WIDTH_AT, 'width']:.1f}"]
                for row in rows
            ),
        )

    def shares(self, table: str, *measures: str) -> str:
        """Return a table of other shares in per cent; a column names which if there are several."""
        several = len(measures) > 1
        head = ["case", "what" if several else "test", *map(str, REPLICATES)]
        rows = [
            [row[0], measure if several else row[1], *row[2:]]
            for measure in measures
            for row in self._rows(table, measure)
        ]
        cases = list(dict.fromkeys(row[0] for row in rows))
        return _markdown(head, sorted(rows, key=lambda row: cases.index(row[0])))

    def _rows(self, table: str, measure: str) -> list[list[str]]:
        frame = self.frame
        chosen = frame[(frame["table"] == table) & (frame["measure"] == measure)]
        wide = chosen.pivot_table(
            index=["case", "method"], columns="replicates", values="value", sort=False
        )
        return [
            [str(case), str(method), *(f"{100 * value:.1f}" for value in row)]
            for (case, method), row in zip(wide.index, wide.to_numpy(), strict=True)
        ]


def page(figures: pd.DataFrame, samples: int) -> str:
    """Return the page as Markdown."""
    known = Figures(figures)
    pairs = (
        (p.name, p.first.words, p.second.words, f"{p.superiority:.2f}", p.right) for p in PAIRS
    )
    sizes = (4 * samples, samples, max(samples // 4, 1))
    return TEMPLATE.read_text(encoding="utf-8").format(
        f_wald=known.percent("share", "10 % fail", "Wald", 12),
        f_boot=known.least("difference of medians", "percentile bootstrap", 12),
        f_joined=known.least("difference of medians", "joined order statistics", 12),
        f_t=known.percent("mean", "bimodal 10", "Student's t", 12),
        f_bca=known.percent("mean", "bimodal 10", "BCa bootstrap", 12),
        f_blind=known.percent("verdict", RARE, "one comparison", 12, "equivalent"),
        f_rare=known.percent("test", RARE, OURS, 12, "rejects"),
        f_five=known.percent(
            "test", "even, 40 % fail and the others are better", OURS, 5, "rejects"
        ),
        f_luck=known.percent("test", "alike, sd 1", "Welch's t", 12, "rejects"),
        f_thirty=known.percent("test", "30 % fail against none", OURS, 12, "rejects"),
        f_spread6=known.percent("claim", LOTTERIES, "one claim", 6, "wrong"),
        f_spread=known.percent("claim", LOTTERIES, "one claim", 12, "wrong"),
        f_jump5=known.percent("difference of medians", JUMP, "percentile bootstrap", 5),
        many=f"{sizes[0]:,}",
        samples=f"{sizes[1]:,}",
        families=f"{sizes[2]:,}",
        errors=", ".join(f"{200 * math.sqrt(0.05 * 0.95 / size):.1f}" for size in sizes),
        f_wilson=known.percent("share", "2 % fail", "Wilson", 6),
        shapes=_markdown(
            ["name", "runs", "mean, %", "median, %"],
            ([s.name, s.words, f"{100 * s.mean:.2f}", f"{100 * s.median:.2f}"] for s in SHAPES),
        ),
        pairs=_markdown(
            ["pair", "first", "second", "P(second > first)", "right verdict"], map(list, pairs)
        ),
        means=known.coverages("mean"),
        medians=known.coverages("median"),
        share=known.coverages("share"),
        share_differences=known.coverages("difference of shares"),
        failure_tests=known.shares("failure test", "rejects"),
        f_newcombe=known.least("difference of shares", "Newcombe", 12),
        f_wald_pair=known.least("difference of shares", "Wald", 12),
        f_fisher=known.percent("failure test", case_name(0.3, 0.3), "Fisher", 12, "rejects"),
        f_fisher_rare=known.percent("failure test", case_name(0.1, 0), "Fisher", 12, "rejects"),
        f_fisher_third=known.percent("failure test", case_name(0.3, 0), "Fisher", 12, "rejects"),
        f_fisher_gone=known.percent("failure test", case_name(0.9, 0), "Fisher", 6, "rejects"),
        median_differences=known.coverages("difference of medians"),
        mean_differences=known.coverages("difference of means"),
        superiorities=known.coverages("P(second > first)"),
        tests=known.shares("test", "rejects"),
        verdicts=known.shares("verdict", "right", "wrong"),
        family=known.shares("family", "any wrong", "found"),
        claims=known.shares("claim", "right", "wrong"),
        claim_families=known.shares("claims", "any wrong", "found"),
        claim_count=len(CASES),
    )


def _markdown(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
