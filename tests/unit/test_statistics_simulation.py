"""The simulation behind docs/intervals.md, made short: what it must find at 12 replicates."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.intervals import coverage, rejections, verdicts  # noqa: E402
from benchmarks.intervals.__main__ import main  # noqa: E402
from benchmarks.intervals.shapes import Pair, normal  # noqa: E402

STUDIES = 120


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Simulate at 12 replicates only."""
    for module, name in (
        (coverage, "REPLICATES"), (rejections, "REPLICATES"), (rejections, "MANY"),
        (verdicts, "MANY"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, (12,))


@pytest.mark.parametrize("paired", [False, True])
def test_a_pair_knows_what_is_true_of_it(paired: bool) -> None:
    higher = Pair("", normal(), normal(0.86), paired).truth
    # Of independent normal runs the difference has a standard deviation of √2 points, of paired
    # ones with a correlation of 0.5 one of 1 point.
    sd = 1 if paired else 2**0.5
    assert higher["superiority"] == pytest.approx(stats.norm.cdf(1 / sd), abs=2e-3)
    for effect in ("shift", "median difference", "mean difference"):
        assert higher[effect] == pytest.approx(0.01, abs=1e-4)
    failing = Pair("", normal(), normal(failing=0.3), paired).truth
    assert failing["mean difference"] == pytest.approx(-0.3 * 0.75, abs=1e-3)
    if not paired:
        assert failing["superiority"] == pytest.approx(0.7 / 2, abs=2e-3)


@pytest.mark.parametrize("paired", [False, True])
def test_outcomes_have_the_chances_of_the_shares_that_fail(paired: bool) -> None:
    chances = coverage.chances_of(5, 0.3, 0.2, paired)
    assert chances.sum() == pytest.approx(1)
    outcomes = coverage.flags(5, paired)
    means = [chances @ [side[at].mean() for side in outcomes] for at in (0, 1)]
    assert means == pytest.approx([0.3, 0.2])
    both = chances @ [(x & y).mean() for x, y in outcomes]
    if paired:
        assert (both - 0.06) / (0.3 * 0.7 * 0.2 * 0.8) ** 0.5 == pytest.approx(0.5)


def test_intervals_cover_what_they_should_except_means_of_two_modes() -> None:
    frame = pd.DataFrame(coverage.coverages(STUDIES))
    lowest = frame.groupby("method")["value"].min()
    # Three standard errors are 0.06; the interval of the median covers 96.1 % at 12 replicates.
    assert frame[frame["method"] == "median"]["value"].mean() == pytest.approx(0.9614, abs=0.035)
    assert lowest["shift, independent"] > 0.88
    assert lowest["superiority, independent"] > 0.88
    assert lowest["mean difference, independent"] < 0.7
    exact = lowest[["share, Clopper-Pearson", "share difference, exact, independent",
                    "share difference, exact, paired"]]  # fmt: skip
    assert (exact >= 0.95).all()


def test_the_tests_in_use_keep_their_level_where_common_ones_do_not() -> None:
    frame = pd.DataFrame(rejections.rejections(STUDIES))
    none = frame[frame["group"] == rejections.NONE]
    highest = none.groupby(["measure", "method"])["value"].max()
    for kind in ("independent", "paired"):
        # Three standard errors of 120 studies at 5 %, and of 1,200 at 0.1 %.
        assert highest["at 5 %", f"shift test, {kind}"] < 0.05 + 0.06
        assert highest["at 0.1 %", f"shift test, {kind}"] < 0.001 + 0.0028
        assert highest["at 5 %", f"share test, {kind}"] <= 0.05
        assert highest["at 0.1 %", f"share test, {kind}"] <= 0.001
    assert highest["at 5 %", "Welch's t"] > 0.5


def test_verdicts_on_claims_that_are_plain_are_right() -> None:
    frame = pd.DataFrame(verdicts.verdicts(15))
    rows = frame.set_index(["method", "measure", "case"])["value"].sort_index()
    assert len(rows["alone", "right"]) == len(verdicts.CASES)
    for case in ("`higher`, 2 points higher", "`rank_order`, of three: steps of 2 points",
                 "`equivalent`, alike, sd 0.3", "`sooner`, by 2 epochs"):  # fmt: skip
        assert rows["alone", "right", f"{case} → supported"] > 0.9
    # The mean over all cases; a single one has 30 claims.
    assert rows["alone", "wrong"].drop("any claim").mean() < 0.04
    assert rows["in a family", "wrong"].drop("any claim").mean() < 0.01


def test_no_rule_can_see_failures_that_did_not_happen() -> None:
    frame = pd.DataFrame(verdicts.equivalences(150))
    rows = frame[frame["replicates"] == 12].set_index(["case", "method"])["value"]
    for method in ("all runs", "no failures"):
        found = rows["sd 0.3, 10 % fail against none", method]
        assert found == pytest.approx(0.9**12, abs=3 * (0.28 * 0.72 / 150) ** 0.5)


def test_the_page_is_the_same_bytes_again(tmp_path: Path, monkeypatch) -> None:
    for module in (rejections, verdicts):  # the page names figures at 20 replicates
        monkeypatch.setattr(module, "MANY", (12, 20))
    for folder in ("one", "two"):
        main(["--samples", "4", "--output", str(tmp_path / folder)])
    for name in ("intervals.csv", "intervals.md"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    page = (tmp_path / "one" / "intervals.md").read_text(encoding="utf-8")
    assert "{" not in page
    assert "nan" not in page


def test_the_published_page_is_of_the_code_as_it_is() -> None:
    """Compare the figures that are exact, at 12 replicates."""
    columns = ["group", "case", "method", "replicates", "value"]
    published = pd.read_csv(ROOT / "docs" / "intervals.csv")
    covered = published["table"] == "coverage"
    exact = covered & published["method"].str.startswith("share") & (published["replicates"] == 12)
    rows = [row for paired in (False, True) for row in coverage._shares(12, paired)]
    fresh = pd.DataFrame(rows)[columns].round({"value": 5})
    assert len(fresh) == 40
    pd.testing.assert_frame_equal(
        fresh, published.loc[exact, columns].reset_index(drop=True), check_dtype=False
    )
