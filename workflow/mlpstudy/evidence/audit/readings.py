"""What the report's sentences say of its own numbers: readings.csv, in a small vocabulary."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from mlpstudy.evidence.audit.forms import FORMS, Takes
from mlpstudy.evidence.audit.printed import Report, Sentence
from mlpstudy.evidence.reported import one_of, read_text, require

READING_COLUMNS = [
    *("id", "statement", "form", "models", "others", "quantity", "printed", "value", "note"),
]


class Reading(NamedTuple):
    """One row of readings.csv; of a form whose `value` is a number `number` is that."""

    sentence: Sentence
    form: str
    models: tuple[str, ...]
    others: tuple[str, ...]
    quantity: str
    printed: str
    value: str
    note: str

    @property
    def number(self) -> float:
        """`value` as a number."""
        return float(self.value)


def read_readings(path: Path, report: Report) -> list[Reading]:
    """Return the readings, in the file's order; none for a file that is absent or empty.

    Raises:
        StudyError: an unknown form, statement or model, characters that the sentence has not, or a
            cell that the form does not take.
    """
    frame = read_text(path, READING_COLUMNS)
    one_of(path, frame, "form", FORMS)
    one_of(path, frame, "statement", report.sentences)
    quotes = frame["statement"].map({key: s.quote for key, s in report.sentences.items()})
    inside = [text in quote for text, quote in zip(frame["printed"], quotes, strict=True)]
    fits = pd.Series(inside, index=frame.index, dtype=bool)
    require(path, frame, "printed", fits, "characters of the sentence, or nothing")
    alone = frame["form"] != "incompatible"
    known = frame["value"].isin(list(report.sentences))
    require(path, frame, "value", known | alone, "a statement of statements.csv")
    require(path, frame, "note", (frame["note"] != "") | alone, "why both cannot be true")
    for column in ("models", "others"):
        fits = frame[column].map(lambda text: set(text.split()) <= set(report.models)).astype(bool)
        require(path, frame, column, fits, "models of values.csv, separated by spaces")
    for name in frame["form"].unique():
        other = frame["form"] != name
        for column, takes in FORMS[name].takes().items():
            fits = frame[column].map(partial(_holds, takes)).astype(bool)
            require(path, frame, column, fits | other, f"{takes.words} with form {name}")
    pairs = zip(frame["models"], frame["others"], strict=True)
    apart = [set(models.split()).isdisjoint(others.split()) for models, others in pairs]
    fits = pd.Series(apart, index=frame.index, dtype=bool)
    require(path, frame, "others", fits, "other models than `models`")
    return [_reading(row, report) for row in frame.to_dict("records")]


def _holds(takes: Takes, cell: str) -> bool:
    return re.fullmatch(takes.pattern, _spaced(cell)) is not None


def _spaced(cell: str) -> str:
    """Return the words of a cell with one space between them."""
    return " ".join(cell.split())


def _reading(row: dict[Hashable, str], report: Report) -> Reading:
    return Reading(
        report.sentences[row["statement"]], row["form"], tuple(row["models"].split()),
        tuple(row["others"].split()), _spaced(row["quantity"]), row["printed"],
        _spaced(row["value"]), row["note"],
    )  # fmt: skip


def of_form(readings: Sequence[Reading], form: str) -> list[Reading]:
    """Return the readings of one form."""
    return [reading for reading in readings if reading.form == form]


def together(readings: Sequence[Reading]) -> Iterator[list[Reading]]:
    """Give the readings that say the same of the same models, in several sentences, as one."""
    found: dict[tuple[object, ...], list[Reading]] = {}
    for reading in readings:
        found.setdefault(reading[1:5] + reading[6:7], []).append(reading)
    yield from found.values()
