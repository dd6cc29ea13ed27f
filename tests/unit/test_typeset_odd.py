"""Odd studies typeset: within the margins, nothing lost, and no text taken for a command."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from study_fixture import make_study, study_of
from typeset_reports import made, text_of

from mlpstudy.report.document import plain
from mlpstudy.report.layout import Cell, Column, Table
from mlpstudy.report.typeset import compile_document

HOSTILE = "<script>alert(1)</script> | *x* [y](z) & Co"


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[Image.Image]:
    """The pages of every document that is typeset from here on, as pictures."""
    pages: list[Image.Image] = []
    compile_pdf = typst.compile

    def compile_both(files: Any, **options: Any) -> bytes:
        drawn = {name: options[name] for name in ("root", "font_paths", "ignore_system_fonts")}
        pictures = compile_pdf(files, format="png", ppi=36, **drawn)
        pages.extend(Image.open(io.BytesIO(picture)).convert("L") for picture in pictures)
        return compile_pdf(files, **options)

    monkeypatch.setattr("mlpstudy.report.typeset.typst.compile", compile_both)
    return pages


def inked(page: Image.Image) -> tuple[float, float]:
    """Return where ink begins and ends across a page, in millimetres."""
    columns = np.flatnonzero((np.asarray(page) < 200).any(axis=0)) * 25.4 / 36
    return columns.min(), columns.max()


LONG = {
    f"a_model_with_quite_a_long_name_{n}": {"epochs": 1, "nodes": [n + 20, 10], "batch_size": n + 8}
    for n in range(40)
}
LOST = {"m01": {"loss": "kl_divergence"}, "m04": {}}


@pytest.mark.parametrize(
    ("models", "arguments"),
    [
        ({"mine": {"report_name": HOSTILE, "assumed": {"batch_size": HOSTILE}}}, {}),
        ({"m01": {}}, {"conditions": {"only": {}}, "replicates": 1}),
        ({"m09": {}, "m10": {}}, {"covered": {"corrected": ["m10"]}}),
        (LONG, {}),
        ({"m01": {}, "mine": {}}, {"conditions": {f"condition_{n}": {} for n in range(8)}}),
        ({"mine": {"nodes": [2000 + n for n in range(40)] + [10]}}, {}),
    ],
    ids=["own model", "one of all", "partly covered", "forty", "eight conditions", "deep"],
)
def test_odd_studies_are_typeset_within_the_margins(
    tmp_path: Path, printed: list[Image.Image], models: dict[str, Any], arguments: Any
) -> None:
    report = made(make_study(tmp_path, models, lambda *_: (0.6, 0.1), **arguments))
    found = text_of(report)
    assert not {"nan", "none.", "null"} & set(re.findall(r"\w+", found.lower()))
    for model in models:
        assert study_of(models).model_label(model).replace("_", "") in found.replace(
            "_ ", "_"
        ).replace("_", "")
    assert len(printed) == len(report.pages)
    for page in printed:
        left, right = inked(page)
        assert left >= 22 - 1
        assert right <= 210 - 22 + 1


def test_a_replicate_that_was_lost_is_a_failure_and_has_no_number(tmp_path: Path) -> None:
    def lost(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return (float("nan"), float("nan")) if replicate == 1 else (0.85, 0.4)

    found = text_of(made(make_study(tmp_path, LOST, lost)))
    assert "nan" not in re.findall(r"\w+", found.lower())
    assert "1 of 3" in found


def test_a_study_of_nothing_in_the_report_has_no_column_for_it(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"mine": {}}, lambda *_: (0.6, 0.1))
    found = text_of(made(paths, tmp_path / "none.csv"), first=2)
    assert not re.search(r"Report (Accuracy|Median|As reported)", found)
    assert "Median" in found


def test_markup_of_a_user_is_text(tmp_path: Path) -> None:
    models = {"mine": {"report_name": HOSTILE, "assumed": {"batch_size": "#panic() $x$ *b* @a"}}}
    found = text_of(made(make_study(tmp_path, models, lambda *_: (0.6, 0.1))))
    assert HOSTILE in found
    assert "#panic() $x$ *b* @a" in found


TYPST_TEXT = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), max_codepoint=0x17F),
    min_size=1, max_size=24,
)  # fmt: skip


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document that shows one text, and nothing else."""
    folder = tmp_path_factory.mktemp("echo")
    (folder / "report.typ").write_text(
        '#set document(title: "Echo")\n#set text(font: "DejaVu Sans Mono", hyphenate: false)\n'
        '#set page(width: 900mm)\n#json("report.json").said\n'
    )
    return folder


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=TYPST_TEXT)
def test_any_text_is_shown_as_it_is(echo: Path, said: str, tmp_path: Path) -> None:
    path = tmp_path / "echo.pdf"
    path.write_bytes(compile_document({"said": said}, {}, echo, 1_700_000_000))
    shown = pypdf.PdfReader(path).pages[0].extract_text()
    assert "".join(shown.split()) == "".join(said.replace("\u00ad", "").split())


def test_what_is_not_finite_is_nothing_and_tables_have_their_head_rows() -> None:
    table = Table("", [Column("a"), Column("b", group="g", tone="t")])
    table.add(Cell("1", "superior"), "2")
    found = plain({"table": table, "numbers": (1.5, float("nan"), float("-inf"))})
    assert found["numbers"] == [1.5, None, None]
    assert found["table"]["spans"][1] == {"label": "g", "tone": "t", "width": 1}
    assert found["table"]["rows"][0][0]["kind"] == "superior"
