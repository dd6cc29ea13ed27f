"""Figures: what they show, that they are the same again, small, and readable."""

from __future__ import annotations

import itertools
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_fixture import REPORTED, Paths, make_study

from mlpstudy.errors import StudyError
from mlpstudy.evidence.study_file import load_study
from mlpstudy.evidence.summaries import replicates
from mlpstudy.evidence.tables import read_table, tabulate
from mlpstudy.report.drawing.curves import curves_figure
from mlpstudy.report.drawing.dots import dots_figure
from mlpstudy.report.drawing.style import STYLE
from mlpstudy.report.drawing.swarm import spread, swarm
from mlpstudy.report.figures import draw
from mlpstudy.report.inlining import inline_svg
from mlpstudy.report.palette import ACCENT, INK, MUTED, PAPER, SERIES, contrast

LIMIT = 60_000


def drawn(paths: Paths) -> list[Path]:
    tabulate(paths.study, REPORTED, paths.tables)
    draw(paths.study, paths.tables, REPORTED, None, paths.figures)
    return sorted(paths.figures.glob("*.svg"))


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return 0.1 + 0.07 * (replicate % 11), 14.5 if replicate == 1 else 0.5


@pytest.fixture
def study(tmp_path: Path) -> Paths:
    models = {"m04": {"validation": "holdout"}, "m05": {}, "mine": {"epochs": 1}}
    return make_study(tmp_path, models, outcome)


def test_every_model_and_comparison_has_its_figure_and_nothing_else_stays(study: Paths) -> None:
    study.figures.mkdir(parents=True)
    (study.figures / "curves-m99.svg").write_text("of a model that is no more")
    expected = ["comparison-4-5.svg", "curves-m04.svg", "curves-m05.svg", "curves-mine.svg"]
    assert [path.name for path in drawn(study)] == [*expected, "overview.svg"]


def test_figures_are_the_same_bytes_again_and_have_no_date(study: Paths) -> None:
    first = {path.name: path.read_bytes() for path in drawn(study)}
    assert {path.name: path.read_bytes() for path in drawn(study)} == first
    for text in first.values():
        assert not re.search(rb"\d{4}-\d\d-\d\dT|<dc:date", text)


def test_figures_are_valid_small_and_draw_nothing_as_pixels(tmp_path: Path) -> None:
    models = {"m03": {"validation": "kfold", "folds": 2, "epochs": 30}, "m07": {"epochs": 30}}
    conditions = {f"condition_{n}": {} for n in range(4)}
    for path in drawn(make_study(tmp_path, models, outcome, conditions, replicates=24)):
        assert path.stat().st_size < LIMIT, path.name
        tags = {element.tag.rsplit("}")[-1] for element in ET.parse(path).iter()}
        assert "image" not in tags
        assert "text" in tags


def test_curves_have_a_line_per_replicate_and_a_median(study: Paths) -> None:
    drawn(study)
    plan, history = load_study(study.study), read_table(study.tables / "history.csv")
    with mpl.rc_context(STYLE):
        left, right = curves_figure(plan, history, "m04").axes
    # Two conditions, training and validation, three replicates and their median.
    assert len(left.lines) == 2 * 2 * 4
    assert len(right.lines) == 2 * 2 * 4 + 1  # and the line of chance
    ends = sorted(line.get_ydata()[-1] for line in right.lines[:3])
    assert ends == pytest.approx([17, 24, 31])
    assert right.lines[3].get_ydata()[-1] == pytest.approx(24)


def test_dots_stand_at_the_accuracies_and_the_mark_at_the_reported_one(study: Paths) -> None:
    drawn(study)
    plan = load_study(study.study)
    runs, timings = (read_table(study.tables / f"{n}.csv") for n in ("runs", "timings"))
    with mpl.rc_context(STYLE):
        figure = dots_figure(plan, replicates(runs, timings), ["m04", "m05"], {"m05": 0.1941})
    lines = [line.get_xdata() for line in figure.axes[0].lines]
    marks = [list(x) for x in lines if len(x) == 2 and 19 < x[0] < 20]
    assert [pytest.approx(x) for x in marks] == [[19.41, 19.41]]
    dots = [sorted(x) for x in lines if len(x) == 3]
    assert [pytest.approx(x) for x in dots] == [[17, 24, 31]] * 4


def test_lost_and_infinite_losses_are_drawn_around(tmp_path: Path) -> None:
    def lost(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return (math.nan, math.nan) if condition == "as_reported" else (0.9, math.inf)

    assert len(drawn(make_study(tmp_path, {"m01": {}}, lost))) == 2


def test_a_missing_table_is_named(study: Paths) -> None:
    drawn(study)
    (study.tables / "history.csv").unlink()
    inputs = [study.tables / f"{name}.csv" for name in ("runs", "timings", "history")]
    with pytest.raises(StudyError, match=r"history\.csv"):
        draw(study.study, *inputs, REPORTED, study.figures)


@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0.01, 0.3))
def test_labels_keep_their_order_and_their_distance(positions: list[float], gap: float) -> None:
    moved = spread(positions, gap)
    order = sorted(range(len(positions)), key=positions.__getitem__)
    for lower, upper in itertools.pairwise(order):
        assert moved[upper] - moved[lower] >= gap - 1e-9
    if all(positions[b] - positions[a] >= gap for a, b in itertools.pairwise(order)):
        assert moved == pytest.approx(positions)


@given(st.lists(st.sampled_from([10.0, 10.1, 86.4, 86.5, 90.0]), max_size=60))
def test_no_two_dots_hide_each_other(values: list[float]) -> None:
    shifts = swarm(values, diameter=4.0, reach=5.0)
    assert len(set(zip(values, shifts, strict=True))) == len(values)
    assert all(abs(shift) <= 5.0 for shift in shifts)


@given(st.lists(st.floats(0, 400), max_size=8))
def test_dots_of_a_small_crowd_do_not_touch(values: list[float]) -> None:
    places = list(zip(values, swarm(values, diameter=4.0, reach=20.0), strict=True))
    for (x, y), (other_x, other_y) in itertools.combinations(places, 2):
        assert math.hypot(x - other_x, y - other_y) >= 4.0 * 0.99


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_colours_have_contrast_enough(scheme: str) -> None:
    paper = getattr(PAPER, scheme)
    for colour in (INK, MUTED, ACCENT, *SERIES):
        assert contrast(getattr(colour, scheme), paper) >= 4.5, colour


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # The standard's well-known borderline grey on white.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_inlined_figures_share_no_names_and_follow_the_page(study: Paths) -> None:
    texts = [inline_svg(path.read_text(), path.stem) for path in drawn(study)]
    names = [name for text in texts for name in re.findall(r' id="([^"]+)"', text)]
    assert len(names) == len(set(names)) > 0
    for text in texts:
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)) <= {
            pair for name in names for pair in ((name, ""), ("", name))
        }
        assert INK.light not in text
        assert "var(--ink)" in text
        assert "http" not in text
        assert "<style" not in text
        ET.fromstring(text)
