"""What pages show of causes, claims, contrasts and the audit, from tables with known numbers."""

from __future__ import annotations

import html
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pages_fixture import Page, render_study
from study_fixture import BOTH, Paths, make_study, study_of, write_tables

from mlpstudy.analysis.collecting import read_table
from mlpstudy.audit.checks import AUDIT_COLUMNS, audit_table
from mlpstudy.audit.loading import KINDS as AUDIT_KINDS
from mlpstudy.config.study import load_study
from mlpstudy.files import write_csv
from mlpstudy.formats import MINUS, p_value
from mlpstudy.report.layout import Table
from mlpstudy.report.loading import CLAIM_COLUMNS
from mlpstudy.report.markdown_tables import audit_tables, claim_tables
from mlpstudy.report.pages import markdown
from mlpstudy.report.views.audit import KINDS, Printing, groups, of_model, summary
from mlpstudy.report.views.cause_tables import CauseTables, load_causes
from mlpstudy.report.views.causes import cause_context, squares
from mlpstudy.report.views.claims import claim_views, effect, tally
from mlpstudy.report.views.contrasts import effect_tables


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def plain(text: str) -> str:
    return text.replace(MINUS, "-")


# ---- Causes -----------------------------------------------------------------------------------

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


def write_saturation(tables: Path, activations: dict[str, str]) -> None:
    """Write what `probe` would: raw pixels are bad for all but sigmoid."""
    rows, layers, bins = [], [], []
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
            bins.append({**keys, "low": -1, "high": 0, "share": 1.0})
    for name, frame in {"": rows, "_layers": layers, "_bins": bins}.items():
        write_csv(pd.DataFrame(frame), tables / f"saturation{name}.csv")


def loaded(paths: Paths, activations: dict[str, str]) -> CauseTables:
    write_tables(paths)
    write_saturation(paths.tables, activations)
    return load_causes(load_study(paths.study), paths.tables)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    root = tmp_path_factory.mktemp("views")
    return make_study(root, MODELS, outcome, CONDITIONS, replicates=6, covered=COVERED)


@pytest.fixture(scope="module")
def tables(paths: Paths) -> CauseTables:
    return loaded(paths, {"m05": "relu", "m06": "leaky_relu", "m16": "sigmoid"})


def test_causes_have_the_numbers_of_the_tables(tables: CauseTables) -> None:
    context = cause_context(tables)
    # A condition that changes something else than pixels or the divergence is no cell.
    cells = [cell for square in squares(tables) for row in square.rows for cell in row if cell]
    assert {cell.condition for cell in cells} == {"as_reported", "corrected", "unit_pixels"}
    row = texts(context["square_table"])[0]
    assert row[:4] == ["Model 5", "4 of 6", "30\u201390", "10.00"]
    # No condition has raw pixels and the exact form.
    assert row[4:9] == ["\u2014"] * 3 + ["0 of 6", "0\u201339"]
    failures, mechanism, before = (f.text for f in context["cause_findings"])
    assert failures == (
        "With raw pixels and clipped KL divergence 8 of 12 runs fail, of models 5 and 6; with "
        "scaled pixels and clipped KL divergence 0 of 12 runs fail; with scaled pixels and exact "
        "KL divergence 0 of 12 runs fail."
    )
    assert "the gradient was gone for 90\u00a0% of the training examples" in mechanism
    assert mechanism.endswith("in those that learned, for 0\u00a0%.")
    assert "78\u00a0% of the images in 2 of 2 models with ReLU and Leaky ReLU" in before
    assert "none in those with Sigmoid, in whose first layer 96\u00a0%" in before


