"""Figures: what they show, that they are the same again, small, and readable."""

from __future__ import annotations

import itertools
import math
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from configuring import ROOT
from hypothesis import given
from hypothesis import strategies as st
from idx_files import configure, idx_bytes, make_arrays, write_files
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from study_fixture import REPORTED, Paths, make_study, write_tables

from mlpstudy.analysis.results import load_results
from mlpstudy.data.dataset import prepare
from mlpstudy.errors import StudyError
from mlpstudy.figures.catalogue import drawings
from mlpstudy.figures.drawing import draw
from mlpstudy.figures.index import SECTIONS, load_index
from mlpstudy.figures.palette import ACCENT, INK, MUTED, PAPER, SERIES, contrast
from mlpstudy.figures.style import STYLE
from mlpstudy.figures.svg import inlined
from mlpstudy.figures.swarm import swarm

LIMIT = 80_000
SUFFIXES = (".svg", ".png")
KINDS = ("architecture", "curves", "confusion")


def drawn(paths: Paths, reported: Path = REPORTED, data: Path | None = None) -> list[Path]:
    write_tables(paths, reported)
    draw(paths.study, paths.tables, reported, data, paths.figures)
    return sorted(paths.figures.glob("*.svg"))


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return 0.1 + 0.07 * (replicate % 11), 14.5 if replicate == 1 else 0.5


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A study with its figures drawn, over those of another one."""
    root = tmp_path_factory.mktemp("study")
    models = {"m04": {"validation": "holdout"}, "m05": {}, "mine": {"epochs": 1}}
    paths = make_study(root, models, outcome)
    paths.figures.mkdir(parents=True)
    (paths.figures / "curves-m99.svg").write_text("of a model that is no more")
    drawn(paths, data=prepared(root))
    return paths


def prepared(root: Path) -> Path:
    """Prepare images, as many as a study of the fixture asks for."""
    contents = {role: idx_bytes(array) for role, array in make_arrays().items()}
    prepare(write_files(root / "raw", contents), root / "data", configure(contents))
    return root / "data"


def test_everything_has_its_figure_and_nothing_else_stays(study: Paths) -> None:
    expected = {
        "overview", "groups", "comparison-4-5", "comparison-4-5-curves",
        "pairs-as_reported", "pairs-corrected",
        *(f"{kind}-{m}" for kind in (*KINDS, "hardest") for m in ("m04", "m05", "mine")),
    }  # fmt: skip
    assert {path.name for path in study.figures.iterdir()} == {
        "figures.json", *(f"{name}{suffix}" for name in expected for suffix in SUFFIXES)
    }  # fmt: skip


def test_every_figure_is_in_the_index_with_its_texts_and_tables(study: Paths) -> None:
    index = load_index(study.figures)
    assert {entry.file for entry in index} == {path.name for path in study.figures.glob("*.svg")}
    for entry in index:
        assert len(entry.title) > 10
        assert len(entry.caption) > 40
        assert len(entry.alt) > 40
        assert not {"nan", "inf", "None"} & set(re.findall(r"\w+", entry.caption + entry.alt))
        # What a template leaves where it puts values together wrongly.
        for text in (entry.title, entry.caption, entry.alt):
            assert not re.search(r" [,.;:)]|[,;:.]{2}|[.,;:][A-Z]|\s{2}|[{}]", text), text
        assert all((study.tables / f"{name}.csv").exists() for name in entry.tables)
        root = ET.parse(study.figures / entry.file).getroot()
        assert root.get("role") == "img"
        assert root.get("aria-label") == entry.alt
        _, _, *size = map(float, str(root.get("viewBox")).split())
        assert size == pytest.approx([entry.width, entry.height], abs=0.01)
    assert [e.name for e in index.find(kind="curves", model="m05")] == ["curves-m05"]
    assert index.get("nothing") is None
    # In the order of the report's sections.
    order = [list(SECTIONS).index(entry.section) for entry in index]
    assert order == sorted(order)


def test_figures_are_the_same_bytes_again_and_have_no_date(study: Paths) -> None:
    again = study.figures.parent / "again"
    draw(study.study, study.tables, REPORTED, study.tables.parent / "data", again)
    for path in study.figures.iterdir():
        text = path.read_bytes()
        assert text == (again / path.name).read_bytes(), path.name
        assert not re.search(rb"\d{4}-\d\d-\d\dT|<dc:date|Matplotlib v", text)


MATPLOTLIBRC = """
backend: tkagg
text.usetex: True
font.family: serif
lines.linewidth: 9
patch.edgecolor: red
savefig.bbox: tight
"""


def test_figures_depend_on_no_setting_of_the_user(study: Paths, tmp_path: Path) -> None:
    rc = tmp_path / "matplotlibrc"
    rc.write_text(MATPLOTLIBRC)
    backend = "module://matplotlib_inline.backend_inline"  # that of a notebook
    settings = {"MPLBACKEND": backend, "MATPLOTLIBRC": str(rc), "MPLCONFIGDIR": str(tmp_path)}
    data = study.tables.parent / "data"
    command = [
        *(sys.executable, "-m", "mlpstudy", "draw", "--study", study.study, "--reported", REPORTED),
        *("--tables", study.tables, "--data", data, "--output", tmp_path / "figures"),
    ]
    environment = {**os.environ, **settings, "PYTHONPATH": str(ROOT / "workflow")}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    for path in study.figures.iterdir():
        assert path.read_bytes() == (tmp_path / "figures" / path.name).read_bytes(), path.name


def test_figures_are_valid_and_small_whatever_is_in_the_study(tmp_path: Path) -> None:
    models = {"m03": {"validation": "kfold", "folds": 2, "epochs": 30}, "m07": {"epochs": 30}}
    conditions = {f"condition_{n}": {} for n in range(4)}
    for path in drawn(make_study(tmp_path, models, outcome, conditions, replicates=24)):
        assert path.stat().st_size < LIMIT, path.name
        tags = {element.tag.rsplit("}")[-1] for element in ET.parse(path).iter()}
        assert "image" not in tags
        assert "text" in tags


def nothing_known(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return (math.nan, math.nan) if condition == "as_reported" else (0.9, math.inf)


def test_lost_and_infinite_losses_are_drawn_around(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}}, nothing_known)
    names = {path.stem for path in drawn(paths)}
    assert names == {"overview", "groups", *(f"{kind}-m01" for kind in KINDS)}


@pytest.mark.parametrize("conditions", [{"as_reported": {}}, {"a_b": {}, "c_d": {"epochs": 2}}])
def test_one_model_without_a_report(tmp_path: Path, conditions: dict[str, dict[str, int]]) -> None:
    paths = make_study(tmp_path, {"mine": {"nodes": [10]}}, outcome, conditions, replicates=1)
    drawn(paths, reported=tmp_path / "none.csv")
    caption = load_index(paths.figures).get("overview")
    assert caption is not None
    assert "prints" not in caption.caption


def test_forty_models_with_long_names_stay_within_their_figures(tmp_path: Path) -> None:
    name = "a_model_whose_name_is_longer_than_any_column_that_has_to_hold_it"
    models = {f"{name}_{n}": {"nodes": [64] * 24 + [10]} for n in range(40)}
    conditions = {f"a_condition_with_quite_a_long_name_{n}": {} for n in range(3)}
    paths = make_study(tmp_path, models, outcome, conditions, replicates=2)
    write_tables(paths)
    data = load_results(paths.study, REPORTED, paths.tables)
    chosen = [d for d in drawings(data) if not d.model or d.model.endswith("_7")]
    assert {drawing.kind for drawing in chosen} == {
        *KINDS, "overview", "groups", "pairs", "sensitivity",
    }  # fmt: skip
    with mpl.rc_context(STYLE):
        for drawing in chosen:
            figure = drawing.draw()
            FigureCanvasAgg(figure).draw()
            edges = figure.bbox
            for text in figure.findobj(Text):
                if text.get_text() and text.get_visible():
                    box = text.get_window_extent()
                    assert box.x0 >= edges.x0 - 1, (drawing.name, text.get_text())
                    assert box.x1 <= edges.x1 + 1, (drawing.name, text.get_text())
                    assert box.y0 >= edges.y0 - 1, (drawing.name, text.get_text())
                    assert box.y1 <= edges.y1 + 1, (drawing.name, text.get_text())


def test_a_missing_table_and_a_damaged_index_are_named(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}}, outcome)
    write_tables(paths)
    (paths.tables / "history.csv").unlink()
    with pytest.raises(StudyError, match=r"history\.csv"):
        draw(paths.study, paths.tables, REPORTED, None, paths.figures)
    with pytest.raises(StudyError, match=r"figures\.json: missing"):
        load_index(tmp_path)
    (tmp_path / "figures.json").write_text('[{"name": "overview"}]')
    with pytest.raises(StudyError, match=r"figures\.json: expected the index"):
        load_index(tmp_path)


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


# What is seen without one kind of cones, of linear RGB (Machado, Oliveira and Fernandes 2009).
BLINDNESS = {
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip
TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
          [0.0193339, 0.1191920, 0.9503041]]  # fmt: skip


def lab(colour: str, seen: list[list[float]]) -> np.ndarray:
    """Return CIE L*a*b* of a colour as somebody with this sight sees it."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    xyz = np.array(TO_XYZ) @ np.clip(np.array(seen) @ linear, 0, 1) / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sight", BLINDNESS)
def test_conditions_can_be_told_apart_whatever_the_sight(scheme: str, sight: str) -> None:
    seen = [lab(getattr(colour, scheme), BLINDNESS[sight]) for colour in SERIES]
    for one, other in itertools.combinations(range(len(SERIES)), 2):
        # A difference of 2.3 can just be noticed; the main conditions are far from that.
        least = 30 if other == 1 else 15 if other < 4 else 10
        assert np.linalg.norm(seen[one] - seen[other]) > least, (SERIES[one], SERIES[other])


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # The standard's well-known borderline grey on white.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_inlined_figures_share_no_names_and_follow_the_page(study: Paths) -> None:
    paths = sorted(study.figures.glob("*.svg"))
    texts = [inlined(path.read_text(), path.stem) for path in paths]
    names = [name for text in texts for name in re.findall(r' id="([^"]+)"', text)]
    assert len(names) == len(set(names)) > 0
    for text in texts:
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)) <= {
            pair for name in names for pair in ((name, ""), ("", name))
        }
        assert INK.light not in text
        assert "var(--muted)" in text
        assert "http" not in text
        assert "<style" not in text
        ET.fromstring(text)
