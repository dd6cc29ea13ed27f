"""What a finding says besides its numbers holds of any report: it is computed, or the reading's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from audit_reports import Row, Rule, model, only, reading, report_of

from mlpstudy.evidence.audit.classes import better_than
from mlpstudy.evidence.audit.designs import all_discussed
from mlpstudy.evidence.audit.durations import no_effect
from mlpstudy.evidence.audit.findings import Finding
from mlpstudy.evidence.audit.losses import saturated
from mlpstudy.evidence.audit.orders import rank_order
from mlpstudy.evidence.audit.repeats import unsteady


def found(
    folder: Path, rule: Rule, rows: Sequence[Row], form: str, *args: str, **more: str
) -> Finding:
    report = report_of(folder, rows)
    return only(rule(report, [reading(report, form, *args, **more)]))


@pytest.mark.parametrize(
    ("nodes", "matters"),
    [
        ("64+10", "All of them are smaller: that alone does not make a model better."),
        ("90+10", "All of them are smaller: that alone does not make a model better."),
        ("512+10", "The sentence leaves out its exceptions."),
        ("64+32+10", "The sentence leaves out its exceptions."),
        ("", "The sentence leaves out its exceptions."),
    ],
)
def test_smaller_models_are_called_so(tmp_path: Path, nodes: str, matters: str) -> None:
    small = {"nodes": nodes} if nodes else {}
    rows = [*model("m09", "63.7", nodes="64+32+10"), *model("m01", "60.0", **small)]
    assert found(tmp_path, better_than, rows, "better_than", "m01", "m09").matters == matters


# 28.00 % right and every other answer certain: 16.1181 x 0.72.
SURE = {"nodes": "64+10", "loss_function": "kl_divergence", "test_loss": "11.6050"}


@pytest.mark.parametrize("final", ["Inferior", "Good"])
def test_the_losses_point_to_the_loss_function_where_they_do(tmp_path: Path, final: str) -> None:
    other = {"loss_function": "cross_entropy"}
    rows = [*model("m01", "28.0000", final, **SURE), *model("m02", "20.0", "Inferior", **other)]
    rows = rows if final == "Good" else [*rows, *model("m03", "90.0", "Good", **other)]
    finding = found(tmp_path, all_discussed, rows, "all_discussed")
    assert "no sentence of section 2 speaks of" in finding.explanation
    matters = "What is not looked at cannot be found to be the cause"
    if final == "Inferior":
        matters += "; the loss of model 1, which fails, points to the loss function"
    assert finding.matters == f"{matters}."


def test_a_report_of_which_no_discussion_is_transcribed_is_not_said_to_be_silent(
    tmp_path: Path,
) -> None:
    rows = [*model("m01", "80.0", activation="relu"), *model("m02", "81.0", activation="tanh")]
    report = report_of(tmp_path, rows)
    said = reading(report, "all_discussed")
    aims = {key: s._replace(section="0 aim") for key, s in report.sentences.items()}
    assert list(all_discussed(report, [said])) != []
    assert list(all_discussed(type(report)(report.values, aims), [said])) == []


def test_a_saturated_loss_is_not_said_to_be_a_failure_or_unnamed(tmp_path: Path) -> None:
    finding = only(saturated(report_of(tmp_path, model("m01", "28.0000", "Good", **SURE))))
    assert "fail" not in finding.matters
    assert "report" not in finding.matters


@pytest.mark.parametrize("note", ["", "the report does not say which it took."])
def test_what_the_reading_adds_to_an_order_is_printed(tmp_path: Path, note: str) -> None:
    rows = [*model("m01", "70.0", activation="relu"), *model("m02", "80.0", activation="tanh")]
    args = {"quantity": "activation", "value": "relu>tanh"}
    finding = found(tmp_path, rank_order, rows, "rank_order", "m01 m02", note=note, **args)
    added = " The report does not say which it took." if note else ""
    assert finding.matters == f"The conclusion depends on what stands for a group.{added}"


def test_one_unsteady_model_is_one(tmp_path: Path) -> None:
    finding = found(tmp_path, unsteady, model("m08", "18.74"), "unsteady", "m08")
    assert finding.matters == "If it does, one run of a model hardly tells it from another."


@pytest.mark.parametrize(
    ("note", "others", "kindly"),
    [
        ("", {}, ""),
        ("only memory is meant.", {}, " Read kindly, only memory is meant."),
        ("", {"optimizer": "adam"}, " Read kindly, the pair differs in more than that."),
    ],
)
def test_what_else_differs_is_looked_at(
    tmp_path: Path, note: str, others: dict[str, str], kindly: str
) -> None:
    shared = {"nodes": "128+10", "epochs": "20"}
    rows = [
        *model("m06", dropout="true", seconds="41s", **shared, **others),
        *model("m15", seconds="92s", **shared),
    ]
    finding = found(tmp_path, no_effect, rows, "no_effect", quantity="dropout", note=note)
    assert finding.explanation.endswith(f"model 15 92 s without.{kindly}")
    assert finding.matters == "What changes the time may change the result as well."
