"""The numbers and sentences that the report prints, as transcribed in resources/reported/."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from mlpstudy.config.study import Study
from mlpstudy.errors import StudyError

VALUE_COLUMNS = [
    *("id", "model", "section", "place", "quantity", "printed"),
    *("value", "decimals", "unit", "approximate", "note"),
]
STATEMENT_COLUMNS = ["id", "section", "place", "models", "quote", "kind", "note"]

DATASET = "fashion-mnist"  # of the report

DETAILS, EXPLANATION, FINAL = "1 details", "2 explanation", "4 final table"
CONCLUSIONS = "5 conclusions"
SECTIONS = [
    *("0 aim", DETAILS, EXPLANATION, "3 grouped list", "3 grouped table", FINAL, CONCLUSIONS),
]
KINDS = [
    *("comparison", "ranking", "reliability", "curve", "cause", "count", "recommendation"),
    "other",
]

COUNTS = [
    *("layers", "hidden_layers", "first_layer_nodes", "input_size", "folds", "epochs", "runs"),
]
FRACTIONS = ["test_accuracy", "test_accuracy_above"]
MEASURES = ["seconds", "seconds_per_fold", "test_loss"]
# What a value may be, as a regular expression; the numbers are checked by their range as well.
_COUNT, _NUMBER = r"\d+", r"\d+(\.\d+)?([eE][-+]?\d+)?"
QUANTITIES = {
    **dict.fromkeys(COUNTS, _COUNT),
    **dict.fromkeys([*FRACTIONS, *MEASURES], _NUMBER),
    **dict.fromkeys(["batched", "dropout", "batch_normalization"], "true|false"),
    "nodes": r"\d+(\+\d+)*",
    "validation": "none|holdout|kfold",
    **dict.fromkeys(
        ["report_name", "activation", "loss_function", "optimizer", "class"], r"\S(.*\S)?"
    ),
}
# The size of one printed unit in the units of `value`.
UNITS = {"": 1.0, "%": 0.01, "s": 1.0, "min": 60.0}

# What section 1 and the final table print once per model: the pages show it as the report's own.
_HEADLINE = [
    *((DETAILS, quantity) for quantity in ("test_loss", "test_accuracy", "layers")),
    *((FINAL, quantity) for quantity in ("layers", "test_accuracy", "class")),
]


def read_values(path: Path) -> pd.DataFrame:
    """Return one row per printed value, in the file's order.

    Columns: those of the file (text; `decimals` Int64, `approximate` bool), then `number`
    (float64: `value` where it is one, accuracies as fractions, times in seconds, else NaN) and
    `resolution` (float64: one step of the last printed digit, in the units of `number`). A file
    that is absent or empty gives no rows: a study need not redo a report.

    Raises StudyError, naming file, row and column, for anything that the columns do not allow.
    """
    frame = read_text(path, VALUE_COLUMNS)
    require(path, frame, "model", frame["model"].str.fullmatch(r"\S*"), "one model, or nothing")
    one_of(path, frame, "quantity", QUANTITIES)
    one_of(path, frame, "unit", UNITS)
    one_of(path, frame, "approximate", ["true", "false"])
    numeric = frame["quantity"].isin([*COUNTS, *FRACTIONS, *MEASURES])
    # A quantity that the report leaves blank has neither a value nor decimals.
    filled = frame["printed"] != ""
    for quantity, pattern in QUANTITIES.items():
        fits = frame["value"].str.fullmatch(pattern) & filled | (frame["value"] == "") & ~filled
        require(
            path, frame, "value", fits | (frame["quantity"] != quantity), f"a value of {quantity}"
        )
    counted, empty = frame["decimals"].str.fullmatch(r"\d{1,2}"), frame["decimals"] == ""
    fits = counted.where(numeric & filled, empty)
    require(path, frame, "decimals", fits, "a count beside a number, else nothing")
    number = pd.to_numeric(frame["value"].where(numeric), errors="coerce").astype("float64")
    within = ~frame["quantity"].isin(FRACTIONS) | number.between(0, 1) | number.isna()
    require(path, frame, "value", within, "an accuracy as a fraction between 0 and 1")
    frame["decimals"] = pd.to_numeric(frame["decimals"], errors="coerce").astype("Int64")
    frame["approximate"] = frame["approximate"] == "true"
    frame["number"] = number
    step = 10.0 ** -frame["decimals"].astype("float64")
    frame["resolution"] = step * frame["unit"].map(UNITS).astype("float64")
    _refuse_second_headline(path, frame)
    return frame


def read_statements(path: Path) -> pd.DataFrame:
    """Return one row per checkable sentence of the report, as text (STATEMENT_COLUMNS).

    `models` is space-separated. An absent or empty file gives no rows. Raises StudyError.
    """
    frame = read_text(path, STATEMENT_COLUMNS)
    one_of(path, frame, "kind", KINDS)
    require(path, frame, "quote", frame["quote"].str.strip() != "", "the sentence as printed")
    return frame


def read_text(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return the file as text, its columns, ids and sections checked."""
    if not path.is_file():
        return pd.DataFrame(columns=columns, dtype="str")
    try:
        # Spreadsheets put a byte-order mark before UTF-8: "utf-8-sig" reads it with and without.
        frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=columns, dtype="str")
    except (pd.errors.ParserError, UnicodeDecodeError, OSError) as error:
        raise StudyError(f"{path}: expected a CSV file in UTF-8: {error}") from error
    # With a field too many in every row, pandas takes the first column for an index.
    if list(frame.columns) != columns or not isinstance(frame.index, pd.RangeIndex):
        raise StudyError(f"{path}: expected the columns {','.join(columns)} and no others")
    unique = frame["id"].str.fullmatch(r"[a-z]\d+") & ~frame["id"].duplicated()
    require(path, frame, "id", unique, "a unique id of a letter and digits")
    if "section" in columns:
        one_of(path, frame, "section", SECTIONS)
    return frame


