"""Figures of odd studies: very many models, other activations, hostile names, a full disk."""

from __future__ import annotations

import errno
import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from drawn_study import lines, texts
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from study_fixture import REPORTED, Paths, make_study, write_tables

from mlpstudy.analysis.results import Results, load_results
from mlpstudy.config.study import load_study
from mlpstudy.errors import StudyError
from mlpstudy.figures import catalogue
from mlpstudy.figures.catalogue import Drawing, drawings
from mlpstudy.figures.drawing import draw
from mlpstudy.figures.index import load_index
from mlpstudy.figures.style import STYLE, colour_of, in_rows
from mlpstudy.figures.svg import inlined
from mlpstudy.figures.verdicts import verdicts_figure

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
    data = load_results(paths.study, REPORTED, paths.tables)
    return data, {drawing.name: drawing for drawing in drawings(data)}


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


def test_panels_of_many_models_stand_in_bands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = {f"model_{n}": KL for n in range(44)}
    every = {"all": {"models": list(models), "pairs": []}}
    data, found = loaded(tabulated(tmp_path, models, {"comparisons": every}))
    for name in ("stuck", "comparison-all-curves"):
        figure = drawn(found[name])
        assert len(figure.axes) == 2 * len(models)
        titles = [axes.get_title(loc="left") for axes in figure.axes]
        assert [title for title in titles if title] == list(models)
    # The accuracies of every band are numbered, at its left.
    numbered = [axes for axes in figure.axes if axes.yaxis.get_tick_params()["labelleft"]]
    assert [axes.get_ylabel() for axes in numbered] == ["Loss", "Accuracy"] * 6
    monkeypatch.setattr(catalogue, "MOST_MODELS", 43)
    assert {"stuck", "comparison-all-curves"}.isdisjoint(d.name for d in drawings(data))


def test_rows_are_even() -> None:
    keys = list("abcdefghi")
    assert in_rows(keys, 8) == [list("abcde"), list("fghi")]
    assert in_rows(keys, 9) == [keys]
    assert in_rows(keys, 2)[-1] == ["i"]


def test_claims_of_many_conditions_keep_their_names(tmp_path: Path) -> None:
    conditions = {f"condition_{n}": {} for n in range(20)}
    study = load_study(make_study(tmp_path, {}, outcome, conditions).study)
    rows = [
        {"claim": f"claim_{n:02}", "condition": condition, "verdict": "supported"}
        for n in range(30)
        for condition in conditions
    ]
    with mpl.rc_context(STYLE):
        figure = verdicts_figure(study, pd.DataFrame(rows))
    assert {f"Claim {n:02}" for n in range(30)} <= set(texts(figure))
    marks = lines(figure, "o")
    assert len({(m.get_xdata()[0], m.get_ydata()[0]) for m in marks}) == len(rows)
    assert len({m.get_xdata()[0] for m in marks}) == len(conditions)


def test_groups_are_of_the_activation_in_force(tmp_path: Path) -> None:
    conditions = {"as_reported": {}, "smooth": {"activation": "gelu"}}
    models = {"m08": {"epochs": 1}, "m14": {"epochs": 1, "activation": "sigmoid"}}
    _, found = loaded(tabulated(tmp_path, models, conditions=conditions))
    said = found["groups"].words.caption
    assert "As reported: ReLU 71.5 %, Sigmoid 71.5 %." in said
    assert "Smooth: GELU 71.5 %." in said
    figure = drawn(found["groups"])
    one, smooth = ({text.get_text() for text in axes.texts} for axes in figure.axes)
    assert {"ReLU", "Sigmoid", "Model 8", "Model 14"} <= one
    assert {"GELU", "Model 8", "Model 14"} <= smooth
    # One above the other, equally wide.
    boxes = [axes.get_position() for axes in figure.axes]
    assert boxes[1].y1 < boxes[0].y0
    assert boxes[1].width == pytest.approx(boxes[0].width)


def test_a_cell_of_the_two_by_two_may_be_of_several_conditions(tmp_path: Path) -> None:
    mended = {"pixels": "unit", "kl": "exact"}
    conditions = {"as_reported": {}, "first": mended, "second": mended}
    covered = {"first": ["m04", "m06"], "second": ["m04", "m05"]}
    models = {"m04": KL, "m05": KL, "m06": KL}
    paths = tabulated(tmp_path, models, conditions=conditions, covered=covered)
    data, found = loaded(paths)
    words = found["causes"].words.caption
    assert "exact KL divergence: 2 of 6 failed" in words
    figure = drawn(found["causes"])
    assert texts(figure).count("2 of 6 failed") == 2
    assert "first, second" in texts(figure)
    colours = [colour_of(data.study, c) for c in conditions]
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
    paths = tabulated(tmp_path, {"m01": {"epochs": 1}}, {"dataset": dataset})
    draw(paths.study, paths.tables, REPORTED, None, paths.figures)
    entry = load_index(paths.figures).get("confusion-m01")
    assert entry is not None
    text = (paths.figures / entry.file).read_text()
    for svg in (text, inlined(text, "it")):
        root = ET.fromstring(svg)
        assert root.get("aria-label") == entry.alt
        said = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
        # Above two matrices, and left of one.
        assert [said.count(name) for name in classes] == [3] * len(classes)


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_a_full_disk_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    paths = tabulated(tmp_path, {"m01": {"epochs": 1}})
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.suffix == suffix:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StudyError, match=rf"overview\{suffix}: .*: No space left on device$"):
        draw(paths.study, paths.tables, REPORTED, None, paths.figures)
    assert not (paths.figures / f"overview{suffix}").exists()


def test_an_old_figure_that_cannot_be_removed_is_named(tmp_path: Path) -> None:
    paths = tabulated(tmp_path, {"m01": {"epochs": 1}})
    (paths.figures / "mine.png").mkdir(parents=True)
    with pytest.raises(StudyError, match=r"mine\.png: cannot be removed: "):
        draw(paths.study, paths.tables, REPORTED, None, paths.figures)


def test_thresholds_are_said_with_all_of_their_digits(tmp_path: Path) -> None:
    given = {"classes": {"superior": 0.8, "medium": 0.545}}
    _, found = loaded(tabulated(tmp_path, {"m01": {}, "m02": {"dropout": 0.125}}, given))
    assert "below 54.5 % has failed" in found["overview"].words.caption
    assert "dropout of 12.5 %" in found["architecture-m02"].words.alt
    with mpl.rc_context(STYLE):
        assert any("dropout 12.5 %" in text for text in texts(found["architecture-m02"].draw()))