def test_the_likeliest_assumption_has_the_nearest_replicate(tables: CauseTables) -> None:
    context = cause_context(tables)
    printed = {(row[0], row[1]): row for row in texts(context["likeliest_table"])}
    # 19.41 is 9.41 from the failed runs of the plain condition, and farther from all others.
    assert printed["Model 6", "19.41"][3:6] == ["9.41", "as reported", "\u2014"]
    # 83.31 is 1.79 below the least of the plain runs, 0.79 below that of the corrected ones.
    assert printed["Model 16", "83.31"][3:5] == ["1.79", "corrected"]
    assert printed["Model 16", "83.31"][7] == "0.79"
    assert set(printed) >= {("Model 5", "19.41"), ("Model 5", "19.00"), ("Model 16", "83.31")}
    # 19.41 twice and 19.0, of models 5 and 6, lie between the failed runs and the others, and far
    # from both; the 83.31 of model 16 is below all replicates.
    counted = {row[0]: row[1:] for row in texts(context["condition_table"])}
    assert counted["as reported"] == ["4", "3", "0", "3", "0"]
    assert counted["slope 001"] == ["1", "1", "0", "1", "0"]
    assert counted["unit pixels"] == ["3", "0", "0", "3", "0"]
    accuracy, loss = context["sensitivity_tables"]
    slope = next(row for row in texts(accuracy) if row[2] == "slope 001")
    assert (slope[3], slope[6]) == ("leaky slope 0.01", "5 of 6")
    assert any(row[1] == "14.51" for row in texts(loss))


def test_effects_have_one_table_per_field_and_say_what_changes(
    paths: Paths, tables: CauseTables
) -> None:
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
    assert float(plain(pixels[5])) == pytest.approx(100 * row["shift"], abs=0.51)


def test_a_study_of_one_model_that_the_report_does_not_have(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"own": {}}, lambda *_: (0.8, 0.5), {"only": {}})
    context = cause_context(loaded(paths, {"own": "sigmoid"}))
    assert effect_tables(load_study(paths.study), read_table(paths.tables / "contrasts.csv")) == []
    for name in ("squares", "cause_findings", "sensitivity_tables"):
        assert context[name] == []
    assert context["likeliest_table"].rows == []


# ---- Claims -----------------------------------------------------------------------------------

IDEAL = {
    "claim": "ideal", "section": "2 explanation", "place": "Section 2", "quote": "Five is ideal.",
    "statement": "Five layers are best.", "form": "best", "models": "m03 m07", "measure": "shift",
    "also": "As said before. | Twice.",
}  # fmt: skip
CLAIMS = [
    {**IDEAL, "condition": "as_reported", "verdict": "contradicted", "effect": -0.0421,
     "low": -0.05, "high": -0.03, "n": 12, "parts": 5, "parts_for": 1, "parts_against": 3,
     "p_holm": 0.0004},
    {**IDEAL, "condition": "corrected", "verdict": "undecided", "effect": 0.0004, "low": -0.01,
     "high": 0.01, "n": 3, "parts": 5, "parts_for": 0, "parts_against": 0, "p_holm": 1,
     "needed": 9, "failure_bound": 0.2209},
    {"claim": "also_ideal", "quote": "Five is ideal.", "form": "higher", "models": "m03",
     "condition": "as_reported", "verdict": "undecided", "measure": "shift", "effect": 0.0},
    {"claim": "dropout", "form": "higher", "statement": "Dropout helps.", "models": "m09",
     "condition": "as_reported", "verdict": "supported", "measure": "shift", "effect": 0.0312,
     "low": -math.inf, "high": math.inf, "n": 12, "parts": 1, "p_holm": 0.034,
     "contrast": "as_reported.m09-no_dropout.m09", "against": "no_dropout"},
    {"claim": "gone", "form": "higher", "statement": "Wide wins.", "models": "wide",
     "verdict": "undecided", "reason": "the study has no model wide"},
    {"claim": "worth", "section": "2 explanation", "place": "Section 2", "quote": "Not worth it.",
     "statement": "Time.", "form": "untestable", "models": "m08", "verdict": "undecided",
     "reason": "Time is a property of the machine."},
]  # fmt: skip
FRAME = pd.DataFrame(CLAIMS, columns=[*CLAIM_COLUMNS, "also", "against"])
STUDY = study_of(
    {name: {} for name in ("m01", "m03", "m07", "m09", "m10", "m11", "a", "wide")},
    {**BOTH, "no_dropout": {"label": "none at all"}, "unit_pixels": {"label": "pixels / 255"}},
)


