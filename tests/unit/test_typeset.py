"""The typeset report, read back from the PDF: complete, tagged, the same again.

Odd studies are typeset within the margins, and no text is taken for a command.
"""

from __future__ import annotations

import csv
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
from study_fixture import Paths, make_study, study_of
from test_pages import MODELS, outcome
from typeset_reports import PDF, made, text_of, typeset_again

from mlpstudy.config.study import CLASSES
from mlpstudy.errors import StudyError
from mlpstudy.figures.index import load_index
from mlpstudy.formats import word
from mlpstudy.report.document import plain
from mlpstudy.report.layout import Cell, Column, Table
from mlpstudy.report.typeset import compile_document


def titles(outline: Any) -> list[str]:
    """Return the titles of an outline, those of parts after their whole."""
    return [
        title
        for entry in outline
        for title in (titles(entry) if isinstance(entry, list) else [entry.title])
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return make_study(tmp_path_factory.mktemp("study"), MODELS, outcome, replicates=5)


@pytest.fixture(scope="module")
def report(study: Paths) -> pypdf.PdfReader:
    return made(study)


@pytest.fixture(scope="module")
def text(report: pypdf.PdfReader) -> str:
    return text_of(report)


def test_the_parts_stand_in_the_reports_order_with_their_models(report: pypdf.PdfReader) -> None:
    found = titles(report.outline)
    parts = [
        "Summary", "1 Details of each of the models", "2 Comparisons of some of the models",
        "3 The models by activation function", "4 Final inference table", "5 Conclusions",
    ]  # fmt: skip
    assert [title for title in found if title in parts] == parts
    assert "1.6 Model 16 (Model 4_6)" in found
    assert len([title for title in found if re.match(r"1\.\d", title)]) == len(MODELS)
    assert {"Assumptions", "Provenance"} <= {title.split(" ", 1)[-1] for title in found}


def test_the_contents_have_the_pages_on_which_the_parts_are(report: pypdf.PdfReader) -> None:
    contents = report.pages[1].extract_text()
    for title in ("Final inference table", "Provenance"):
        line = re.search(rf"^\S+ {title}[ .]+(\d+)", contents, re.MULTILINE)
        assert line is not None, contents
        page = report.pages[int(line[1]) - 1]
        assert re.search(rf"^\d+ {title}$", page.extract_text(), re.MULTILINE)


def test_every_number_of_the_final_table_is_the_csvs(study: Paths, text: str) -> None:
    with (study.tables / "final_inference.csv").open() as file:
        rows = list(csv.DictReader(file))
    for model in MODELS:
        mine = [row for row in rows if row["model"] == model]
        printed = [mine[0]["layers"], percent(mine[0]["reported_accuracy"])]
        shown = [study_of(MODELS).model_label(model), word(mine[0]["activation"]), *printed]
        shown += [mine[0]["reported_class"].capitalize()]
        for row in mine:
            shares = " / ".join(f"{100 * float(row[f'{name}_share']):.0f}" for name in CLASSES)
            shown += [percent(row["test_accuracy_median"]), row["class"].capitalize(), shares]
        assert " ".join(shown) in text


def percent(fraction: str) -> str:
    return f"{100 * float(fraction):.2f}"


def test_every_figure_is_numbered_and_told_in_words(
    study: Paths, report: pypdf.PdfReader, text: str
) -> None:
    index = load_index(study.figures)
    numbers = [int(number) for number in re.findall(r"Figure (\d+)", text)]
    assert sorted(numbers) == list(range(1, len(index.entries) + 1))
    alts = alternatives(report.trailer["/Root"]["/StructTreeRoot"])
    assert sorted(entry.alt for entry in index) == sorted(alts)


def alternatives(node: Any) -> list[str]:
    """Return the texts for those who do not see a part of the tagged document."""
    node = node.get_object()
    if isinstance(node, list):
        return [alt for child in node for alt in alternatives(child)]
    if not isinstance(node, dict):
        return []
    own = [str(node["/Alt"])] if "/Alt" in node else []
    return own + (alternatives(node["/K"]) if "/K" in node else [])


def test_it_is_tagged_and_says_what_it_is(report: pypdf.PdfReader, text: str) -> None:
    root = report.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en-GB"
    assert report.metadata is not None
    assert report.metadata.title == "6 reported models on Fashion-MNIST, each trained 5 times over"
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"<pdfuaid:part>1<", metadata)
    assert re.search(r"<pdfaid:part>2<", metadata)
    # The date is that of the provenance.
    assert report.metadata.creation_date_raw == "D:20261105070400Z"
    assert "Rendered on 5 November 2026, 07:04 UTC; commit cccccccccc" in text


