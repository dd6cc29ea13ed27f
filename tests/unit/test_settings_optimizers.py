"""Which optimizer a model has that names none, and what the pages say of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from configuring import MODELS, REFERENCE, configure, edit, settle
from pages_fixture import render_study
from study_fixture import make_study

# Section 1 of the report names Adam for models 2, 6 and 11 to 15.
UNNAMED = ["m01", "m03", "m04", "m05", "m07", "m08", "m09", "m10", "m16", "m17"]


@pytest.fixture(autouse=True)
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path, monkeypatch)


def test_ten_models_have_rmsprop_and_it_is_assumed() -> None:
    models = configure().models
    assert [name for name, each in models.items() if each.fields["optimizer"] != "adam"] == UNNAMED
    assert [name for name, each in models.items() if "optimizer" in each.assumed] == UNNAMED
    assert {models[name].fields["optimizer"] for name in UNNAMED} == {"rmsprop"}


def test_the_reference_study_asks_for_adam_where_rmsprop_is_assumed() -> None:
    conditions = configure(REFERENCE).conditions
    assert conditions["adam"].overrides == {"optimizer": "adam"}
    assert list(conditions["adam"].models) == UNNAMED
    assert "rmsprop" not in conditions


def test_a_model_of_ones_own_that_names_no_optimizer_has_adam() -> None:
    edit(MODELS, "models:\n", "models:\n  mine:\n    nodes: [8, 10]\n")
    mine = configure().models["mine"]
    assert mine.fields["optimizer"] == "adam"
    assert "outside the report" in mine.assumed["optimizer"]


def test_the_assumptions_table_has_the_reason(tmp_path: Path) -> None:
    models = {
        name: {**each.fields, "epochs": 1, "assumed": each.assumed}
        for name, each in configure().models.items()
    }
    paths = render_study(make_study(tmp_path / "study", models, lambda *_: (0.8, 0.5)))
    table = (paths.report / "tables/assumptions.md").read_text()
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| Optimizer")]
    assert len(rows) == 1
    assert rows[0][1:3] == ["RMSprop", "1, 3, 4, 5, 7, 8, 9, 10, 16, 17"]
    assert "Keras 2 takes RMSprop, with a learning rate of 0.001" in rows[0][3]
