"""claims.csv → what a page shows of each claim: its words, and a verdict a condition.

For a template, HTML or typeset:

    frame = results.table("claims")
    context["claims"] = claim_views(frame, study)    # in the order of the claims' file
    context["claims_tally"] = tally(frame)      # for a first sentence: how many of each, where

    {% for claim in claims %}
      {{ claim.quote }} {{ claim.place }}: {{ claim.statement }}
      {% for verdict in claim.verdicts %}
        {{ verdict.condition_name }}: {{ verdict.state }} {{ verdict.effect }} n={{ verdict.n }}
        {{ verdict.reason }}
      {% endfor %}
    {% endfor %}

`state` is also a word for a CSS class: supported, contradicted, undecided, or, of a claim that
no condition could be asked about, not_judged or untestable; `STATES` has them in this order with
the words for a reader. Every text is complete in itself, without markup, to be escaped as usual.
A claim of the study itself and not of a report has neither quote nor place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpstudy.config.study import Study
from mlpstudy.formats import (
    MINUS,
    NONE,
    count,
    heading,
    missing,
    p_value,
    points,
    share,
)

STATES = {
    "supported": "supported",
    "contradicted": "contradicted",
    "undecided": "undecided",
    "not_judged": "not judged",
    "untestable": "cannot be tested",
}

Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class VerdictView:
    """One condition's verdict on a claim, in words: `effect` with its interval, `p`, `needed`.

    `counted` is the number of models for which the claim is shown, the number of those for which
    its contrary is, and of all; it is empty where the claim is about one comparison. `bound` is the
    failure rate, in per cent, that runs without a failure still allow where equivalence is judged.
    `contrast` is the id of the contrast that the effect belongs to.
    """

    condition: str
    condition_name: str
    state: str
    state_name: str
    effect: str
    n: str
    p: str
    needed: str
    reason: str
    counted: tuple[int, ...]
    bound: str
    contrast: str


@dataclass(frozen=True)
class ClaimView:
    """One claim: what its source says and where, what was tested in its place, the verdicts."""

    claim: str
    section: str
    place: str
    quote: str
    also: tuple[str, ...]
    statement: str
    form: str
    models: tuple[str, ...]
    verdicts: tuple[VerdictView, ...]


def claim_views(frame: pd.DataFrame, study: Study) -> list[ClaimView]:
    """Return a view a claim, in the order of the table, its conditions in theirs."""
    groups = frame.groupby("claim", sort=False)
    return [_view(group.to_dict("records"), study) for _, group in groups]


def tally(frame: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return, by condition, how many statements have each verdict, leaving out those that none has.

    A statement is what one quotation says, or one claim without a quotation. Where it has several
    claims it is decided if all of them agree. Statements that could not be judged at all are
    counted under the empty condition, as not_judged or untestable.
    """
    frame = frame.assign(
        statement_of=frame["quote"].fillna("").where(frame["quote"].notna(), frame["claim"]),
        state=[_state(row) for row in frame.to_dict("records")],
        under=frame["condition"].fillna(""),
    )
    counts: dict[str, dict[str, int]] = {}
    for (condition, _), claims in frame.groupby(["under", "statement_of"], sort=False):
        found = set(claims["state"])
        state = found.pop() if len(found) == 1 else "undecided"
        states = counts.setdefault(str(condition), {})
        states[state] = states.get(state, 0) + 1
    order = list(STATES)
    return {
        condition: dict(sorted(states.items(), key=lambda item: order.index(item[0])))
        for condition, states in counts.items()
    }


def _view(rows: list[dict[Hashable, Any]], study: Study) -> ClaimView:
    first = rows[0]
    also = _text(first.get("also"))
    return ClaimView(
        claim=str(first["claim"]),
        section=_text(first["section"]),
        place=_text(first["place"]),
        quote=_text(first["quote"]),
        also=tuple(also.split(" | ")) if also else (),
        statement=_text(first["statement"]),
        form=str(first["form"]),
        models=tuple(_text(first["models"]).split()),
        verdicts=tuple(_verdict(row, study) for row in rows),
    )


def _verdict(row: Row, study: Study) -> VerdictView:
    condition = _text(row["condition"])
    against = _text(row.get("against"))
    name = heading(study.condition_label(condition)) if condition else ""
    if name and against:
        name = f"{name} against {study.condition_label(against)}"
    return VerdictView(
        condition=condition,
        condition_name=name,
        state=_state(row),
        state_name=STATES[_state(row)],
        effect=effect(row),
        n=count(row["n"]),
        p=p_value(row["p_holm"]),
        needed="" if missing(row["needed"]) else count(row["needed"]),
        reason=_text(row["reason"]),
        counted=_counted(row),
        bound="" if missing(row["failure_bound"]) else share(row["failure_bound"]),
        contrast=_text(row["contrast"]),
    )


def _state(row: Row) -> str:
    if _text(row["condition"]):
        return str(row["verdict"])
    return "untestable" if row["form"] == "untestable" else "not_judged"


def _text(value: Any) -> str:
    return "" if missing(value) else str(value)


def _counted(row: Row) -> tuple[int, ...]:
    if missing(row["parts"]) or int(row["parts"]) < 2:
        return ()
    return int(row["parts_for"]), int(row["parts_against"]), int(row["parts"])


# Each measure of an effect: how its numbers are shown, and the noun behind them.
MEASURES: dict[str, tuple[Callable[[Any], str], str]] = {
    "shift": (lambda value: points(value, 1), "points"),
    "mean_difference": (lambda value: points(value, 1), "points between the means"),
    "spread_shift": (lambda value: points(value, 1), "points of spread"),
    "spread_mean_difference": (lambda value: points(value, 1), "points of mean spread"),
    "failure_difference": (lambda value: points(value, 0), "points of failures"),
    "share": (share, "% of runs"),
    "epochs_sooner": (lambda value: f"{float(value):+.1f}".replace("-", MINUS), "epochs sooner"),
    "mean_epochs_sooner": (
        lambda value: f"{float(value):+.1f}".replace("-", MINUS),
        "epochs sooner in the mean",
    ),
}


def effect(row: Row) -> str:
    """Return the effect with its interval: +9.3 points (+8.8 to +9.9), 92 % of runs (65 to 99).

    An effect without a limit is that of a model which never reaches what the other one does; an
    interval without one comes from too few runs.
    """
    if missing(row["effect"]):
        return NONE
    shown, noun = MEASURES[str(row["measure"])]
    low, high = float(row["low"]), float(row["high"])
    text = f"{shown(row['effect'])} {noun}"
    if math.isinf(float(row["effect"])):
        return "never reached by the other" if row["effect"] > 0 else "never reached"
    if missing(low) or missing(high) or math.isinf(low) or math.isinf(high):
        return text
    return f"{text} ({shown(low)} to {shown(high)})"