def test_a_claim_is_shown_with_its_conditions() -> None:
    ideal, _, dropout, gone, worth = claim_views(FRAME, STUDY)
    assert (ideal.quote, ideal.place) == ("Five is ideal.", "Section 2")
    assert ideal.also == ("As said before.", "Twice.")
    assert ideal.models == ("m03", "m07")
    assert [verdict.state for verdict in ideal.verdicts] == ["contradicted", "undecided"]
    first, second = ideal.verdicts
    assert first.condition_name == "As reported"
    assert plain(first.effect) == "-4.2 points (-5.0 to -3.0)"
    assert (first.n, first.p, first.needed) == ("12", "< 0.001", "")
    assert (second.n, second.p, second.needed) == ("3", "1.000", "9")
    assert (first.counted, first.bound, second.bound) == ((1, 3, 5), "", "22")
    assert (dropout.quote, dropout.place, dropout.also) == ("", "", ())
    assert dropout.verdicts[0].condition_name == "As reported against none at all"
    # So few runs that the interval has no bounds.
    assert dropout.verdicts[0].effect == "+3.1 points"
    assert dropout.verdicts[0].contrast == "as_reported.m09-no_dropout.m09"
    assert dropout.verdicts[0].counted == ()
    assert gone.verdicts[0].state_name == "not judged"
    assert worth.verdicts[0].state_name == "cannot be tested"
    assert (worth.verdicts[0].effect, worth.verdicts[0].n) == ("\u2014", "\u2014")

    conditions = {"as_reported": "as reported", "corrected": "corrected"}
    (table,) = claim_tables([("Conclusions", [ideal, gone])], conditions)
    assert [column.label for column in table.columns[2:]] == ["as reported", "corrected"]
    assert [[plain(text) for text in row] for row in texts(table)] == [
        ["Five layers are best.", "Five is ideal. (Section 2)",
         "Contradicted, -4.2 points (-5.0 to -3.0), n = 12",
         "Undecided, 0.0 points (-1.0 to +1.0), n = 3; about 9 replicates would decide it"],
        ["Wide wins.", "\u2014", "not judged: the study has no model wide", "\u2014"],
    ]  # fmt: skip


def test_the_tally_counts_statements_that_all_their_claims_agree_on() -> None:
    # The two claims behind "Five is ideal." disagree as reported: one statement, undecided.
    found = tally(FRAME)
    assert found == {
        "as_reported": {"supported": 1, "undecided": 1},
        "corrected": {"undecided": 1},
        "": {"not_judged": 1, "untestable": 1},
    }
    assert list(found["as_reported"]) == ["supported", "undecided"]
    assert (claim_views(FRAME[:0], STUDY), tally(FRAME[:0])) == ([], {})


@pytest.mark.parametrize(
    ("measure", "values", "text"),
    [
        ("shift", (0.0, -0.001, 0.001), "0.0 points (-0.1 to +0.1)"),
        ("share", (11 / 12, 0.646, 0.985), "92 % of runs (65 to 98)"),
        ("share", (1.0, 0.757, 1.0), "100 % of runs (76 to 100)"),
        ("failure_difference", (-0.5, -0.7, 0.04), "-50 points of failures (-70 to +4)"),
        ("epochs_sooner", (2.25, 1.0, 3.5), "+2.2 epochs sooner (+1.0 to +3.5)"),
        ("epochs_sooner", (math.inf, 1.0, math.inf), "never reached by the other"),
    ],
)
def test_effects_in_words(measure: str, values: tuple[float, float, float], text: str) -> None:
    row = dict(zip(("effect", "low", "high"), values, strict=True))
    assert plain(effect({**row, "measure": measure})) == text


