"""Figures of odd studies: many models, other activations, long and hostile names."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from drawn_study import lines, texts
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from study_fixture import REPORTED, Paths, make_study, write_tables

from mlpstudy.analysis.results import Results, load_results
from mlpstudy.analysis.schemas import CLAIMS
from mlpstudy.figures import catalogue
from mlpstudy.figures.catalogue import KINDS, Drawing, drawings
from mlpstudy.figures.style import STYLE, colour_of, save_figure
from mlpstudy.figures.svg import inlined

KL: dict[str, Any] = {"loss": "kl_divergence", "epochs": 2}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    fails = replicate == 1 and model in ("m04", "m05")
    return (0.1 if fails else 0.7 + replicate / 100), 0.5


def tabulated(
    folder: Path, models: Mapping[str, Any], given: Mapping[str, Any] | None = None, **study: Any
) -> Paths:
    """Make a study and its tables; `given` replaces keys of study.json."""
    paths = make_study(folder, models, outcome, replicates=2, **study)
    written = json.loads(paths.study.read_text())
    paths.study.write_text(json.dumps({**written, **(given or {})}))
    write_tables(paths)
    return paths


def loaded(paths: Paths) -> tuple[Results, dict[str, Drawing]]:
    results = load_results(paths.study, REPORTED, paths.tables)
    return results, {drawing.name: drawing for drawing in drawings(results)}


def drawn(drawing: Drawing) -> Figure:
    """Draw a figure whose panels are as wide as can be read, and which has everything within it."""
    with mpl.rc_context(STYLE):
        figure = drawing.draw()
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        box = figure.get_tightbbox(canvas.get_renderer())
    width, height = figure.get_size_inches()
    for axes in figure.axes:
        assert axes.get_position().width * width > 0.5, drawing.name
    assert -0.01 <= box.x0 < box.x1 <= width + 0.01, drawing.name
    assert -0.01 <= box.y0 < box.y1 <= height + 0.01, drawing.name
    return figure


def test_many_models_with_long_names_stay_within_their_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "a_model_whose_name_is_longer_than_any_column_that_has_to_hold_it"
    models = {f"{name}_{n}": {**KL, "nodes": [64] * 24 + [10]} for n in range(17)}
    conditions = {f"a_condition_with_quite_a_long_name_{n}": {} for n in range(3)}
    every = {"all": {"models": list(models), "pairs": []}}
    paths = tabulated(tmp_path, models, {"comparisons": every}, conditions=conditions)
    results, found = loaded(paths)
    of_each_kind = {drawing.kind: drawing for drawing in found.values()}
    assert set(of_each_kind) == set(KINDS) - {"hardest", "saturation", "verdicts"}
    figures = {kind: drawn(drawing) for kind, drawing in of_each_kind.items()}
    # Panels of many models stand in bands: 6, 6 and 5 models side by side.
    figure = figures["comparison_curves"]
    assert len(figure.axes) == 2 * len(models)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title[-2:] for title in titles if title] == [model[-2:] for model in models]
    # The accuracies of every band are numbered, at its left.
    numbered = [axes for axes in figure.axes if axes.yaxis.get_tick_params()["labelleft"]]
    assert [axes.get_ylabel() for axes in numbered] == ["Loss", "Accuracy"] * 3
    monkeypatch.setattr(catalogue, "MOST_MODELS", 16)
    assert {"stuck", "comparison-all-curves"}.isdisjoint(d.name for d in drawings(results))


def test_claims_of_many_conditions_keep_their_names(tmp_path: Path) -> None:
    conditions = {f"condition_{n}": {} for n in range(20)}
    paths = tabulated(tmp_path, {"m01": {"epochs": 1}}, conditions=conditions)
    rows = [
        # Claims that no main condition has a verdict on show all others.
        {"claim": f"claim_{n:02}", "condition": condition, "verdict": "supported", "models": "m01"}
        for n in range(30)
        for condition in list(conditions)[2:]
    ]
    claims = CLAIMS.frame(rows)
    claims.to_csv(paths.tables / "claims.csv", index=False)
    _, found = loaded(paths)
    figure = drawn(found["verdicts"])
    assert {f"Claim {n:02}" for n in range(30)} <= set(texts(figure))
    marks = lines(figure, "o")
    assert len({(m.get_xdata()[0], m.get_ydata()[0]) for m in marks}) == len(rows)
    assert len({m.get_xdata()[0] for m in marks}) == len(conditions) - 2


def test_groups_are_of_the_activation_in_force(tmp_path: Path) -> None:
    conditions = {"as_reported": {}, "smooth": {"activation": "gelu"}}
    models = {"m08": {"epochs": 1}, "m14": {"epochs": 1, "activation": "sigmoid"}}
    _, found = loaded(tabulated(tmp_path, models, conditions=conditions))
    said = found["groups"].words.caption
    assert "As reported: ReLU 71.5 %, Sigmoid 71.5 %." in said
    assert "Smooth: GELU 71.5 %." in said
    figure = drawn(found["groups"])
    one, smooth = (set(texts(axes)) for axes in figure.axes)
    assert {"ReLU", "Sigmoid", "Model 8", "Model 14"} <= one
    assert {"GELU", "Model 8", "Model 14"} <= smooth
    # Side by side, equally wide, each with its own names.
    boxes = [axes.get_position() for axes in figure.axes]
    assert boxes[0].x1 < boxes[1].x0
    assert boxes[1].width == pytest.approx(boxes[0].width)


def test_a_cell_of_the_two_by_two_may_be_of_several_conditions(tmp_path: Path) -> None:
    mended = {"pixels": "unit", "kl": "exact"}
    conditions = {"as_reported": {}, "first": mended, "second": mended}
    covered = {"first": ["m04", "m06"], "second": ["m04", "m05"]}
    models = {"m04": KL, "m05": KL, "m06": KL}
    results, found = loaded(tabulated(tmp_path, models, conditions=conditions, covered=covered))
    assert "exact KL divergence: 2 of 6 failed" in found["causes"].words.caption
    figure = drawn(found["causes"])
    assert texts(figure).count("2 of 6 failed") == 2
    assert "first, second" in texts(figure)
    # The other two cells have no condition, and their names all the same.
    assert texts(figure).count("not run") == 2
    assert {"raw pixels", "clipped KL divergence", "exact KL divergence"} <= set(texts(figure))
    colours = [colour_of(results.study, c) for c in conditions]
    for colour, dots in zip(colours, (6, 4, 2), strict=True):
        own = [line for line in lines(figure, "o") if to_hex(line.get_color()) == colour]
        assert sum(len(line.get_xdata()) for line in own) == dots
    # No model of the cell lacks its panel of examples without a gradient.
    assert texts(drawn(found["stuck"])).count("not run") == 2
    assert "Second: 90 % (2 that failed)" in found["stuck"].words.caption


@pytest.mark.parametrize(
    "odd", [["a>b", "<i> & co", "'"], ["x$_$y", "A$B$C", r"\$ 5"], ['d="M 1.2345"', "#1d2125", '"']]
)
def test_any_name_of_a_class_is_drawn_as_it_is_written(tmp_path: Path, odd: list[str]) -> None:
    classes = [*odd, *"abcdefg"]
    dataset = {"name": "odd", "classes": classes, "digest": "0" * 64, "subset": None}
    _, found = loaded(tabulated(tmp_path, {"m01": {"epochs": 1}}, {"dataset": dataset}))
    drawing = found["confusion-m01"]
    save_figure(drawn(drawing), tmp_path, "it", drawing.words.alt)
    text = (tmp_path / "it.svg").read_text()
    for svg in (text, inlined(text, "it")):
        root = ET.fromstring(svg)
        assert root.get("aria-label") == drawing.words.alt
        said = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
        # Above two matrices, and left of one.
        assert [said.count(name) for name in classes] == [3] * len(classes)


def test_thresholds_are_said_with_all_of_their_digits(tmp_path: Path) -> None:
    given = {"classes": {"superior": 0.8, "medium": 0.545}}
    _, found = loaded(tabulated(tmp_path, {"m01": {}, "m02": {"dropout": 0.125}}, given))
    assert "below 54.5 % has failed" in found["overview"].words.caption
    assert "dropout of 12.5 %" in found["architecture-m02"].words.alt
    figure = drawn(found["architecture-m02"])
    assert any("dropout 12.5 %" in text for text in texts(figure))
