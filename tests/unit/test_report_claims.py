"""What the report shows of claims, with known verdicts."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from pages_fixture import plain
from study_fixture import (
    BOTH,
    study_of,
)

from mlpstudy.analysis import schemas
from mlpstudy.report.verdicts import Verdicts, effect

IDEAL = {
    "claim": "ideal", "section": "2 explanation", "place": "Section 2", "quote": "Five is ideal.",
    "statement": "Five layers are best.", "form": "best", "models": "m03 m07", "measure": "shift",
    "also": "As said before. | Twice.",
}  # fmt: skip
CLAIMS = [
    {**IDEAL, "condition": "as_reported", "verdict": "contradicted", "effect": -0.0421,
     "low": -0.05, "high": -0.03, "n": 12, "parts": 5, "parts_for": 1, "parts_against": 3,
     "p_holm": 0.0004, "measure": "shift", "contrast": "as_reported.m03-as_reported.m07"},
    {**IDEAL, "condition": "corrected", "verdict": "undecided", "effect": 0.0004, "low": -0.01,
     "high": 0.01, "n": 3, "parts": 5, "parts_for": 0, "parts_against": 0, "p_holm": 1,
     "needed": 9, "failure_bound": 0.2209},
    {"claim": "also_ideal", "quote": "Five is ideal.", "form": "higher", "models": "m03",
     "condition": "as_reported", "verdict": "undecided", "measure": "shift", "effect": 0.0},
    {"claim": "dropout", "form": "higher", "statement": "Dropout helps.", "models": "m09",
     "quote": "It helps.", "place": "Section 2, item 4", "condition": "as_reported",
     "verdict": "supported", "measure": "shift", "effect": 0.0312, "low": -math.inf,
     "high": math.inf, "n": 12, "parts": 1, "p_holm": 0.034, "against": "no_dropout",
     "contrast": "as_reported.m09-no_dropout.m09"},
    {"claim": "gone", "form": "higher", "statement": "Wide wins.", "models": "wide",
     "verdict": "undecided", "reason": "the study has no model wide"},
    {"claim": "worth", "section": "2 explanation", "place": "Section 2", "quote": "Not worth it.",
     "statement": "Time.", "form": "untestable", "models": "m08", "verdict": "undecided",
     "reason": "Time is a property of the machine."},
]  # fmt: skip


@pytest.fixture
def verdicts() -> Verdicts:
    study = study_of(
        {name: {} for name in ("m01", "m03", "m07", "m09")},
        {**BOTH, "no_dropout": {"label": "none at all"}},
    )
    contrast = {
        "contrast": "as_reported.m03-as_reported.m07",
        **{"first_model": "m03", "second_model": "m07", "shift": 0.0421},
    }
    tables = {"claims": schemas.CLAIMS.frame(CLAIMS), "contrasts": pd.DataFrame([contrast])}
    fake: Any = SimpleNamespace(
        study=study, main=["as_reported", "corrected"], has=lambda _: True, table=tables.get,
    )  # fmt: skip
    return Verdicts(fake)


def test_a_claim_is_shown_with_its_conditions(verdicts: Verdicts) -> None:
    ideal, _, dropout, gone, worth = verdicts.claims
    assert (ideal.quote, ideal.place, ideal.models) == (
        "Five is ideal.", "Section 2", ["m03", "m07"],
    )  # fmt: skip
    assert ideal.also == ["As said before.", "Twice."]
    first, second = ideal.verdicts
    assert (first["label"], first["state"], first["n"]) == ("As reported", "contradicted", 12)
    assert plain(first["said"]) == "-4.2 points (-5.0 to -3.0)"
    assert (first["parts_for"], first["parts_against"], first["parts"]) == (1, 3, 5)
    assert (second["needed"], second["failure_bound"], second["p_holm"]) == (9, 0.2209, 1.0)
    # contrasts.csv has model 7 above model 3, the claim has minus as much: model 3 against 7.
    assert (first["pair"], second["pair"]) == ("Model 3 against Model 7", "")
    assert dropout.verdicts[0]["label"] == "As reported against none at all"
    # So few runs that the interval has no bounds.
    assert (dropout.verdicts[0]["said"], dropout.verdicts[0]["pair"]) == ("+3.1 points", "")
    words = gone.verdicts[0]["words"], worth.verdicts[0]["words"]
    assert words == ("not judged", "cannot be tested")
    assert [claim.name for claim in verdicts.at("Section 2")] == ["ideal", "dropout", "worth"]
    assert [claim.name for claim in verdicts.about("m03", 1)] == ["also_ideal"]

    cells = verdicts.cells(ideal)
    assert [cell.text for cell in cells] == ["contradicted", "undecided"]
    assert plain(cells[0].note) == "-4.2 points (-5.0 to -3.0); Model 3 against Model 7"
    assert [cell.text for cell in verdicts.cells(gone)] == ["not judged", "\u2014"]


def test_the_tally_counts_statements_that_all_their_claims_agree_on(verdicts: Verdicts) -> None:
    # The two claims behind "Five is ideal." disagree as reported: one statement, undecided.
    first, second = verdicts.tallies()
    numbers = {"supported": 1, "contradicted": 0, "undecided": 1}
    assert first == {"label": "as reported", "total": 2, **numbers}
    assert second == {"label": "corrected", "total": 1, **numbers, "supported": 0}
    each = verdicts.tallies(verdicts.claims, each=True)[0]
    assert each == {"label": "as reported", "total": 3, **dict.fromkeys(numbers, 1)}
    assert verdicts.tallies([]) == []


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
