"""The files of figures: complete, described, the same again, small, and right in a page."""

from __future__ import annotations

import errno
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from configuring import ROOT
from idx_files import configure, idx_bytes, make_arrays, write_files
from study_fixture import REPORTED, Outcome, Paths, make_study, write_tables

from mlpstudy.data.dataset import prepare
from mlpstudy.errors import StudyError
from mlpstudy.figures import drawing
from mlpstudy.figures.drawing import draw
from mlpstudy.figures.index import GROUPS, SECTIONS, load_index
from mlpstudy.figures.palette import INK
from mlpstudy.figures.svg import inlined

LIMIT = 80_000
SUFFIXES = (".svg", ".png")
KINDS = ("architecture", "curves", "confusion")


def drawn(paths: Paths, reported: Path = REPORTED, data: Path | None = None) -> set[str]:
    """Draw a study's figures; return their names."""
    write_tables(paths, reported)
    draw(paths.study, paths.tables, reported, data, paths.figures)
    return {path.stem for path in paths.figures.glob("*.svg")}


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return 0.1 + 0.07 * (replicate % 11), 14.5 if replicate == 1 else 0.5


def nothing_known(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    return (math.nan, math.nan) if condition == "as_reported" else (0.9, math.inf)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A study with its figures drawn, over those of another one."""
    root = tmp_path_factory.mktemp("study")
    models = {"m04": {"validation": "holdout"}, "m05": {"epochs": 1}}
    paths = make_study(root, models, outcome)
    paths.figures.mkdir(parents=True)
    (paths.figures / "curves-m99.svg").write_text("of a model that is no more")
    contents = {role: idx_bytes(array) for role, array in make_arrays().items()}
    prepare(write_files(root / "raw", contents), root / "data", configure(contents))
    drawn(paths, data=root / "data")
    return paths


def test_everything_has_its_figure_and_nothing_else_stays(study: Paths) -> None:
    expected = {
        "overview", "groups", "comparison-4-5", "comparison-4-5-curves",
        "pairs-as_reported", "pairs-corrected",
        *(f"{kind}-{m}" for kind in (*KINDS, "hardest") for m in ("m04", "m05")),
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


MATPLOTLIBRC = """
backend: tkagg
text.usetex: True
font.family: serif
lines.linewidth: 9
patch.edgecolor: red
savefig.bbox: tight
"""


def test_figures_are_the_same_bytes_again_whatever_the_users_settings(
    study: Paths, tmp_path: Path
) -> None:
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
    subprocess.run([*command, "--processes", "2"], cwd=tmp_path, env=environment, check=True)
    for path in study.figures.iterdir():
        content = path.read_bytes()
        assert content == (tmp_path / "figures" / path.name).read_bytes(), path.name
        assert not re.search(rb"\d{4}-\d\d-\d\dT|<dc:date|Matplotlib v", content)


# The tables that the workflow has a group of figures depend on; those that it cannot need are away.
NEEDED = {"pairs": {"contrasts"}, "verdicts": {"runs", "timings", "claims"}}


def test_a_group_is_drawn_from_its_own_tables_and_all_groups_are_one_index(
    study: Paths, tmp_path: Path
) -> None:
    for group in GROUPS:
        tables = tmp_path / f"tables-{group}"
        tables.mkdir()
        for path in study.tables.glob("*.csv"):
            others = path.stem not in {"contrasts", "claims", "audit"}
            if path.stem in NEEDED[group] if group in NEEDED else others:
                shutil.copy(path, tables)
        data = study.tables.parent / "data" if group == "study" else None
        draw(study.study, tables, REPORTED, data, tmp_path / "figures" / group, group)
    whole, merged = load_index(study.figures), load_index(tmp_path / "figures")
    assert [replace(entry, folder="") for entry in merged] == list(whole)
    assert {entry.folder for entry in merged} >= {"study", "pairs"}
    for entry, other in zip(whole, merged, strict=True):
        for name, copy in ((entry.file, other.file), (entry.png, other.png)):
            expected = (study.figures / name).read_bytes()
            assert (tmp_path / "figures" / copy).read_bytes() == expected
    shutil.rmtree(tmp_path / "figures/verdicts")
    with pytest.raises(StudyError, match=r"verdicts/figures\.json: missing"):
        load_index(tmp_path / "figures")


def test_a_killed_process_and_an_error_in_one_are_named(study: Paths, tmp_path: Path) -> None:
    def run() -> None:
        draw(study.study, study.tables, REPORTED, None, tmp_path / "figures", processes=2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "save_figure", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        with pytest.raises(StudyError, match="was killed"):
            run()
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/groups.svg").mkdir()
    with pytest.raises(StudyError, match=r"groups\.svg: "):
        run()


def test_inlined_figures_share_no_names_and_follow_the_page(study: Paths) -> None:
    paths = sorted(study.figures.glob("*.svg"))
    texts = [inlined(path.read_text(), path.stem) for path in paths]
    names = [name for text in texts for name in re.findall(r' id="([^"]+)"', text)]
    assert len(names) == len(set(names)) > 0
    for text in texts:
        found = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)
        assert {one or other for one, other in found} <= set(names)
        assert INK.light not in text
        assert "var(--muted)" in text
        assert "http" not in text
        assert "<style" not in text
        ET.fromstring(text)


def test_figures_are_valid_and_small_whatever_is_in_the_study(tmp_path: Path) -> None:
    models = {"m03": {"validation": "kfold", "folds": 2, "epochs": 30}, "m07": {"epochs": 30}}
    conditions = {f"condition_{n}": {} for n in range(3)}
    paths = make_study(tmp_path, models, outcome, conditions, replicates=24)
    for name in drawn(paths):
        path = paths.figures / f"{name}.svg"
        assert path.stat().st_size < LIMIT, name
        tags = {element.tag.rsplit("}")[-1] for element in ET.parse(path).iter()}
        assert "image" not in tags
        assert "text" in tags


@pytest.mark.parametrize(
    ("model", "fields", "conditions", "replicates", "of_run"),
    [
        # Lost and infinite losses.
        ("m01", {}, {"as_reported": {}, "corrected": {}}, 3, nothing_known),
        # One model without a report.
        ("mine", {"nodes": [10]}, {"as_reported": {}}, 1, outcome),
        ("mine", {"nodes": [10]}, {"a_b": {}, "c_d": {"epochs": 2}}, 1, outcome),
    ],
)
def test_a_study_of_one_model(
    tmp_path: Path, model: str, fields: dict[str, list[int]],
    conditions: dict[str, dict[str, int]], replicates: int, of_run: Outcome,
) -> None:  # fmt: skip
    paths = make_study(tmp_path, {model: fields}, of_run, conditions, replicates=replicates)
    reported = REPORTED if model == "m01" else tmp_path / "none.csv"
    found = drawn(paths, reported)
    assert found == {"overview", "groups", *(f"{kind}-{model}" for kind in KINDS)}
    entry = load_index(paths.figures).get("overview")
    assert entry is not None
    assert ("printed in the report" in entry.caption) == (model == "m01")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """The tables of a study of one model."""
    paths = make_study(tmp_path_factory.mktemp("small"), {"m01": {"epochs": 1}}, outcome)
    write_tables(paths)
    return paths


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_said_in_one_line(
    small: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.suffix == suffix:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StudyError, match=rf"overview\{suffix}: .*: No space left on device$"):
        draw(small.study, small.tables, REPORTED, None, tmp_path)
    assert not (tmp_path / f"overview{suffix}").exists()


def test_an_old_figure_that_cannot_be_removed_is_named(small: Paths, tmp_path: Path) -> None:
    (tmp_path / "mine.png").mkdir()
    with pytest.raises(StudyError, match=r"mine\.png: cannot be removed: "):
        draw(small.study, small.tables, REPORTED, None, tmp_path)


def test_a_missing_table_and_a_damaged_index_are_named(small: Paths, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"figures\.json: missing"):
        load_index(tmp_path)
    (tmp_path / "figures.json").write_text('[{"name": "overview"}]')
    with pytest.raises(StudyError, match=r"figures\.json: expected the index"):
        load_index(tmp_path)
    (small.tables / "history.csv").unlink()
    with pytest.raises(StudyError, match=r"history\.csv: missing"):
        draw(small.study, small.tables, REPORTED, None, tmp_path)
