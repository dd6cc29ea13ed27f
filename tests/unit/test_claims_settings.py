"""The claims file: what it may say, and what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from configuring import CONFIG, configured, edit

from mlpstudy.config.claims import Claim, ClaimsFile
from mlpstudy.config.loading import read_claims
from mlpstudy.config.planning import Plan, claims_document, read_plan
from mlpstudy.errors import StudyError

CLAIMS = Path("config/claims.yaml")
MODELS = ["m01", "m02", "wide"]
CONDITIONS = ["as_reported", "corrected"]
HIGHER = "statement: So., form: higher"


pytestmark = pytest.mark.usefixtures("project_folder")


def plan(**overrides: object) -> Plan:
    return read_plan([CONFIG], overrides)


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
    before = plan()
    edit(CLAIMS, "models: [m04, m05]\n    pairs: [[m04, m05]]", "models: [m04, m05]")
    after = plan()
    assert after.document() != before.document()
    assert after.claims_document() == before.claims_document()
    written = json.loads(after.document())
    assert written["comparisons"]["4-5"]["pairs"] == []
    assert written["conclusions"]["layers"]["exception"] == "m10"


def test_the_claims_are_checked_with_the_configuration() -> None:
    edit(CLAIMS, "than: [m08]", "than: [m80]")
    with pytest.raises(StudyError, match=r"config/claims.yaml: claims.\w+.than.0.: .* 'm80' "):
        plan()
    assert plan(claims=None).claims == ClaimsFile(claims={})
    with pytest.raises(StudyError, match=r"config.yaml|--config: claims: .*no such file \(null"):
        plan(claims="config/none.yaml")


def test_who_names_no_claims_file_need_not_have_one() -> None:
    assert configured(given=("claims=null",)).claims is None
    assert configured().claims == str(CLAIMS)
    config = yaml.safe_load(CONFIG.read_text())
    del config["claims"]
    assert read_plan([], config).config.claims == str(CLAIMS)
    CLAIMS.unlink()
    assert read_plan([], config).config.claims is None


def test_claims_are_no_part_of_the_resolved_study() -> None:
    before = plan()
    edit(CLAIMS, "than: [m08]", "than: [m07]")
    after = plan()
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
    written = plan()
    Path("claims.json").write_text(written.claims_document(), encoding="utf-8")
    names = (written.study.models, written.study.conditions)
    again = read_claims(Path("claims.json"), *names)
    assert again.claims == written.claims.claims
    assert len(again.claims) > 40
