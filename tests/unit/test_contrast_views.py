"""Every statement about two models on the page agrees with the one row of its contrast."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from pages_fixture import Page, render_study
from study_fixture import Paths, make_study

from mlpstudy.analysis.schemas import read_table
from mlpstudy.formats import MINUS

MODELS = {
    "m04": {"nodes": [256, 32, 10]}, "m05": {}, "m09": {"dropout": 0.2},
    "m10": {"dropout": 0.2, "batch_norm": True},
}  # fmt: skip
LEVELS = {"m04": 0.70, "m05": 0.71, "m09": 0.60, "m10": 0.86}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return LEVELS[model] + 0.001 * replicate + (0.1 if condition == "corrected" else 0), 0.5


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    root = tmp_path_factory.mktemp("contrasts")
    return render_study(make_study(root, MODELS, outcome, replicates=12), judged=True)


class Statements(Page):
    """The texts of the elements that carry the id of a contrast, with what they claim."""

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


def test_no_two_statements_about_a_pair_differ(study: Paths) -> None:
    rows = read_table(study.tables / "contrasts.csv").set_index("contrast")
    found = Statements(study.report / "index.html").found
    assert {claimed for _, claimed, _ in found} == {True, False}
    assert len({contrast for contrast, _, _ in found}) > 4
    measures = {"between the means": "mean_difference", "of failures": "failure_difference"}
    for contrast, _, text in found:
        measure = next((name for said, name in measures.items() if said in text), "shift")
        number = re.match(r"[+-]?[\d.]+", text.replace(MINUS, "-"))
        assert number, text
        shown, expected = abs(float(number[0])), abs(100 * rows.loc[contrast, measure])
        decimals = len(number[0].partition(".")[2])
        assert shown == pytest.approx(expected, abs=0.51 * 10**-decimals), (contrast, text)


def test_claims_refer_to_contrasts_that_are_there(study: Paths) -> None:
    contrasts = read_table(study.tables / "contrasts.csv").set_index("contrast")
    claims = read_table(study.tables / "claims.csv")
    named = claims[claims["contrast"] != ""]
    assert len(named) > 4
    assert set(named["contrast"]) <= set(contrasts.index)
    # The effect of a claim is its contrast's, in the direction of the claim.
    for row in named.to_dict("records"):
        expected = contrasts.loc[row["contrast"], row["measure"]]
        assert abs(row["effect"]) == pytest.approx(abs(expected)), row["claim"]


def test_the_table_of_a_comparison_has_the_direction_of_the_report(study: Paths) -> None:
    rows = read_table(study.tables / "contrasts.csv").set_index("contrast")
    page = Page(study.report / "index.html")
    arrow = "Model 9 \N{RIGHTWARDS ARROW} Model 10"
    cells = next(row.cells for table in page.tables for row in table if row.cells[:1] == [arrow])
    assert cells[1] == "+23.00"
    shift = rows.loc["as_reported.m09-as_reported.m10", "shift"]
    assert float(cells[2]) == pytest.approx(100 * shift, abs=0.06)


def test_no_table_but_the_claims_has_a_verdict(study: Paths) -> None:
    for path in study.tables.glob("*.csv"):
        columns = set(pd.read_csv(path, nrows=1).columns)
        if path.stem != "claims":
            assert not columns & {"verdict", "p_holm"}, path.stem
    assert json.loads(study.study.read_text())["comparisons"]
