"""The claims that ship: true to the report, complete, and in the vocabulary that pages describe."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from configuring import CONFIG, ROOT, settle
from mlpstudy.evidence.statistics.ranktest import smallest_p

from mlpstudy.claims.curves import COURSES
from mlpstudy.configuration.claim_forms import COMMON, FORMS
from mlpstudy.configuration.claims import Claim
from mlpstudy.configuration.plan import Plan, read_plan
from mlpstudy.configuration.schema import SCHEMAS
from mlpstudy.evidence.reported import read_statements

# Sentences of sections 2 and 5 that say what the models are, or how the report was made, and
# conclude nothing: which layers, nodes and settings there are, a time that was printed, which of
# two runs was plotted.
DESCRIPTIONS = {
    *("s08", "s11", "s18", "s26", "s30", "s33", "s34", "s39", "s41", "s46"),
    *("s53", "s54", "s57", "s60"),
}


@pytest.fixture(autouse=True)
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path, monkeypatch)


def plan(**overrides: object) -> Plan:
    return read_plan({**yaml.safe_load(CONFIG.read_text()), **overrides}, [CONFIG])


def test_every_quote_stands_in_the_report_where_it_says() -> None:
    statements = read_statements(ROOT / "resources/reported/statements.csv")
    for claim in plan().said.claims:
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
    quotes = [quote for claim in plan().said.claims for quote in (claim.quote, *claim.also)]
    missing = [
        row["id"]
        for row in asked.to_dict("records")
        if not any(quote in row["quote"] for quote in quotes)
    ]
    assert set(missing) == DESCRIPTIONS
    assert len(asked) == 66


def test_the_shipped_claims_name_the_models_that_their_sentences_are_about() -> None:
    statements = read_statements(ROOT / "resources/reported/statements.csv")
    for claim in plan().said.claims:
        about = statements[
            (statements["place"] == claim.place)
            & statements["quote"].str.contains(claim.quote, regex=False)
        ]
        models = set(" ".join(about["models"]).split())
        # Model 10 is what the report's unreliable models are set against, 15 what model 5 is.
        extra = {"m10"} if claim.form == "varies_more" else set()
        extra |= {"model_8_too_large": {"m09"}, "model_5_too_many_nodes": {"m15"}}.get(
            claim.name, set()
        )
        extra |= set(claim.named) if claim.name in BEYOND else set()
        assert set(claim.named) <= models | extra, claim.name


# Sentences that set models against others which they do not name.
BEYOND = {"model_3_ideal", "six_layers_not_needed", "five_layers_ideal", "model_10_an_exception"}


def test_the_schema_knows_the_keys_of_every_form_and_no_others() -> None:
    schema = yaml.safe_load((SCHEMAS / "claims.schema.yaml").read_text())
    claim = schema["properties"]["claims"]["additionalProperties"]["properties"]
    used = {key for form in FORMS.values() for key in form.keys}
    assert used == set(claim)
    assert claim["form"]["enum"] == list(FORMS)
    assert schema["$defs"]["course"]["enum"] == list(COURSES)
    assert set(claim) == {*COMMON, *used}
    fields = set(Claim.__dataclass_fields__) - {"name"}
    assert fields == set(claim)


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
    for n in (3, 4, 5, 6, 8, 12):
        least = (2 * smallest_p(n, n, "greater"), 2 * 0.5**n)
        cells = [cell for p in least for cell in (f"{p:.2g}", str(int(0.05 / p * (1 + 1e-9))))]
        assert f"| {n} | {' | '.join(cells)} |" in text
