"""The simulation behind docs/intervals.md, made short: what it must find at 12 replicates."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.intervals import claims, counts, coverage, pairs, rules, shapes  # noqa: E402
from benchmarks.intervals.__main__ import main  # noqa: E402
from benchmarks.intervals.candidates import MEAN, MEDIAN  # noqa: E402

from mlpstudy.evidence.statistics import median_interval  # noqa: E402

OURS = "rank permutation, studentised"


@pytest.fixture(scope="module")
def short():
    """Simulate at 12 replicates only, 300 studies a case."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (counts, coverage, rules):
            patch.setattr(module, "REPLICATES", (12,))
        rows = [
            *coverage.one_sample(2000), *coverage.shares(), *counts.share_pairs(),
            *coverage.two_samples(300), *rules.verdicts(300),
        ]  # fmt: skip
    return pd.DataFrame(rows).set_index(["table", "case", "method", "measure"])["value"]


def test_the_studys_intervals_hold_their_level(short: pd.Series) -> None:
    # Three standard errors: 0.015 of 2,000 studies, 0.038 of 300.
    medians = short["median", :, "order statistics", "coverage"]
    assert len(medians) == len(shapes.SHAPES)
    assert medians.min() > 0.935
    assert short["difference of medians", :, "percentile bootstrap", "coverage"].min() > 0.9
    assert short["P(second > first)", :, "score, greatest variance", "coverage"].min() > 0.92
    assert short["share", :, "Wilson", "coverage"].min() > 0.92


@pytest.mark.parametrize("replicates", [3, 6, 12])
def test_the_runs_that_learned_have_an_interval_of_their_own(replicates: int) -> None:
    """However many have learned, their median lies inside as often as that interval claims."""
    shape = shapes.normal(failing=0.3)
    studies = shape.draw(np.random.default_rng(replicates), (1500, replicates))
    found = [median_interval(runs[runs > 0.5]) for runs in studies]
    bounded = [interval for interval in found if interval.n > 1]
    assert len(bounded) > 1000
    claimed = np.mean([interval.level for interval in bounded])
    held = np.mean([interval.low <= 0.85 <= interval.high for interval in bounded])
    assert held > claimed - 0.03


def test_failures_are_set_against_each_other_as_they_should(short: pd.Series) -> None:
    # Exact: no allowance for chance.
    newcombe = short["difference of shares", :, "Newcombe", "coverage"]
    assert len(newcombe) == len(counts.SHARES)
    assert newcombe.min() > 0.93
    assert short["difference of shares", :, "Wald", "coverage"].min() < 0.75
    alike = [counts.case_name(p, q) for p, q in counts.SHARES if p == q]
    assert short["failure test", :, "Fisher", "rejects"][alike].max() <= 0.05
    assert short["failure test", :, "chi-square", "rejects"][alike].max() > 0.05
    assert short["failure test", "90 % fail against 0 %", "Fisher", "rejects"] > 0.95


def test_the_chances_of_two_counts_are_those_of_independent_binomials() -> None:
    chances = counts._chances(2, 0.5, 0.1).reshape(3, 3)
    # None of two at 50 %, one of two at 10 %.
    assert chances[0, 1] == pytest.approx(0.25 * 2 * 0.1 * 0.9)
    assert chances.sum() == pytest.approx(1)


def test_what_was_not_chosen_falls_short(short: pd.Series) -> None:
    for method in MEAN:
        assert short["mean", "bimodal 10", method, "coverage"] < 0.8
    assert short["P(second > first)", :, "Brunner-Munzel t", "coverage"].min() < 0.93
    assert short["share", :, "Wald", "coverage"].min() < 0.8


