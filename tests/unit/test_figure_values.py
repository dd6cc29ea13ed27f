"""What figures draw is what the tables hold: read back from the marks themselves."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_study import MODELS, Drawn, by_gaps, drawn_study, images, lines, texts
from matplotlib.collections import PolyCollection

from mlpstudy.figures.architecture import layers


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    return drawn_study(tmp_path_factory.mktemp("study"))


def test_dots_stand_at_the_accuracies_and_the_bar_at_the_printed_one(study: Drawn) -> None:
    runs = study.tables["runs"]
    with study.figure("overview") as figure:
        dots = [sorted(line.get_xdata()) for line in lines(figure)]
        bars = {round(line.get_xdata()[0], 2) for line in figure.axes[0].lines
                if len(line.get_xdata()) == 2 and line.get_linewidth() == 1.6}  # fmt: skip
        said = [text for text in texts(figure) if text.endswith("failed")]
    expected = [
        sorted(100 * runs.loc[(runs["model"] == m) & (runs["condition"] == c), "test_accuracy"])
        for m in MODELS
        for c in ("as_reported", "corrected")
    ]
    assert dots == [pytest.approx(values) for values in expected]
    assert bars == {77.45, 19.41, 18.73, 86.66, 77.49}
    assert said == ["2 of 4 failed"] * 2


def test_curves_have_a_line_per_replicate_and_their_median(study: Drawn) -> None:
    history = study.tables["history"]
    with study.figure("curves-m04") as figure:
        panels = [axes.lines for axes in figure.axes]
    columns = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
    for axes, column in zip(panels, columns, strict=True):
        scale = 100 if "accuracy" in column else 1
        thin = [by_gaps(line) for line in axes if line.get_linewidth() < 0.6]
        strong = [line.get_ydata() for line in axes if line.get_linewidth() > 1.5]
        for at, condition in enumerate(("as_reported", "corrected")):
            rows = history[(history["model"] == "m04") & (history["condition"] == condition)]
            table = rows.pivot_table(column, "epoch", "replicate") * scale
            assert np.allclose(thin[at].T, table)
            assert np.allclose(strong[at], table.median(axis=1))


def test_comparison_curves_are_those_of_training(study: Drawn) -> None:
    history = study.tables["history"]
    with study.figure("comparison-8-9-10-curves") as figure:
        # A row of losses, then a row of accuracies, in the order of the models.
        ends = [by_gaps(axes.lines[0])[0, -1] for axes in figure.axes]
    last = history[(history["epoch"] == 3) & (history["condition"] == "as_reported")]
    first = last[last["replicate"] == 1].set_index("model")
    chosen = first.loc[["m08", "m10"]]
    expected = [*chosen["train_loss"], *(100 * chosen["train_accuracy"])]
    assert ends == pytest.approx(expected)


def test_parameters_of_a_drawn_model_are_those_of_the_table(study: Drawn) -> None:
    models = study.tables["models"].set_index(["condition", "model"])
    for model in MODELS:
        with study.figure(f"architecture-{model}") as figure:
            (total,) = [text for text in texts(figure) if "trained parameters" in text]
        expected = models.loc[("as_reported", model), "parameters"]
        assert int("".join(filter(str.isdecimal, total))) == expected


def test_layers_by_hand() -> None:
    fields = {"nodes": [3, 2], "activation": "tanh", "batch_norm": True, "dropout": 0.5}
    hidden, output = layers(fields, 4)
    # 4 x 3 weights and 3 biases, 3 scales and 3 shifts; 3 x 2 weights and 2 biases.
    assert (hidden.nodes, hidden.parameters, hidden.activation, hidden.dropout) == (
        3,
        21,
        "tanh",
        0.5,
    )
    assert (output.nodes, output.parameters, output.activation, output.dropout) == (
        2,
        8,
        "softmax",
        0,
    )
    assert hidden.normalised
    assert not output.normalised


def test_cells_and_numbers_of_the_confusion_matrix(study: Drawn) -> None:
    confusions, recalls = study.tables["confusions"], study.tables["recalls"]
    with study.figure("confusion-m04") as figure:
        panels = figure.axes
    for axes, condition in zip(panels, ("as_reported", "corrected"), strict=True):
        own = (confusions["model"] == "m04") & (confusions["condition"] == condition)
        shares = confusions[own].pivot_table("share", "true", "predicted").to_numpy()
        written = {
            (int(text.get_position()[1]), int(text.get_position()[0])): int(text.get_text())
            for text in axes.texts
            if text.get_text().isdecimal()
        }
        expected = {
            (i, j): round(100 * share) for (i, j), share in np.ndenumerate(shares) if share > 0.005
        }
        assert written == expected
        (cells,) = [c for c in axes.collections if isinstance(c, PolyCollection)]
        assert len(cells.get_paths()) == (shares >= 0.001).sum()
        # The fuller a share, the fuller its cell.
        order = np.argsort([shares[i, j] for i, j in np.argwhere(shares >= 0.001)], kind="stable")
        alphas = cells.get_facecolor()[:, 3][order]
        assert (np.diff(alphas) >= 0).all()
        own = (recalls["model"] == "m04") & (recalls["condition"] == condition)
        ticks = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 1.6]
        means = [x[0] for x in ticks]
        assert np.corrcoef(means, recalls.loc[own, "recall_mean"])[0, 1] == pytest.approx(1)


def test_the_images_are_those_of_the_table(study: Drawn) -> None:
    hardest = study.tables["hardest"]
    rows = hardest[(hardest["model"] == "m04") & (hardest["condition"] == "corrected")]
    with study.figure("hardest-m04") as figure:
        shown = [axes.images[0].get_array() for axes in figure.axes if axes.images][-8:]
        said = texts(figure)
    for picture, image in zip(shown, rows["image"], strict=False):
        assert (np.asarray(picture).ravel() == images().images[image]).all()
    first = rows.iloc[0]
    assert f"{first['agreeing']} of {first['replicates']}" in said
    assert f"\N{RIGHTWARDS ARROW} {first['predicted']}" in said
