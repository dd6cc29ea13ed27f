"""Each form of claim, supported, contradicted and undecided, on runs that one can count."""

from __future__ import annotations

import math

import pytest
from judging import judged, one
from mlpstudy.claims.judges import JUDGES

from mlpstudy.configuration.claim_forms import FORMS
from mlpstudy.configuration.claims import Claim

# Twelve runs a model, all different: good ones around 85 %, better ones 5 points above, failures.
GOOD = [0.85 + 0.0001 * k for k in range(12)]
BETTER = [0.90 + 0.0001 * k for k in range(12)]
FAILED = [0.1] * 12
LOTTERY = [0.1, 0.9] * 6
OFTEN = [0.1, 0.1, 0.1, *[0.9] * 9]
PAIR = {"a": BETTER, "b": GOOD}
TWO = {"models": ("a",), "than": ("b",)}


def test_every_form_has_its_judge_or_none_at_all() -> None:
    assert {"untestable", *JUDGES} == set(FORMS)


def test_higher_is_supported_by_runs_that_are_all_above() -> None:
    row = one(PAIR, form="higher", **TWO)
    assert row["verdict"] == "supported"
    assert row["effect"] == pytest.approx(0.05)
    assert row["low"] < 0.05 < row["high"]
    # One division in C(24, 12) is as extreme; of the random ones none: 1 in 10,000, twice.
    assert row["p"] == pytest.approx(2e-4)
    assert (row["n"], row["family"], row["unit"]) == (12, 1, "points")
    assert row["reason"] == "a is higher than b"
    assert math.isnan(row["needed"])


def test_higher_is_contradicted_by_lower_runs_and_by_equivalent_ones() -> None:
    below = one(PAIR, form="higher", models=("b",), than=("a",))
    assert (below["verdict"], below["reason"]) == ("contradicted", "b is lower than a")
    assert below["effect"] == pytest.approx(-0.05)
    # 0.3 points higher in every run, and yet nothing to speak of.
    alike = one({"a": [x + 0.003 for x in GOOD], "b": GOOD}, form="higher", **TWO)
    assert alike["verdict"] == "contradicted"
    assert alike["reason"] == "a and b are equivalent, within 1 point"


def test_higher_is_undecided_between_runs_that_overlap() -> None:
    row = one({"a": OFTEN, "b": GOOD}, form="higher", **TWO)
    assert row["verdict"] == "undecided"
    assert row["reason"] == "a is higher than b here, which does not decide it"
    assert row["needed"] > 12


@pytest.mark.parametrize(
    ("by", "verdict", "reason"),
    [
        (0.04, "supported", "a is more than 4 points above b"),
        (0.06, "contradicted", "a is less than 6 points above b"),
        (0.05, "undecided", "a and b tie here, which does not decide it, nor say how many would"),
    ],
)  # fmt: skip
def test_higher_by_an_amount(by: float, verdict: str, reason: str) -> None:
    row = one(PAIR, form="higher", by=by, **TWO)
    assert (row["verdict"], row["reason"]) == (verdict, reason)
    assert row["effect"] == pytest.approx(0.05)  # of the runs as they are


def test_a_denied_claim_has_the_contrary_verdict() -> None:
    assert one(PAIR, form="higher", denied=True, **TWO)["verdict"] == "contradicted"
    below = one(PAIR, form="higher", denied=True, models=("b",), than=("a",))
    assert below["verdict"] == "supported"


def test_differ_and_equivalent_are_contraries_and_each_is_shown() -> None:
    near = {"a": [x + 0.003 for x in GOOD], "b": GOOD}
    for runs, same, other in (
        (near, "supported", "contradicted"),
        (PAIR, "contradicted", "supported"),
        ({"a": LOTTERY, "b": GOOD}, "undecided", "undecided"),
    ):
        assert one(runs, form="equivalent", **TWO)["verdict"] == same
        assert one(runs, form="differ", **TWO)["verdict"] == other
    wide = one(PAIR, form="equivalent", margin=0.06, **TWO)
    assert (wide["verdict"], wide["reason"]) == (
        "supported", "a and b are equivalent, within 6 points",
    )  # fmt: skip


