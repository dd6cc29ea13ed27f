"""Each case of bad input gives the message that hostile-input.md lists."""

from __future__ import annotations

import re

import pytest
from hostile_case import Case
from hostile_cases import PAGE, SECTIONS, line_of, row

TEXT = PAGE.read_text(encoding="utf-8")
ROWS = TEXT.splitlines()


@pytest.mark.parametrize(
    "case", [case for cases in SECTIONS.values() for case in cases], ids=lambda case: case.what
)
def test_a_user_sees_what_the_page_says(case: Case) -> None:
    line = line_of(case)
    assert line, "nothing is said"
    assert "\n" not in line
    assert "Traceback" not in line
    assert row(case, line) in ROWS, f"run `python tests/unit/hostile_cases.py`: {row(case, line)}"


def test_the_page_has_nothing_else() -> None:
    assert re.findall(r"(?m)^## (.*)", TEXT) == list(SECTIONS)
    inputs = [line.split(" | ")[0].removeprefix("| ") for line in ROWS if line.startswith("| ")]
    expected = [name for cases in SECTIONS.values() for name in ("input", *(c.what for c in cases))]
    assert inputs == expected
    assert len(set(expected)) == len(expected) - len(SECTIONS) + 1
