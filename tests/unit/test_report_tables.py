"""What the report shows of causes, contrasts and the audit, with known numbers."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd
import pytest
import study_fixture
from pages_fixture import Page, plain, render_study, shown_prose, shown_tables, titled
from study_fixture import (
    PROVENANCE,
    REPORTED,
    Paths,
    make_study,
    write_tables,
)

from mlpstudy.analysis import schemas
from mlpstudy.analysis.results import Results, load_results
from mlpstudy.analysis.schemas import read_table
from mlpstudy.audit.checks import audit_table
from mlpstudy.audit.loading import KINDS as AUDIT_KINDS
from mlpstudy.claims.judging import judge
from mlpstudy.files import write_csv
from mlpstudy.formats import (
    count,
    loss,
    names,
    p_value,
    percent,
    points,
    seconds,
    share,
    span,
)


def test_numbers_are_written_as_people_read_them() -> None:
    assert (percent(0.75264), percent(None), percent(float("nan"))) == ("75.26", "—", "—")
    assert (points(-0.5804), points(0.2), points(-1e-9)) == ("\u221258.04", "+20.00", "0.00")
    assert (span(0.1, 0.861), span(0.1, 0.1004)) == ("10.0\u201386.1", "10.0")
    assert (share(1 / 3), share(0.999), share(0.001), share(1.0)) == ("33", "99.9", "0.1", "100")
    assert (loss(0.57686), loss(12.98957), loss(float("inf"))) == ("0.577", "12.99", "infinite")
    assert (count(9999), count(109386)) == ("9999", "109\u202f386")
    assert [seconds(s).replace("\u202f", " ") for s in (4, 59.7, 61, 3599.7, 7260)] == [
        "4.0 s", "1 min", "1 min 1 s", "1 h", "2 h 1 min",
    ]  # fmt: skip
    assert names(["Model 4", "Model 5", "wide"]) == "models 4 and 5 and wide"
    assert names(["Model 4", "wide"], opening=True) == "Model 4 and wide"
    found = [p_value(p) for p in (0.0001, 0.0456, 0.3333, 1.0, math.nan)]
    assert found == ["< 0.001", "0.046", "0.333", "1.000", "\u2014"]


# ---- Causes -----------------------------------------------------------------------------------

MODELS = {
    "m05": {"loss": "kl_divergence", "nodes": [64, 32, 10]},
    "m06": {"loss": "kl_divergence", "nodes": [64, 32, 10], "activation": "leaky_relu"},
    "m16": {"activation": "sigmoid"},
}
CONDITIONS = {
    "as_reported": {}, "corrected": {"pixels": "unit", "kl": "exact"},
    "unit_pixels": {"pixels": "unit"}, "slope_001": {"leaky_slope": 0.01},
}  # fmt: skip
COVERED = {"unit_pixels": ["m05", "m06"], "slope_001": ["m06"]}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    last = {"as_reported": 4, "slope_001": 5}.get(condition, 0)  # of the runs that fail
    failed = model != "m16" and replicate <= last
    learned = 0.84 if (condition, model) == ("corrected", "m16") else 0.85
    return (0.1 if failed else learned + replicate / 1000), 14.5 if failed else 0.5


def write_saturation(tables: Path, activations: dict[str, str]) -> None:
    """Write what `probe` would: raw pixels are bad for all but sigmoid."""
    rows, layers = [], []
    for model, activation in activations.items():
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
    write_csv(schemas.SATURATION.frame(rows), tables / "saturation.csv")
    write_csv(schemas.SATURATION_LAYERS.frame(layers), tables / "saturation_layers.csv")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    root = tmp_path_factory.mktemp("views")
    made = make_study(root, MODELS, outcome, CONDITIONS, replicates=6, covered=COVERED)
    write_tables(made)
    write_saturation(made.tables, {"m05": "relu", "m06": "leaky_relu", "m16": "sigmoid"})
    return made


@pytest.fixture(scope="module")
def results(paths: Paths) -> Results:
    return load_results(paths.study, REPORTED, paths.tables)


def test_causes_have_the_numbers_of_the_tables(results: Results) -> None:
    said = shown_prose(results)
    # A condition that changes something else than pixels or the divergence is no cell.
    cells = re.findall(
        r"Pixels from 0 to (\d+), (\w+) KL divergence: \*\*(.+?)\*\* runs fail(.*?)\. ", said
    )
    assert cells == [
        ("255", "clipped", "8 of 12", ", of [Model 5](#m05) and [Model 6](#m06)"),
        ("1", "clipped", "0 of 12", ""),
        ("1", "exact", "0 of 12", ""),
    ]
    # No condition has the exact divergence with raw pixels, and no other model fails.
    assert (
        "**Unscaled pixels cause the failures.** Of the runs with KL divergence, 8 of 12 fail with "
        "unscaled pixels and the clipped divergence, 0 of 12 with scaled pixels." in said
    )
    assert "with cross-entropy, [all units" not in said
    assert "failed runs, 90 % of the training images have no gradient; in the other runs" in said
    assert "in the other runs, 0 % have none." in said
    assert "below 1e-7 for 78 % of the training images, in models with ReLU and Leaky ReLU." in said
    # No condition has raw pixels and the exact form.
    faults = titled(results, "Failures with and without each fault")
    assert faults[0][:5] == ["Model 5", "4 of 6", "10.0", "\u2014", "\u2014"]
    assert titled(results, "The softmax before training")[0][2:6] == ["120.4", "78", "39", "96"]


def test_a_study_of_several_machines_says_so(results: Results) -> None:
    (group,) = PROVENANCE["training"]
    other = {**PROVENANCE, "training": [group, {**group, "pytorch": "2.14.0"}]}
    told = "The runs were trained with 2 versions of PyTorch, so results can differ in rounding"
    assert told not in shown_prose(results)
    assert told in shown_prose(results, other)
    both = {**PROVENANCE, "training": [group, {**group, "processor": "X", "pytorch": "2.14.0"}]}
    told = "trained on 2 kinds of processor and with 2 versions of PyTorch, so results"
    assert told in shown_prose(results, both)


def test_the_likelihood_ranks_conditions_and_printed_values_have_their_place(
    results: Results,
) -> None:
    # Printed for model 6: 19.41 and 12.99. One failure more makes it no likelier.
    rows = titled(results, "How well each condition explains the printed values")
    assert {row[0] for row in rows} == {"Corrected", "Unit pixels", "Slope 001"}
    values = [float(plain(row[3])) for row in rows]
    assert values == sorted(values, reverse=True)
    slope = next(row for row in titled(results, "Test accuracy, %") if row[2] == "slope 001")
    assert (slope[3], slope[6]) == ("leaky slope 0.01", "5 of 6")
    assert any(row[1] == "14.51" for row in titled(results, "Test loss"))


def test_effects_have_one_table_per_setting_and_say_what_changes(
    paths: Paths, results: Results
) -> None:
    frame = read_table(paths.tables / "contrasts.csv")
    changes = [t for t in shown_tables(results) if t.columns[1].label == "Conditions"]
    assert changes[0].title == "Pixels"
    (slope,) = titled(results, "Leaky slope")
    assert slope[:4] == [
        "Model 6", "as reported \u2192 slope 001", "0.3 \u2192 0.01", "4 of 6 \u2192 5 of 6",
    ]  # fmt: skip
    pixels = next(row for row in titled(results, "Pixels") if row[0] == "Model 5")
    assert pixels[3] == "4 of 6 \u2192 0 of 6"
    row = frame.set_index("contrast").loc["as_reported.m05-unit_pixels.m05"]
    assert float(plain(pixels[5])) == pytest.approx(100 * row["shift"], abs=0.06)


def test_a_study_of_one_model_that_the_report_does_not_have(tmp_path: Path) -> None:
    made = make_study(tmp_path, {"own": {}}, lambda *_: (0.8, 0.5), {"only": {}})
    write_tables(made)
    alone = load_results(made.study, REPORTED, made.tables)
    titles = {table.title for table in shown_tables(alone)}
    assert {"Classes", "Settings", "Conditions"} <= titles
    assert not {"Failures with and without each fault", "Pixels", "Test loss"} & titles
    assert not any("explains" in title for title in titles)
    assert "stop the training" not in shown_prose(alone)


def test_a_study_of_other_images_is_not_compared_with_the_report(tmp_path: Path) -> None:
    made = make_study(tmp_path, {"m01": {}}, lambda *_: (0.8, 0.5), {"only": {}})
    made.study.write_text(made.study.read_text().replace("fashion-mnist", "kmnist"))
    write_tables(made)
    judge(made.study, study_fixture.CLAIMS, made.tables, made.tables / "claims.csv")
    other = load_results(made.study, REPORTED, made.tables)
    assert not other.has_report
    assert other.table("claims").empty
    assert other.table("sensitivity").empty
    said = shown_prose(other)
    assert "student report" not in said
    assert "on KMNIST" in said


# ---- Contrasts --------------------------------------------------------------------------------

PAIRED = {
    "m04": {"nodes": [256, 32, 10]}, "m05": {}, "m09": {"dropout": 0.2},
    "m10": {"dropout": 0.2, "batch_norm": True},
}  # fmt: skip
LEVELS = {"m04": 0.70, "m05": 0.71, "m09": 0.60, "m10": 0.86}


def paired(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return LEVELS[model] + 0.001 * replicate + (0.1 if condition == "corrected" else 0), 0.5


class Statements(Page):
    """The texts of the elements that carry the id of a contrast."""

    def __init__(self, path: Path) -> None:
        self.found: list[tuple[str, str]] = []
        self.inside = ""
        super().__init__(path)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = dict(attrs).get("data-contrast") or ""
        super().handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self.inside and data.strip():
            self.found.append((self.inside, " ".join(data.split())))
        self.inside = ""
        super().handle_data(data)


def test_every_statement_about_two_models_agrees_with_the_row_of_its_contrast(
    tmp_path: Path,
) -> None:
    study = render_study(make_study(tmp_path, PAIRED, paired, replicates=12), judged=True)
    rows = read_table(study.tables / "contrasts.csv").set_index("contrast")
    page = Statements(study.report / "index.html")
    assert any(" points (" in text for _, text in page.found)
    assert len({contrast for contrast, _ in page.found}) > 4
    measures = {"between the means": "mean_difference", "of failures": "failure_difference"}
    for contrast, text in page.found:
        measure = next((name for said, name in measures.items() if said in text), "shift")
        number = re.match(r"[+-]?[\d.]+", plain(text))
        assert number, text
        shown, expected = abs(float(number[0])), abs(100 * rows.loc[contrast, measure])
        decimals = len(number[0].partition(".")[2])
        assert shown == pytest.approx(expected, abs=0.51 * 10**-decimals), (contrast, text)
    # The table of a comparison has the direction of the report.
    arrow = "Model 9 \N{RIGHTWARDS ARROW} Model 10"
    cells = next(row.cells for table in page.tables for row in table if row.cells[:1] == [arrow])
    assert cells[1] == "+23.00"
    shift = rows.loc["as_reported.m09-as_reported.m10", "shift"]
    assert float(cells[2]) == pytest.approx(100 * shift, abs=0.06)

    # Claims refer to contrasts that are there, whose effect they have in their own direction.
    claims = read_table(study.tables / "claims.csv")
    named = claims[claims["contrast"] != ""]
    assert len(named) > 4
    for row in named.to_dict("records"):
        expected = rows.loc[row["contrast"], row["measure"]]
        assert abs(row["effect"]) == pytest.approx(abs(expected)), row["claim"]
    # No table but the claims has a verdict.
    for path in study.tables.glob("*.csv"):
        columns = set(pd.read_csv(path, nrows=1).columns)
        assert path.stem == "claims" or not columns & {"verdict", "p_holm"}, path.stem


# ---- The audit --------------------------------------------------------------------------------

LAYERS = {
    "id": "contradiction-m03-layers", "weight": "minor", "kind": "printed_twice", "models": "m03",
    "places": "Section 1 | Section 3 | Section 4", "values": "5 | 4 | 5",
    "finding": "Model 3 has 5 and 4 layers.", "matters": "Its group depends on it.",
}  # fmt: skip
AIM = LAYERS | {"id": "aim", "models": "", "places": "", "values": ""}


def test_equal_values_of_a_finding_stand_together(tmp_path: Path) -> None:
    made = make_study(tmp_path, {"m05": {}}, lambda *_: (0.8, 0.5))  # model 3 is not run
    write_tables(made)
    others = [LAYERS | {"id": kind, "kind": kind, "weight": "serious"} for kind in AUDIT_KINDS]
    write_csv(audit_table([LAYERS, AIM, *others]), made.tables / "audit.csv")
    results = load_results(made.study, REPORTED, made.tables)
    serious, table = (t for t in shown_tables(results) if t.title.endswith("findings"))
    assert titled(results, "Minor findings") == [
        ["Model 3 has 5 and 4 layers.", "Model 3"], ["Model 3 has 5 and 4 layers.", "The report"],
    ]  # fmt: skip
    assert table.rows[0].id == "audit-contradiction-m03-layers"
    assert table.rows[0].detail.startswith("Printed twice, differently. Its group depends on it.")
    printed = re.findall(r"\u201c(.+?)\u201d: (.+)", table.rows[0].detail)
    assert printed == [("5", "Section 1; Section 4"), ("4", "Section 3")]
    assert "\u201c" not in table.rows[1].detail
    kinds = {row.detail.partition(".")[0] for row in serious.rows}
    assert len(kinds) == len(AUDIT_KINDS)
