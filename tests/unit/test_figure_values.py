"""What figures draw is what the tables hold: read back from the marks themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from study_fixture import REPORTED, Paths, make_study

from mlpstudy.data.dataset import Dataset
from mlpstudy.evidence.tables import tabulate
from mlpstudy.report.catalogue import Plate, plates
from mlpstudy.report.drawing.architecture import layers
from mlpstudy.report.drawing.style import STYLE
from mlpstudy.report.material import load_material

KL = {"loss": "kl_divergence", "validation": "holdout"}
MODELS = {
    "m04": KL, "m05": KL, "m08": {}, "m10": {"dropout": 0.2}, "m14": {"activation": "sigmoid"},
}  # fmt: skip
CONDITIONS = {
    "as_reported": {}, "corrected": {"pixels": "unit", "kl": "exact"},
    "unit_pixels": {"pixels": "unit"},
}  # fmt: skip
MODEL_NUMBERS = {"m04": 0.02, "m05": 0.03, "m08": 0.05, "m10": 0.0, "m14": 0.04}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    fails = condition == "as_reported" and model in ("m04", "m05") and replicate < 3
    accuracy = 0.1 if fails else 0.70 + 0.01 * replicate + MODEL_NUMBERS[model]
    return round(accuracy + (condition != "as_reported") * 0.1, 2), 14.5 if fails else 0.5


class Drawn(NamedTuple):
    """A study's tables as they are on disk, and its figures as they are drawn."""

    tables: dict[str, pd.DataFrame]
    plates: dict[str, Plate]

    @contextmanager
    def figure(self, name: str) -> Iterator[Figure]:
        with mpl.rc_context(STYLE):
            yield self.plates[name].draw()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    paths = make_study(
        tmp_path_factory.mktemp("study"), MODELS, outcome, CONDITIONS, replicates=4,
        covered={"unit_pixels": ["m04", "m05"]},
    )  # fmt: skip
    tabulate(paths.study, REPORTED, paths.tables)
    _others(paths)
    material = load_material(paths.study, paths.tables, REPORTED, None)
    material = type(material)(**{**vars_of(material), "images": images()})
    tables = {path.stem: pd.read_csv(path) for path in paths.tables.glob("*.csv")}
    return Drawn(tables, {plate.name: plate for plate in plates(material)})


def vars_of(material: object) -> dict[str, object]:
    return {name: getattr(material, name) for name in material.__dataclass_fields__}  # type: ignore[attr-defined]


def images() -> Dataset:
    pixels = np.random.default_rng(3).integers(0, 256, (100, 16), np.uint8)
    labels = np.zeros(100, np.uint8)
    return Dataset("little", tuple("abcdefghij"), pixels, labels, 0, 100, 4, 4, "")


def _others(paths: Paths) -> None:
    """Write what other steps than tabulate write."""
    pd.DataFrame(
        [
            {"model": model, "pixels": pixels, "share_below": 0.75 if pixels == "raw" else 0.0}
            | {f"log10_p_true_q{q:02}": -low * (100 - q) / 100 for q in (5, 25, 50, 75, 95)}
            for model in MODELS
            for pixels, low in (("raw", 80.0), ("unit", 2.0))
        ]
    ).to_csv(paths.tables / "saturation.csv", index=False)
    verdicts = ("supported", "contradicted", "undecided")
    pd.DataFrame(
        [
            {"claim": f"claim_{n}", "condition": condition, "verdict": verdicts[(n + at) % 3]}
            for n in range(5)
            for at, condition in enumerate(CONDITIONS)
        ]
    ).to_csv(paths.tables / "claims.csv", index=False)


def lines(figure: Figure, marker: str | None = None) -> list[Line2D]:
    """Return the marked lines of the figure's axes, those of keys left out."""
    found = [line for axes in figure.axes for line in axes.lines]
    wanted = [line for line in found if line.get_marker() in ((marker,) if marker else "oDs^vP")]
    return [line for line in wanted if len(line.get_xdata())]


def by_gaps(line: Line2D) -> np.ndarray:
    """Return the parts of a line with gaps, each as long as the others, as rows."""
    y = np.asarray(line.get_ydata(), dtype=float)
    return np.array([part[:-1] for part in np.split(y, np.flatnonzero(np.isnan(y)) + 1)[:-1]])


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


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
        shown = [axes.images[0].get_array() for axes in figure.axes][-8:]
        said = texts(figure)
    for picture, image in zip(shown, rows["image"], strict=False):
        assert (np.asarray(picture).ravel() == images().images[image]).all()
    first = rows.iloc[0]
    assert f"{first['agreeing']} of {first['replicates']}" in said
    assert f"\N{RIGHTWARDS ARROW} {first['predicted']}" in said


def test_pairs_show_differences_and_verdicts(study: Drawn) -> None:
    pairs = study.tables["pairs"]
    rows = pairs[pairs["condition"] == "corrected"]
    with study.figure("pairs-corrected") as figure:
        written = [text.get_text() for text in figure.axes[0].texts[: len(rows)]]
    expected = [
        "=" if row["verdict"] == "equivalent" else f"{100 * abs(row['difference']):.0f}"
        for row in rows.to_dict("records")
    ]
    assert written == expected


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
