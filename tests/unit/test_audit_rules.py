"""The audit's algorithms on small reports by hand and by scipy; the language of checks.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from audit_reports import CHECKS, REPORT, REPORTED, audited, report_of, value
from scipy.stats import binom

from mlpstudy.analysis.sensitivity import standing
from mlpstudy.audit import loading
from mlpstudy.audit.expressions import (
    chance_of_equal_counts,
    evaluate,
    expect_known,
    filled,
    vocabulary,
)
from mlpstudy.audit.loading import Check, load_checks
from mlpstudy.audit.replicates import against_replicates
from mlpstudy.audit.rules import (
    as_keras_prints,
    contradictions,
    groups,
    impossible,
    other_images,
    relation,
    shortened,
)
from mlpstudy.errors import StudyError

LIST = "3 grouped list"


@pytest.mark.parametrize(
    ("precise", "other", "expected"),
    [
        ("77.45000123977661", "77.45", "rounded"),
        ("86.79999709129333", "86.80", "rounded"),
        ("18.73999983072281", "18.73", "cut"),
        ("18.73999983072281", "18", "cut"),
        ("26.95", "26.94", "cut"),  # held in single precision it is 26.949998...
        ("19.41000074148178", "19.0", "padded"),
        ("77.45", "26.95", "other"),
        ("19.41", "19.4", "rounded"),
        ("0.5", "1", "rounded"),  # half a step may go either way
        ("0.5", "0", "rounded"),
    ],
)
def test_how_one_printing_comes_from_another(precise: str, other: str, expected: str) -> None:
    printings = (value("m", "test_accuracy", printed) for printed in (precise, other))
    assert relation(*printings) == expected


@pytest.mark.parametrize(("minutes", "sizes"), [("about 1.5", [2]), ("about 2.5", [1, 1])])
def test_an_approximate_value_may_be_a_fifth_off(minutes: str, sizes: list[int]) -> None:
    exact, about = value("m", "seconds", "81"), value("m", "seconds", minutes, unit="min")
    assert [len(group) for group in groups([exact, about])] == sizes


@pytest.mark.parametrize("count", [1, 1941, 8331, 8660])
def test_accuracies_print_as_single_precision_does(count: int) -> None:
    assert as_keras_prints(count / 10_000) == str(float(np.float32(count / 10_000)) * 100)


def test_two_runs_contradict_and_each_may_be_cut() -> None:
    report = report_of(
        value("m04", "test_accuracy", "77.45000123977661"),
        value("m04", "test_accuracy", "77.45", LIST),
        value("m04", "test_accuracy", "26.94", LIST),
        value("m04", "test_accuracy", "26.95", "4 final table"),
        value("m10", "test_accuracy", "86.6599977016449"),
        value("m10", "test_accuracy", "86.66", LIST),
        value("m01", "activation", "relu"),
        value("m01", "activation", "tanh", LIST),
    )
    assert [(found.rule, found.key) for found in contradictions(report)] == [
        ("contradiction-test_accuracy", "m04-test_accuracy"),
        ("contradiction", "m01-activation"),
    ]
    (cut,) = shortened(report)
    assert (cut.rule, cut.models, cut.numbers["rounded"]) == ("cut", ("m04",), ["m10"])
    rounded_only = report_of(*[v for v in report.values if v.model == "m10"])
    assert list(shortened(rounded_only)) == []


@pytest.mark.parametrize(
    ("loss", "accuracy", "function", "expected"),
    [
        ("14.51", "19.0", "kl_divergence", "impossible"),  # 16.118 x 0.8105 + 0.1895 log 10
        ("13.49", "19.0", "kl_divergence", ""),
        ("13.51", "19.0", "kl_divergence", "impossible"),
        ("14.51", "10.0", "kl_divergence", ""),
        ("0.55", "19.0", "kl_divergence", "impossible_low"),  # at least 0.8095 log 2 = 0.561
        ("0.57", "19.0", "kl_divergence", ""),
        ("14.51", "19.0", "cross_entropy", ""),  # it is not clipped
    ],
)
def test_a_loss_that_the_accuracy_rules_out(
    loss: str, accuracy: str, function: str, expected: str
) -> None:
    report = report_of(
        value("m05", "nodes", "128+10"), value("m05", "loss_function", function),
        value("m05", "test_loss", loss, LIST), value("m05", "test_accuracy", accuracy, LIST),
    )  # fmt: skip
    assert [found.rule for found in impossible(report)] == [expected] * bool(expected)


@pytest.mark.parametrize(
    ("text", "folds", "expected"),
    [
        ("83.31000208854675", "", ""),  # 8,331 of 10,000
        ("83.3100020885467", "", ""),  # the same, the last digit lost
        ("83.3100020885468", "", "no_count"),
        ("83.31", "", ""),  # nothing to say of two decimals
        ("79.76428627967834", "5", "other_images"),  # 55,835 of 70,000
        ("79.76428627967834", "", "no_count"),
    ],
)
def test_accuracies_are_counts_of_images(text: str, folds: str, expected: str) -> None:
    values = [value("m03", "test_accuracy", text)]
    values += [value("m03", "folds", folds)] if folds else []
    assert [found.rule for found in other_images(report_of(*values))] == [expected] * bool(expected)


def test_sampling_errors_are_those_of_binomial_counts() -> None:
    one, two = binom(10_000, 0.8817).std(), binom(10_000, 0.8755).std()
    error = vocabulary(REPORT)["standard_error"]("m11", "m07")
    assert error == pytest.approx(np.hypot(one, two) / 100, rel=1e-6)
    # Two equal binomial counts: the density of a normal difference at zero.
    spread = binom(10_000, 0.1941).std() * np.sqrt(2)
    expected = 1 / (spread * np.sqrt(2 * np.pi))
    assert chance_of_equal_counts(0.1941) == pytest.approx(expected, rel=1e-3)


def placed(condition: str, *runs: float, loss: bool = False, field: str = "") -> dict[str, Any]:
    """Return a row of sensitivity.csv for model 16."""
    quantity, reported = ("test_loss", 0.478) if loss else ("test_accuracy", 0.8331)
    fixed = {"condition": condition, "model": "m16", "baseline": "own", "field": field}
    shown = {"quantity": quantity, "reported": reported}
    return fixed | shown | standing(np.array(runs), reported, 1e-6)


OWN = placed("own", 0.73, 0.74, 0.75, 0.76)
NEAR = placed("rmsprop", 0.82, 0.825, 0.83, 0.832)
FITTING = placed("longer", 0.82, 0.83, 0.84, 0.85)
# The accuracy of `more` fits, and its loss is 7.9 ranges away.
WITH_LOSS = [
    *(OWN, placed("own", 0.6, 0.61, 0.62, loss=True)),
    *(placed("more", 0.82, 0.83, 0.84), placed("more", 0.3, 0.31, 0.32, loss=True)),
]
# A condition with another form of the loss has no loss to compare, and explains nothing.
OTHER_LOSS = [
    placed("exact", 0.82, 0.83, 0.84, field="kl"),
    placed("exact", 0.47, 0.48, 0.49, field="kl", loss=True),
]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([placed("own", 0.82, 0.83, 0.84, 0.85)], None),
        ([placed("own", 0.82)], None),  # one replicate has no range
        # Two groups of runs and the value between them, further from each than any run is.
        ([placed("own", 0.10, 0.11, 0.86, 0.87)], ("near", "own")),
        ([OWN], ("outside", "own")),  # 0.073 outside, with a range of 0.03
        ([OWN, NEAR], ("near", "rmsprop")),  # 0.0011 outside a range of 0.012
        ([OWN, NEAR, FITTING], ("elsewhere", "longer")),
        (WITH_LOSS, ("outside", "own")),
        ([*WITH_LOSS, *OTHER_LOSS], ("outside", "own")),
    ],
)
def test_the_condition_that_explains_a_value_best_is_named(
    rows: list[dict[str, Any]], expected: tuple[str, str] | None
) -> None:
    found = list(against_replicates(REPORT, pd.DataFrame(rows)))
    assert [(item.rule, item.numbers["condition"]) for item in found] == [expected] * bool(expected)


def test_the_published_study_names_rmsprop_for_model_16() -> None:
    rows = [OWN, placed("rmsprop", 0.8191, 0.8262, 0.83, 0.8313)]
    found = audited(REPORT, placed=pd.DataFrame(rows))["near-m16"]
    assert found["weight"] == "minor"
    assert "rmsprop (81.91 to 83.13 %), 0.15 times its range away" in found["finding"]


def test_a_value_is_shown_where_it_is_printed() -> None:
    report = report_of(value("m11", "epochs", "20"), value("m11", "epochs", ""))
    assert report.blank("epochs") == ["m11"]
    assert report.number("m11", "epochs") == 20


NAMES = vocabulary(REPORT)
DOCS = REPORTED.parents[1] / "docs"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('accuracy("m03")', 0.7976428627967834),
        ('nodes("m05") - nodes("m04")', 506 - 474),
        ('[m for m in models if depth(m) == 9]', ["m09", "m10"]),
        ('differ("m04", "m05") == ("nodes",)', True),
        ('sorted(set([text(m, "class") for m in models]))', ["Inferior", "Medium", "Superior"]),
        ('max([a - b for a, b in [(1, 2), (5, 3)]]) if not mentions("entropy") else 0', 2),
        ('mean([1, 2, 6]) / 3', 1.0),
    ],
)  # fmt: skip
def test_expressions(text: str, expected: object) -> None:
    expect_known(text, NAMES)
    assert evaluate(text, NAMES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "().__class__", "models.index", "models[0]", "lambda: 1", "open('x')", "__import__('os')",
        "f'{models}'", "2 ** 99", "[*models]", "(x := 1)", "max(models, key=len)", "max()()",
        "import os", "", "unknown + 1", "1 if",
    ],
)  # fmt: skip
def test_nothing_else_is_an_expression(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|not allowed|unknown name"):
        expect_known(text, NAMES)
    with pytest.raises(ValueError, match=r"expected|not allowed|not defined"):
        evaluate(text, NAMES)


def test_numbers_and_names_in_a_sentence() -> None:
    parts = {"share": 0.7976, "models": ["m05", "mine", "m15"], "s": {9.0}, "setting": "batched"}
    text = "{share:.2%}, {models}, {s}, {setting}, {100 * share:.0f}"
    assert filled(text, parts) == "79.76 %, model 5, mine and model 15, 9, testing in batches, 80"


def broken(tmp_path: Path, part: str, name: str, **changes: Any) -> Path:
    """Write checks.yaml with one entry of one part changed; None removes a key."""
    document = yaml.safe_load(loading.CHECKS.read_text())
    entry = document[part].setdefault(name, {})
    entry |= changes
    for key in [key for key, new in changes.items() if new is None]:
        del entry[key]
    path = tmp_path / "checks.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


@pytest.mark.parametrize(
    ("where", "change", "message"),
    [
        ("serious.ideal-s50", {"when": "accuracy('m05'"}, "when: expected an expression"),
        ("serious.ideal-s50", {"when": "acuracy('m05') > 0"}, "when: unknown name 'acuracy'"),
        ("serious.ideal-s50", {"when": "models.count('m05')"}, "when: .*(not allowed|by name)"),
        ("serious.ideal-s50", {"when": ["1"]}, "when: expected an expression"),
        ("serious.ideal-s50", {"numbers": {"own": "1 +"}}, "numbers.own: expected an expression"),
        ("serious.ideal-s50", {"finding": "It is {nothing}."}, "finding: unknown name 'nothing'"),
        ("serious.ideal-s50", {"finding": "It is {fold.real}."}, "finding: Attribute is not"),
        ("serious.ideal-s50", {"finding": "It is {fold"}, "finding: "),
        ("serious.ideal-s50", {"finding": ""}, "finding: expected a sentence"),
        ("serious.ideal-s50", {"matters": None}, "matters: missing, expected a sentence"),
        ("serious.ideal-s50", {"kind": "odd"}, "kind: expected one of printed_twice, "),
        ("serious.ideal-s50", {"places": ["m03"]}, r"places: expected model\.quantity, got 'm03'"),
        ("serious.ideal-s50", {"rule": "x"}, "rule: unknown key, expected one of weight, kind"),
        ("rules.cut", {"weight": "grave"}, "weight: expected one of serious, minor, got 'grave'"),
        ("rules.cut", {"when": "1"}, "when: unknown key"),
        # Known only when the report is looked at.
        ("serious.ideal-s50", {"when": "'a' > 1"}, "when: "),
        ("serious.ideal-s50", {"when": "1 / 0 > fold"}, "when: division by zero"),
        ("serious.ideal-s50", {"finding": "It is {fold:.2x}."}, "finding: Unknown format code"),
        ("rules.cut", {"finding": "{what}"}, "finding: name 'what' is not defined"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, where: str, change: dict[str, Any], message: str
) -> None:
    path = broken(tmp_path, *where.split("."), **change)
    with pytest.raises(StudyError, match=f"^{path}: {where}.{message}") as caught:
        audited(REPORT, load_checks(path))
    assert "\n" not in str(caught.value)


def test_a_part_that_is_missing_and_a_check_that_is_there_twice_are_named(tmp_path: Path) -> None:
    twice = broken(tmp_path, "minor", "ideal-s50", finding="A.", matters="B.")
    with pytest.raises(StudyError, match=r"minor\.ideal-s50: serious has a check of this name too"):
        load_checks(twice)
    twice.write_text("serious: {}\nminor: {}\nrules: {}\n")
    with pytest.raises(StudyError, match="shared: missing, expected a mapping"):
        load_checks(twice)


def test_the_recipe_of_a_check_finds_what_it_says(tmp_path: Path) -> None:
    """docs/extending.md has a check to copy: it is added to the file and applied."""
    text = (DOCS / "extending.md").read_text().partition("## A check of the audit")[2]
    recipe = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    ((part, checks),) = recipe.items()
    ((key, entry),) = checks.items()
    found = audited(REPORT, load_checks(broken(tmp_path, part, key, **entry)))
    assert found[key]["finding"] in text


def test_the_documents_name_all_that_a_check_may_use() -> None:
    text = (DOCS / "audit.md").read_text()
    for name in (*NAMES, "quoted", *Check.model_fields, *loading.KINDS, *CHECKS.rules):
        assert f"`{name.partition('-')[0]}" in text, name
