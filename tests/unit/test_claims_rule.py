"""What holds of every verdict: the model is the unit, intervals agree, claims are corrected."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import claim, judged, one

from mlpstudy.analysis.statistics.families import holm
from mlpstudy.analysis.statistics.shifts import shift_test

LEVEL = 0.05
GOOD = [0.85 + 0.0001 * k for k in range(12)]
BETTER = [x + 0.05 for x in GOOD]
FAILED = [0.1] * 12
FLIPPED = {
    "supported": "contradicted", "contradicted": "supported", "undecided": "undecided",
}  # fmt: skip


@pytest.mark.parametrize(
    ("of", "verdict"), [("each", "contradicted"), ("most", "contradicted"), ("any", "supported")]
)
def test_a_claim_about_the_models_is_judged_by_models(of: str, verdict: str) -> None:
    """Two of four models never do what four of five runs do."""
    runs = {"a": GOOD * 4, "b": GOOD * 4, "c": FAILED, "d": FAILED}
    keys = {"form": "share_above", "models": tuple("abcd"), "threshold": "medium", "of": of}
    row = one(runs, **keys)
    assert (row["verdict"], row["n"]) == (verdict, 12)
    found = {end: row[f"parts{end}"] for end in ("", "_for", "_against")}
    assert found == {"": 4, "_for": 2, "_against": 2}
    assert row["required"] == {"each": 4, "most": 3, "any": 1}[of]
    # `each` is what a claim about several models means where it does not say.
    assert one(runs, **{**keys, "of": ""})["verdict"] == "contradicted"
    # With half of the runs of one model nobody knows whether most of the models are so.
    half = one({**runs, "d": [0.1, 0.9] * 6}, **keys)
    assert half["verdict"] == {"most": "undecided"}.get(of, verdict)


@pytest.mark.parametrize("of", ["each", "most", "any"])
@pytest.mark.parametrize("form", ["higher", "fails_more", "varies_more", "sooner"])
def test_every_comparison_can_be_judged_by_models(of: str, form: str) -> None:
    """The claim holds for one of three models and fails for the other two."""
    loose = [0.85 + 0.01 * (-1) ** k * k for k in range(12)]
    runs = {
        "higher": (BETTER, FAILED, FAILED, GOOD),
        "fails_more": (FAILED, GOOD, GOOD, [*FAILED[:6], *GOOD[:6]]),
        "varies_more": ([0.1, 0.9] * 6, GOOD, GOOD, loose),
        "sooner": (GOOD, GOOD, GOOD, GOOD),
    }[form]
    reached = {"a": 2, "b": 9, "c": 9, "d": 5}
    curves = {
        model: {"validation_accuracy": [[0.1] * (at - 1) + [0.9] * (11 - at)] * 12}
        for model, at in reached.items()
    }
    keys = {"models": ("a", "b", "c"), "than": ("d",), "of": of}
    threshold = {"threshold": 0.8} if form == "sooner" else {}
    row = one(dict(zip("abcd", runs, strict=True)), curves, form=form, **keys, **threshold)
    assert row["verdict"] == ("supported" if of == "any" else "contradicted")
    assert (row["parts"], row["parts_for"], row["parts_against"]) == (3, 1, 2)


def test_the_p_of_models_is_that_of_a_partial_conjunction() -> None:
    generator = np.random.default_rng(4)
    runs = {name: generator.normal(0.7 + 0.02 * at, 0.03, 7) for at, name in enumerate("abcd")}
    tests = [shift_test(runs["a"], runs[name]) for name in "bcd"]
    above, below = (
        sorted(getattr(t, f"p_{side}")() for t in tests) for side in ("greater", "less")
    )
    simes = [min(3 * below[0], 1.5 * below[1], below[2]), min(2 * below[1], below[2]), below[2]]
    for of, holds, fails in (
        ("each", above[2], simes[0]),
        ("most", min(2 * above[1], above[2]), simes[1]),
        ("any", min(3 * above[0], 1.5 * above[1], above[2]), simes[2]),
    ):
        row = one(runs, form="higher", models=("b", "c", "d"), than=("a",), of=of)
        assert row["p"] == pytest.approx(min(1, 2 * min(holds, fails)))


def test_several_models_against_several_need_one_that_exceeds_all() -> None:
    runs = {"a": BETTER, "b": FAILED, "c": GOOD, "d": [x - 0.2 for x in GOOD]}
    keys = {"form": "higher", "models": ("a", "b"), "than": ("c", "d")}
    assert one(runs, **keys, of="any")["verdict"] == "supported"
    assert one(runs, **keys, of="each")["verdict"] == "contradicted"
    # `a` exceeds only one of the two, so neither model exceeds all.
    assert one({**runs, "d": [0.99] * 12}, **keys, of="any")["verdict"] == "contradicted"
    # Where one model is set against several, it is these that are counted.
    alone = {"form": "higher", "models": ("c",), "than": ("a", "d")}
    assert one(runs, **alone, of="any")["verdict"] == "supported"
    assert one(runs, **alone, of="each")["verdict"] == "contradicted"


TWO = {"models": ("a",), "than": ("b",)}
SEVERAL = {"models": ("a", "b", "c"), "than": ("d",)}
GROUPS = {"groups": (("a", "b"), ("c",), ("d",))}
PAIRED = {"models": ("a", "b", "c"), "conditions": ("only",), "against": "other"}
ALL = {"models": ("a", "b", "c", "d")}
CLAIMS = [
    claim(str(at), **keys)
    for at, keys in enumerate(
        [
            {"form": "higher", **TWO}, {"form": "higher", **TWO, "by": 0.1},
            {"form": "higher", **TWO, "by": -0.05, "denied": True},
            *({"form": form, **SEVERAL, "of": of}
              for form in ("higher", "equivalent", "differ") for of in ("each", "most", "any")),
            {"form": "higher", **PAIRED, "of": "most"}, {"form": "differ", **PAIRED, "of": "any"},
            {"form": "higher", "models": ("a", "b"), "than": ("c", "d"), "of": "any"},
            {"form": "equivalent", "models": ("a", "b"), "than": ("c", "d"), "of": "mean"},
            {"form": "best", **GROUPS}, {"form": "best", **GROUPS, "of": "best"},
            {"form": "rank_order", **GROUPS, "of": "median", "denied": True},
            {"form": "varies_more", **SEVERAL, "of": "any"}, {"form": "varies_more", **PAIRED},
            {"form": "sooner", **SEVERAL, "of": "most", "threshold": 0.6},
            {"form": "fails_more", **SEVERAL, "of": "each"}, {"form": "fails_more", **PAIRED},
            *({"form": form, **ALL, "threshold": 0.6, "of": of}
              for form in ("share_above", "share_below") for of in ("each", "most", "any")),
            {"form": "curve", **ALL, "curves": {"validation_accuracy": "rises"}, "of": "most"},
        ]
    )
]  # fmt: skip


def decided(row: dict[str, Any]) -> bool:
    return row["verdict"] != "undecided"


def agrees(row: dict[str, Any]) -> bool:
    """Tell whether the interval says what the verdict says; a bound may be the reference."""
    low, high, reference = row["low"], row["high"], row["reference"]
    if row["within"]:
        if decided(row):
            return bool(-reference <= low and high <= reference)
        return bool(low <= -reference or reference <= high)
    if math.isnan(low):
        return not decided(row)
    if decided(row):
        return bool(low >= reference or high <= reference)
    return bool(low <= reference <= high)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 100_000), st.integers(2, 8), st.sampled_from([0.0, 0.2, 0.6]), st.booleans())
def test_the_interval_of_every_claim_agrees_with_its_verdict(
    seed: int, n: int, failing: float, clear: bool
) -> None:
    generator = np.random.default_rng(seed)
    base = generator.choice([0.6, 0.62, 0.7, 0.8, 0.9], 4)
    spread = 0.002 if clear else 0.05
    runs, curves = {}, {}
    for at, model in enumerate("abcd"):
        values = base[at] + spread * generator.standard_normal((2, n)).round(1)
        values[generator.random((2, n)) < failing] = 0.1
        runs |= {("only", model): values[0], ("other", model): values[1]}
        curves[model] = {"validation_accuracy": generator.choice([0.5, 0.7], (n, 6))}
    rows = [row for row in judged(CLAIMS, runs, curves) if row["condition"] == "only"]
    assert len(rows) == len(CLAIMS)
    corrected = holm([row["p"] for row in rows])
    for row, p_holm in zip(rows, corrected.adjusted, strict=True):
        assert row["p_holm"] == pytest.approx(p_holm)
        assert row["family"] == len(CLAIMS)
        assert decided(row) == (p_holm <= LEVEL)
        assert agrees(row), row
        assert row["needed"] > row["n"] or math.isnan(row["needed"])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(["higher", "varies_more", "fails_more"]))
def test_swapping_the_sides_flips_the_verdict(seed: int, form: str) -> None:
    generator = np.random.default_rng(seed)
    runs = {name: generator.choice([0.1, 0.6, 0.7, 0.8], 6) for name in "ab"}
    ahead, behind = (
        one(runs, form=form, models=models, than=than, study={"margin": 0.0})
        for models, than in ((("a",), ("b",)), (("b",), ("a",)))
    )
    assert behind["verdict"] == FLIPPED[ahead["verdict"]]
    assert behind["p"] == pytest.approx(ahead["p"])
    assert behind["effect"] == pytest.approx(-ahead["effect"])
    assert behind["contrast"] == ahead["contrast"]


def test_the_claims_of_one_condition_are_one_family() -> None:
    runs = {
        (condition, model): [base + 0.001 * k for k in range(12)]
        for condition, models in {"one": "abc", "two": "ab"}.items()
        for model, base in zip(models, (0.9, 0.8, 0.7), strict=False)
    }
    claims = [
        claim("first", form="higher", **TWO),
        claim("second", form="higher", models=("b",), than=("c",)),
        claim("third", form="share_above", models=("a",), threshold=0.5),
        claim("alone", form="differ", **TWO, conditions=("two",)),
        claim("never", form="untestable", reason="No."),
    ]
    found = {(row["claim"], row["condition"]): row for row in judged(claims, runs)}
    assert {key: row["family"] for key, row in found.items() if key[1]} == {
        ("first", "one"): 3, ("first", "two"): 3, ("second", "one"): 3,
        ("third", "one"): 3, ("third", "two"): 3, ("alone", "two"): 3,
    }  # fmt: skip
    # p are 2 / 99,999 twice and 2 x 0.5^12: the least times 3, no less for the one behind, and the
    # last as it is.
    adjusted = [row["p_holm"] for (_, condition), row in found.items() if condition == "one"]
    assert adjusted == pytest.approx([6 / 99_999, 6 / 99_999, 2 * 0.5**12])
    levels = [found[name, "one"]["level"] for name in ("first", "second", "third")]
    assert levels == pytest.approx([1 - LEVEL / 3, 1 - LEVEL / 2, 1 - LEVEL])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_of_many_claims_three_replicates_decide_none(n: int) -> None:
    runs = {
        (condition, model): [x] * n
        for condition, factor in (("only", 1), ("other", 0.1))
        for model, x in zip("abcd", (0.9, 0.1, 0.55, 0.85), strict=True)
        for x in [x * factor]
    }
    assert {row["verdict"] for row in judged(CLAIMS, runs)} == {"undecided"}
