"""Rules over printed values alone: each with values where the finding is, and where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_reports import Row, ids, model, only, printed, report_of
from scipy.stats import binom

from mlpstudy.evidence.audit.classes import class_limits, class_order
from mlpstudy.evidence.audit.coincidences import (
    agreement,
    all_in_one_second,
    same_result,
    same_seconds,
    unequal_seconds,
)
from mlpstudy.evidence.audit.counts import bounds, input_layer, layer_counts, series
from mlpstudy.evidence.audit.designs import undiscussed
from mlpstudy.evidence.audit.images import accuracy_counts
from mlpstudy.evidence.audit.losses import impossible, saturated
from mlpstudy.evidence.audit.printed_twice import blank, printed_twice
from mlpstudy.evidence.audit.repeats import better_run

TEXT, LIST, TABLE, FINAL = "2 explanation", "3 grouped list", "3 grouped table", "4 final table"


def test_a_contradiction_counts_its_places_and_asks_the_nodes(tmp_path: Path) -> None:
    rows = [
        printed("m03", "nodes", "256+128+32+16+10"), printed("m03", "layers", "5"),
        printed("m03", "layers", "5", TEXT), printed("m03", "layers", "4", TABLE),
    ]  # fmt: skip
    finding = only(printed_twice(report_of(tmp_path, rows)))
    assert finding.id == "contradiction-m03-layers"
    assert "printed as 5 (twice) and 4 (once)" in finding.explanation
    assert "are 5 layers, so the other number is the slip" in finding.explanation
    assert [value for _, value in finding.shown] == ["5", "5", "4"]


def test_two_runs_are_a_contradiction_and_each_may_be_cut(tmp_path: Path) -> None:
    rows = [
        printed("m04", "test_accuracy", "77.45000123977661"),
        printed("m04", "test_accuracy", "77.45%", FINAL),
        printed("m04", "test_accuracy", "26.94%", TEXT),
        printed("m04", "test_accuracy", "26.95%", TABLE),
    ]
    assert ids(printed_twice(report_of(tmp_path, rows))) == [
        "contradiction-m04-test_accuracy", "cut-m04-test_accuracy-2",
    ]  # fmt: skip


def test_a_cut_names_who_is_rounded(tmp_path: Path) -> None:
    rows = [
        printed("m08", "test_accuracy", "18.73999983072281"),
        printed("m08", "test_accuracy", "18.73", FINAL),
        printed("m10", "test_accuracy", "86.6599977016449"),
        printed("m10", "test_accuracy", "86.66", FINAL),
    ]
    finding = only(printed_twice(report_of(tmp_path, rows)))
    assert finding.id == "cut-m08-test_accuracy"
    assert "rounded it is 18.74" in finding.explanation
    assert "rounded for model 10" in finding.explanation


def test_texts_are_compared_as_well(tmp_path: Path) -> None:
    rows = [printed("m01", "activation", "relu"), printed("m01", "activation", "tanh", LIST)]
    assert ids(printed_twice(report_of(tmp_path, rows))) == ["contradiction-m01-activation"]
    rows = [printed("m01", "activation", "relu"), printed("m01", "activation", "relu", LIST)]
    assert ids(printed_twice(report_of(tmp_path, rows))) == []


def test_an_approximate_value_is_loose_and_not_contradicted(tmp_path: Path) -> None:
    rows = [
        printed("m10", "seconds", "about 81s"),
        printed("m10", "seconds", "about 1.5 min", TEXT),
    ]
    finding = only(printed_twice(report_of(tmp_path, rows)))
    assert finding.id == "loose-m10-seconds"
    assert "1.35 min and rounds to 1.4" in finding.explanation
    assert "right to the nearest half" in finding.explanation


def test_a_blank_is_one_only_where_the_value_is_known(tmp_path: Path) -> None:
    rows = [printed("m11", "epochs", "20"), printed("m11", "epochs", "", LIST)]
    assert ids(blank(report_of(tmp_path, rows))) == ["blank-epochs"]
    assert ids(blank(report_of(tmp_path, rows[1:]))) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("83.31000208854675", []),  # 8,331 of 10,000
        ("83.3100020885467", ["digits_lost-m01-test_accuracy"]),
        ("83.3100020885468", ["other_images-m01-test_accuracy"]),
        ("83.31", []),  # nothing to say of two decimals
    ],
)
def test_accuracies_are_counts_of_the_test_images(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    report = report_of(tmp_path, [printed("m01", "test_accuracy", text)])
    assert ids(accuracy_counts(report)) == expected


def test_a_mean_of_folds_is_a_count_of_all_images(tmp_path: Path) -> None:
    rows = [printed("m03", "test_accuracy", "79.76428627967834"), printed("m03", "folds", "5")]
    finding = only(accuracy_counts(report_of(tmp_path, rows)))
    assert "55,835 of 70,000" in finding.explanation
    assert "a count of 60,000 or 50,000 it is not" in finding.explanation


def kl(model_key: str, loss: str, accuracy: str, section: str) -> list[Row]:
    return [
        printed(model_key, "test_loss", loss, section),
        printed(model_key, "test_accuracy", accuracy, section),
    ]


NET = {"nodes": "128+64+10", "loss_function": "kl_divergence"}


@pytest.mark.parametrize(
    ("loss", "accuracy", "expected"),
    [
        ("12.989569664001465", "19.41000074148178", ["saturated-m05"]),
        ("12.985", "19.41000074148178", []),  # three images' worth away, and two decimals short
        ("12.9800000", "19.41000074148178", []),
        ("0.5768556594848633", "78.68000268936157", []),
    ],
)
def test_a_saturated_loss_follows_from_the_accuracy(
    tmp_path: Path, loss: str, accuracy: str, expected: list[str]
) -> None:
    rows = [*model("m05", **NET), *kl("m05", loss, accuracy, "1 details")]
    assert ids(saturated(report_of(tmp_path, rows))) == expected
    other = [*model("m05", nodes="128+64+10", loss_function="cross_entropy"), *rows[2:]]
    assert ids(saturated(report_of(tmp_path, other))) == []


@pytest.mark.parametrize(
    ("loss", "accuracy", "expected"),
    [
        ("14.51", "19.0%", ["impossible-m05-14.51"]),  # at most 16.118 x 0.8105 + 0.1895 log 10
        ("13.49", "19.0%", []),
        ("13.52", "19.0%", ["impossible-m05-13.52"]),
        ("14.51", "10.0%", []),
        ("0.55", "19.0%", ["impossible-m05-0.55"]),  # at least 0.81 log 2 = 0.561
        ("0.57", "19.0%", []),
    ],
)
def test_a_loss_that_the_accuracy_rules_out(
    tmp_path: Path, loss: str, accuracy: str, expected: list[str]
) -> None:
    rows = [*model("m05", **NET), *kl("m05", loss, accuracy, LIST)]
    assert ids(impossible(report_of(tmp_path, rows))) == expected


def test_the_loss_of_chance_is_named(tmp_path: Path) -> None:
    rows = [*model("m05", **NET), *kl("m05", "14.51", "19.0%", LIST)]
    text = only(impossible(report_of(tmp_path, rows))).explanation
    assert "16.118 x (1 - 1/10) = 14.51" in text
    # Cross-entropy is not clipped: no loss is too large for it.
    rows[1] = printed("m05", "loss_function", "cross_entropy")
    assert ids(impossible(report_of(tmp_path, rows))) == []


def test_layers_are_counted_where_the_report_agrees_with_itself(tmp_path: Path) -> None:
    rows = model("m01", nodes="128+64+10", layers="4")
    assert ids(layer_counts(report_of(tmp_path, rows))) == ["layers-m01"]
    assert ids(layer_counts(report_of(tmp_path, model("m01", nodes="128+64+10", layers="3")))) == []
    rows = [*rows, printed("m01", "layers", "3", FINAL)]  # then printed_twice has it
    assert ids(layer_counts(report_of(tmp_path, rows))) == []


@pytest.mark.parametrize(("hidden", "found"), [("2", []), ("1", ["hidden_layers-m01"])])
def test_hidden_layers(tmp_path: Path, hidden: str, found: list[str]) -> None:
    rows = model("m01", nodes="128+64+10", layers="3", hidden_layers=hidden)
    assert ids(layer_counts(report_of(tmp_path, rows))) == found


def test_the_input_layer_is_a_finding_where_the_report_calls_it_so(tmp_path: Path) -> None:
    size = printed("m08", "input_size", "784", TEXT)
    first = printed("m08", "first_layer_nodes", "1024", TEXT, note="called the input layer")
    assert ids(input_layer(report_of(tmp_path, [size, first]))) == ["input_layer-m08"]
    right = printed("m08", "first_layer_nodes", "784", TEXT, note="called the input layer")
    assert ids(input_layer(report_of(tmp_path, [size, right]))) == []
    assert ids(input_layer(report_of(tmp_path, [size, {**first, "note": ""}]))) == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["1_1", "1_2", "2_1"], []),
        (["1_1", "1_2", "3_1"], ["series-2_x"]),
        (["1_1", "1_3"], ["series-1_2"]),
        (["first", "second"], []),
    ],
)
def test_series(tmp_path: Path, names: list[str], expected: list[str]) -> None:
    rows = [printed(f"m{n}", "report_name", name) for n, name in enumerate(names)]
    assert ids(series(report_of(tmp_path, rows))) == expected


@pytest.mark.parametrize(("accuracy", "found"), [("86.66", []), ("85.00", ["bound-m10"])])
def test_bounds(tmp_path: Path, accuracy: str, found: list[str]) -> None:
    rows = [*model("m10", accuracy), printed("m10", "test_accuracy_above", "above 85%", TEXT)]
    assert ids(bounds(report_of(tmp_path, rows))) == found


def test_classes_overlap_or_leave_room_for_limits(tmp_path: Path) -> None:
    rows = [*model("m01", "75.0", "Medium"), *model("m02", "83.0", "Superior")]
    report = report_of(tmp_path, rows)
    assert ids(class_order(report)) == []
    assert "Any between 75.00 % and 83.00 %" in only(class_limits(report)).explanation
    report = report_of(tmp_path, [*rows, *model("m03", "84.0", "Medium")])
    assert ids(class_order(report)) == ["class_order-m03-m02"]
    assert ids(class_limits(report)) == []


@pytest.mark.parametrize(("other", "found"), [("26.95", ["better_run-m04"]), ("70.0", [])])
def test_the_better_of_two_runs(tmp_path: Path, other: str, found: list[str]) -> None:
    rows = [
        *model("m04", "77.45", "Medium"), *model("m15", "28.0", "Inferior"),
        printed("m04", "test_accuracy", other, TEXT),
    ]  # fmt: skip
    assert ids(better_run(report_of(tmp_path, rows))) == found


def test_failures_that_nobody_speaks_of(tmp_path: Path) -> None:
    rows = [
        *model("m05", "19.4", "Inferior", nodes="128+10"), *model("m01", "80.0", "Good"),
        *model("m06", "19.4", "Inferior", nodes="64+10"), printed("m05", "layers", "2", TEXT),
    ]  # fmt: skip
    assert ids(undiscussed(report_of(tmp_path, rows))) == ["undiscussed-m06"]
    rows.append(printed("m06", "layers", "2", TEXT))
    assert ids(undiscussed(report_of(tmp_path, rows))) == []


def twins(digit: str = "1", activation: str = "tanh") -> list[Row]:
    full = "19.41000074148178"
    return [
        *model("m05", full, activation="relu", test_loss="12.989569664001465", **NET),
        *model("m06", full, activation=activation, test_loss=f"12.98956966400146{digit}", **NET),
    ]


def test_equal_results_of_different_models(tmp_path: Path) -> None:
    finding = only(same_result(report_of(tmp_path, twins("5"))))
    assert finding.id == "same_result-m05-m06"
    assert "in 1 of 140 trials" in finding.explanation
    assert ids(same_result(report_of(tmp_path, twins("6")))) == []
    assert ids(same_result(report_of(tmp_path, twins("5", activation="relu")))) == []


def test_probabilities_of_coincidences() -> None:
    """Against a sum by hand for a small case, and the approximation by a normal density."""
    counts = binom(10_000, 0.1941)
    assert agreement(0.1941) == pytest.approx(1 / (2 * counts.std() * 3.14159**0.5), rel=1e-3)
    # 0.3829 within half a second, 0.2417 in each second beside it, 0.0606 in the next.
    assert all_in_one_second(2) == pytest.approx(
        0.3829**2 + 2 * 0.2417**2 + 2 * 0.0606**2, rel=1e-2
    )
    assert all_in_one_second(1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        (["41s"] * 3, ["same_seconds-41s-20-epochs"]),
        (["41s", "41s", "42s"], []),
        (["about 41s"] * 3, []),
    ],
)
def test_equal_times_of_different_models(
    tmp_path: Path, seconds: list[str], found: list[str]
) -> None:
    nodes = ["128+10", "64+10", "32+10"]
    rows = [
        row
        for n, (time, size) in enumerate(zip(seconds, nodes, strict=True))
        for row in model(f"m{n}", nodes=size, activation="relu", epochs="20", seconds=time)
    ]
    assert ids(same_seconds(report_of(tmp_path, rows))) == found


@pytest.mark.parametrize(("slow", "found"), [("77s", ["unequal_seconds-m16-m17"]), ("60s", [])])
def test_unequal_times_of_equal_models(tmp_path: Path, slow: str, found: list[str]) -> None:
    rows = [
        *model("m16", "83.3", nodes="128+10", activation="sigmoid", seconds=slow),
        *model("m17", "83.0", nodes="128+10", activation="tanh", seconds="45s"),
    ]
    assert ids(unequal_seconds(report_of(tmp_path, rows))) == found
    rows += model("m18", "83.0", nodes="64+10", activation="relu", seconds="900s")
    assert ids(unequal_seconds(report_of(tmp_path, rows))) == found
