"""Findings about sentences: what is quoted, and what is printed against it."""

from __future__ import annotations

from collections.abc import Sequence

from mlpstudy.evidence.audit.findings import Finding, showing
from mlpstudy.evidence.audit.printed import Printed, Report
from mlpstudy.evidence.audit.readings import Reading
from mlpstudy.evidence.audit.wording import sentence

KIND = "own_text"


def text_finding(
    rule: str,
    readings: Sequence[Reading],
    keys: Sequence[str],
    values: Sequence[Printed | None],
    text: str,
    matters: str,
    name: str = "test_accuracy",
) -> Finding:
    """Return a finding about sentences, which come first, and the values that speak against them.

    Its key is the first of the sentences.
    """
    sentences = dict.fromkeys(reading.sentence.shown for reading in readings)
    shown = (*sentences, *showing(value for value in values if value is not None))
    key = readings[0].sentence.id
    return Finding(KIND, rule, key, tuple(dict.fromkeys(keys)), name, shown, text, matters)


def with_note(text: str, reading: Reading) -> str:
    """Return a text with what the table of readings has to add, as its last sentence."""
    return f"{text} {sentence(reading.note.rstrip('.'))}." if reading.note else text


def accuracies_of(report: Report, keys: Sequence[str]) -> list[Printed | None]:
    """Return the headline accuracies of some models as printed."""
    return [report.find(key, "test_accuracy") for key in keys]
