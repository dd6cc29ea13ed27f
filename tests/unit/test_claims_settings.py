"""The claims file: what it may say, what it is refused for, and that ours leaves nothing out."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from configuring import CONFIG, ROOT, configured, edit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_settings_schemas import changed

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


def test_a_claim_that_stands_twice_is_refused() -> None:
    text = "claims:\n  it: {statement: So., form: untestable, reason: No.}\n"
    assert "claims.it: duplicate key" in refused(text + "  it: {}\n")


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


SHIPPED = yaml.safe_load((ROOT / CLAIMS).read_text())
ONE_EACH = {claim["form"]: claim for claim in SHIPPED["claims"].values()}
KNOWN = [f"m{number:02}" for number in range(1, 18)]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_any_change_is_accepted_or_refused_in_one_line(data: st.DataObject) -> None:
    claims: dict[str, Any] = copy.deepcopy({**SHIPPED, "claims": ONE_EACH})
    for _ in range(data.draw(st.integers(1, 3))):
        changed(data, claims)
    CLAIMS.write_text(yaml.safe_dump(claims, allow_unicode=True), encoding="utf-8")
    try:
        read_claims(CLAIMS, KNOWN, CONDITIONS)
    except StudyError as error:
        message = str(error)
    else:
        message = ""
    assert len(message.splitlines()) <= 1
    assert not message or message.startswith("config/claims.yaml: ")
