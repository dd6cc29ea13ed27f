"""claims.csv → what a page shows of each claim: its words, and a verdict a condition.

For a template, HTML or typeset:

    frame = evidence.table("claims")
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

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlpstudy.evidence.study_file import Study
from mlpstudy.report.formats import (
    MINUS,
    NONE,
    count,
    heading,
    missing,
    names,
    p_value,
    points,
    share,
    under,
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
    """One condition's verdict on a claim, in words: `effect` with its interval, `p`, `needed`."""

    condition: str
    condition_name: str
    state: str
    state_name: str
    effect: str
    n: str
    p: str
    needed: str
    reason: str


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
    """Return, by condition, how many claims have each verdict, those that none has left out.

    What could not be judged at all stands under the empty condition, as not_judged, untestable.
    """
    counts: dict[str, dict[str, int]] = {}
    for row in frame.to_dict("records"):
        states = counts.setdefault(_text(row["condition"]), {})
        states[_state(row)] = states.get(_state(row), 0) + 1
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
        reason=sentence(row, study),
    )


def _state(row: Row) -> str:
    if _text(row["condition"]):
        return str(row["verdict"])
    return "untestable" if row["form"] == "untestable" else "not_judged"


def sentence(row: Row, study: Study) -> str:
    """Return the reason as a sentence, with the labels of models and conditions."""
    text = _text(row["reason"])
    models = _text(row["models"]).split()
    conditions = [name for name in (_text(row["condition"]), _text(row.get("against"))) if name]
    found = []
    if conditions:
        found.append(rf"\bunder (?:{'|'.join(map(re.escape, conditions))})\b")
    if models and _text(row["condition"]):
        one = "|".join(sorted(map(re.escape, models), key=len, reverse=True))
        found.append(rf"\b(?:{one})\b(?:, (?:{one})\b)*(?: and (?:{one})\b)?")
    if found:
        text = re.sub("|".join(found), lambda keys: _labelled(study, keys[0]), text)
    # A user's own label keeps its small letter.
    own = any(re.match(rf"{re.escape(label)}\b", text) for label in study.model_labels(models))
    return (text if own else heading(text)) + ("" if not text or text.endswith(".") else ".")


def _labelled(study: Study, keys: str) -> str:
    """Return `under KEY` of a condition, or keys of models, with labels in place of keys."""
    if keys.startswith("under "):
        return under(study.condition_label(keys.removeprefix("under ")))
    return names(study.model_labels(re.split(", | and ", keys)))


def _text(value: Any) -> str:
    return "" if missing(value) else str(value)


def effect(row: Row) -> str:
    """Return the effect with its interval: +9.3 points (+8.8 to +9.9), 92 % of runs (65 to 99)."""
    if missing(row["effect"]):
        return NONE
    shown, noun = {
        "points": (_points, "points"),
        "share": (share, "% of runs"),
        "share_difference": (_whole_points, "points of failing runs"),
        "epochs": (_epochs, "epochs"),
    }[str(row["unit"])]
    text = f"{shown(row['effect'])} {noun}"
    if missing(row["low"]) or missing(row["high"]):
        return text
    return f"{text} ({shown(row['low'])} to {shown(row['high'])})"


def _points(value: Any) -> str:
    return points(value, 1)


def _whole_points(value: Any) -> str:
    return points(value, 0)


def _epochs(value: Any) -> str:
    return f"{float(value):+.1f}".replace("-", MINUS)
