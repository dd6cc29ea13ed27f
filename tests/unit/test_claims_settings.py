"""The claims file: what it may say, and that the shipped one is true to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import yaml
from configuring import CONFIG, ROOT, configured, edit, plan_of
from scipy.stats import binomtest

from mlpstudy.analysis import schemas
from mlpstudy.analysis.reported import read_statements
from mlpstudy.analysis.statistics.shares import share_difference_test, share_test
from mlpstudy.analysis.statistics.shifts import shift_test
from mlpstudy.claims.curves import COURSES
from mlpstudy.claims.judging import judge
from mlpstudy.config.claims import COMMON, FORMS, Claim, ClaimEntry, ClaimsFile, Course
from mlpstudy.config.loading import read_claims
from mlpstudy.config.planning import claims_document, read_plan
from mlpstudy.errors import StudyError
from mlpstudy.report.publish import unpacked

CLAIMS = Path("config/claims.yaml")
MODELS = ["m01", "m02", "wide"]
CONDITIONS = ["as_reported", "corrected"]
HIGHER = "statement: So., form: higher"


pytestmark = pytest.mark.usefixtures("project_folder")


def read(text: str) -> tuple[Claim, ...]:
    CLAIMS.write_text(text)
    return read_claims(CLAIMS, MODELS, CONDITIONS).listed()


def refused(text: str) -> str:
    with pytest.raises(StudyError) as caught:
        read(text)
    return str(caught.value)


def test_a_claim_in_five_lines() -> None:
    (claim,) = read(
        "claims:\n  wide_wins:\n    statement: Wide is better.\n    form: higher\n"
        "    models: [wide]\n    than: [m01]\n"
    )
    assert claim == Claim(
        name="wide_wins", statement="Wide is better.", form="higher", models=("wide",),
        than=("m01",),
    )  # fmt: skip
    assert claim.named == ("wide", "m01")


def test_against_compares_a_model_with_itself() -> None:
    given = "models: [m01], conditions: [corrected], against: as_reported"
    (claim,) = read(f"claims: {{it: {{{HIGHER}, {given}}}}}")
    assert claim.sides == (("m01",), ("m01",))


def test_what_is_optional_may_be_absent_and_nothing_else() -> None:
    text = (
        "optional: {models: [m05], conditions: [longer]}\n"
        "claims: {it: {statement: So., form: higher, models: [m05], than: [MODEL],"
        " conditions: [longer]}}"
    )
    (claim,) = read(text.replace("MODEL", "m01"))
    assert claim.conditions == ("longer",)
    assert "got 'm06' (did you mean 'm05'?)" in refused(text.replace("MODEL", "m06"))


def test_what_is_set_side_by_side_is_part_of_the_resolved_study() -> None:
    before = plan_of()
    edit(CLAIMS, "models: [m04, m05]\n    pairs: [[m04, m05]]", "models: [m04, m05]")
    after = plan_of()
    assert after.document() != before.document()
    assert after.claims_document() == before.claims_document()
    written = json.loads(after.document())
    assert written["comparisons"]["4-5"]["pairs"] == []
    assert written["conclusions"]["layers"]["exception"] == "m10"


def test_the_claims_are_checked_with_the_configuration() -> None:
    edit(CLAIMS, "than: [m08]", "than: [m80]")
    with pytest.raises(StudyError, match=r"config/claims.yaml: claims.\w+.than.0.: .* 'm80' "):
        plan_of()
    assert plan_of(claims=None).claims == ClaimsFile(claims={})
    with pytest.raises(StudyError, match=r"config.yaml|--config: claims: .*no such file \(null"):
        plan_of(claims="config/none.yaml")


def test_who_names_no_claims_file_need_not_have_one() -> None:
    assert configured(given=("claims=null",)).claims is None
    assert configured().claims == str(CLAIMS)
    config = yaml.safe_load(CONFIG.read_text())
    del config["claims"]
    assert read_plan([], config).config.claims == str(CLAIMS)
    CLAIMS.unlink()
    assert read_plan([], config).config.claims is None


def test_claims_are_no_part_of_the_resolved_study() -> None:
    before = plan_of()
    edit(CLAIMS, "than: [m08]", "than: [m07]")
    after = plan_of()
    assert after.document() == before.document()
    assert after.claims_document() != before.claims_document()


def test_comments_and_the_order_of_keys_are_no_other_claims() -> None:
    one, two, three = (
        claims_document(
            ClaimsFile.model_validate(
                yaml.safe_load(f"claims: {{it: {{{HIGHER}, {text}}}}} # mine")
            )
        )
        for text in ("models: [m01], than: [m02]", "than: [m02], models: [m01]", "models: [m02]")
    )
    assert one == two != three


def test_claims_json_gives_the_claims_of_the_file_in_their_order() -> None:
    written = plan_of()
    Path("claims.json").write_text(written.claims_document(), encoding="utf-8")
    names = (written.study.models, written.study.conditions)
    again = read_claims(Path("claims.json"), *names)
    assert again.claims == written.claims.claims
    assert len(again.claims) > 40


RESULTS = ROOT / "docs/results"

# Sentences of sections 2 and 5 that say what the models are, or how the report was made, and
# conclude nothing: which layers, nodes and settings there are, a time that was printed, which of
# two runs was plotted.
DESCRIPTIONS = {
    *("s08", "s11", "s18", "s26", "s30", "s33", "s34", "s39", "s41", "s46"),
    *("s53", "s54", "s57", "s60"),
}


def test_every_quote_stands_in_the_report_where_it_says() -> None:
    statements = read_statements(ROOT / "resources/reported/statements.csv")
    for claim in plan_of().claims.listed():
        assert claim.quote
        found = statements[
            (statements["section"] == claim.section) & (statements["place"] == claim.place)
        ]
        assert [quote for quote in found["quote"] if claim.quote in quote], claim.name
        for quote in claim.also:
            assert [each for each in statements["quote"] if quote in each], (claim.name, quote)


def test_no_conclusion_of_the_report_is_left_out() -> None:
    statements = read_statements(ROOT / "resources/reported/statements.csv")
    asked = statements[statements["section"].isin(["2 explanation", "5 conclusions"])]
    quotes = [quote for claim in plan_of().claims.listed() for quote in (claim.quote, *claim.also)]
    missing = [
        row["id"]
        for row in asked.to_dict("records")
        if not any(quote in row["quote"] for quote in quotes)
    ]
    assert set(missing) == DESCRIPTIONS
    assert len(asked) == 66


def test_the_shipped_claims_name_the_models_that_their_sentences_are_about() -> None:
    statements = read_statements(ROOT / "resources/reported/statements.csv")
    for claim in plan_of().claims.listed():
        about = statements[
            (statements["place"] == claim.place)
            & statements["quote"].str.contains(claim.quote, regex=False)
        ]
        models = set(" ".join(about["models"]).split())
        # Model 10 is what the report's unreliable models are set against.
        extra = {"m10"} if claim.form == "varies_more" else set()
        extra |= OTHERS.get(claim.name, set())
        extra |= set(claim.named) if claim.name in BEYOND else set()
        assert set(claim.named) <= models | extra, claim.name


# What a model's own sentence is tested against.
OTHERS = {
    "model_8_too_large": {"m09"}, "nodes_up_and_down": {"m05"}, "model_5_too_many_nodes": {"m04"},
}  # fmt: skip
# Sentences that set models against others which they do not name.
BEYOND = {
    "smaller_models_beat_9", "model_10_layers_not_needed", "model_3_ideal",
    "six_layers_not_needed", "five_layers_ideal_by_mean", "five_layers_ideal_by_best",
    "no_single_cause_pixels", "no_single_cause_loss", "because_of_dropout_and_batch_norm",
    "model_10_an_exception",
}  # fmt: skip


def test_a_claim_has_the_keys_of_every_form_and_no_others() -> None:
    assert {key for form in FORMS.values() for key in form.keys} == set(ClaimEntry.model_fields)
    assert set(COMMON) < set(ClaimEntry.model_fields)
    assert get_args(get_args(Course)[0]) == tuple(COURSES)


def test_the_pages_of_the_vocabulary_name_every_form_and_course() -> None:
    for page in ("docs/verdicts.md", "config/README.md"):
        text = (ROOT / page).read_text()
        for word in FORMS:
            assert f"`{word}`" in text, (page, word)
    text = (ROOT / "docs/verdicts.md").read_text()
    for word in COURSES:
        assert f"`{word}`" in text, word


def test_the_page_has_the_least_p_of_the_tests_as_they_are() -> None:
    text = (ROOT / "docs/verdicts.md").read_text()
    for n in (3, 4, 5, 6, 8, 12, 20):
        low, high = np.arange(n) / 100, np.arange(n) / 100 + 0.5
        least = (
            shift_test(low, high).p,
            shift_test(low, high + low**2, paired=True).p,
            2 * share_test(n, n, 0.5).greater,
            2 * share_difference_test(low > 1, low < 1).greater,
        )
        assert f"| {n} | {' | '.join(f'{p:.2g}' for p in least)} |" in text


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Return the verdicts of the shipped claims on the published runs."""
    output = tmp_path_factory.mktemp("archive") / "claims.csv"
    with unpacked(RESULTS) as study:
        judge(study / "study.json", ROOT / "config/claims.yaml", study, output)
    return schemas.CLAIMS.read(output.parent)


