"""Rounded, cut, or another number: by hand, and as properties."""

from __future__ import annotations

import tempfile
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest
from audit_reports import model, printed, report_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlpstudy.evidence.audit.audit import OF_VALUES
from mlpstudy.evidence.audit.precision import as_keras_prints, relation, whole_with_zeros
from mlpstudy.evidence.audit.printed import Printed
from mlpstudy.evidence.audit.printed_twice import printed_twice
from mlpstudy.evidence.audit.versions import runs_apart


def values(tmp_path: Path, quantity: str, *texts: str) -> list[Printed]:
    rows = [printed("m01", quantity, text) | {"section": "2 explanation"} for text in texts]
    return list(report_of(tmp_path, rows).values)


@pytest.mark.parametrize(
    ("quantity", "precise", "other", "expected"),
    [
        ("test_accuracy", "77.45000123977661", "77.45%", "rounded"),
        ("test_accuracy", "77.45%", "77.45", "same"),
        ("test_accuracy", "77.45000123977661", "77.46", "contradiction"),
        ("test_accuracy", "18.73999983072281", "18.74", "rounded"),
        ("test_accuracy", "18.73999983072281", "18.73", "cut"),
        ("test_accuracy", "18.73999983072281", "18.72", "contradiction"),
        ("test_accuracy", "18.73999983072281", "19%", "rounded"),
        ("test_accuracy", "18.73999983072281", "18%", "cut"),
        ("test_accuracy", "18.73999983072281", "17%", "contradiction"),
        # 0.2695 in single precision is 0.26949998...: only that way round.
        ("test_accuracy", "26.95", "26.94", "cut"),
        ("test_accuracy", "26.94", "26.95", "contradiction"),
        # A half goes either way.
        ("test_loss", "0.125", "0.12", "rounded"),
        ("test_loss", "0.125", "0.13", "rounded"),
        ("test_loss", "1.1077382564544678", "1.1", "rounded"),
        ("test_loss", "0.7756906747817993", "1.95", "contradiction"),
        ("seconds", "81s", "1.4 min", "rounded"),
        ("seconds", "81s", "1.3 min", "cut"),
        ("seconds", "81s", "1.5 min", "contradiction"),
        ("seconds", "300s", "5 min", "same"),
        ("layers", "5", "4", "contradiction"),
    ],
)
def test_relation(tmp_path: Path, quantity: str, precise: str, other: str, expected: str) -> None:
    first, second = values(tmp_path, quantity, precise, other)
    assert relation(first, second) == expected


def test_zeros_that_were_not_measured(tmp_path: Path) -> None:
    precise, rounded, wrong, exact = values(
        tmp_path, "test_accuracy", "19.41000074148178", "19.0", "20.0", "19.4"
    )
    assert whole_with_zeros(precise, rounded) == "19"
    assert whole_with_zeros(precise, wrong) is None
    assert whole_with_zeros(precise, exact) is None


def test_values_of_two_runs_are_told_apart(tmp_path: Path) -> None:
    found = runs_apart(
        values(tmp_path, "test_accuracy", "26.94", "77.45000123977661", "26.95", "77.45")
    )
    assert [[value.printed for value in group] for group in found] == [
        ["77.45000123977661", "77.45"], ["26.95", "26.94"],
    ]  # fmt: skip


def test_a_count_prints_as_keras_prints_it() -> None:
    """The digits are those that Python gives for NumPy's single precision, times 100."""
    assert as_keras_prints(7526 / 10_000) == "75.26000142097473"
    assert float(as_keras_prints(0.8666)) == 100 * float(np.float32(0.8666))


def shorten(text: str, decimals: int, rule: str) -> str:
    return str(Decimal(text).quantize(Decimal(1).scaleb(-decimals), rule))


counts = st.integers(1, 9_999)
places = st.integers(0, 3)


@settings(max_examples=60, deadline=None)
@given(counts, st.lists(places, min_size=1, max_size=3), st.integers(1, 900_000_000))
def test_a_consistent_report_has_no_finding(count: int, decimals: list[int], rest: int) -> None:
    """Every printed number is the one of one run, correctly rounded: nothing of kinds 1 and 2."""
    full = as_keras_prints(count / 10_000)
    # A loss between the least that the accuracy allows and more.
    loss = Decimal(rest) / 10**8 + Decimal(10_000 - count) / 10_000
    rows = model(
        "m01", accuracy=full, report_name="1_1", layers="3", nodes="128+64+10",
        loss_function="cross_entropy", test_loss=str(loss), hidden_layers="2", seconds="about 90s",
    )  # fmt: skip
    for at, number in enumerate(decimals):
        section = ["2 explanation", "3 grouped list", "4 final table"][at]
        rows.append(printed("m01", "test_accuracy", shorten(full, number, ROUND_HALF_UP), section))
        rows.append(printed("m01", "test_loss", shorten(str(loss), number, ROUND_HALF_UP), section))
        rows.append(printed("m01", "seconds", "about 1.5 min", section))
    rows.append(printed("m01", "class", "Good", "4 final table"))
    with tempfile.TemporaryDirectory() as folder:
        report = report_of(Path(folder), rows)
    assert [f.id for rule in OF_VALUES for f in rule(report)] == []


@settings(max_examples=60, deadline=None)
@given(counts, st.integers(1, 3))
@example(625, 1)
def test_a_cut_that_is_no_rounding_is_a_finding(count: int, decimals: int) -> None:
    full = as_keras_prints(count / 10_000)
    text = shorten(full, decimals, ROUND_DOWN)
    rows = [
        printed("m01", "test_accuracy", full),
        printed("m01", "test_accuracy", text, "4 final table"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        found = [finding.rule for finding in printed_twice(report_of(Path(folder), rows))]
    # Half a step may be rounded either way: 6.25 to 6.3, and to the even 6.2.
    rounded = {shorten(full, decimals, rule) for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    assert found == ([] if text in rounded else ["cut"])