def test_the_test_and_the_verdict_keep_their_level_and_find_what_is_there(short: pd.Series) -> None:
    neither = [p.name for p in pairs.PAIRS if {"higher", "lower"} <= set(p.wrong)]
    assert len(neither) == 6
    assert short["test", :, OURS, "rejects"][neither].max() < 0.09
    assert short["test", :, "Welch's t", "rejects"][neither].max() > 0.5
    assert short["verdict", "2 points higher, sd 1", "one comparison", "right"] > 0.95
    assert short["verdict", "alike, sd 0.3", "one comparison", "right"] > 0.95
    wrong = short["verdict", :, "one comparison", "wrong"]
    assert wrong.drop("10 % fail against none").max() < 0.09


def test_claims_keep_their_level_alone_and_together(monkeypatch) -> None:
    monkeypatch.setattr(claims, "REPLICATES", (12,))
    alone = pd.DataFrame(list(claims.claims(60))).set_index(["measure", "case"])["value"]
    assert len(alone["wrong"]) == len(claims.CASES)
    assert alone["wrong"].mean() < 0.04
    assert alone["wrong"].max() < 0.05 + 4 * (0.05 * 0.95 / 60) ** 0.5
    for case in ("higher: by 2 points, sd 1", "rank order: two swapped", "sooner: by 2 epochs"):
        assert alone["right", case] > 0.9
    together = pd.DataFrame(list(claims.claim_families(60))).set_index("measure")["value"]
    assert together["any wrong"] < 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5
    assert together["found"] > 0.4


@pytest.mark.parametrize("method", [*MEDIAN])
def test_candidates_of_a_median_stay_within_the_values(method: str) -> None:
    x = np.random.default_rng(0).random((50, 7))
    low, high = MEDIAN[method](x)
    assert (x.min(axis=1) <= low).all()
    assert (low <= np.median(x, axis=1)).all()
    assert (np.median(x, axis=1) <= high).all()
    assert (high <= x.max(axis=1)).all()


@pytest.mark.parametrize("name", ["percentile", "BCa"])
@pytest.mark.parametrize("centre", ["mean", "median"])
def test_bootstraps_agree_with_scipys(name: str, centre: str) -> None:
    from scipy import stats

    x = np.random.default_rng(1).gamma(2.0, size=(1, 21))
    theirs = stats.bootstrap(
        (x[0],), getattr(np, centre), n_resamples=20_000, method=name.lower(),
        rng=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    candidates = MEAN if centre == "mean" else MEDIAN
    low, high = candidates[f"{name} bootstrap"](x)
    width = theirs.high - theirs.low
    assert [low[0], high[0]] == pytest.approx([theirs.low, theirs.high], abs=0.12 * width)


def test_a_pair_knows_what_is_true_of_it() -> None:
    known = {pair.name: pair.superiority for pair in pairs.PAIRS}
    # Normal(1, 2) above 0 has 0.760; failing runs tie: 0.3 + 0.7 / 2 and (1 - 0.3) / 2 + 0.3.
    assert known["1 point higher, sd 1"] == pytest.approx(0.7602, abs=1e-3)
    assert known["30 % fail against none"] == pytest.approx(0.3 + 0.7 / 2, abs=1e-3)
    for name in ("even, sd 0.3 against 2", "even, 40 % fail and the others are better"):
        assert known[name] == pytest.approx(0.5, abs=2e-3)


def test_the_page_is_the_same_bytes_again(tmp_path: Path, monkeypatch) -> None:
    for module in (claims, counts, coverage, rules):
        monkeypatch.setattr(module, "REPLICATES", (3, 5, 6, 12))
    for folder in ("one", "two"):
        main(["--samples", "4", "--output", str(tmp_path / folder)])
    for name in ("intervals.csv", "intervals.md"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    page = (tmp_path / "one" / "intervals.md").read_text()
    assert "{" not in page
    assert "nan" not in page


def test_the_published_page_is_of_the_code_as_it_is() -> None:
    published = pd.read_csv(ROOT / "docs" / "intervals.csv")
    fresh = pd.DataFrame([*coverage.shares(), *counts.share_pairs()])
    exact = ("share", "difference of shares", "failure test")
    theirs = published[published["table"].isin(exact)].reset_index(drop=True)
    pd.testing.assert_frame_equal(fresh, theirs, check_dtype=False)
