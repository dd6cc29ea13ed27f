"""What pages show of the cause: every number is a table's, and odd studies have views too."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_fixture import BOTH, Paths, make_study, write_tables

from mlpstudy.analysis.schemas import TABLES, read_table
from mlpstudy.config.study import load_study
from mlpstudy.errors import StudyError
from mlpstudy.files import write_csv
from mlpstudy.formats import MINUS, p_value
from mlpstudy.report.layout import Table
from mlpstudy.report.views.cause_tables import CauseTables, load_causes
from mlpstudy.report.views.causes import cause_context, squares
from mlpstudy.report.views.contrasts import effect_tables

MODELS = {
    "m05": {"loss": "kl_divergence", "nodes": [64, 32, 10]},
    "m06": {"loss": "kl_divergence", "nodes": [64, 32, 10], "activation": "leaky_relu"},
    "m16": {"activation": "sigmoid"},
}
CONDITIONS = {
    "slope_001": {"leaky_slope": 0.01}, **BOTH, "unit_pixels": {"pixels": "unit"},
}  # fmt: skip
COVERED = {
    "as_reported": list(MODELS), "corrected": list(MODELS), "unit_pixels": ["m05", "m06"],
    "slope_001": ["m06"],
}  # fmt: skip


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    last = {"as_reported": 4, "slope_001": 5}.get(condition, 0)  # of the runs that fail
    failed = model != "m16" and replicate <= last
    learned = 0.84 if (condition, model) == ("corrected", "m16") else 0.85
    return (0.1 if failed else learned + replicate / 1000), 14.5 if failed else 0.5


def write_saturation(tables: Path, models: list[str], activations: list[str]) -> None:
    """Write what `probe` would: raw pixels are bad for all but sigmoid."""
    rows, layers, bins = [], [], []
    for model, activation in zip(models, activations, strict=True):
        for pixels in ("raw", "unit"):
            keys = {"model": model, "activation": activation, "pixels": pixels}
            bad = pixels == "raw"
            below = 0.78 if bad and activation != "sigmoid" else 0.0
            rows.append(
                {**keys, "share_below": below, "share_certain": below / 2, "logit_range": 120.4}
            )
            for layer in (1, 2):
                flat = 0.96 if bad and layer == 1 else 0.25
                layers.append({**keys, "layer": layer, "saturated": flat, "dead": 0.0})
            bins.append({**keys, "low": -1, "high": 0, "share": 1.0})
    for name, frame in {"": rows, "_layers": layers, "_bins": bins}.items():
        schema = TABLES[f"saturation{name}"]
        write_csv(schema.frame(frame), tables / f"{schema.name}.csv")


def loaded(paths: Paths, models: list[str], activations: list[str]) -> CauseTables:
    write_tables(paths)
    write_saturation(paths.tables, models, activations)
    return load_causes(load_study(paths.study), paths.tables)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    root = tmp_path_factory.mktemp("views")
    return make_study(root, MODELS, outcome, CONDITIONS, replicates=6, covered=COVERED)


@pytest.fixture(scope="module")
def tables(paths: Paths) -> CauseTables:
    return loaded(paths, list(MODELS), ["relu", "leaky_relu", "sigmoid"])


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_a_square_has_the_cells_that_the_study_has(tables: CauseTables) -> None:
    square = squares(tables)[0]
    assert (square.model, square.name) == ("m05", "Model 5")
    (plain, exact), (unit, both) = square.rows
    assert exact is None  # no condition has raw pixels and the exact form
    assert plain is not None
    assert (plain.condition, plain.text, plain.interval) == ("as_reported", "4 of 6", "30\u201390")
    assert plain.stuck == pytest.approx(0.9)
    assert unit is not None
    assert both is not None
    assert (unit.failures, both.condition) == (0, "corrected")


def test_a_condition_that_changes_something_else_is_no_cell(tables: CauseTables) -> None:
    conditions = {
        cell.condition for square in squares(tables) for row in square.rows for cell in row if cell
    }
    assert conditions == {"as_reported", "corrected", "unit_pixels"}


def test_the_table_of_squares_leaves_empty_cells_so(tables: CauseTables) -> None:
    row = texts(cause_context(tables)["square_table"])[0]
    assert row[:4] == ["Model 5", "4 of 6", "30\u201390", "10.00"]
    assert row[4:7] == ["\u2014"] * 3
    assert row[7:9] == ["0 of 6", "0\u201339"]


def test_the_sentences_give_the_tables_numbers(tables: CauseTables) -> None:
    failures, mechanism, before = (f.text for f in cause_context(tables)["cause_findings"])
    assert failures == (
        "With raw pixels and clipped KL divergence 8 of 12 runs fail, of models 5 and 6; with "
        "scaled pixels and clipped KL divergence 0 of 12 runs fail; with scaled pixels and exact "
        "KL divergence 0 of 12 runs fail."
    )
    assert "the gradient was gone for 90\u00a0% of the training examples" in mechanism
    assert mechanism.endswith("in those that learned, for 0\u00a0%.")
    assert "78\u00a0% of the images in 2 of 2 models with ReLU and Leaky ReLU" in before
    assert "none in those with Sigmoid, in whose first layer 96\u00a0%" in before


def test_effects_have_one_table_per_field_and_say_what_changes(paths: Paths) -> None:
    frame = read_table(paths.tables / "contrasts.csv")
    found = {table.title: texts(table) for table in effect_tables(load_study(paths.study), frame)}
    assert next(iter(found)) == "Pixels"
    (slope,) = found["Leaky slope"]
    assert slope[:4] == [
        "Model 6", "slope 001 \u2192 as reported", "0.01 \u2192 0.3", "5 of 6 \u2192 4 of 6",
    ]  # fmt: skip
    pixels = next(row for row in found["Pixels"] if row[0] == "Model 5")
    assert pixels[3] == "4 of 6 \u2192 0 of 6"
    row = frame.set_index("contrast").loc["as_reported.m05-unit_pixels.m05"]
    assert float(pixels[5].replace(MINUS, "-")) == pytest.approx(100 * row["shift"], abs=0.51)


def test_the_likeliest_assumption_has_the_nearest_replicate(tables: CauseTables) -> None:
    rows = texts(cause_context(tables)["likeliest_table"])
    printed = {(row[0], row[1]): row for row in rows}
    # 19.41 is 9.41 from the failed runs of the plain condition, and farther from all others.
    assert printed["Model 6", "19.41"][3:6] == ["9.41", "as reported", "\u2014"]
    # 83.31 is 1.79 below the least of the plain runs, 0.79 below that of the corrected ones.
    assert printed["Model 16", "83.31"][3:5] == ["1.79", "corrected"]
    assert printed["Model 16", "83.31"][7] == "0.79"
    assert set(printed) >= {("Model 5", "19.41"), ("Model 5", "19.00"), ("Model 16", "83.31")}


def test_conditions_are_counted_beside_the_plain_one_on_the_same_models(
    tables: CauseTables,
) -> None:
    rows = {row[0]: row[1:] for row in texts(cause_context(tables)["condition_table"])}
    # 19.41 twice and 19.0, of models 5 and 6, lie between the failed runs and the others, and far
    # from both; the 83.31 of model 16 is below all replicates.
    assert rows["as reported"] == ["4", "3", "0", "3", "0"]
    assert rows["slope 001"] == ["1", "1", "0", "1", "0"]
    assert rows["unit pixels"] == ["3", "0", "0", "3", "0"]


def test_sensitivities_are_listed_for_accuracy_and_for_loss(tables: CauseTables) -> None:
    accuracy, loss = cause_context(tables)["sensitivity_tables"]
    models = [row[0] for row in texts(accuracy)]
    assert models == sorted(models, key=lambda name: int(name.split()[1]))
    slope = next(row for row in texts(accuracy) if row[2] == "slope 001")
    assert slope[3] == "leaky slope 0.01"
    assert slope[6] == "5 of 6"
    assert any(row[1] == "14.51" for row in texts(loss))


def test_probabilities_are_never_printed_as_nothing() -> None:
    assert [p_value(p) for p in (0.0001, 0.0211, 1.0, float("nan"))] == [
        "< 0.001", "0.021", "1.000", "\u2014",
    ]  # fmt: skip


def test_a_study_of_one_model_that_the_report_does_not_have(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"own": {}}, lambda *_: (0.8, 0.5), {"only": {}})
    context = cause_context(loaded(paths, ["own"], ["sigmoid"]))
    assert context["squares"] == []
    assert context["cause_findings"] == []
    assert effect_tables(load_study(paths.study), read_table(paths.tables / "contrasts.csv")) == []
    assert context["sensitivity_tables"] == []
    assert context["likeliest_table"].rows == []


def test_a_missing_table_is_named(paths: Paths, tables: CauseTables, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"causes\.csv: missing"):
        load_causes(tables.study, tmp_path)
    assert not read_table(paths.tables / "causes.csv").empty
