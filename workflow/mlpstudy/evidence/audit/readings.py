"""What the report's sentences say of its own numbers: readings.csv, in a small vocabulary."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from mlpstudy.evidence.audit.printed import Report, Sentence
from mlpstudy.evidence.reported import one_of, read_text, require

READING_COLUMNS = [
    *("id", "statement", "form", "models", "others", "quantity", "printed", "value", "note"),
]

# What a sentence of each form says; rules of the same name look for what speaks against it.
FORMS = {
    "number_of_models": "as many models as `value` are reported",
    "better": "`models` is more accurate than `others`",
    "difference": "`models` is more accurate than `others` by `value`, a fraction",
    "fewer_nodes": "`models` has fewer nodes than `others`, and is the better for it",
    "every_layer": "`models` and `others` differ in every layer",
    "only_difference": "what `others` has over `models` comes of `quantity`, settings of section 1",
    "better_setting": "of two values of the setting `quantity` the first is better: relu>sigmoid",
    "rank_order": "the values of the setting `quantity` rank as `value` has them: a>b>c",
    "ideal_layers": "of `models`, those with `value` layers do best",
    "ideal": "`models` is best for its accuracy, layers, nodes and time",
    "perform_well": "`models` are not of the lowest class",
    "better_than": "`models` are more accurate than `others`",
    "around": "`others` are around the accuracy `value`, much as `models` is",
    "exception": "of the models with more layers than `value`, only `models` performs well",
    "blamed": "`models` fails because it has too much of `quantity`: layers, nodes, or both",
    "credited": "`models` does well because of `quantity`, settings of section 1",
    "nothing_special": "`models`, which fails, is made as the others are",
    "all_discussed": "every setting was looked at",
    "no_contrast": "`quantity`, a setting, was given to `models` for its effect",
    "varied_alone": "the effect of the settings can be seen",
    "no_effect": "the setting `quantity` makes no difference",
    "fewer_epochs": "`models` needs fewer epochs than `others`",
    "longer_is_better": "`models` would do better if trained for longer",
    "too_long": "`models` takes too long for what it gives",
    "unsteady": "`models` gives another accuracy each time",
    "steady": "`models` gives much the same each time",
    "not_learnt": "`models` has learnt nothing",
    "incompatible": "cannot be true together with the statement `value`",
}

_NUMBER, _ORDER, _STATEMENT = r"\d+(\.\d+)?", r"\w+(>\w+)+", r"s\d+"
# What `value` is for the forms that have one, as a regular expression.
_VALUES = {
    **dict.fromkeys(["number_of_models", "difference", "ideal_layers"], _NUMBER),
    **dict.fromkeys(["around", "exception"], _NUMBER),
    **dict.fromkeys(["better_setting", "rank_order"], _ORDER),
    "incompatible": _STATEMENT,
}


class Reading(NamedTuple):
    """One row of readings.csv; `number` is NaN where `value` is none."""

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
        StudyError: an unknown form, statement or model, or characters that the sentence has not.
    """
    frame = read_text(path, READING_COLUMNS)
    one_of(path, frame, "form", FORMS)
    one_of(path, frame, "statement", report.sentences)
    quotes = frame["statement"].map({key: s.quote for key, s in report.sentences.items()})
    inside = [text in quote for text, quote in zip(frame["printed"], quotes, strict=True)]
    fits = pd.Series(inside, index=frame.index, dtype=bool)
    require(path, frame, "printed", fits, "characters of the sentence, or nothing")
    patterns = frame["form"].map(lambda form: _VALUES.get(form, ""))
    shaped = [bool(re.fullmatch(*pair)) for pair in zip(patterns, frame["value"], strict=True)]
    fits = pd.Series(shaped, index=frame.index, dtype=bool)
    require(path, frame, "value", fits, "what the form has for a value, or nothing")
    for column in ("models", "others"):
        fits = frame[column].map(lambda text: set(text.split()) <= set(report.models)).astype(bool)
        require(path, frame, column, fits, "models of values.csv, separated by spaces")
    return [_reading(row, report) for row in frame.to_dict("records")]


def _reading(row: dict[Hashable, str], report: Report) -> Reading:
    return Reading(
        report.sentences[row["statement"]], row["form"], tuple(row["models"].split()),
        tuple(row["others"].split()), row["quantity"], row["printed"], row["value"], row["note"],
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
