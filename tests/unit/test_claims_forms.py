"""Each form of claim, supported, contradicted and undecided, on runs that one can count."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from judging import claim, judged, one
from scipy import stats

from mlpstudy.claims.forms import FORMS as JUDGED
from mlpstudy.config.claims import FORMS

# Twelve runs per model, all different: good ones around 85 %, better ones 5 points above, failures.
GOOD = [0.85 + 0.0001 * k for k in range(12)]
BETTER = [0.90 + 0.0001 * k for k in range(12)]
NEAR = [x + 0.003 for x in GOOD]
FAILED = [0.1] * 12
LOTTERY = [0.1, 0.9] * 6
OFTEN = [0.1, 0.1, 0.1, *[0.9] * 9]
WILD = [0.85 + 0.01 * k for k in range(-6, 6)]
# 0.7 points apart for certain, and for certain less than one.
SPREAD = [0.85 + 0.0005 * k for k in range(12)]
APART = [x + 0.007 for x in SPREAD]

TWO = {"models": ("a",), "than": ("b",)}
THREE = {"groups": (("a",), ("b",), ("c",))}
ALONE = {"models": ("a",)}


def test_every_form_is_judged_or_untestable() -> None:
    assert {"untestable", *JUDGED} == set(FORMS)


@pytest.mark.parametrize(
    ("form", "keys", "runs", "verdict"),
    [
        ("higher", TWO, (BETTER, GOOD), "supported"),
        ("higher", TWO, (GOOD, BETTER), "contradicted"),
        ("higher", TWO, (NEAR, GOOD), "contradicted"),  # 0.3 points are none to speak of
        ("higher", TWO, (APART, SPREAD), "contradicted"),
        ("higher", TWO, (OFTEN, GOOD), "undecided"),
        ("higher", TWO | {"by": 0.04}, (BETTER, GOOD), "supported"),
        ("higher", TWO | {"by": 0.05}, (BETTER, GOOD), "undecided"),
        ("higher", TWO | {"by": 0.06}, (BETTER, GOOD), "contradicted"),
        ("higher", TWO | {"by": -0.01}, (GOOD, NEAR), "supported"),  # not lower by more
        ("higher", TWO | {"by": -0.01}, (GOOD, BETTER), "contradicted"),
        ("higher", TWO | {"denied": True}, (BETTER, GOOD), "contradicted"),
        ("higher", TWO | {"denied": True}, (GOOD, BETTER), "supported"),
        ("higher", TWO | {"denied": True}, (OFTEN, GOOD), "undecided"),
        ("equivalent", TWO, (NEAR, GOOD), "supported"),
        ("equivalent", TWO, (APART, SPREAD), "supported"),
        ("equivalent", TWO | {"margin": 0.005}, (APART, SPREAD), "contradicted"),
        ("equivalent", TWO, (BETTER, GOOD), "contradicted"),
        ("equivalent", TWO | {"margin": 0.06}, (BETTER, GOOD), "supported"),
        ("equivalent", TWO, (LOTTERY, GOOD), "undecided"),
        ("differ", TWO, (NEAR, GOOD), "contradicted"),
        ("differ", TWO, (APART, SPREAD), "contradicted"),
        ("differ", TWO, (BETTER, GOOD), "supported"),
        ("differ", TWO, (LOTTERY, GOOD), "undecided"),
        ("best", THREE, (BETTER, GOOD, FAILED), "supported"),
        ("best", THREE, (GOOD, FAILED, BETTER), "contradicted"),
        ("best", THREE, (GOOD, FAILED, OFTEN), "undecided"),
        ("rank_order", THREE, (BETTER, GOOD, FAILED), "supported"),
        ("rank_order", THREE, (GOOD, BETTER, FAILED), "contradicted"),
        ("rank_order", THREE, (BETTER, NEAR, GOOD), "contradicted"),
        ("rank_order", THREE, (OFTEN, GOOD, FAILED), "undecided"),
        ("varies_more", TWO, (WILD, GOOD), "supported"),
        ("varies_more", TWO, (GOOD, WILD), "contradicted"),
        ("varies_more", TWO, (GOOD, [x - 0.3 for x in GOOD]), "contradicted"),  # alike
        ("varies_more", TWO, (LOTTERY, [*LOTTERY[:6], *GOOD[:6]]), "undecided"),
        ("fails_more", TWO, (FAILED, GOOD), "supported"),
        ("fails_more", TWO, (GOOD, FAILED), "contradicted"),
        ("fails_more", TWO, (GOOD, BETTER), "undecided"),
        ("share_above", ALONE | {"threshold": 0.85}, (GOOD,), "supported"),
        ("share_above", ALONE | {"threshold": "superior"}, ([0.79] * 12,), "contradicted"),
        ("share_above", ALONE | {"threshold": "medium"}, (LOTTERY,), "undecided"),
        ("share_below", ALONE | {"threshold": "medium"}, (FAILED,), "supported"),
        ("share_below", ALONE | {"threshold": "medium"}, (GOOD,), "contradicted"),
        # 12 of 12 do not show that more than three quarters would: 2 x 0.75^12 is 0.063.
        ("share_above", ALONE | {"threshold": 0.8, "more_than": 0.75}, (GOOD,), "undecided"),
        # A run without an accuracy is below every threshold.
        ("share_above", ALONE | {"threshold": "medium"}, ([math.nan] * 12,), "contradicted"),
        ("share_below", ALONE | {"threshold": "medium"}, ([math.nan] * 12,), "supported"),
    ],
)  # fmt: skip
def test_a_verdict_on_runs_that_show_it(
    form: str, keys: dict[str, Any], runs: tuple[list[float], ...], verdict: str
) -> None:
    assert one(dict(zip("abc", runs, strict=False)), form=form, **keys)["verdict"] == verdict


def test_a_row_says_what_was_found() -> None:
    row = one({"a": BETTER, "b": GOOD}, form="higher", **TWO)
    found = {name: row[name] for name in ("measure", "unit", "reference", "level", "n", "family")}
    assert found == {
        "measure": "shift", "unit": "points", "reference": 0, "level": 0.95, "n": 12, "family": 1,
    }  # fmt: skip
    assert row["effect"] == pytest.approx(0.05)
    assert row["low"] < 0.05 < row["high"]
    # One division in C(24, 12) is as extreme; of the random ones none: 1 in 99,999, twice.
    assert (row["p"], row["p_holm"]) == (2 / 99_999, 2 / 99_999)
    assert [row[f"parts{end}"] for end in ("", "_for", "_against")] == [1, 1, 0]
    assert math.isnan(row["needed"])
    open_ = one({"a": OFTEN, "b": GOOD}, form="higher", **TWO)
    assert open_["needed"] > 12


def test_equivalence_is_shown_by_means_within_the_margin() -> None:
    row = one({"a": NEAR, "b": GOOD}, form="equivalent", **TWO)
    assert (row["measure"], row["reference"], row["within"]) == ("mean_difference", 0.01, True)
    assert row["effect"] == pytest.approx(0.003)
    worse = stats.ttest_ind(NEAR, np.array(GOOD) + 0.01, equal_var=False, alternative="less")
    assert row["p"] == pytest.approx(2 * worse.pvalue)


def test_equivalence_is_not_offered_where_a_run_failed_or_runs_are_few() -> None:
    for form, verdict in (("equivalent", "supported"), ("higher", "contradicted")):
        alike = {"a": GOOD[:6], "b": NEAR[:6]}
        assert one(alike, form=form, margin=None, **TWO)["verdict"] == verdict
        for refused in (
            {"a": GOOD[:5], "b": GOOD[:5]},
            {"a": [0.1, *GOOD[1:]], "b": GOOD},
        ):
            wide = one(refused, study={"margin": 0.9}, form=form, **TWO)
            assert (wide["verdict"], wide["measure"]) == ("undecided", "shift")


@pytest.mark.parametrize(
    ("of", "verdict"), [("mean", "contradicted"), ("median", "supported"), ("best", "supported")]
)
def test_one_figure_stands_for_several_models(of: str, verdict: str) -> None:
    runs = {"a": BETTER, "b": BETTER, "c": FAILED, "d": GOOD}
    row = one(runs, form="higher", models=("a", "b", "c"), than=("d",), of=of)
    assert (row["verdict"], row["contrast"]) == (verdict, "")
    for form in ("best", "rank_order"):
        groups = (("a", "b", "c"), ("d",))
        assert one(runs, form=form, groups=groups, of=of)["verdict"] == verdict


def epochs_to_80(*epochs: int, of: int) -> list[list[float]]:
    """Return curves of `of` epochs that reach 80 % in the epochs given; 0 for never."""
    return [[0.9 if epoch and at >= epoch else 0.2 for at in range(1, of + 1)] for epoch in epochs]


def test_sooner_counts_epochs() -> None:
    early = {"validation_accuracy": epochs_to_80(*[2, 3] * 6, of=20)}
    late = {"validation_accuracy": epochs_to_80(*[5, 6] * 6, of=20)}
    keys = {"form": "sooner", "threshold": 0.8}
    runs = {"a": GOOD, "b": GOOD}
    row = one(runs, {"a": early, "b": late}, **keys, **TWO)
    assert (row["verdict"], row["effect"], row["unit"]) == ("supported", 3, "epochs")
    assert row["measure"] == "epochs_sooner"
    back = one(runs, {"a": late, "b": early}, **keys, **TWO)
    assert (back["verdict"], back["effect"]) == ("contradicted", -3)
    same = one(runs, {"a": early, "b": early}, **keys, **TWO)
    assert (same["verdict"], same["effect"], same["reference"]) == ("contradicted", 0, 1)


def test_never_reaching_a_threshold_is_later_than_reaching_it() -> None:
    never = {"validation_accuracy": epochs_to_80(*[0] * 12, of=12)}
    reached = {"validation_accuracy": epochs_to_80(*[14, 15, 16] * 4, of=20)}
    keys = {"form": "sooner", "threshold": 0.8}
    runs = {"a": GOOD, "b": GOOD}
    # Twelve epochs without 80 % do not beat 80 % in the 15th of 20.
    row = one(runs, {"a": never, "b": reached}, **keys, **TWO)
    assert (row["verdict"], row["effect"]) == ("contradicted", -math.inf)
    back = one(runs, {"a": reached, "b": never}, **keys, **TWO)
    assert (back["verdict"], back["effect"], back["low"]) == ("supported", math.inf, math.inf)
    # Who never reaches it is not as soon as who never does: nothing is known.
    both = one(runs, {"a": never, "b": never}, **keys, **TWO)
    assert (both["verdict"], both["p"], both["effect"]) == ("undecided", 1, 0)
    # Some do: they rank before the others, whatever the number of epochs.
    some = {"validation_accuracy": epochs_to_80(*[14, 15, 0] * 4, of=20)}
    assert one(runs, {"a": some, "b": never}, **keys, **TWO)["verdict"] == "supported"


def test_varies_more_goes_by_the_distance_from_the_median_run() -> None:
    row = one({"a": WILD, "b": GOOD}, form="varies_more", **TWO)
    assert row["measure"] == "spread_shift"
    away = [abs(np.array(runs) - np.median(runs)) for runs in (GOOD, WILD)]
    assert row["effect"] == pytest.approx(np.median(np.subtract.outer(away[1], away[0])))
    # The contrasts compare accuracies and not distances.
    assert row["contrast"] == ""


def test_failures_are_set_against_each_other_exactly() -> None:
    row = one({"a": FAILED, "b": GOOD}, form="fails_more", **TWO)
    assert (row["effect"], row["measure"]) == (1, "failure_difference")
    assert row["p"] == pytest.approx(2 * 0.25**12)  # most likely with half of all runs failing
    some = one({"a": LOTTERY, "b": GOOD}, form="fails_more", **TWO)
    theirs = stats.barnard_exact([[6, 0], [6, 12]], alternative="greater")
    assert some["p"] == pytest.approx(2 * theirs.pvalue, rel=0.05)
    assert some["effect"] == 0.5
    assert one({"a": GOOD, "b": GOOD}, form="fails_more", **TWO)["p"] == 1


def test_shares_of_the_failed_runs_alone() -> None:
    trained = [[0.6] if run % 2 == 0 else [0.99] for run in range(12)]  # the failed ones: 60 %
    curves = {"a": {"train_accuracy": trained}}
    keys = {"form": "share_above", "threshold": "medium", "models": ("a",), "runs": "failed"}
    row = one({"a": LOTTERY}, curves, quantity="train_accuracy", **keys)
    assert (row["verdict"], row["n"], row["effect"]) == ("supported", 6, 1)
    assert (row["p"], row["reference"]) == (pytest.approx(2 * 0.5**6), 0.5)
    none = one({"a": GOOD}, curves, quantity="train_accuracy", **keys)
    assert (none["verdict"], none["n"], none["p"]) == ("undecided", 0, 1)
    assert math.isnan(none["effect"])


def test_a_run_must_show_all_curves_of_a_claim() -> None:
    falling = [[3.0, 2.0, 1.0 + 0.01 * run] for run in range(12)]
    rising = [[0.1, 0.2, 0.3 + 0.01 * run] for run in range(12)]
    curves = {"a": {"train_loss": falling, "train_accuracy": rising}}
    both = {"train_loss": "always_falls", "train_accuracy": "always_rises"}
    keys = {"form": "curve", "models": ("a",)}
    assert one({"a": GOOD}, curves, **keys, curves=both)["verdict"] == "supported"
    bad = {**both, "train_accuracy": "falls"}
    assert one({"a": GOOD}, curves, **keys, curves=bad)["verdict"] == "contradicted"
    mixed = {"a": {"train_loss": [*falling[:6], *rising[:6]]}}
    half = one({"a": GOOD}, mixed, **keys, curves={"train_loss": "falls"})
    assert (half["verdict"], half["effect"]) == ("undecided", 0.5)


def test_one_model_under_two_conditions_is_paired_by_replicate() -> None:
    # Replicates differ by 20 points, and by 0.2 to 1.3 between the conditions.
    plain = [0.6 + 0.02 * k for k in range(12)]
    runs = {
        ("plain", "a"): plain, ("plain", "b"): plain,
        ("mended", "a"): [x + 0.002 + 0.001 * k for k, x in enumerate(plain)],
    }  # fmt: skip
    keys = {"form": "higher", "models": ("a",), "conditions": ("mended",), "against": "plain"}
    row = one(runs, study={"margin": 0.001}, **keys)
    assert (row["verdict"], row["condition"], row["against"]) == ("supported", "mended", "plain")
    assert row["contrast"] == "plain.a-mended.a"
    assert row["p"] == pytest.approx(2 * 0.5**12)
    assert row["p"] == pytest.approx(stats.wilcoxon(range(1, 13)).pvalue)
    # Another model has other weights, so the same numbers are two independent samples.
    other = one(runs, study={"margin": 0.001}, **keys, than=("b",))
    assert other["verdict"] == "undecided"
    failing = {("plain", "a"): [*FAILED[:6], *GOOD[:6]], ("mended", "a"): GOOD}
    row = one(failing, form="fails_more", models=("a",), conditions=("plain",), against="mended")
    assert (row["verdict"], row["effect"]) == ("supported", 0.5)


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"form": "higher", "models": ("a",), "than": ("x",)}, "the study has no model x"),
        ({"form": "higher", **TWO, "conditions": ("x",)}, "the study has no condition x"),
        ({"form": "higher", **TWO, "conditions": ("two",)}, "condition two does not train b"),
        ({"form": "higher", "models": ("b",), "than": ("c",)}, "no condition trains all of b, c"),
        ({"form": "untestable", "reason": "Nobody knows."}, "Nobody knows."),
        ({"form": "higher", "models": ("a",), "conditions": ("only",), "against": "x"},
         "the study has no condition x"),
    ],
)  # fmt: skip
def test_a_claim_that_cannot_be_judged_has_its_reason(keys: dict[str, Any], reason: str) -> None:
    runs = {("only", "a"): BETTER, ("only", "b"): GOOD, ("two", "a"): GOOD, ("two", "c"): GOOD}
    row = one(runs, **keys)
    assert (row["condition"], row["verdict"], row["reason"]) == ("", "undecided", reason)
    assert math.isnan(row["p"])
    assert math.isnan(row["family"])


def test_claims_about_validation_need_it() -> None:
    runs = {"a": GOOD, "b": GOOD}
    for keys in (
        {"form": "curve", "models": ("a",), "curves": {"validation_loss": "falls"}},
        {"form": "sooner", **TWO, "threshold": 0.8},
    ):
        row = one(runs, study={"validation": "none"}, **keys)
        assert (row["condition"], row["reason"]) == ("", "a has no validation")


def test_a_claim_is_asked_wherever_its_models_are_trained() -> None:
    runs = {(c, m): v for c in ("one", "two") for m, v in (("a", BETTER), ("b", GOOD))}
    runs[("three", "a")] = GOOD
    rows = judged([claim(form="higher", **TWO)], runs)
    assert [row["condition"] for row in rows] == ["one", "two"]
