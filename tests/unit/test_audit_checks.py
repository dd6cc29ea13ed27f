"""The language of checks.yaml, and one line for every mistake in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from audit_reports import CHECKS, REPORT, REPORTED, audited

from mlpstudy.audit import loading
from mlpstudy.audit.expressions import Sentence, compiled, evaluated, vocabulary
from mlpstudy.audit.loading import load_checks
from mlpstudy.audit.rules import RULES
from mlpstudy.errors import StudyError

NAMES = vocabulary(REPORT)


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
    assert evaluated(compiled(text, NAMES), NAMES) == expected


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
        compiled(text, NAMES)


def test_numbers_and_names_in_a_sentence() -> None:
    parts = {"share": 0.7976, "models": ["m05", "mine", "m15"], "s": {9.0}, "setting": "batched"}
    text = "{share:.2%}, {models}, {s}, {setting}"
    expected = "79.76 %, model 5, mine and model 15, 9, testing in batches"
    assert Sentence().vformat(text, (), parts) == expected


def broken(tmp_path: Path, part: str, key: str, **changes: Any) -> Path:
    """Write checks.yaml with one entry of one part changed; None removes a key."""
    document = yaml.safe_load(loading.CHECKS.read_text())
    entry = document[part].setdefault(key, {})
    entry |= changes
    for name in [name for name, new in changes.items() if new is None]:
        del entry[name]
    path = tmp_path / "checks.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"when": "accuracy('m05'"}, "ideal-s50, key when: expected an expression"),
        ({"when": "acuracy('m05') > 0"}, "ideal-s50, key when: unknown name 'acuracy'"),
        ({"when": "models.count('m05')"}, "ideal-s50, key when: .* not allowed|by name"),
        ({"when": True}, "ideal-s50, key when: expected a str"),
        ({"numbers": {"own": "1 +"}}, "ideal-s50, key own: expected an expression"),
        ({"finding": "It is {nothing}."}, "ideal-s50, key finding: unknown placeholder 'nothing'"),
        ({"finding": "It is {own.real}."}, "ideal-s50, key finding: unknown placeholder"),
        ({"finding": "It is {own"}, "ideal-s50, key finding: "),
        ({"finding": ""}, "ideal-s50, key finding: expected a sentence"),
        ({"matters": None}, "ideal-s50, key matters: expected a str"),
        ({"kind": "odd"}, "ideal-s50, key kind: expected one of printed_twice, "),
        ({"places": ["m03"]}, r"ideal-s50, key places: expected model\.quantity, found 'm03'"),
        ({"rule": "x"}, "ideal-s50: key rule is not one of weight, "),
        # Known only when the report is looked at.
        ({"when": "'a' > 1"}, "ideal-s50, key when: "),
        ({"when": "1 / 0 > own"}, "ideal-s50, key when: division by zero"),
        ({"finding": "It is {own:.2x}."}, "ideal-s50, key finding: cannot fill in"),
    ],
)
def test_a_mistake_in_a_check_is_one_line(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = broken(tmp_path, "serious", "ideal-s50", **change)
    with pytest.raises(StudyError, match=message) as caught:
        audited(REPORT, load_checks(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("part", "key", "change", "message"),
    [
        ("rules", "cut", {"weight": "grave"}, "cut, key weight: expected one of serious, minor"),
        ("rules", "cut", {"when": "1"}, "cut: key when is not one of"),
        ("rules", "cut", {"finding": "{what}"}, "cut, key finding: cannot fill in 'what'"),
        ("minor", "ideal-s50", {"finding": "A.", "matters": "B."}, "ideal-s50: is there twice"),
    ],
)
def test_a_mistake_elsewhere_is_one_line(
    tmp_path: Path, part: str, key: str, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        audited(REPORT, load_checks(broken(tmp_path, part, key, **change)))


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "checks.yaml"
    path.write_text("serious: {}\n")
    with pytest.raises(StudyError, match="expected a mapping as key shared"):
        load_checks(path)


def test_the_recipe_of_a_check_finds_what_it_says(tmp_path: Path) -> None:
    """docs/extending.md has a check to copy: it is added to the file and applied."""
    text = (
        (REPORTED.parents[1] / "docs/extending.md")
        .read_text()
        .partition("## A check of the audit")[2]
    )
    recipe = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    ((part, checks),) = recipe.items()
    ((key, entry),) = checks.items()
    found = audited(REPORT, load_checks(broken(tmp_path, part, key, **entry)))
    assert found[key]["finding"] in text


def test_the_documents_name_all_that_a_check_may_use() -> None:
    text = (REPORTED.parents[1] / "docs/audit.md").read_text()
    for name in (*NAMES, "quoted", *loading.CHECK, *loading.KINDS, *CHECKS.rules):
        assert f"`{name.partition('-')[0]}" in text, name
    assert len(RULES) == 4
    assert "checks.yaml" in (REPORTED / "README.md").read_text()
