"""Rules over sentences that compare: a report that contradicts each, and one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_reports import Row, check, ids, model, only, printed, reading, report_of

from mlpstudy.evidence.audit.differences import better, difference, sampling_error
from mlpstudy.evidence.audit.explanations import (
    better_setting,
    every_layer,
    fewer_nodes,
    only_difference,
    opposite,
)
from mlpstudy.evidence.audit.orders import ideal_layers, rank_order
from mlpstudy.evidence.audit.standing import ideal


def pair(first: str, second: str) -> list[Row]:
    return [*model("m01", first), *model("m02", second)]


@pytest.mark.parametrize(
    ("first", "value", "expected"),
    [("79.76", "0.10", True), ("80.10", "0.10", False), ("71.22", "0.01", True),
     ("71.58", "0.01", False), ("77.66", "0.10", False)],
)  # fmt: skip
def test_difference(tmp_path: Path, first: str, value: str, expected: bool) -> None:
    """9.16 is not 10; 9.5 is; 0.62 is not 1; 0.98 is; 10.0 % of 70.6 is 10 as well."""
    rows = pair(first, "70.60")
    said = f"{100 * float(value):.0f}%"
    check(tmp_path, difference, rows, expected, "difference", "m01", "m02", value=value, said=said)


@pytest.mark.parametrize(("first", "expected"), [("88.17", True), ("88.50", False)])
def test_sampling_error(tmp_path: Path, first: str, expected: bool) -> None:
    text = check(
        tmp_path, sampling_error, pair(first, "87.55"), expected, "difference", "m01", "m02",
        value="0.01", said="1%",
    )  # fmt: skip
    if expected:
        assert "62 of 10,000 images" in text
        assert "standard error of 0.46 points, so it is 1.3" in text  # by hand


@pytest.mark.parametrize(("first", "expected"), [("70.0", True), ("71.0", False)])
def test_better(tmp_path: Path, first: str, expected: bool) -> None:
    check(tmp_path, better, pair(first, "70.0"), expected, "better", "m01", "m02")


def nets(*nodes: str, **shared: str) -> list[Row]:
    return [
        r
        for n, text in enumerate(nodes, 1)
        for r in model(f"m{n:02d}", "80.0", nodes=text, **shared)
    ]


@pytest.mark.parametrize(("first", "expected"), [("256+128+10", True), ("64+32+10", False)])
def test_fewer_nodes(tmp_path: Path, first: str, expected: bool) -> None:
    rows = nets(first, "128+64+10")
    text = check(tmp_path, fewer_nodes, rows, expected, "fewer_nodes", "m01", "m02")
    assert not expected or "394 against 202" in text


@pytest.mark.parametrize(("last", "expected"), [("78.0", True), ("82.0", False)])
def test_opposite(tmp_path: Path, last: str, expected: bool) -> None:
    """Fewer nodes make model 2 better than model 1, and model 4 worse than model 3, or not."""
    rows = [
        *model("m01", "79.0", nodes="256+10"), *model("m02", "80.0", nodes="128+10"),
        *model("m03", "80.0", nodes="256+10"), *model("m04", last, nodes="128+10"),
    ]  # fmt: skip
    report = report_of(tmp_path, rows)
    readings = [
        reading(report, "fewer_nodes", "m02", "m01"),
        reading(report, "fewer_nodes", "m04", "m03", sentence="s02"),
    ]
    assert ids(opposite(report, readings)) == (["opposite-s01"] if expected else [])


@pytest.mark.parametrize(("second", "expected"), [("128+64+10", True), ("128+32+12", False)])
def test_every_layer(tmp_path: Path, second: str, expected: bool) -> None:
    rows = nets("256+64+10", second)
    check(tmp_path, every_layer, rows, expected, "every_layer", "m01", "m02")


@pytest.mark.parametrize(("epochs", "expected"), [("20", True), ("12", False)])
def test_only_difference(tmp_path: Path, epochs: str, expected: bool) -> None:
    rows = [
        *model("m01", "80.0", nodes="256+10", epochs="12"),
        *model("m02", "81.0", nodes="128+10", epochs=epochs),
    ]
    text = check(
        tmp_path, only_difference, rows, expected, "only_difference", "m01", "m02", quantity="nodes"
    )
    assert not expected or "differ also in epochs (12, 20)" in text


def test_a_setting_that_does_not_differ_is_no_reason(tmp_path: Path) -> None:
    rows = [*model("m01", dropout="true", epochs="12"), *model("m02", dropout="true", epochs="12")]
    text = check(
        tmp_path, only_difference, rows, True, "only_difference", "m01", "m02", quantity="dropout"
    )
    assert "do not differ in dropout" in text


@pytest.mark.parametrize(("last", "expected"), [("83.3", True), ("70.0", False)])
def test_better_setting(tmp_path: Path, last: str, expected: bool) -> None:
    rows = [
        *model("m01", "86.8", nodes="64+10", activation="relu"),
        *model("m02", "77.5", nodes="64+10", activation="sigmoid"),
        *model("m03", "75.3", nodes="32+10", activation="relu"),
        *model("m04", last, nodes="32+10", activation="sigmoid"),
    ]
    check(
        tmp_path, better_setting, rows, expected, "better_setting", "m01", "m02",
        quantity="activation", value="relu>sigmoid",
    )  # fmt: skip


def test_rank_order_by_best_mean_median_and_worst(tmp_path: Path) -> None:
    rows = [
        *model("m01", "90.0", nodes="1+10", activation="relu"),
        *model("m02", "20.0", nodes="2+10", activation="relu"),
        *model("m03", "80.0", nodes="3+10", activation="tanh"),
    ]
    keys, args = "m01 m02 m03", {"quantity": "activation", "value": "relu>tanh"}
    text = check(tmp_path, rank_order, rows, True, "rank_order", keys, **args)
    holds, differs = text.split("It does not hold")
    assert "by best ReLU 90.00 > tanh 80.00" in holds
    assert "by mean tanh 80.00 > ReLU 55.00" in differs
    assert "by worst tanh 80.00 > ReLU 20.00" in differs
    rows[3] = printed("m02", "test_accuracy", "85.0")
    check(tmp_path, rank_order, [*rows[:2], *rows[6:]], False, "rank_order", keys, **args)


def test_rank_order_of_models_alike_in_all_else(tmp_path: Path) -> None:
    """By every centre ReLU is first; of the two models that differ in nothing else it is not."""
    rows = [
        *model("m01", "90.0", nodes="1+10", activation="relu"),
        *model("m02", "79.0", nodes="2+10", activation="relu"),
        *model("m03", "78.0", nodes="3+10", activation="tanh"),
    ]
    args = {"quantity": "activation", "value": "relu>tanh"}
    check(tmp_path, rank_order, rows, False, "rank_order", "m01 m02 m03", **args)
    rows += model("m04", "70.0", nodes="4+10", activation="tanh")
    rows += model("m05", "69.5", nodes="4+10", activation="relu")
    text = check(tmp_path, rank_order, rows, True, "rank_order", "m01 m02 m03 m04 m05", **args)
    assert "by models 4 and 5, alike in all else, tanh > ReLU" in text.split("not hold")[1]


def layered(best: str, loss: str = "cross_entropy") -> list[Row]:
    """Return two models of 3 layers and one of 2, which has the accuracy `best`."""
    shared = {"activation": "relu"}
    return [
        *model("m01", "85.0", "Good", nodes="64+32+10", loss_function="cross_entropy", **shared),
        *model("m02", "80.0", "Good", nodes="64+16+10", loss_function="cross_entropy", **shared),
        *model("m03", best, "Good" if float(best) > 50 else "Bad", nodes="64+10",
               loss_function=loss, **shared),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("best", "loss", "words"),
    [
        ("89.0", "cross_entropy", "Within ReLU the best has 2 layers"),
        ("84.9", "cross_entropy", "is 0.10 points, 10 images, behind model 1"),
        ("20.0", "kl_divergence", "None of the 2 models with 3 layers has KL divergence"),
        ("70.0", "cross_entropy", ""),
    ],
)
def test_ideal_layers(tmp_path: Path, best: str, loss: str, words: str) -> None:
    rows = layered(best, loss)
    text = check(
        tmp_path, ideal_layers, rows, bool(words), "ideal_layers", "m01 m02 m03", value="3"
    )
    assert words in text


def test_ideal(tmp_path: Path) -> None:
    rows = [
        *model("m03", "79.8", "Medium", nodes="64+32+10", seconds_per_fold="90s", folds="5"),
        *model("m16", "83.3", "Superior", nodes="64+10", seconds="77s"),
        *model("m17", "83.0", "Superior", nodes="640+10", seconds="45s"),
        *model("m18", "83.0", "Superior", nodes="64+10", seconds="451s"),
    ]
    text = check(tmp_path, ideal, rows, True, "ideal", "m03")
    assert text.startswith("3 models of 4 are more accurate than model 3")
    assert "1 of them (model 16)" in text
    assert "77 s at most, against 450 s" in text
    check(tmp_path, ideal, rows, False, "ideal", "m16")


def test_a_finding_quotes_its_sentences_first(tmp_path: Path) -> None:
    report = report_of(tmp_path, pair("79.76", "70.60"), ["Almost 10% better.", "Again 10%."])
    said = reading(report, "difference", "m01", "m02", value="0.10", said="10%", sentence="s02")
    finding = only(difference(report, [said]))
    assert finding.id == "difference-s02"
    assert finding.shown[0] == ("Paragraph 2", "\u201cAgain 10%.\u201d")
    assert [value for _, value in finding.shown[1:]] == ["79.76", "70.60"]
