"""What pages show of claims.csv: texts from a table written by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from study_fixture import study_of

from mlpstudy.analysis.results import CLAIM_COLUMNS
from mlpstudy.formats import MINUS, p_value
from mlpstudy.report.views.claims import (
    STATES,
    claim_views,
    effect,
    tally,
)

IDEAL = {
    "claim": "ideal", "section": "2 explanation", "place": "Section 2", "quote": "Five is ideal.",
    "statement": "Five layers are best.", "form": "best", "models": "m03 m07", "measure": "shift",
    "also": "As said before. | Twice.",
}  # fmt: skip
ROWS = [
    {**IDEAL, "condition": "as_reported", "verdict": "contradicted", "effect": -0.0421,
     "low": -0.05, "high": -0.03, "n": 12, "parts": 5, "parts_for": 1, "parts_against": 3,
     "p_holm": 0.0004},
    {**IDEAL, "condition": "corrected", "verdict": "undecided", "effect": 0.0004, "low": -0.01,
     "high": 0.01, "n": 3, "parts": 5, "parts_for": 0, "parts_against": 0, "p_holm": 1,
     "needed": 9, "failure_bound": 0.2209},
    {"claim": "also_ideal", "quote": "Five is ideal.", "form": "higher", "models": "m03",
     "condition": "as_reported", "verdict": "undecided", "measure": "shift", "effect": 0.0},
    {"claim": "dropout", "form": "higher", "statement": "Dropout helps.", "models": "m09",
     "condition": "as_reported", "verdict": "supported", "measure": "shift", "effect": 0.0312,
     "low": -math.inf, "high": math.inf, "n": 12, "parts": 1, "p_holm": 0.034,
     "contrast": "as_reported.m09-no_dropout.m09", "against": "no_dropout"},
    {"claim": "gone", "form": "higher", "statement": "Wide wins.", "models": "wide",
     "verdict": "undecided", "reason": "the study has no model wide"},
    {"claim": "worth", "section": "2 explanation", "place": "Section 2", "quote": "Not worth it.",
     "statement": "Time.", "form": "untestable", "models": "m08", "verdict": "undecided",
     "reason": "Time is a property of the machine."},
]  # fmt: skip

STUDY = study_of(
    {name: {} for name in ("m01", "m03", "m07", "m09", "m10", "m11", "a", "wide")},
    {
        "as_reported": {},
        "corrected": {"pixels": "unit", "kl": "exact"},
        "no_dropout": {"label": "none at all"},
        "unit_pixels": {"label": "pixels / 255"},
    },
)


def plain(text: str) -> str:
    return text.replace(MINUS, "-")


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=CLAIMS.names)


def test_a_view_a_claim_with_its_conditions(frame: pd.DataFrame) -> None:
    ideal, _, dropout, gone, worth = claim_views(frame, STUDY)
    assert (ideal.quote, ideal.place) == ("Five is ideal.", "Section 2")
    assert ideal.also == ("As said before.", "Twice.")
    assert ideal.models == ("m03", "m07")
    assert [verdict.state for verdict in ideal.verdicts] == ["contradicted", "undecided"]
    first, second = ideal.verdicts
    assert first.condition_name == "As reported"
    assert plain(first.effect) == "-4.2 points (-5.0 to -3.0)"
    assert (first.n, first.p, first.needed) == ("12", "< 0.001", "")
    assert (second.n, second.p, second.needed) == ("3", "1.000", "9")
    assert (first.counted, first.bound, second.bound) == ((1, 3, 5), "", "22")
    assert (dropout.quote, dropout.place, dropout.also) == ("", "", ())
    assert dropout.verdicts[0].condition_name == "As reported against none at all"
    # So few runs that the interval has no bounds.
    assert dropout.verdicts[0].effect == "+3.1 points"
    assert dropout.verdicts[0].contrast == "as_reported.m09-no_dropout.m09"
    assert dropout.verdicts[0].counted == ()
    assert gone.verdicts[0].state_name == "not judged"
    assert worth.verdicts[0].state_name == "cannot be tested"
    assert (worth.verdicts[0].effect, worth.verdicts[0].n) == ("—", "—")


def test_the_tally_counts_statements_that_all_their_claims_agree_on(frame: pd.DataFrame) -> None:
    # The two claims behind "Five is ideal." disagree as reported: one statement, undecided.
    assert tally(frame) == {
        "as_reported": {"supported": 1, "undecided": 1},
        "corrected": {"undecided": 1},
        "": {"not_judged": 1, "untestable": 1},
    }
    assert list(tally(frame)["as_reported"]) == [*list(STATES)[:1], *list(STATES)[2:3]]


@pytest.mark.parametrize(
    ("measure", "values", "text"),
    [
        ("shift", (0.0, -0.001, 0.001), "0.0 points (-0.1 to +0.1)"),
        ("share", (11 / 12, 0.646, 0.985), "92 % of runs (65 to 98)"),
        ("share", (1.0, 0.757, 1.0), "100 % of runs (76 to 100)"),
        ("failure_difference", (-0.5, -0.7, 0.04), "-50 points of failures (-70 to +4)"),
        ("epochs_sooner", (2.25, 1.0, 3.5), "+2.2 epochs sooner (+1.0 to +3.5)"),
        ("epochs_sooner", (math.inf, 1.0, math.inf), "never reached by the other"),
    ],
)
def test_effects_in_words(measure: str, values: tuple[float, float, float], text: str) -> None:
    row = dict(zip(("effect", "low", "high"), values, strict=True))
    assert plain(effect({**row, "measure": measure})) == text


def test_p_values_in_words() -> None:
    assert [p_value(p) for p in (0.0001, 0.0456, 0.3333, 1.0)] == [
        "< 0.001",
        "0.046",
        "0.333",
        "1.000",
    ]


def test_a_table_without_claims_has_no_views() -> None:
    empty = CLAIMS.frame([])
    assert claim_views(empty, STUDY) == []
    assert tally(empty) == {}