def test_best_takes_every_other_group_and_falls_with_one() -> None:
    runs = {"a": BETTER, "b": GOOD, "c": FAILED, "d": [x + 0.05 for x in BETTER]}
    ahead = one(runs, form="best", groups=(("a",), ("b",), ("c",)))
    assert ahead["verdict"] == "supported"
    assert ahead["reason"] == "all are in this order; least clearly, a is higher than b"
    assert ahead["p"] == pytest.approx(2e-4)
    behind = one(runs, form="best", groups=(("a",), ("b",), ("c",), ("d",)))
    assert (behind["verdict"], behind["reason"]) == ("contradicted", "a is lower than d")
    assert behind["p"] == pytest.approx(6e-4)  # three chances
    level = one({**runs, "d": OFTEN}, form="best", groups=(("b",), ("c",), ("d",)))
    assert level["verdict"] == "undecided"


def test_rank_order_takes_every_step() -> None:
    runs = {"a": BETTER, "b": GOOD, "c": FAILED, "d": [x + 0.001 for x in GOOD]}
    assert one(runs, form="rank_order", groups=(("a",), ("b",), ("c",)))["verdict"] == "supported"
    swapped = one(runs, form="rank_order", groups=(("b",), ("a",), ("c",)))
    assert (swapped["verdict"], swapped["reason"]) == ("contradicted", "b is lower than a")
    level = one(runs, form="rank_order", groups=(("a",), ("d",), ("b",)))
    assert level["reason"] == "d and b are equivalent, within 1 point"


@pytest.mark.parametrize(
    ("of", "verdict"), [("mean", "contradicted"), ("median", "supported"), ("best", "supported")]
)
def test_what_stands_for_several_models(of: str, verdict: str) -> None:
    group = {"a": BETTER, "b": BETTER, "c": FAILED}
    row = one({**group, "d": GOOD}, form="higher", models=("a", "b", "c"), than=("d",), of=of)
    assert row["verdict"] == verdict
    assert f"the {of} of a, b and c is" in row["reason"]


def test_varies_more_goes_by_the_distance_from_the_median_run() -> None:
    steady, wild = GOOD, [0.85 + 0.01 * k for k in range(-6, 6)]
    row = one({"a": wild, "b": steady}, form="varies_more", **TWO)
    assert (row["verdict"], row["reason"]) == ("supported", "a varies more than b")
    # Mean distances: 1/2 + 3/2 + … + 11/2, doubled, over 12, are 3 steps of a point, and of 0.01.
    assert row["effect"] == pytest.approx(0.03 - 0.0003)
    back = one({"a": steady, "b": wild}, form="varies_more", **TWO)
    assert back["verdict"] == "contradicted"
    alike = one({"a": steady, "b": [x - 0.3 for x in steady]}, form="varies_more", **TWO)
    assert alike["reason"] == "a and b vary alike, within 1 point"
    assert alike["verdict"] == "contradicted"
    some = one({"a": LOTTERY, "b": [*LOTTERY[:6], *GOOD[:6]]}, form="varies_more", **TWO)
    assert some["verdict"] == "undecided"


def courses(start: float, epochs: int = 8) -> list[list[float]]:
    """Return the validation accuracies of twelve runs that rise by 5 points an epoch."""
    return [[start + 0.001 * run + 0.05 * epoch for epoch in range(epochs)] for run in range(12)]


def test_sooner_counts_epochs() -> None:
    curves = {
        "a": {"validation_accuracy": courses(0.70)},  # 0.80 in the third epoch
        "b": {"validation_accuracy": courses(0.55)},  # in the sixth
    }
    claim = {"form": "sooner", "threshold": 0.799, "quantity": "validation_accuracy"}
    row = one(PAIR, curves, **claim, **TWO)
    assert (row["verdict"], row["reason"]) == ("supported", "b takes more epochs than a")
    assert (row["effect"], row["unit"]) == (-3.0, "epochs")
    other = one(PAIR, curves, **claim, models=("b",), than=("a",))
    assert (other["verdict"], other["effect"]) == ("contradicted", 3.0)
    same = one(PAIR, {"a": curves["a"], "b": curves["a"]}, **claim, **TWO)
    assert (same["verdict"], same["effect"]) == ("contradicted", 0.0)
    assert same["reason"] == "b and a take as many epochs, within 1 epoch"