def test_the_same_inputs_give_the_same_bytes(study: Paths, report: pypdf.PdfReader) -> None:
    path = study.report / "report.pdf"
    before = path.read_bytes()
    typeset_again(study)
    assert path.read_bytes() == before


def test_links_lead_to_the_models_and_fonts_are_the_reports_own(report: pypdf.PdfReader) -> None:
    annotations = [
        annotation.get_object()
        for page in report.pages[2:]
        for annotation in page.get("/Annots", [])
    ]
    assert len([a for a in annotations if a["/Subtype"] == "/Link"]) >= 3 * len(MODELS)
    assert not [a for a in annotations if "/A" in a and "/URI" in a["/A"]]
    fonts = {
        font.get_object()["/BaseFont"].split("+")[1]
        for page in report.pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert {name.split("-")[0] for name in fonts} <= {"LibertinusSerif", "DejaVuSans"}


def test_a_trial_is_stamped_on_every_page_and_a_study_on_none(text: str, tmp_path: Path) -> None:
    trial = made(make_study(tmp_path, {"m01": {}}, outcome, trial=True))
    assert all("Trial run" in page.extract_text() for page in trial.pages)
    assert "Trial run: 4000 training and 1000 test images." in text_of(trial)
    assert "Trial run" not in text


def test_a_broken_template_or_no_figures_are_named(
    study: Paths, report: pypdf.PdfReader, tmp_path: Path
) -> None:
    before = (study.report / "report.pdf").read_bytes()
    with pytest.raises(StudyError, match=re.escape("report.typ: mis")):
        typeset_again(study, templates=tmp_path)
    (tmp_path / "report.typ").write_text("#no-such-name")
    with pytest.raises(StudyError, match=r"report\.typ:1:1: unknown variable: no-such-name"):
        typeset_again(study, templates=tmp_path)
    assert (study.report / "report.pdf").read_bytes() == before
    with pytest.raises(StudyError, match=r"figures\.json: missing"):
        typeset_again(study._replace(figures=tmp_path))


def test_no_number_is_typed_in_a_template() -> None:
    """What a template says in words holds no number; lengths and code may."""
    for path in PDF.glob("*.typ"):
        for text in re.findall(r"^\s*\[([^#\]]+)\]?", path.read_text(), re.MULTILINE):
            assert not re.search(r"\d", text), (path.name, text)
        assert len(path.read_text().splitlines()) <= 200, path.name


# ---- Odd studies ---------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script> | *x* [y](z) & Co"
MARKUP = "#panic() $x$ *b* @a"


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
    for n in range(20)
}
LOST = {"m01": {"loss": "kl_divergence"}, "m04": {}}


@pytest.mark.parametrize(
    ("models", "arguments"),
    [
        ({"m01": {}}, {"conditions": {"only": {}}, "replicates": 1}),
        ({"m09": {}, "m10": {}}, {"covered": {"corrected": ["m10"]}}),
        (LONG, {}),
        ({"m01": {}, "mine": {}}, {"conditions": {f"condition_{n}": {} for n in range(8)}}),
        ({"mine": {"nodes": [2000 + n for n in range(40)] + [10]}}, {}),
    ],
    ids=["one of all", "partly covered", "twenty", "eight conditions", "deep"],
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


def test_markup_is_text_and_a_study_of_nothing_in_the_report_has_no_column_for_it(
    tmp_path: Path,
) -> None:
    models = {"mine": {"report_name": HOSTILE, "assumed": {"batch_size": MARKUP}}}
    paths = make_study(tmp_path, models, lambda *_: (0.6, 0.1))
    report = made(paths, tmp_path / "none.csv")
    assert HOSTILE in text_of(report)
    assert MARKUP in text_of(report)
    assert not re.search(r"Report (Accuracy|Median|As reported)", text_of(report, first=2))
    assert "Median" in text_of(report)


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
