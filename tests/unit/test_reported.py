"""The transcription against arithmetic and against itself, and the reader against broken files."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlpstudy.analysis.reported import (
    DETAILS,
    FINAL,
    UNITS,
    VALUE_COLUMNS,
    read_statements,
    read_values,
)
from mlpstudy.errors import StudyError

REPORTED = Path(__file__).parents[2] / "resources" / "reported"
MODELS = [f"m{number:02d}" for number in range(1, 18)]


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    return read_values(REPORTED / "values.csv")


@pytest.fixture(scope="module")
def statements() -> pd.DataFrame:
    return read_statements(REPORTED / "statements.csv")


def pick(values: pd.DataFrame, section: str, quantity: str) -> pd.Series:
    """Return the printed strings of one quantity in one section, by model."""
    chosen = values[(values["section"] == section) & (values["quantity"] == quantity)]
    return chosen.set_index("model")["printed"]


# The models of which the report gives each quantity once: its own structure, read off its pages.
NAMED = ["m02", "m06", "m11", "m12", "m13", "m14"]
STRUCTURE = {
    (DETAILS, "report_name layers nodes activation loss_function validation epochs"): MODELS,
    (DETAILS, "test_loss test_accuracy"): MODELS,
    ("3 grouped list", "report_name activation layers test_loss test_accuracy epochs"): MODELS,
    ("3 grouped table", "layers test_accuracy"): MODELS,
    (FINAL, "activation layers test_accuracy class"): MODELS,
    (DETAILS, "optimizer"): [*NAMED, "m15"],
    (DETAILS, "batched"): sorted([*NAMED, "m10"]),
    (DETAILS, "dropout"): ["m08", "m09", "m10"],
    (DETAILS, "batch_normalization"): ["m10"],
    (DETAILS, "seconds_per_fold"): ["m03"],
}


def test_every_quantity_is_given_once_of_its_models(values: pd.DataFrame) -> None:
    for (section, quantities), models in STRUCTURE.items():
        for quantity in quantities.split():
            assert sorted(pick(values, section, quantity).index) == models, quantity
    assert len(pick(values, DETAILS, "seconds")) == 16


def test_layers_of_the_details_count_the_nodes(values: pd.DataFrame) -> None:
    layers, nodes = pick(values, DETAILS, "layers"), pick(values, DETAILS, "nodes")
    assert {model: len(text.split("+")) for model, text in nodes.items()} == {
        model: int(text) for model, text in layers.items()
    }
    assert all(text.endswith("+10") for text in nodes)


def test_printed_accuracies_and_losses_are_single_precision(values: pd.DataFrame) -> None:
    accuracies = pick(values, DETAILS, "test_accuracy")
    for model, printed in accuracies.drop(["m03", "m16"]).astype(float).items():
        # A count of 10,000.
        assert printed == float(np.float32(round(printed * 100) / 10_000)) * 100, model
    # The mean of five folds, each a count of 14,000 rounded to single precision.
    assert float(accuracies["m03"]) == pytest.approx(55_835 / 700, abs=3e-6)
    # The last digit is not there: 83.31000208854675 is what the number would print as.
    exact = repr(float(np.float32(0.8331)) * 100)
    assert accuracies["m16"] == "83.3100020885467" == exact[: len("83.3100020885467")]
    for model, printed in pick(values, DETAILS, "test_loss").drop("m03").items():
        assert float(np.float32(printed)) == float(printed), model


def test_value_and_decimals_follow_from_what_is_printed(values: pd.DataFrame) -> None:
    for row in values[values["number"].notna()].itertuples():
        found = re.search(r"\d+(?:\.(\d+))?", row.printed)
        token = found.group(0) if found else {"five": "5"}[row.printed]
        scaled = Decimal(token) * Decimal(str(UNITS[row.unit]))
        assert scaled == Decimal(row.value), row.id
        assert row.decimals == len((found and found.group(1)) or ""), row.id
        assert row.resolution == pytest.approx(UNITS[row.unit] * 10.0**-row.decimals), row.id
        qualified = re.match(r"(?i)(about|around|almost)\b", row.printed) is not None
        assert row.approximate == qualified, row.id


def test_units_say_what_kind_of_number_it_is(values: pd.DataFrame) -> None:
    by_quantity = values[values["number"].notna()].groupby("quantity")["unit"].agg(set)
    assert by_quantity["test_accuracy"] == {"%"}
    assert by_quantity["seconds"] == {"s", "min"}
    assert (
        by_quantity.drop(["test_accuracy", "test_accuracy_above", "seconds", "seconds_per_fold"])
        .map(lambda units: units == {""})
        .all()
    )


def test_only_the_epochs_of_four_models_are_blank(values: pd.DataFrame) -> None:
    blank = values[values["printed"] == ""]
    assert sorted(blank["model"]) == ["m11", "m12", "m13", "m14"]
    assert set(blank["quantity"]) == {"epochs"}
    assert (blank["note"] != "").all()


def test_no_place_gives_a_quantity_of_a_model_twice(values: pd.DataFrame) -> None:
    assert not values.duplicated(["model", "place", "quantity"]).any()
    assert list(values["id"]) == [f"v{number:03d}" for number in range(1, len(values) + 1)]
    assert set(values["model"]) == {*MODELS, ""}


def test_names_and_activations_agree_throughout(values: pd.DataFrame) -> None:
    """The report contradicts itself in numbers, but in neither of these."""
    for quantity in ("report_name", "activation", "loss_function"):
        named = values[values["quantity"] == quantity].groupby("model")["value"].nunique()
        assert (named == 1).all(), quantity


def test_classes_are_those_of_the_thresholds(values: pd.DataFrame) -> None:
    final = values[values["section"] == FINAL].set_index("model")
    accuracy = final.loc[final["quantity"] == "test_accuracy", "number"]
    expected = pd.cut(accuracy, [0, 0.5, 0.8, 1], right=False, labels=False).map(
        {0: "Inferior", 1: "Medium", 2: "Superior"}
    )
    assert pick(values, FINAL, "class").to_dict() == expected.to_dict()


def test_statements_name_models_and_quote_once_a_place(statements: pd.DataFrame) -> None:
    named = {model for models in statements["models"] for model in models.split()}
    assert named == set(MODELS)
    assert not statements.duplicated(["place", "quote"]).any()
    assert (statements["note"] != "").all()


@pytest.mark.parametrize("content", [None, "", ",".join(VALUE_COLUMNS) + "\n"])
def test_a_study_without_reported_values(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "values.csv"
    if content is not None:
        path.write_text(content)
    frame, full = read_values(path), read_values(REPORTED / "values.csv")
    assert len(frame) == 0
    assert list(frame.columns) == list(full.columns)
    for column in ("decimals", "approximate", "number", "resolution"):
        assert frame[column].dtype == full[column].dtype


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "values.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (REPORTED / "values.csv").read_bytes())
    assert list(read_values(path)["id"]) == list(read_values(REPORTED / "values.csv")["id"])


LOSS_ROW = 'v001,m01,1 details,"Section 1",test_loss,1.19,1.19,2,,false,'
BROKEN = {
    "model": ("m01", "m01 m02"),
    "section": ("1 details", "appendix"),
    "quantity": ("test_loss", "test_los"),
    "value": (",1.19,2", ",1.2x,2"),
    "decimals": (",1.19,2", ",1.19,"),
    "unit": (",2,,", ",2,furlong,"),
    "approximate": ("false", "no"),
    "id": ("v001", "first"),
}


@pytest.mark.parametrize("column", BROKEN)
def test_a_malformed_row_is_named(tmp_path: Path, column: str) -> None:
    path = tmp_path / "values.csv"
    path.write_text(f"{','.join(VALUE_COLUMNS)}\n{LOSS_ROW}\n")
    assert read_values(path)["number"].item() == 1.19
    path.write_text(f"{','.join(VALUE_COLUMNS)}\n{LOSS_ROW.replace(*BROKEN[column])}\n")
    with pytest.raises(StudyError, match=rf"^{re.escape(str(path))}: row 1 .*column {column}: "):
        read_values(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([LOSS_ROW, LOSS_ROW], r"row 2 \(v001\), column id"),
        ([LOSS_ROW, LOSS_ROW.replace("v001", "v002")], r"row 2 \(v002\), column quantity"),
        ([LOSS_ROW.replace("test_loss", "test_accuracy")], "row 1 .*column value: .*fraction"),
        ([LOSS_ROW + ",more"], "expected the columns id,model,"),
        ([LOSS_ROW, LOSS_ROW + ",more"], "expected a CSV file"),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, rows: list[str], message: str) -> None:
    path = tmp_path / "values.csv"
    path.write_text("\n".join([",".join(VALUE_COLUMNS), *rows]) + "\n")
    with pytest.raises(StudyError, match=rf"^{re.escape(str(path))}: {message}"):
        read_values(path)


def test_a_statement_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "statements.csv"
    path.write_text("id,section,place,models,quote,kind,note\ns1,0 aim,Title,m01,Good.,opinion,\n")
    with pytest.raises(StudyError, match=r"row 1 \(s1\), column kind: expected one of "):
        read_statements(path)
