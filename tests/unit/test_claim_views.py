"""What pages show of claims.csv: texts from a table written by hand."""

from __future__ import annotations

from io import StringIO

import pandas as pd
import pytest
from study_fixture import study_of

from mlpstudy.report.formats import MINUS, p_value
from mlpstudy.report.loading import CLAIM_COLUMNS
from mlpstudy.report.views.claims import (
    STATES,
    claim_views,
    effect,
    sentence,
    tally,
)

ROWS = [
    "ideal,2 explanation,Section 2,Five is ideal.,Five layers are best.,best,m03 m07,as_reported,"
    "contradicted,-0.0421,-0.05,-0.03,points,12,0.0004,,It is lower.,As said before. | Twice.,",
    "ideal,2 explanation,Section 2,Five is ideal.,Five layers are best.,best,m03 m07,corrected,"
    "undecided,0.0004,-0.01,0.01,points,3,1,9,Too few.,As said before. | Twice.,",
    "dropout,,,,Dropout helps.,higher,m09,as_reported,supported,0.0312,,,points,12,0.034,,Higher.,,"
    "no_dropout",
    "gone,,,,Wide wins.,higher,wide,,undecided,,,,,,,,The study has no model wide.,,",
    "worth,2 explanation,Section 2,Not worth it.,Time.,untestable,m08,,undecided,,,,,,,,"
    "Time is the machine's.,,",
]

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
    head = ",".join([*CLAIM_COLUMNS, "also", "against"])
    return pd.read_csv(StringIO("\n".join([head, *ROWS])))


def test_a_view_a_claim_with_its_conditions(frame: pd.DataFrame) -> None:
    ideal, dropout, gone, worth = claim_views(frame, STUDY)
    assert (ideal.quote, ideal.place) == ("Five is ideal.", "Section 2")
    assert ideal.also == ("As said before.", "Twice.")
    assert ideal.models == ("m03", "m07")
    assert [verdict.state for verdict in ideal.verdicts] == ["contradicted", "undecided"]
    first, second = ideal.verdicts
    assert first.condition_name == "As reported"
    assert plain(first.effect) == "-4.2 points (-5.0 to -3.0)"
    assert (first.n, first.p, first.needed) == ("12", "< 0.001", "")
    assert (second.n, second.p, second.needed) == ("3", "1.000", "9")
    assert (dropout.quote, dropout.place, dropout.also) == ("", "", ())
    assert dropout.verdicts[0].condition_name == "As reported against none at all"
    assert dropout.verdicts[0].effect == "+3.1 points"
    assert gone.verdicts[0].state_name == "not judged"
    assert worth.verdicts[0].state_name == "cannot be tested"
    assert (worth.verdicts[0].effect, worth.verdicts[0].n) == ("—", "—")


def test_the_tally_counts_by_condition_in_the_order_of_the_states(frame: pd.DataFrame) -> None:
    assert tally(frame) == {
        "as_reported": {"supported": 1, "contradicted": 1},
        "corrected": {"undecided": 1},
        "": {"not_judged": 1, "untestable": 1},
    }
    assert list(tally(frame)["as_reported"]) == list(STATES)[:2]


@pytest.mark.parametrize(
    ("unit", "values", "text"),
    [
        ("points", (0.0, -0.001, 0.001), "0.0 points (-0.1 to +0.1)"),
        ("share", (11 / 12, 0.646, 0.985), "92 % of runs (65 to 98)"),
        ("share", (1.0, 0.757, 1.0), "100 % of runs (76 to 100)"),
        ("share_difference", (-0.5, -0.7, 0.04), "-50 points of failing runs (-70 to +4)"),
        ("epochs", (2.25, 1.0, 3.5), "+2.2 epochs (+1.0 to +3.5)"),
    ],
)
def test_effects_in_words(unit: str, values: tuple[float, float, float], text: str) -> None:
    row = dict(zip(("effect", "low", "high"), values, strict=True))
    assert plain(effect({**row, "unit": unit})) == text


def test_p_values_in_words() -> None:
    assert [p_value(p) for p in (0.0001, 0.0456, 0.3333, 1.0)] == [
        "< 0.001",
        "0.046",
        "0.333",
        "1.000",
    ]


def test_a_table_without_claims_has_no_views() -> None:
    empty = pd.DataFrame(columns=CLAIM_COLUMNS)
    assert claim_views(empty, STUDY) == []
    assert tally(empty) == {}


@pytest.mark.parametrize(
    ("models", "reason", "text"),
    [
        ("m10 m09", "m10 is higher than m09", "Model 10 is higher than model 9."),
        (
            "m07 m11 m01 wide",
            "the mean of m07, m11 and wide is lower than m01",
            "The mean of models 7 and 11 and wide is lower than model 1.",
        ),
        ("m04 m05", "m04 and m05 are equivalent", "Models 4 and 5 are equivalent."),
        (
            "m04 m05",
            "3 of 4 runs of m04, m05 under as_reported fail, and 0 of 4 under unit_pixels",
            "3 of 4 runs of models 4 and 5 under “as reported” fail, and "
            "0 of 4 under “pixels / 255”.",
        ),
        ("", "so few runs; nothing is known", "So few runs; nothing is known."),
    ],
)
def test_reasons_as_sentences(models: str, reason: str, text: str) -> None:
    row = {"models": models, "reason": reason, "condition": "as_reported", "against": "unit_pixels"}
    assert sentence(row, STUDY) == text
    # Of what was not judged, the names are those that the user has to write.
    row |= {"condition": "", "reason": "no model m05"}
    assert sentence(row, STUDY) == "No model m05."


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("a is higher than m01 here", "a is higher than model 1 here."),
        ("all are in this order", "All are in this order."),
    ],
)
def test_the_name_of_an_own_model_keeps_its_letters(reason: str, told: str) -> None:
    row = {"models": "a m01", "condition": "corrected", "reason": reason}
    assert sentence(row, STUDY) == told