def test_p_values_in_words() -> None:
    found = [p_value(p) for p in (0.0001, 0.0456, 0.3333, 1.0, math.nan)]
    assert found == ["< 0.001", "0.046", "0.333", "1.000", "\u2014"]


# ---- Contrasts --------------------------------------------------------------------------------

PAIRED = {
    "m04": {"nodes": [256, 32, 10]}, "m05": {}, "m09": {"dropout": 0.2},
    "m10": {"dropout": 0.2, "batch_norm": True},
}  # fmt: skip
LEVELS = {"m04": 0.70, "m05": 0.71, "m09": 0.60, "m10": 0.86}


def paired(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return LEVELS[model] + 0.001 * replicate + (0.1 if condition == "corrected" else 0), 0.5


class Statements(Page):
    """The texts of the elements that carry the id of a contrast, and whether they are claims."""

    def __init__(self, path: Path) -> None:
        self.found: list[tuple[str, bool, str]] = []
        self.inside: tuple[str, bool] | None = None
        super().__init__(path)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if attributes.get("data-contrast"):
            self.inside = (str(attributes["data-contrast"]), "data-claim" in attributes)
        super().handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self.inside and data.strip():
            self.found.append((*self.inside, " ".join(data.split())))
        self.inside = None
        super().handle_data(data)


def test_every_statement_about_two_models_agrees_with_the_row_of_its_contrast(
    tmp_path: Path,
) -> None:
    study = render_study(make_study(tmp_path, PAIRED, paired, replicates=12), judged=True)
    rows = read_table(study.tables / "contrasts.csv").set_index("contrast")
    page = Statements(study.report / "index.html")
    assert {claimed for _, claimed, _ in page.found} == {True, False}
    assert len({contrast for contrast, _, _ in page.found}) > 4
    measures = {"between the means": "mean_difference", "of failures": "failure_difference"}
    for contrast, _, text in page.found:
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
TWINS = LAYERS | {"id": "same", "weight": "serious", "kind": "coincidence", "models": "m05 m06"}
AIM = LAYERS | {"id": "aim", "models": "", "places": "", "values": ""}


def test_the_serious_lead_and_equal_values_stand_together(tmp_path: Path) -> None:
    study = study_of({"m05": {}, "m06": {}})  # model 3 is the report's and not run
    write_csv(audit_table([LAYERS, AIM, TWINS]), tmp_path / "audit.csv")
    table = read_table(tmp_path / "audit.csv", AUDIT_COLUMNS)
    frame = table.astype("object").where(table.notna(), "").astype("str")
    assert [view.anchor for view in of_model(frame, "m05", study)] == ["same"]
    serious, minor = groups(frame, study)
    assert (serious.weight, serious.tally, minor.tally) == ("serious", "1 finding", "2 findings")
    assert summary([serious, minor]) == "Serious findings: 1; Minor findings: 2"
    layers, aim = minor.findings
    assert layers.printings == (
        Printing("5", ("Section 1", "Section 4")), Printing("4", ("Section 3",)),
    )  # fmt: skip
    assert (layers.about, aim.about, aim.printings) == ("Model 3", "The report", ())
    assert groups(frame[:0], study) == []
    assert set(KINDS) == set(AUDIT_KINDS)

    table = audit_tables([minor])[0]
    assert (table.title, table.caption) == ("Minor findings", "2 findings")
    about, _, *words = texts(table)[0]
    assert [about, *words] == [
        "Model 3", "Model 3 has 5 and 4 layers.", "Its group depends on it.",
        "5 (Section 1; Section 4); 4 (Section 3)",
    ]  # fmt: skip


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=30))
@example("_a_ ~~b~~ &amp; $x$ <b> [c](d) ![e](f) *g* `h` | \\ i")
def test_what_is_escaped_in_markdown_reads_as_it_was_written(text: str) -> None:
    shown = MarkdownIt().enable("strikethrough").renderInline(markdown(text))
    assert html.unescape(shown) == text
