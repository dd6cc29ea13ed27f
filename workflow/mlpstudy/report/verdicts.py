"""claims.csv for readers: tables of claims with their verdicts, and how many there are of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from mlpstudy.analysis.results import Results
from mlpstudy.formats import (
    MINUS,
    NONE,
    count,
    heading,
    margin,
    missing,
    p_value,
    points,
    share,
)
from mlpstudy.report.layout import Cell, Column, Table
from mlpstudy.report.outcomes import tone
from mlpstudy.report.sources import lines_of

STATES = {
    "supported": "supported",
    "contradicted": "contradicted",
    "undecided": "undecided",
    "not_judged": "not judged",
    "untestable": "cannot be tested",
}
DECIDABLE = ("supported", "contradicted", "undecided")

Row = Mapping[Hashable, Any]
Detail = Callable[["Claim"], str]


@dataclass(frozen=True)
class Verdict:
    """One condition's verdict on a claim; its texts are empty for what it has not.

    Attributes:
        condition: the condition's name; empty for a claim that no condition can be asked about.
        label: what readers see for the condition, with that which it is compared with.
        state: a key of STATES.
        effect: the measured effect with its interval.
        n: the number of replicates.
        p: the adjusted p value.
        needed: about how many replicates would decide the claim.
        shown, contrary, models: for a claim about several models, of how many it is shown to hold,
            and not to hold, and of how many it is; 0 for a claim about one comparison.
        bound: the failure rate, in per cent, that runs without a failure still allow.
        contrast: the id of the contrast that the effect belongs to.
    """

    condition: str
    label: str
    state: str
    effect: str
    n: str
    p: str
    needed: str
    reason: str
    shown: int
    contrary: int
    models: int
    bound: str
    contrast: str

    @property
    def words(self) -> str:
        """The verdict as a word or two."""
        return STATES[self.state]


@dataclass(frozen=True)
class Claim:
    """One claim: what its source says and where, what is tested in its place, the verdicts."""

    name: str
    section: str
    place: str
    quote: str
    also: tuple[str, ...]
    statement: str
    models: tuple[str, ...]
    verdicts: tuple[Verdict, ...]

    def under(self, condition: str) -> Verdict | None:
        """Return the verdict under a condition; None if there is none."""
        return next((v for v in self.verdicts if v.condition == condition), None)


@dataclass(frozen=True)
class Tally:
    """How many statements have each verdict under a condition; the effect of a single claim."""

    label: str
    supported: int
    contradicted: int
    undecided: int
    effect: str

    @property
    def total(self) -> int:
        """The number of statements."""
        return self.supported + self.contradicted + self.undecided


@dataclass(frozen=True)
class Verdicts:
    """All claims of the study, and the tables made of them."""

    results: Results

    @cached_property
    def frame(self) -> pd.DataFrame | None:
        """claims.csv; None for a study without claims."""
        return self.results.table("claims") if self.results.has("claims") else None

    @cached_property
    def claims(self) -> list[Claim]:
        """The claims in the order of their file."""
        if self.frame is None:
            return []
        groups = self.frame.groupby("claim", sort=False)
        return [self._claim(group.to_dict("records")) for _, group in groups]

    def _claim(self, rows: list[dict[Hashable, Any]]) -> Claim:
        first = rows[0]
        also = _text(first.get("also"))
        return Claim(
            name=str(first["claim"]),
            section=_text(first["section"]),
            place=_text(first["place"]),
            quote=_text(first["quote"]),
            also=tuple(also.split(" | ")) if also else (),
            statement=_text(first["statement"]),
            models=tuple(_text(first["models"]).split()),
            verdicts=tuple(self._verdict(row) for row in rows),
        )

    def _verdict(self, row: Row) -> Verdict:
        study, condition = self.results.study, _text(row["condition"])
        label = heading(study.condition_label(condition)) if condition else ""
        if label and (against := _text(row.get("against"))):
            label = f"{label} against {study.condition_label(against)}"
        several = not missing(row["parts"]) and int(row["parts"]) > 1
        return Verdict(
            condition=condition,
            label=label,
            state=_state(row),
            effect="" if missing(row["effect"]) else self._effect(row),
            n="" if missing(row["n"]) else count(row["n"]),
            p="" if missing(row["p_holm"]) else p_value(row["p_holm"]),
            needed="" if missing(row["needed"]) else count(row["needed"]),
            reason=_text(row["reason"]),
            shown=int(row["parts_for"]) if several else 0,
            contrary=int(row["parts_against"]) if several else 0,
            models=int(row["parts"]) if several else 0,
            bound="" if missing(row["failure_bound"]) else share(row["failure_bound"]),
            contrast=_text(row["contrast"]),
        )

    def _effect(self, row: Row) -> str:
        """Return an effect in words; one that is shown to be small says so."""
        if not missing(row.get("within")) and row["within"]:
            return f"{effect(row)}, within {margin(float(row['reference']))}"
        return effect(row)

    def at(self, place: str) -> list[Claim]:
        """Return the claims that stand at a place of the report, or within it."""
        return [c for c in self.claims if place and f"{c.place},".startswith(f"{place},")]

    def about(self, model: str, most: int) -> list[Claim]:
        """Return the claims about a model; those about more than `most` models are left out."""
        return [c for c in self.claims if model in c.models and len(c.models) <= most]

    def sections(self) -> dict[str, list[Claim]]:
        """Return the claims by the section of the report that they stand in; own ones under ''."""
        found: dict[str, list[Claim]] = {}
        for claim in self.claims:
            found.setdefault(claim.section, []).append(claim)
        return found

    def tallies(self, claims: Sequence[Claim] | None = None, each: bool = False) -> list[Tally]:
        """Count the statements with each verdict, one tally per main condition that has any.

        A statement is what one quotation says, or one claim without a quotation. A statement with
        several claims is decided if all of them agree.

        Args:
            claims: those that count; all that have a quotation, if there are any, for None.
            each: whether every claim counts as a statement of its own.
        """
        if claims is None:
            claims = [claim for claim in self.claims if claim.quote] or self.claims
        found = []
        for condition in self.results.main:
            states: dict[str, set[str]] = {}
            effects = []
            for claim in claims:
                verdict = claim.under(condition)
                if verdict is not None and verdict.state in DECIDABLE:
                    statement = claim.name if each else claim.quote or claim.name
                    states.setdefault(statement, set()).add(verdict.state)
                    effects.append(verdict.effect)
            decided = [own.pop() if len(own) == 1 else "undecided" for own in states.values()]
            if decided:
                label = self.results.study.condition_label(condition)
                found.append(
                    Tally(
                        label,
                        supported=decided.count("supported"),
                        contradicted=decided.count("contradicted"),
                        undecided=decided.count("undecided"),
                        effect=effects[0] if len(effects) == 1 else "",
                    )
                )
        return found

    def table(self, claims: Sequence[Claim], title: str, detail: Detail | None = None) -> Table:
        """Return one row per claim with its verdict under each main condition.

        Args:
            claims: the claims to show.
            title: of the table.
            detail: makes the Markdown that is folded below a row; the rows then are the claims'
                anchors, to which the rows of other tables lead.
        """
        columns = [Column("Claim", False)]
        for condition in self.results.main:
            label = self.results.study.condition_label(condition)
            columns.append(Column(label, False, tone=tone(self.results, condition)))
        table = Table("", columns, title=title, prose=True)
        for claim in claims:
            anchor = f"claim-{claim.name}"
            table.add(
                Cell(claim.statement, href="" if detail else f"#{anchor}"),
                self._cells(claim),
                sources=[lines_of(self.results, "claims", claim=claim.name)],
                id=anchor if detail else "",
                detail=detail(claim) if detail else "",
            )
        return table

    def _cells(self, claim: Claim) -> list[Cell]:
        """Return a cell per main condition; a verdict of another condition is in the first."""
        main = [claim.under(condition) for condition in self.results.main]
        if any(main):
            return [_cell(v) if v else Cell(NONE) for v in main]
        first = claim.verdicts[0]
        note = "; ".join(part for part in (first.label, first.effect) if part)
        others = [Cell(NONE)] * (len(main) - 1)
        return [Cell(first.words, first.state, note=note, contrast=first.contrast), *others]


def _cell(verdict: Verdict) -> Cell:
    return Cell(verdict.words, verdict.state, note=verdict.effect, contrast=verdict.contrast)


def _state(row: Row) -> str:
    if _text(row["condition"]):
        return str(row["verdict"])
    return "untestable" if row["form"] == "untestable" else "not_judged"


def _text(value: Any) -> str:
    return "" if missing(value) else str(value)


def _signed(value: Any) -> str:
    return f"{float(value):+.1f}".replace("-", MINUS)


# Each measure of an effect: how its numbers are shown, and the noun behind them.
MEASURES: dict[str, tuple[Callable[[Any], str], str]] = {
    "shift": (lambda value: points(value, 1), "points"),
    "mean_difference": (lambda value: points(value, 1), "points between the means"),
    "spread_shift": (lambda value: points(value, 1), "points of spread"),
    "spread_mean_difference": (lambda value: points(value, 1), "points of mean spread"),
    "failure_difference": (lambda value: points(value, 0), "points of failures"),
    "share": (share, "% of runs"),
    "epochs_sooner": (_signed, "epochs sooner"),
    "mean_epochs_sooner": (_signed, "epochs sooner in the mean"),
}


def effect(row: Row) -> str:
    """Return the effect with its interval: +9.3 points (+8.8 to +9.9), 92 % of runs (65 to 99).

    An effect without a limit is that of a model which never reaches what the other one does; an
    interval without one comes from too few runs.
    """
    shown, noun = MEASURES[str(row["measure"])]
    low, high = float(row["low"]), float(row["high"])
    text = f"{shown(row['effect'])} {noun}"
    if math.isinf(float(row["effect"])):
        return "never reached by the other" if row["effect"] > 0 else "never reached"
    if any(missing(end) or math.isinf(end) for end in (low, high)):
        return text
    return f"{text} ({shown(low)} to {shown(high)})"