def test_every_claim_is_judged_on_the_published_runs_or_has_its_reason(
    archived: pd.DataFrame,
) -> None:
    written = yaml.safe_load((ROOT / "config/claims.yaml").read_text())
    assert list(archived["claim"].unique()) == list(written["claims"])
    for row in archived.to_dict("records"):
        if row["condition"]:
            assert 0 < row["p"] <= row["p_holm"] <= 1
            assert pd.isna(row["reason"])
        else:
            own = written["claims"][row["claim"]].get("reason", "").strip()
            lacking = [
                f"the study has no condition {name}" for name in written["optional"]["conditions"]
            ]
            assert row["reason"] in ([own] if own else lacking)


def test_the_figures_of_verdicts_are_those_of_the_published_runs(archived: pd.DataFrame) -> None:
    """Shares and pairs of single models, computed anew from runs.csv."""
    claims = {claim.name: claim for claim in plan_of().claims.listed()}
    runs = pd.read_csv(RESULTS / "runs.csv", dtype={"fold": str})
    keys = ["condition", "model", "replicate"]
    accuracy = runs.groupby(keys)["test_accuracy"].mean()
    thresholds = {"medium": 0.5, "superior": 0.8}
    seen = set()
    for row in archived[archived["condition"] != ""].to_dict("records"):
        claim = claims[row["claim"]]
        if len(claim.models) != 1 or claim.runs != "all" or len(claim.than) > 1:
            continue
        ours = accuracy[row["condition"], claim.models[0]]
        if claim.form in ("share_above", "share_below"):
            above = int((ours >= thresholds.get(claim.threshold, claim.threshold)).sum())
            count = above if claim.form == "share_above" else len(ours) - above
            test = (binomtest(count, len(ours), alternative=side) for side in ("greater", "less"))
            assert row["p"] == pytest.approx(min(1, 2 * min(each.pvalue for each in test)))
            assert row["effect"] == pytest.approx(count / len(ours))
            seen.add(claim.form)
        elif claim.form == "higher" and row["measure"] == "shift" and not claim.against:
            theirs = accuracy[row["condition"], claim.than[0]]
            every = np.subtract.outer(ours.to_numpy(), theirs.to_numpy())
            assert row["effect"] == pytest.approx(np.median(every))
            seen.add(claim.form)
    assert seen == {"share_above", "share_below", "higher"}
