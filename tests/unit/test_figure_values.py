"""What figures draw is what the tables hold: read back from the marks themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from drawn_study import MODELS, Drawn, by_gaps, drawn_study, images, lines, texts
from matplotlib.colors import to_hex

from mlpstudy.figures.architecture import layers
from mlpstudy.figures.curves import panels_of

MAIN = ("as_reported", "corrected")
LABELS = ("as reported", "corrected")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return drawn_study(tmp_path_factory.mktemp("study"))


def about(frame: pd.DataFrame, model: str, condition: str) -> pd.DataFrame:
    return frame[(frame["model"] == model) & (frame["condition"] == condition)]


def test_dots_stand_at_the_accuracies_and_the_bar_at_the_printed_one(study: Drawn) -> None:
    runs = study.tables["runs"]
    figure = study.figure("overview")
    dots = [sorted(line.get_xdata()) for line in lines(figure)]
    expected = [sorted(100 * about(runs, m, c)["test_accuracy"]) for m in MODELS for c in MAIN]
    assert dots == [pytest.approx(values) for values in expected]
    bars = {round(line.get_xdata()[0], 2) for line in figure.axes[0].lines
            if len(line.get_xdata()) == 2 and line.get_linewidth() == 1.6}  # fmt: skip
    assert bars == {77.45, 19.41, 18.73, 86.66, 77.49}
    assert [text for text in texts(figure) if text.endswith("failed")] == ["2 of 4 failed"] * 2


def test_groups_have_the_mean_of_their_replicates(study: Drawn) -> None:
    runs = study.tables["runs"]
    means = runs.groupby(["condition", "activation"])["test_accuracy"].mean()
    said = [text for text in texts(study.figure("groups")) if text.startswith("mean ")]
    assert said == [f"mean {100 * means[c, a]:.1f}" for c in MAIN for a in ("relu", "sigmoid")]


def test_sensitivity_has_every_condition_and_every_printed_value(study: Drawn) -> None:
    figure = study.figure("sensitivity")
    dots = sum(len(line.get_xdata()) for line in lines(figure))
    assert dots == len(study.tables["runs"])
    bars = {
        round(line.get_xdata()[0], 2)
        for axes in figure.axes
        for line in axes.lines
        if to_hex(line.get_color()) == "#1d2125"
    }
    printed = study.tables["sensitivity"]
    printed = printed.loc[printed["quantity"] == "test_accuracy", "reported"]
    assert {value for value in bars if value > 26} <= {round(100 * value, 2) for value in printed}
    # The report prints two accuracies of model 4.
    assert {26.95, 77.45} <= bars


def test_conditions_keep_their_colours_in_all_figures(study: Drawn) -> None:
    colours = {
        to_hex(line.get_color())
        for name in ("overview", "comparison-4-5", "groups", "sensitivity")
        for line in lines(study.figure(name), "D")
    }
    assert len(colours) == 1  # of `corrected`, whose mark is the diamond


def test_curves_have_a_line_per_replicate_and_their_median(study: Drawn) -> None:
    history = study.tables["history"]
    columns = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
    for axes, column in zip(study.figure("curves-m04").axes, columns, strict=True):
        thin = [by_gaps(line) for line in axes.lines if line.get_linewidth() < 0.6]
        # A median's label is its condition; the dotted ones of training say so.
        strong = [line.get_ydata() for line in axes.lines if line.get_label() in LABELS]
        for at, condition in enumerate(MAIN):
            rows = about(history, "m04", condition)
            table = rows.pivot_table(column, "epoch", "replicate")
            table *= 100 if "accuracy" in column else 1
            assert np.allclose(thin[at].T, table)
            assert np.allclose(strong[at], table.median(axis=1))


def test_medians_are_in_the_index_for_the_page(study: Drawn) -> None:
    history = study.tables["history"]
    figure = study.figure("curves-m04")
    panels = panels_of(figure)
    assert [panel.label for panel in panels] == [
        "Loss, training", "Loss, validation",
        "Accuracy, training (%)", "Accuracy, validation (%)",
    ]  # fmt: skip
    for panel, axes in zip(panels, figure.axes, strict=True):
        box = axes.get_window_extent().transformed(figure.dpi_scale_trans.inverted()).bounds
        assert (panel.box[0], panel.box[2]) == pytest.approx((72 * box[0], 72 * box[2]), abs=0.1)
        assert 0 < panel.box[1] < panel.box[1] + panel.box[3] < 72 * figure.get_figheight()
        assert panel.epochs == (1, 3)
    for at, condition in enumerate(MAIN):
        rows = about(history, "m04", condition)
        expected = 100 * rows.groupby("epoch")["train_accuracy"].median()
        median = panels[2].medians[at]
        assert (median.label, median.colour) == (LABELS[at], f"series-{at + 1}")
        assert median.values == pytest.approx(list(expected), rel=1e-3)


def test_no_median_hides_another(study: Drawn) -> None:
    for axes in study.figure("curves-m04").axes:
        widths = [line.get_linewidth() for line in axes.lines if line.get_label() in LABELS]
        assert widths[0] > 2 * widths[1]


def test_comparison_curves_are_those_of_training(study: Drawn) -> None:
    history = study.tables["history"]
    # A row of losses, then a row of accuracies, in the order of the models.
    axes = study.figure("comparison-8-9-10-curves").axes
    ends = [by_gaps(each.lines[0])[0, -1] for each in axes]
    last = history[(history["epoch"] == 3) & (history["condition"] == "as_reported")]
    chosen = last[last["replicate"] == 1].set_index("model").loc[["m08", "m10"]]
    assert ends == pytest.approx([*chosen["train_loss"], *(100 * chosen["train_accuracy"])])


def test_stuck_shares_are_lines_by_fate(study: Drawn) -> None:
    panel = study.figure("stuck").axes[0].lines  # as reported, model 4
    (solid,) = [line for line in panel if line.get_linestyle() == "-"]
    (dashed,) = [line for line in panel if line.get_linestyle() != "-"]
    rows = about(study.tables["history"], "m04", "as_reported")
    table = 100 * rows.pivot_table("stuck", "epoch", "replicate")
    # Replicates 1 and 2 failed, 3 and 4 learned.
    assert np.allclose(by_gaps(solid).T, table[[1, 2]])
    assert np.allclose(by_gaps(dashed).T, table[[3, 4]])


def test_every_replicate_of_the_two_by_two_is_a_dot(study: Drawn) -> None:
    causes = study.tables["causes"]
    figure = study.figure("causes")
    sizes = {True: 0, False: 0}
    for line in lines(figure, "o"):
        sizes[line.get_markerfacecolor() != "none"] += len(line.get_xdata())
    by = causes.groupby("condition", sort=False)[["failures", "n"]].sum()
    said = {text for text in texts(figure) if text.endswith("failed") and " of " in text}
    assert said == {f"{row.failures} of {row.n} failed" for row in by.itertuples()}
    assert sizes[True] == causes["failures"].sum()
    assert sizes[False] == (causes["n"] - causes["failures"]).sum()


def test_the_softmax_has_its_quantiles_and_shares(study: Drawn) -> None:
    figure = study.figure("saturation")
    ends = [line.get_xdata() for line in figure.axes[0].lines if line.get_linewidth() == 0.9]
    # 5 % and 95 %: of the raw pixels 1e-76 and 1e-4, at the roots of the decades.
    assert [pytest.approx([-(76**0.5), -2.0])] * len(MODELS) == ends[::2]
    assert texts(figure).count("75 %") == len(MODELS)


def test_parameters_of_a_drawn_model_are_those_of_the_table(study: Drawn) -> None:
    models = study.tables["models"].set_index(["condition", "model"])["parameters"]
    for model in MODELS:
        said = texts(study.figure(f"architecture-{model}"))
        (total,) = [text for text in said if "trained parameters" in text]
        assert int("".join(filter(str.isdecimal, total))) == models["as_reported", model]


def test_layers_by_hand() -> None:
    fields = {"nodes": [3, 2], "activation": "tanh", "batch_norm": True, "dropout": 0.5}
    # 4 x 3 weights and 3 biases, 3 scales and 3 shifts; 3 x 2 weights and 2 biases.
    assert layers(fields, 4) == [(3, 21), (2, 8)]


def test_cells_and_numbers_of_the_confusion_matrix(study: Drawn) -> None:
    confusions, recalls = study.tables["confusions"], study.tables["recalls"]
    for axes, condition in zip(study.figure("confusion-m04").axes, MAIN, strict=True):
        rows = about(confusions, "m04", condition)
        shares = rows.pivot_table("share", "true", "predicted").to_numpy()
        written = {
            (int(text.get_position()[1]), int(text.get_position()[0])): int(text.get_text())
            for text in axes.texts
            # Below the matrix are the numbers of the axis of the recalls.
            if text.get_text().isdecimal() and text.get_position()[1] < len(shares)
        }
        assert written == {
            place: round(100 * share) for place, share in np.ndenumerate(shares) if share > 0.005
        }
        cells = {(int(p.get_y()), int(p.get_x())): p.get_facecolor()[3] for p in axes.patches}
        assert set(cells) == {(i, j) for i, j in np.argwhere(shares >= 0.001)}
        # The fuller a share, the fuller its cell.
        by_share = [cells[place] for place in sorted(cells, key=lambda place: shares[place])]
        assert by_share == sorted(by_share)
        ticks = [segment[0][0] for segment in axes.collections[-1].get_segments()]
        means = about(recalls, "m04", condition)["recall_mean"]
        assert np.corrcoef(ticks, means)[0, 1] == pytest.approx(1)


def test_pairs_show_differences_and_whether_they_are_clear(study: Drawn) -> None:
    frame = study.tables["contrasts"]
    rows = frame[(frame[["first_condition", "second_condition"]] == "corrected").all(axis=1)]
    (axes,) = study.figure("pairs-corrected").axes
    written = [text.get_text() for text in axes.texts[: len(rows)]]
    assert written == [f"{100 * abs(shift):.0f}" for shift in rows["shift"]]
    clear = (rows["shift_low"] > 0) | (rows["shift_high"] < 0)
    fills = pd.Series([to_hex(patch.get_facecolor(), True) for patch in axes.patches])
    grey = set(fills[~clear.to_numpy()])
    assert len(grey) == 1
    assert grey.isdisjoint(fills[clear.to_numpy()])


def test_every_verdict_is_a_mark(study: Drawn) -> None:
    claims = study.tables["claims"]
    counts = claims.loc[claims["condition"].isin(MAIN), "verdict"].value_counts()
    marks = [m for m in study.figure("verdicts").axes[0].lines if len(m.get_xdata()) == 1]
    crosses = [m for m in marks if m.get_marker() == "x"]
    hollow = [m for m in marks if m.get_markerfacecolor() == "none"]
    assert (len(crosses), len(hollow)) == (counts["contradicted"], counts["undecided"])
    assert len(marks) == counts.sum()


def test_the_images_are_those_of_the_table(study: Drawn) -> None:
    rows = about(study.tables["hardest"], "m04", "corrected")
    figure = study.figure("hardest-m04")
    shown = [axes.images[0].get_array() for axes in figure.axes if axes.images][-8:]
    for picture, image in zip(shown, rows["image"], strict=False):
        assert (np.asarray(picture).ravel() == images().images[image]).all()
    first, said = rows.iloc[0], texts(figure)
    assert f"{first['agreeing']} of {first['replicates']}" in said
    assert f"\N{RIGHTWARDS ARROW} {first['predicted']}" in said
