"""The reader of readings.csv: what a row of each form may hold, and one line for any other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlpstudy.errors import StudyError
from mlpstudy.evidence.audit import forms
from mlpstudy.evidence.audit.audit import OF_SENTENCES
from mlpstudy.evidence.audit.forms import FORMS, Takes
from mlpstudy.evidence.audit.printed import load_report
from mlpstudy.evidence.audit.readings import READING_COLUMNS, Reading, read_readings
from mlpstudy.evidence.reported import read_statements, read_values

REPORTED = Path(__file__).parents[2] / "resources" / "reported"
REPORT = load_report(
    read_values(REPORTED / "values.csv"), read_statements(REPORTED / "statements.csv")
)
# How the table of README.md calls what a column takes.
CALLED = {
    forms.NOTHING: "", forms.ONE: "one", forms.SOME: "one or more", forms.ANY: "any",
    forms.SETTING: "a setting", forms.SEVERAL: "settings", forms.SWITCH: "a switch",
    forms.SIZES: "sizes", forms.WHOLE: "a whole number", forms.FRACTION: "a fraction",
    forms.ORDER: "a>b>c", forms.TWO: "a>b", forms.STATEMENT: "a statement",
}  # fmt: skip
# One cell that each allows, and one that it does not.
CELLS = {
    forms.NOTHING: ("", "m03"), forms.ONE: ("m03", "m03 m07"), forms.SOME: ("m03 m13", ""),
    forms.ANY: ("", None), forms.SETTING: ("dropout", "colour"),
    forms.SEVERAL: ("nodes dropout", "nodes, dropout"), forms.SWITCH: ("dropout", "activation"),
    forms.SIZES: ("nodes layers", "epochs"), forms.WHOLE: ("5", "5.5"),
    forms.FRACTION: ("0.10", "10"), forms.ORDER: ("relu>tanh>elu", "relu"),
    forms.TWO: ("relu>tanh", "relu>tanh>elu"), forms.STATEMENT: ("s58", "s99"),
}  # fmt: skip


def read(path: Path, **cells: str) -> list[Reading]:
    """Write one row, and read it."""
    row = {"id": "r01", "statement": "s56", "note": "Why.", **cells}
    text = ",".join(f'"{row.get(column, "")}"' for column in READING_COLUMNS)
    (path / "readings.csv").write_text(f"{','.join(READING_COLUMNS)}\n{text}\n")
    return read_readings(path / "readings.csv", REPORT)


def fitting(form: str) -> dict[str, str]:
    cells = {column: str(CELLS[takes][0]) for column, takes in FORMS[form].takes().items()}
    return {**cells, "others": cells["others"].replace("m03", "m05").replace("m13", "m08")}


@pytest.mark.parametrize("form", FORMS)
def test_a_row_holds_what_its_form_takes(tmp_path: Path, form: str) -> None:
    """Every rule goes through with it, and a cell that does not fit is one line."""
    readings = read(tmp_path, form=form, **fitting(form))
    for rule in OF_SENTENCES:
        list(rule(REPORT, readings))
    for column, takes in FORMS[form].takes().items():
        wrong = CELLS[takes][1]
        if wrong is None:
            continue
        with pytest.raises(
            StudyError, match=rf"row 1 \(r01\), column {column}: expected "
        ) as caught:
            read(tmp_path, form=form, **{**fitting(form), column: wrong})
        assert "\n" not in str(caught.value)


def test_the_line_says_what_the_form_takes(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        read(tmp_path, form="difference", models="m03 m13", others="m07", value="0.1")
    assert str(caught.value) == (
        f"{tmp_path}/readings.csv: row 1 (r01), column models: expected one model with form "
        "difference, found 'm03 m13'"
    )
    with pytest.raises(StudyError, match=r"expected one of nodes, activation, .* found 'colour'"):
        read(tmp_path, form="no_contrast", models="m08", quantity="colour")
    with pytest.raises(StudyError, match="column others: expected other models than `models`"):
        read(tmp_path, form="better_than", models="m03 m13", others="m13")
    with pytest.raises(StudyError, match="column note: expected why both cannot be true"):
        read(tmp_path, form="incompatible", value="s58", note="")


def test_spaces_do_not_count(tmp_path: Path) -> None:
    (reading,) = read(tmp_path, form="blamed", models=" m08", quantity=" layers  nodes ")
    assert (reading.models, reading.quantity) == (("m08",), "layers nodes")


BROKEN = {
    "form": "less_nodes",
    "statement": "s99",
    "printed": "the number of layers",
    "value": "0.1",
    "models": "m99",
    "others": "wide",
    "id": "first",
}


@pytest.mark.parametrize("column", BROKEN)
def test_a_malformed_reading_is_named(tmp_path: Path, column: str) -> None:
    row = {"form": "fewer_nodes", "models": "m03", "others": "m13"}
    assert len(read(tmp_path, **row, printed="the number of nodes")) == 1
    with pytest.raises(StudyError, match=rf"readings\.csv: row 1 .*column {column}: expected"):
        read(tmp_path, **{**row, column: BROKEN[column]})


def test_the_readme_has_what_each_form_takes() -> None:
    text = (REPORTED / "README.md").read_text()
    rows = re.findall(
        r"^\| `(\w+)` \| (.*) \|$", text.partition("## readings.csv")[2], re.MULTILINE
    )
    assert [name for name, _ in rows] == list(FORMS)
    for name, row in rows:
        says, *cells = row.split(" |")
        form = FORMS[name]
        columns: tuple[Takes, ...] = (form.models, form.others, form.quantity, form.value)
        assert says == form.says
        assert [cell.strip() for cell in cells] == [CALLED[takes] for takes in columns]