def one_of(path: Path, frame: pd.DataFrame, column: str, allowed: Iterable[str]) -> None:
    """Raise StudyError for the first row whose `column` is not among `allowed`."""
    known = list(allowed)
    expected = "one of " + ", ".join(repr(name) for name in known)
    require(path, frame, column, frame[column].isin(known), expected)


def require(path: Path, frame: pd.DataFrame, column: str, fits: pd.Series, expected: str) -> None:
    """Raise StudyError for the first row that does not fit."""
    wrong = frame[~fits.astype(bool)]
    if len(wrong):
        row = wrong.iloc[0]
        raise StudyError(
            f"{path}: row {wrong.index[0] + 1} ({row['id']}), column {column}: "
            f"expected {expected}, found {row[column]!r}"
        )


def _refuse_second_headline(path: Path, frame: pd.DataFrame) -> None:
    """Raise StudyError where section 1 or the final table has a headline quantity twice."""
    key = frame["section"] + "/" + frame["quantity"]
    headlines = key.isin(["/".join(pair) for pair in _HEADLINE])
    again = headlines & frame.duplicated(["model", "section", "quantity"]) & (frame["model"] != "")
    require(path, frame, "quantity", ~again, "each of a model's headline values once per section")


# The sections to look in, in this order. The grouped tables repeat parts of the lists above them.
PLACES = {
    "details": (DETAILS,),
    "group": ("3 grouped table", "3 grouped list"),
    "final": (FINAL,),
}


class Value(NamedTuple):
    """One printed value; fields as in values.csv, the last two as `read_values` adds them."""

    id: str
    model: str
    section: str
    place: str
    quantity: str
    printed: str
    value: str
    decimals: int
    unit: str
    approximate: bool
    number: float
    resolution: float


NOTHING = Value("", "", "", "", "", "", "", 0, "", False, math.nan, math.nan)


@dataclass(frozen=True)
class Printings:
    """All printed values in the report's order."""

    values: tuple[Value, ...]

    @cached_property
    def groups(self) -> dict[tuple[str, str], list[Value]]:
        """The printings of each model and quantity; labels with nothing behind them are none."""
        found: dict[tuple[str, str], list[Value]] = {}
        for value in self.values:
            if value.model and value.printed:
                found.setdefault((value.model, value.quantity), []).append(value)
        return found

    def printings(self, model: str, quantity: str) -> list[Value]:
        """Return every printing of a quantity, in the report's order."""
        return self.groups.get((model, quantity), [])

    def find(
        self, model: str, quantity: str, sections: Sequence[str] = (DETAILS, FINAL)
    ) -> Value | None:
        """Return the first printing in the first of `sections` that has one, else None."""
        values = self.printings(model, quantity)
        return next((v for name in sections for v in values if v.section == name), None)


class Reported(Printings):
    """The printed values by place, one of PLACES; what is not printed is NaN or empty."""

    def value(self, place: str, model: str, quantity: str) -> Value:
        """Return the first value of `quantity` that `place` has for `model`, else NOTHING."""
        return self.find(model, quantity, PLACES[place]) or NOTHING

    def number(self, place: str, model: str, quantity: str) -> float:
        """Return `value` as a number, NaN where the report has none."""
        return self.value(place, model, quantity).number

    def text(self, place: str, model: str, quantity: str) -> str:
        """Return `value` as a text, empty where the report has none."""
        return self.value(place, model, quantity).value


def load_values(path: Path) -> tuple[Value, ...]:
    """Return the rows of values.csv; see `read_values`."""
    frame = read_values(path)
    frame["decimals"] = frame["decimals"].astype("object").fillna(0)
    rows = frame[list(Value._fields)].itertuples(index=False, name=None)
    return tuple(Value(*row) for row in rows)


def load_reported(path: Path, study: Study) -> Reported:
    """Read values.csv; a study without a report may have none.

    Of a study of other images than the report's, nothing was printed.

    Raises:
        StudyError: the file does not hold what its columns allow.
    """
    return Reported(load_values(path) if is_of_report(study) else ())


def is_of_report(study: Study) -> bool:
    """Tell whether a study is about the images that the report is about."""
    return study.dataset.name == DATASET