def test_runs_that_never_get_there_do_not_take_as_many_epochs() -> None:
    curves = {name: {"validation_accuracy": courses(0.1)} for name in "ab"}
    claim = {"form": "sooner", "threshold": 0.8, "quantity": "validation_accuracy"}
    row = one(PAIR, curves, **claim, **TWO)
    assert (row["verdict"], row["p"]) == ("undecided", 1.0)
    # But who gets there at all is sooner than who never does.
    curves["a"] = {"validation_accuracy": courses(0.6)}
    assert one(PAIR, curves, **claim, **TWO)["verdict"] == "supported"


def test_fails_more_is_fishers_test() -> None:
    row = one({"a": FAILED, "b": GOOD}, form="fails_more", **TWO)
    assert row["verdict"] == "supported"
    assert row["p"] == pytest.approx(2 / math.comb(24, 12))
    assert (row["effect"], row["unit"], row["n"]) == (1.0, "share_difference", 12)
    assert row["reason"] == "12 of 12 runs of a fail, and 0 of 12 runs of b"
    assert one({"a": GOOD, "b": FAILED}, form="fails_more", **TWO)["verdict"] == "contradicted"
    some = one({"a": LOTTERY, "b": GOOD}, form="fails_more", **TWO)
    # 6 and 0 of 12: 924 of C(24, 6) = 134,596 ways, twice.
    assert some["p"] == pytest.approx(2 * 924 / 134_596)
    assert some["verdict"] == "supported"
    none = one({"a": GOOD, "b": BETTER}, form="fails_more", **TWO)
    assert (none["verdict"], none["p"]) == ("undecided", 1.0)


def test_shares_above_and_below_are_binomial() -> None:
    above = {"form": "share_above", "models": ("a",), "threshold": 0.85}
    row = one({"a": GOOD}, **above)
    assert (row["verdict"], row["effect"], row["unit"]) == ("supported", 1.0, "share")
    assert row["p"] == pytest.approx(2 * 0.5**12)
    assert row["reason"] == "12 of 12 runs of a are at or above 85 %"
    assert one({"a": [x - 0.1 for x in GOOD]}, **above)["verdict"] == "contradicted"
    half = one({"a": LOTTERY}, **{**above, "threshold": "medium"})
    assert (half["verdict"], half["p"]) == ("undecided", 1.0)
    assert one({"a": GOOD}, **{**above, "threshold": "superior"})["effect"] == 1.0
    assert one({"a": [0.79] * 12}, **{**above, "threshold": "superior"})["effect"] == 0.0
    below = {**above, "form": "share_below", "threshold": "medium"}
    assert one({"a": FAILED}, **below)["verdict"] == "supported"
    assert one({"a": GOOD}, **below)["verdict"] == "contradicted"
    # 12 of 12 do not show that more than three quarters would: 2 x 0.75^12 is 0.063.
    most = one({"a": GOOD}, **above, more_than=0.75)
    assert most["p"] == pytest.approx(2 * 0.75**12)
    assert (most["verdict"], most["needed"]) == ("undecided", 13)


def test_a_run_without_an_accuracy_is_not_above_anything() -> None:
    runs = {"a": [math.nan] * 12}
    for form, verdict in (("share_above", "contradicted"), ("share_below", "supported")):
        row = one(runs, form=form, models=("a",), threshold="medium", quantity="test_accuracy")
        assert (row["verdict"], row["n"]) == (verdict, 12)


