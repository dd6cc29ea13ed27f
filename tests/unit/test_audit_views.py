"""The audit's rows as pages show them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from study_fixture import study_of

from mlpstudy.evidence.audit.findings import COLUMNS, KINDS, Finding, audit_table
from mlpstudy.evidence.collecting import read_table
from mlpstudy.files import write_csv
from mlpstudy.report.views.audit import TITLES, Printing, groups, of_model, summary

LAYERS = Finding(
    "printed_twice",
    "contradiction",
    "m03-layers",
    ("m03",),
    "layers",
    (("Section 1, item 1", "5"), ("Section 3, item 1", "4"), ("Section 4, row 3", "5")),
    "Model 3 has 5 and 4 layers.",
    "Its group depends on it.",
)
TWINS = Finding(
    "coincidence",
    "same_result",
    "m05-m06",
    ("m05", "m06"),
    "test_loss",
    (("Section 1, Model 5", "12.9"), ("Section 1, Model 6", "12.9")),
    "Equal.",
    "One may be a copy.",
)
AIM = Finding("arithmetic", "number_of_models", "s01", (), "", (("Title", "16"),), "17.", "Count.")

STUDY = study_of({"m05": {}, "m06": {}})  # model 3 is the report's and not run


def read(path: Path) -> pd.DataFrame:
    """Read audit.csv as the pages do: cells that are empty as empty texts."""
    table = read_table(path, COLUMNS)
    return table.astype("object").where(table.notna(), "").astype("str")


@pytest.fixture
def frame(tmp_path: Path) -> pd.DataFrame:
    """The findings, written and read again."""
    write_csv(audit_table([TWINS, AIM, LAYERS]), tmp_path / "audit.csv")
    return read(tmp_path / "audit.csv")


def test_kinds_come_in_their_order_and_only_those_there_are(frame: pd.DataFrame) -> None:
    found = groups(frame, STUDY)
    assert [group.kind for group in found] == ["printed_twice", "arithmetic", "coincidence"]
    assert [group.tally for group in found] == ["1 finding"] * 3
    assert summary(found).startswith("3 findings: printed twice, differently: 1; ")


def test_places_of_the_same_characters_stand_together(frame: pd.DataFrame) -> None:
    (view,) = groups(frame, STUDY)[0].findings
    assert view.printings == (
        Printing("5", ("Section 1, item 1", "Section 4, row 3")),
        Printing("4", ("Section 3, item 1",)),
    )
    assert (view.anchor, view.about, view.quantity) == (
        "contradiction-m03-layers", "Model 3", "Layers",
    )  # fmt: skip


def test_values_that_look_like_numbers_stay_as_printed(tmp_path: Path) -> None:
    finding = Finding("arithmetic", "r", "k", ("m01",), "", (("Here", "28.00"),), "", "")
    write_csv(audit_table([finding]), tmp_path / "audit.csv")
    (group,) = groups(read(tmp_path / "audit.csv"), STUDY)
    assert group.findings[0].printings == (Printing("28.00", ("Here",)),)


def test_a_model_has_its_own_findings_first(frame: pd.DataFrame) -> None:
    assert [view.anchor for view in of_model(frame, "m05", STUDY)] == ["same_result-m05-m06"]
    assert of_model(frame, "m01", STUDY) == []
    assert groups(frame, STUDY)[1].findings[0].about == "The report"


def test_an_empty_audit_is_no_group(tmp_path: Path) -> None:
    write_csv(audit_table([]), tmp_path / "audit.csv")
    assert (tmp_path / "audit.csv").read_text() == ",".join(COLUMNS) + "\n"
    assert groups(read(tmp_path / "audit.csv"), STUDY) == []
    assert summary([]) == ""


def test_ids_are_unique() -> None:
    table = audit_table([LAYERS, LAYERS])
    assert list(table["id"]) == ["contradiction-m03-layers", "contradiction-m03-layers-2"]
    assert set(KINDS) == set(TITLES)
