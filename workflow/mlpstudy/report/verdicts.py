"""claims.csv for readers: the claims with their verdicts, and how many there are of each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlpstudy.analysis.results import Results
from mlpstudy.formats import MINUS, NONE, heading, margin, missing, points, share
from mlpstudy.report.contrasts import contrasts_by_id
from mlpstudy.report.layout import Cell

STATES = {
    "supported": "supported",
    "contradicted": "contradicted",
    "undecided": "undecided",
    "not_judged": "not judged",
    "untestable": "cannot be tested",
}
DECIDABLE = ("supported", "contradicted", "undecided")

Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class Claim:
    """One claim: what its source says and where, what is tested in its place, the verdicts.

    Each verdict is a row of claims.csv with these texts:

    - `state`: a key of STATES, and `words`, what it is called.
    - `label`: the condition, with the one that it is compared with; empty for no condition.
    - `said`: the measured effect with its interval; empty for none.
    - `pair`: the models whose difference the effect is, if the claim compares several pairs.
    """

    name: str
    section: str
    place: str
    quote: str
    also: list[str]
    statement: str
    models: list[str]
    verdicts: list[Row]

    def under(self, condition: str) -> Row | None:
        """Return the verdict under a condition; None if there is none."""
        return next((v for v in self.verdicts if v["condition"] == condition), None)


@dataclass(frozen=True)
class Verdicts:
    """All claims of the study."""

    results: Results

    @cached_property
    def claims(self) -> list[Claim]:
        """The claims in the order of their file; none for a study without claims."""
        if not self.results.has("claims"):
            return []
        frame = self.results.table("claims")
        texts = frame.select_dtypes(["object", "string"]).columns
        frame = frame.astype(object).fillna(dict.fromkeys(texts, ""))
        return [
            self._claim(rows.to_dict("records")) for _, rows in frame.groupby("claim", sort=False)
        ]

    def _claim(self, rows: list[dict[Hashable, Any]]) -> Claim:
        first = rows[0]
        return Claim(
            name=first["claim"],
            section=first["section"],
            place=first["place"],
            quote=first["quote"],
            also=[part for part in first["also"].split(" | ") if part],
            statement=first["statement"],
            models=first["models"].split(),
            verdicts=[self._verdict(row) for row in rows],
        )

    def _verdict(self, row: dict[Hashable, Any]) -> Row:
        study, label = self.results.study, ""
        if row["condition"]:
            label = heading(study.condition_label(row["condition"]))
            label += f" against {study.condition_label(row['against'])}" if row["against"] else ""
        state = "untestable" if row["form"] == "untestable" else "not_judged"
        state = row["verdict"] if label else state
        said = "" if missing(row["effect"]) else effect(row)
        if said and not missing(row["within"]) and row["within"]:
            said = f"{said}, within {margin(float(row['reference']))}"
        texts: Row = {"state": state, "words": STATES[state], "label": label, "said": said}
        return {**row, **texts, "pair": self._pair(row)}

    def _pair(self, row: Row) -> str:
        """Return `Model 4 against Model 5` for one of several pairs, in the effect's direction.

        A model that is compared with itself under another condition is named alone.
        """
        if not row["contrast"] or missing(row["parts"]) or row["parts"] < 2:
            return ""
        found = self._contrasts[row["contrast"]]
        sides = [found["second_model"], found["first_model"]]  # a contrast is second minus first
        if row["effect"] * found[row["measure"]] < 0:
            sides.reverse()
        return " against ".join(dict.fromkeys(self.results.study.model_labels(sides)))

    @cached_property
    def _contrasts(self) -> Mapping[Hashable, Row]:
        return contrasts_by_id(self.results)

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

    def tallies(
        self, claims: Sequence[Claim] | None = None, each: bool = False
    ) -> list[dict[str, Any]]:
        """Count the statements with each verdict, under every main condition that has any.

        A statement is what one quotation says, or one claim without a quotation. A statement with
        several claims is decided if all of them agree.

        Args:
            claims: those that count; all that have a quotation, if there are any, for None.
            each: whether every claim counts as a statement of its own.

        Returns:
            for each condition its `label`, the numbers of `supported`, `contradicted` and
            `undecided` statements, and their `total`.
        """
        if claims is None:
            claims = [claim for claim in self.claims if claim.quote] or self.claims
        found = []
        for condition in self.results.main:
            states: dict[str, set[str]] = {}
            for claim in claims:
                verdict = claim.under(condition)
                if verdict is not None and verdict["state"] in DECIDABLE:
                    statement = claim.name if each else claim.quote or claim.name
                    states.setdefault(statement, set()).add(verdict["state"])
            decided = Counter(
                own.pop() if len(own) == 1 else "undecided" for own in states.values()
            )
            if decided:
                numbers = {state: decided[state] for state in DECIDABLE}
                label = self.results.study.condition_label(condition)
                found.append({"label": label, "total": decided.total(), **numbers})
        return found

    def cells(self, claim: Claim) -> list[Cell]:
        """Return a cell per main condition; a verdict of another condition is in the first."""
        main = [claim.under(condition) for condition in self.results.main]
        if any(main):
            return [_cell(v, v["said"], v["pair"]) if v else Cell(NONE) for v in main]
        first = claim.verdicts[0]
        others = [Cell(NONE)] * (len(main) - 1)
        return [_cell(first, first["label"], first["said"], first["pair"]), *others]


def _cell(verdict: Row, *notes: str) -> Cell:
    note = "; ".join(note for note in notes if note)
    return Cell(verdict["words"], verdict["state"], note=note, contrast=verdict["contrast"])


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
    "mean_epochs_sooner": (_signed, "epochs sooner on average"),
}


def effect(row: Row) -> str:
    """Return the effect with its interval: +9.3 points (+8.8 to +9.9), 92 % of runs (65 to 99).

    An effect is infinite if one model never reaches the threshold. An interval is infinite if there
    are too few runs.
    """
    shown, noun = MEASURES[str(row["measure"])]
    low, high = float(row["low"]), float(row["high"])
    text = f"{shown(row['effect'])} {noun}"
    if math.isinf(float(row["effect"])):
        return "never reached by the other" if row["effect"] > 0 else "never reached"
    if any(missing(end) or math.isinf(end) for end in (low, high)):
        return text
    return f"{text} ({shown(low)} to {shown(high)})"
