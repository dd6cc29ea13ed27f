"""What figures of the evidence draw is what the tables hold: pairs, cause, verdicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_study import MODELS, Drawn, by_gaps, drawn_study, lines, texts
from matplotlib.colors import to_hex


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return drawn_study(tmp_path_factory.mktemp("study"))


def test_pairs_show_differences_and_whether_they_are_clear(study: Drawn) -> None:
    frame = study.tables["contrasts"]
    under = (frame["first_condition"] == "corrected") & (frame["second_condition"] == "corrected")
    rows = frame[under]
    with study.figure("pairs-corrected") as figure:
        written = [text.get_text() for text in figure.axes[1].texts[: len(rows)]]
        fills = [patch.get_facecolor() for patch in figure.axes[1].patches[: len(rows)]]
    assert written == [f"{100 * abs(shift):.0f}" for shift in rows["shift"]]
    clear = ((rows["shift_low"] > 0) | (rows["shift_high"] < 0)).tolist()
    grey = {fill for fill, known in zip(fills, clear, strict=True) if not known}
    assert len(grey) == 1
    assert grey.isdisjoint(fill for fill, known in zip(fills, clear, strict=True) if known)


def test_groups_have_the_mean_of_their_replicates(study: Drawn) -> None:
    runs = study.tables["runs"]
    with study.figure("groups") as figure:
        said = [text for text in texts(figure) if text.startswith("mean ")]
    expected = [
        f"mean {100 * runs.loc[own & (runs['condition'] == condition), 'test_accuracy'].mean():.1f}"
        for condition in ("as_reported", "corrected")
        for own in (runs["activation"] == "relu", runs["activation"] == "sigmoid")
    ]
    assert said == expected


def test_every_replicate_of_the_two_by_two_is_a_dot(study: Drawn) -> None:
    causes = study.tables["causes"]
    with study.figure("causes") as figure:
        said = [text for text in texts(figure) if text.endswith("failed") and " of " in text]
        dots = lines(figure, "o")
        filled = sum(len(d.get_xdata()) for d in dots if d.get_markerfacecolor() != "none")
        hollow = sum(len(d.get_xdata()) for d in dots if d.get_markerfacecolor() == "none")
    by = causes.groupby("condition", sort=False)[["failures", "n"]].sum()
    assert set(said) == {f"{row.failures} of {row.n} failed" for row in by.itertuples()}
    assert (filled, hollow) == (causes["failures"].sum(), (causes["n"] - causes["failures"]).sum())


def test_stuck_shares_are_lines_by_fate(study: Drawn) -> None:
    history = study.tables["history"]
    with study.figure("stuck") as figure:
        panel = figure.axes[0].lines  # as reported, model 4
        (solid,) = [line for line in panel if line.get_linestyle() == "-"]
        (dashed,) = [line for line in panel if line.get_linestyle() != "-"]
    rows = history[(history["model"] == "m04") & (history["condition"] == "as_reported")]
    table = 100 * rows.pivot_table("stuck", "epoch", "replicate")
    # Replicates 1 and 2 failed, 3 and 4 learned.
    assert np.allclose(by_gaps(solid).T, table[[1, 2]])
    assert np.allclose(by_gaps(dashed).T, table[[3, 4]])


def test_the_softmax_has_its_quantiles_and_shares(study: Drawn) -> None:
    with study.figure("saturation") as figure:
        ends = [line.get_xdata() for line in figure.axes[0].lines if line.get_linewidth() == 0.9]
        said = texts(figure)
    # 5 % and 95 %: of the raw pixels 1e-76 and 1e-4, at the roots of the decades.
    assert [pytest.approx([-(76**0.5), -2.0])] * len(MODELS) == ends[::2]
    assert said.count("75 %") == len(MODELS)


def test_sensitivity_has_every_condition_and_every_printed_value(study: Drawn) -> None:
    runs = study.tables["runs"]
    with study.figure("sensitivity") as figure:
        dots = sum(len(line.get_xdata()) for line in lines(figure))
        bars = sorted(
            round(line.get_xdata()[0], 2)
            for axes in figure.axes
            for line in axes.lines
            if to_hex(line.get_color()) == "#1d2125"
        )
    assert dots == len(runs)
    printed = study.tables["sensitivity"]
    printed = printed.loc[printed["quantity"] == "test_accuracy", ["model", "reported"]]
    assert {value for value in bars if value > 26} <= {
        round(100 * value, 2) for value in printed["reported"]
    }
    # The report prints two accuracies of model 4.
    assert {26.95, 77.45} <= set(bars)


def test_every_verdict_is_a_mark(study: Drawn) -> None:
    claims = study.tables["claims"]
    claims = claims[claims["condition"].isin(["as_reported", "corrected"])]  # the main conditions
    with study.figure("verdicts") as figure:
        marks = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    shapes = {
        "contradicted": [m for m in marks if m.get_marker() == "x"],
        "undecided": [m for m in marks if m.get_markerfacecolor() == "none"],
    }
    for verdict, found in shapes.items():
        assert len(found) == (claims["verdict"] == verdict).sum()
    assert len(marks) == len(claims)


def test_conditions_keep_their_colours_in_all_figures(study: Drawn, tmp_path: Path) -> None:
    colours = set()
    for name in ("overview", "comparison-4-5", "groups", "sensitivity"):
        with study.figure(name) as figure:
            colours |= {to_hex(line.get_color()) for line in lines(figure, "D")}
    assert len(colours) == 1  # of `corrected`, whose mark is the diamond
