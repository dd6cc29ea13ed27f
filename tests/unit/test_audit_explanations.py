"""Rules over sentences that explain, count or time: contradicted in one report, not in another."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_reports import TEXT, Row, check, ids, model, printed, reading, report_of

from mlpstudy.evidence.audit.causes import blamed, credited, nothing_special
from mlpstudy.evidence.audit.classes import better_than, perform_well
from mlpstudy.evidence.audit.designs import (
    all_discussed,
    no_contrast,
    number_of_models,
    varied_alone,
)
from mlpstudy.evidence.audit.durations import fewer_epochs, longer_is_better, no_effect, too_long
from mlpstudy.evidence.audit.repeats import (
    incompatible,
    not_learnt,
    spread,
    steady,
    unsteady,
)
from mlpstudy.evidence.audit.standing import around, exception


@pytest.mark.parametrize(("final", "expected"), [("Inferior", True), ("Medium", False)])
def test_perform_well(tmp_path: Path, final: str, expected: bool) -> None:
    rows = [
        *model("m01", "80.0", "Medium"), *model("m06", "30.0", final),
        *model("m08", "10.0", "Inferior"),
    ]  # fmt: skip
    text = check(tmp_path, perform_well, rows, expected, "perform_well", "m01 m06")
    assert not expected or "model 6 (30.00 %)" in text


@pytest.mark.parametrize(("small", "expected"), [("60.0", True), ("70.0", False)])
def test_better_than(tmp_path: Path, small: str, expected: bool) -> None:
    rows = [*model("m09", "63.7"), *model("m01", small), *model("m02", "80.0")]
    check(tmp_path, better_than, rows, expected, "better_than", "m01 m02", "m09")


def test_around(tmp_path: Path) -> None:
    rows = [
        *model("m10", "86.7"),
        *model("m01", "75.3"),
        *model("m06", "19.4"),
        *model("m07", "87.5"),
    ]
    text = check(tmp_path, around, rows, True, "around", "m10", "m01 m06 m07", value="0.75")
    assert "Of 3 models 1 are within 2.5 points of 75 %" in text
    assert "range from 19.40 % to 87.50 %" in text
    check(tmp_path, around, rows, False, "around", "m10", "m01", value="0.75")


@pytest.mark.parametrize(("deep", "expected"), [("77.4", True), ("70.0", False)])
def test_exception(tmp_path: Path, deep: str, expected: bool) -> None:
    rows = [
        *model("m10", "86.7", "Good", nodes="9+8+7+10"),
        *model("m04", deep, "Medium", nodes="9+8+6+10"),
        *model("m01", "75.3", "Medium", nodes="64+10"),
        *model("m06", "19.4", "Inferior", nodes="64+10"),
    ]
    check(tmp_path, exception, rows, expected, "exception", "m10", value="3")


def failing(small: str = "Inferior", large: str = "Medium") -> list[Row]:
    """Return a failing model of 506 nodes, a smaller one with its loss and a larger one."""
    return [
        *model("m05", "19.4", "Inferior", nodes="496+10", loss_function="kl_divergence"),
        *model("m06", "19.4" if small == "Inferior" else "70.0", small, nodes="224+10",
               loss_function="kl_divergence"),
        *model("m10", "86.7" if large == "Medium" else "19.0", large, nodes="900+10",
               loss_function="cross_entropy"),
        *model("m12", "88.0", "Medium", nodes="100+10", loss_function="cross_entropy"),
    ]  # fmt: skip


def test_blamed(tmp_path: Path) -> None:
    args = ("blamed", "m05", "", "nodes")
    text = check(tmp_path, blamed, failing(), True, *args)
    assert "model 6 (234 nodes) has fewer and is Inferior as well" in text
    assert "model 10 (910 nodes) has as many or more and is not" in text
    assert "Models 5 and 6 have KL divergence in common" in text
    check(tmp_path, blamed, failing("Medium", "Inferior"), False, *args)


@pytest.mark.parametrize(("dropout", "expected"), [("true", True), ("false", False)])
def test_credited(tmp_path: Path, dropout: str, expected: bool) -> None:
    rows = [
        *model("m10", "86.7", "Good", dropout="true"),
        *model("m08", "18.7", "Bad", dropout=dropout),
    ]
    check(tmp_path, credited, rows, expected, "credited", "m10", quantity="dropout")


def test_nothing_special(tmp_path: Path) -> None:
    """Two of two with the loss fail, none of two others: 1 of 6 ways, so p = 1/3 two-sided."""
    text = check(tmp_path, nothing_special, failing(), True, "nothing_special", "m05")
    assert text.startswith("Of 2 models with KL divergence, model 5 among them, 2 are Inferior")
    assert "p = 0.33)" in text
    check(tmp_path, nothing_special, failing("Medium"), False, "nothing_special", "m05")


def test_spread(tmp_path: Path) -> None:
    rows = [
        *model("m04", "77.45"), printed("m04", "test_accuracy", "26.95", TEXT),
        *model("m01", "80.0"), *model("m02", "71.0"),
    ]  # fmt: skip
    text = check(tmp_path, spread, rows, True, "difference", "m01", "m02", value="0.09")
    assert "50.50 points apart, further than 1 of the 1 pairs" in text
    rows[1] = printed("m04", "test_accuracy", "76.0", TEXT)
    check(tmp_path, spread, rows, False, "difference", "m01", "m02", value="0.09")


def test_unsteady_and_steady(tmp_path: Path) -> None:
    rows = [*model("m08", "18.74"), printed("m08", "test_accuracy", "18.7", TEXT)]
    check(tmp_path, unsteady, rows, True, "unsteady", "m08")
    check(tmp_path, steady, rows, True, "steady", "m08")
    rows.append(printed("m08", "test_accuracy", "40.0", "4 final table"))
    check(tmp_path, unsteady, rows, False, "unsteady", "m08")
    check(tmp_path, steady, rows, False, "steady", "m08")
    rows += [
        printed("m08", "test_loss", "2.0"), printed("m08", "test_loss", "1.0", TEXT),
        printed("m08", "runs", "about 6", TEXT),
    ]  # fmt: skip
    text = check(tmp_path, steady, rows, True, "steady", "m08")
    assert "18.74 % and 40.0 % and losses of 2.0 and 1.0" in text
    assert "it was run about 6 times" in text


@pytest.mark.parametrize(
    ("accuracy", "expected"), [("19.41", True), ("11.00", True), ("10.80", False)]
)
def test_not_learnt(tmp_path: Path, accuracy: str, expected: bool) -> None:
    rows = model("m05", accuracy, nodes="128+10")
    text = check(tmp_path, not_learnt, rows, expected, "not_learnt", "m05")
    if accuracy == "19.41":
        assert "1,941 of 10,000 right is 31 standard errors" in text  # 941 / 30


def test_incompatible(tmp_path: Path) -> None:
    note = "It cannot be. Read kindly, it can."
    assert check(tmp_path, incompatible, [], True, "incompatible", value="s02", note=note) == note
    check(tmp_path, incompatible, [], False, "incompatible", value="s09")


@pytest.mark.parametrize(("other", "expected"), [("450s", True), ("200s", False)])
def test_too_long(tmp_path: Path, other: str, expected: bool) -> None:
    rows = [
        *model("m08", nodes="900+10", seconds="5 min", epochs="10"),
        *model("m03", nodes="64+10", seconds=other, epochs="60"),
        *model("m18", nodes="9000+10", seconds="900s", epochs="10"),
    ]
    check(tmp_path, too_long, rows, expected, "too_long", "m08")


@pytest.mark.parametrize(("epochs", "expected"), [("10", True), ("8", False)])
def test_fewer_epochs(tmp_path: Path, epochs: str, expected: bool) -> None:
    rows = [*model("m10", epochs=epochs), *model("m09", epochs="10")]
    check(tmp_path, fewer_epochs, rows, expected, "fewer_epochs", "m10", "m09")


@pytest.mark.parametrize(("accuracy", "expected"), [("70.6", True), ("81.0", False)])
def test_longer_is_better(tmp_path: Path, accuracy: str, expected: bool) -> None:
    rows = [
        *model("m03", "79.8", nodes="256+10", activation="tanh", epochs="12"),
        *model("m13", accuracy, nodes="128+10", activation="tanh", epochs="20"),
    ]
    check(tmp_path, longer_is_better, rows, expected, "longer_is_better", "m03")


@pytest.mark.parametrize(("without", "expected"), [("92s", True), ("40s", False)])
def test_no_effect(tmp_path: Path, without: str, expected: bool) -> None:
    rows = [
        *model("m06", nodes="128+10", epochs="20", batched="true", seconds="41s"),
        *model("m15", nodes="128+10", epochs="20", seconds=without),
    ]
    check(tmp_path, no_effect, rows, expected, "no_effect", quantity="batched")


def test_settings_vary_alone_or_not(tmp_path: Path) -> None:
    net = {"nodes": "64+10"}
    rows = [
        *model("m01", "80.0", activation="relu", epochs="10", **net),
        *model("m02", "81.0", activation="tanh", epochs="10", **net),
    ]
    both = [*rows, *model("m03", "82.0", activation="tanh", epochs="20", dropout="true", **net)]
    text = check(tmp_path, varied_alone, both, True, "varied_alone")
    assert "Of 3 settings that section 1 varies, activation (1 pair) varies alone" in text
    assert "epochs and dropout change only together" in text
    check(tmp_path, varied_alone, rows, False, "varied_alone")
    check(tmp_path, no_contrast, both, True, "no_contrast", "m03", quantity="dropout")
    alone = [*rows, *model("m03", "82.0", activation="tanh", epochs="10", dropout="true", **net)]
    check(tmp_path, no_contrast, alone, False, "no_contrast", "m03", quantity="dropout")


@pytest.mark.parametrize(
    ("quote", "expected"), [("ReLU is best.", True), ("ReLU and fewer epochs are best.", False)]
)
def test_what_is_not_discussed(tmp_path: Path, quote: str, expected: bool) -> None:
    rows = [
        *model("m01", "80.0", activation="relu", epochs="10"),
        *model("m02", "81.0", activation="tanh", epochs="20"),
    ]
    report = report_of(tmp_path, rows, [quote])
    found = ids(all_discussed(report, [reading(report, "all_discussed")]))
    assert found == (["all_discussed-s01"] if expected else [])


@pytest.mark.parametrize(("value", "expected"), [("16", True), ("2", False)])
def test_number_of_models(tmp_path: Path, value: str, expected: bool) -> None:
    rows = [printed(f"m{n}", "report_name", f"1_{n}") for n in (1, 2)]
    check(tmp_path, number_of_models, rows, expected, "number_of_models", value=value, said=value)