def test_shares_of_the_failed_runs_alone() -> None:
    trained = [[0.6] if run % 2 == 0 else [0.99] for run in range(12)]  # the failed ones: 60 %
    curves = {"a": {"train_accuracy": trained}}
    claim = {"models": ("a",), "quantity": "train_accuracy", "runs": "failed"}
    row = one({"a": LOTTERY}, curves, form="share_above", threshold="medium", **claim)
    assert (row["verdict"], row["n"]) == ("supported", 6)
    assert row["reason"] == "6 of 6 failed runs of a are at or above 50 % in training"
    none = one({"a": GOOD}, curves, form="share_above", threshold="medium", **claim)
    assert (none["verdict"], none["n"], none["reason"]) == ("undecided", 0, "no failed runs of a")


def test_several_models_are_counted_together() -> None:
    runs = {"a": GOOD, "b": GOOD, "c": FAILED}
    row = one(runs, form="share_above", models=("a", "b", "c"), threshold="medium")
    assert (row["n"], row["effect"]) == (36, pytest.approx(2 / 3))
    assert row["reason"].startswith("24 of 36 runs of a, b, c are at or above 50 %")


def test_curves_must_all_go_as_said_in_most_runs() -> None:
    falling = [[3.0, 2.0, 1.0 + 0.01 * run] for run in range(12)]
    rising = [[0.1, 0.2, 0.3 + 0.01 * run] for run in range(12)]
    curves = {"a": {"train_loss": falling, "train_accuracy": rising}}
    good = {"train_loss": "always_falls", "train_accuracy": "always_rises"}
    row = one({"a": GOOD}, curves, form="curve", models=("a",), curves=good)
    assert (row["verdict"], row["reason"]) == ("supported", "12 of 12 runs of a have such curves")
    bad = {**good, "train_accuracy": "falls"}
    assert one({"a": GOOD}, curves, form="curve", models=("a",), curves=bad)["effect"] == 0.0
    mixed = {"a": {"train_loss": [*falling[:6], *rising[:6]]}}
    half = one({"a": GOOD}, mixed, form="curve", models=("a",), curves={"train_loss": "falls"})
    assert (half["verdict"], half["effect"]) == ("undecided", 0.5)


def test_models_of_another_condition() -> None:
    runs = {("plain", "a"): GOOD, ("mended", "a"): BETTER, ("mended", "b"): BETTER}
    claim = {"models": ("a",), "than": ("a",), "conditions": ("mended",), "against": "plain"}
    row = one(runs, form="higher", **claim)
    assert (row["verdict"], row["condition"], row["against"]) == ("supported", "mended", "plain")
    assert row["reason"] == "a under mended is higher than a under plain"


def test_a_claim_is_asked_wherever_its_models_are_trained() -> None:
    runs = {(c, m): v for c in ("one", "two") for m, v in PAIR.items()} | {("three", "a"): GOOD}
    rows = judged([Claim("it", "So.", "higher", **TWO)], runs)
    assert [row["condition"] for row in rows] == ["one", "two"]


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ({"form": "higher", "models": ("a",), "than": ("x",)}, "the study has no model x"),
        ({"form": "higher", **TWO, "conditions": ("x",)}, "the study has no condition x"),
        ({"form": "higher", **TWO, "conditions": ("two",)}, "condition two does not train b"),
        ({"form": "higher", "models": ("b",), "than": ("c",)}, "no condition trains all of b, c"),
        ({"form": "untestable", "reason": "Nobody knows."}, "Nobody knows."),
    ],
)
def test_what_cannot_be_judged_is_listed_with_its_reason(claim: dict, reason: str) -> None:
    runs = {("only", "a"): BETTER, ("only", "b"): GOOD, ("two", "a"): GOOD, ("two", "c"): GOOD}
    row = one(runs, **claim)
    assert (row["condition"], row["verdict"], row["reason"]) == ("", "undecided", reason)
    assert math.isnan(row["p"])


def test_curves_of_validation_need_validation() -> None:
    claim = {"form": "curve", "models": ("a",), "curves": {"validation_loss": "falls"}}
    row = one({"a": GOOD}, study={"validation": "none"}, **claim)
    assert (row["condition"], row["reason"]) == ("", "a has no validation")
