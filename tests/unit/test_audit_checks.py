"""The language of checks.yaml, and one line for every mistake in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from audit_reports import CHECKS, REPORT, REPORTED, audited

from mlpstudy.audit import loading
from mlpstudy.audit.expressions import evaluate, expect_known, filled, vocabulary
from mlpstudy.audit.loading import Check, load_checks
from mlpstudy.errors import StudyError

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
