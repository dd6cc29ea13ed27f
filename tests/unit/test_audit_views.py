"""The audit's rows as pages show them."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_fixture import study_of

from mlpstudy.analysis.schemas import AUDIT
from mlpstudy.audit.checks import audit_table
from mlpstudy.audit.loading import KINDS as KEYS
from mlpstudy.files import write_csv
from mlpstudy.report.views.audit import KINDS, Group, Printing, groups, of_model, summary

LAYERS = {
    "id": "contradiction-m03-layers", "weight": "minor", "kind": "printed_twice", "models": "m03",
    "places": "Section 1 | Section 3 | Section 4", "values": "5 | 4 | 5",
    "finding": "Model 3 has 5 and 4 layers.", "matters": "Its group depends on it.",
}  # fmt: skip
TWINS = LAYERS | {"id": "same", "weight": "serious", "kind": "coincidence", "models": "m05 m06"}
AIM = LAYERS | {"id": "aim", "models": "", "places": "", "values": ""}

STUDY = study_of({"m05": {}, "m06": {}})  # model 3 is the report's and not run


def shown(tmp_path: Path, *rows: dict[str, str]) -> list[Group]:
    """Return the groups of rows that were written and read as the pages do it."""
    write_csv(audit_table(rows), tmp_path / "audit.csv")
    table = AUDIT.read(tmp_path)
    frame = table.astype("object").where(table.notna(), "").astype("str")
    assert [view.anchor for view in of_model(frame, "m05", STUDY)] == ["same"] * bool(rows)
    return groups(frame, STUDY)


def test_the_serious_lead_and_equal_values_stand_together(tmp_path: Path) -> None:
    serious, minor = shown(tmp_path, LAYERS, AIM, TWINS)
    assert (serious.weight, serious.tally, minor.tally) == ("serious", "1 finding", "2 findings")
    assert summary([serious, minor]) == "Serious findings: 1; Minor findings: 2"
    layers, aim = minor.findings
    assert layers.printings == (
        Printing("5", ("Section 1", "Section 4")), Printing("4", ("Section 3",)),
    )  # fmt: skip
    assert (layers.about, aim.about, aim.printings) == ("Model 3", "The report", ())


def test_an_empty_audit_is_no_group(tmp_path: Path) -> None:
    assert shown(tmp_path) == []
    assert (tmp_path / "audit.csv").read_text() == ",".join(AUDIT.names) + "\n"


@pytest.mark.parametrize("kind", KEYS)
def test_every_kind_is_in_words(kind: str) -> None:
    assert KINDS[kind]
