"""The PDFs, read back: complete, tagged, the same again, within the margins.

Odd studies are typeset too, and no text is taken for a command.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages_fixture import draw_nothing
from PIL import Image
from study_fixture import REPORTED, TEMPLATES, Paths, make_study, study_of, write_tables
from test_report_page import MODELS, outcome

from mlpstudy.analysis.schemas import read_table
from mlpstudy.errors import StudyError
from mlpstudy.figures.index import load_index
from mlpstudy.report.document import Document, Prose
from mlpstudy.report.pages import typeset
from mlpstudy.report.pdf import pdf, prose

# Millimetres, as in style.typ.
MARGIN, WIDTH = 20, 210


def made(paths: Paths, reported: Path = REPORTED, templates: Path = TEMPLATES) -> pypdf.PdfReader:
    """Typeset a study from the tables that are there, with empty figures."""
    inputs = (paths.study, reported, paths.tables, paths.figures, paths.provenance)
    typeset(*inputs, templates, paths.report / "report.pdf")
    return pypdf.PdfReader(paths.report / "report.pdf")


def tabulated(paths: Paths, reported: Path = REPORTED) -> Paths:
    write_tables(paths, reported)
    draw_nothing(paths)
    return paths


def text_of(reader: pypdf.PdfReader) -> str:
    """Return the text with single spaces."""
    pages = [page.extract_text() for page in reader.pages]
    return re.sub(r"[\s\u00a0\u202f]+", " ", "\n".join(pages).replace("\u200b", ""))


def titles(outline: Any) -> list[str]:
    return [
        title
        for entry in outline
        for title in (titles(entry) if isinstance(entry, list) else [entry.title])
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    root = tmp_path_factory.mktemp("study")
    return tabulated(make_study(root, MODELS, outcome, replicates=5))


@pytest.fixture(scope="module")
def report(study: Paths) -> pypdf.PdfReader:
    return made(study)


@pytest.fixture(scope="module")
def supplement(study: Paths, report: pypdf.PdfReader) -> pypdf.PdfReader:
    return pypdf.PdfReader(study.report / "supplement.pdf")


def test_report_and_supplement_have_their_parts(
    report: pypdf.PdfReader, supplement: pypdf.PdfReader
) -> None:
    found = titles(report.outline)
    parts = ["Final inference table", "The models", "Comparisons",
             "The models by activation function", "Conclusions", "Why models fail"]  # fmt: skip
    assert [title for title in found if title in parts] == parts
    assert {f"Model {int(model[1:])}" for model in MODELS} <= {
        " ".join(t.split()[:2]) for t in found
    }
    further = " ".join(titles(supplement.outline))
    for title in ("Model 3", "Assumed settings", "Effects of one setting"):
        assert title in further
    assert not [title for title in found if "Assumed settings" in title]
    assert "supplement" in text_of(supplement)


def test_the_final_table_has_the_numbers_of_the_csv(study: Paths, report: pypdf.PdfReader) -> None:
    text = text_of(report)
    frame = read_table(study.tables / "models.csv")
    for model in MODELS:
        mine = frame[frame["model"] == model]
        label = study_of(MODELS).model_label(model)
        row = text[text.index(f" {label} ") :][:220]
        for line in mine.to_dict("records"):
            assert f"{100 * line['test_accuracy_median']:.1f}" in row
            assert f"{line['failures']} of {line['replicates']}" in row
            assert line["class"].capitalize() in row


def test_every_figure_is_shown_and_described_in_words(
    study: Paths, report: pypdf.PdfReader, supplement: pypdf.PdfReader
) -> None:
    alts = [
        alt
        for reader in (report, supplement)
        for alt in alternatives(reader.trailer["/Root"]["/StructTreeRoot"])
    ]
    assert set(alts) == {entry.alt for entry in load_index(study.figures)}


def alternatives(node: Any) -> list[str]:
    """Return the texts for those who do not see a part of the tagged document."""
    node = node.get_object()
    if isinstance(node, list):
        return [alt for child in node for alt in alternatives(child)]
    if not isinstance(node, dict):
        return []
    own = [str(node["/Alt"])] if "/Alt" in node else []
    return own + (alternatives(node["/K"]) if "/K" in node else [])


def test_it_is_tagged_and_says_what_it_is(report: pypdf.PdfReader) -> None:
    root = report.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en-GB"
    assert report.metadata is not None
    assert report.metadata.title == "A student report's 6 networks, trained 5 times each"
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"<pdfuaid:part>1<", metadata)
    assert re.search(r"<pdfaid:part>2<", metadata)
    # The date is that of the provenance.
    assert report.metadata.creation_date_raw == "D:20261105070400Z"
    assert "Tables computed on 5 November 2026, 07:04 UTC; commit cccccccccc" in text_of(report)


def test_the_same_inputs_give_the_same_bytes(study: Paths, report: pypdf.PdfReader) -> None:
    paths = [study.report / name for name in ("report.pdf", "supplement.pdf")]
    before = [path.read_bytes() for path in paths]
    made(study)
    assert [path.read_bytes() for path in paths] == before


def test_links_lead_to_the_models_and_fonts_are_the_reports_own(report: pypdf.PdfReader) -> None:
    annotations = [a.get_object() for page in report.pages for a in page.get("/Annots", [])]
    assert len([a for a in annotations if a["/Subtype"] == "/Link"]) >= 2 * len(MODELS)
    assert not [a for a in annotations if "/A" in a and "/URI" in a["/A"]]
    fonts = {
        font.get_object()["/BaseFont"].split("+")[1]
        for page in report.pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert {name.split("-")[0] for name in fonts} <= {
        "LibertinusSerif", "DejaVuSans", "DejaVuSansMono",
    }  # fmt: skip


def test_a_broken_template_or_no_figures_are_named(
    study: Paths, report: pypdf.PdfReader, tmp_path: Path
) -> None:
    before = (study.report / "report.pdf").read_bytes()
    for folder in ("report", "html"):
        (tmp_path / folder).symlink_to(TEMPLATES / folder)
    with pytest.raises(StudyError, match=re.escape("report.typ: missing")):
        made(study, templates=tmp_path)
    (tmp_path / "pdf").mkdir()
    (tmp_path / "pdf/report.typ").write_text("#no-such-name")
    with pytest.raises(StudyError, match=r"report\.typ:1:1: unknown variable: no-such-name"):
        made(study, templates=tmp_path)
    assert (study.report / "report.pdf").read_bytes() == before
    with pytest.raises(StudyError, match=r"figures\.json: missing"):
        made(study._replace(figures=tmp_path))


def test_prose_becomes_spans_of_one_style() -> None:
    paragraph, listed, quoted = prose("A **b *c*** `d` [e](#f)\n\n- one\n- two\n\n> said\n")
    assert [span["text"] for span in paragraph["spans"]] == ["A ", "b ", "c", " ", "d", " ", "e"]
    assert paragraph["spans"][2]["strong"] is paragraph["spans"][2]["em"] is True
    assert paragraph["spans"][4]["code"] is True
    assert paragraph["spans"][6]["href"] == "#f"
    assert [item[0]["spans"][0]["text"] for item in listed["items"]] == ["one", "two"]
    assert quoted["content"][0]["spans"][0]["text"] == "said"


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
        pictures = [pictures] if isinstance(pictures, bytes) else pictures
        pages.extend(Image.open(io.BytesIO(picture)).convert("L") for picture in pictures)
        return compile_pdf(files, **options)

    monkeypatch.setattr("mlpstudy.report.pdf.typst.compile", compile_both)
    return pages


LONG = {
    f"a_model_with_quite_a_long_name_{n}": {"epochs": 1, "nodes": [n + 20, 10], "batch_size": n + 8}
    for n in range(20)
}


@pytest.mark.parametrize(
    ("models", "arguments"),
    [
        ({"m01": {}}, {"conditions": {"only": {}}, "replicates": 1}),
        ({"m09": {}, "m10": {}}, {"covered": {"corrected": ["m10"]}}),
        (LONG, {}),
        ({"m01": {}, "mine": {}}, {"conditions": {f"condition_{n}": {} for n in range(8)}}),
        ({"mine": {"nodes": [2000 + n for n in range(40)] + [10]}}, {"trial": True}),
    ],
    ids=["one of all", "partly covered", "twenty", "eight conditions", "deep"],
)
def test_odd_studies_are_typeset_within_the_margins(
    tmp_path: Path, printed: list[Image.Image], models: dict[str, Any], arguments: Any
) -> None:
    report = made(tabulated(make_study(tmp_path, models, lambda *_: (0.6, 0.1), **arguments)))
    found = text_of(report)
    assert not {"nan", "none.", "null"} & set(re.findall(r"\w+", found.lower()))
    for model in models:
        label = study_of(models).model_label(model).replace("_", "")
        assert label in found.replace("_ ", "_").replace("_", "")
    assert ("Trial run" in found) == arguments.get("trial", False)
    for page in printed:
        columns = np.flatnonzero((np.asarray(page) < 200).any(axis=0)) * 25.4 / 36
        assert columns.min() >= MARGIN - 1
        assert columns.max() <= WIDTH - MARGIN + 1


def test_markup_is_text_and_a_lost_run_has_no_number(tmp_path: Path) -> None:
    def lost(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return (float("nan"), float("nan")) if replicate == 1 else (0.85, 0.4)

    models = {"mine": {"report_name": HOSTILE, "assumed": {"batch_size": MARKUP}}}
    study = tabulated(make_study(tmp_path, models, lost), tmp_path / "none.csv")
    report = text_of(made(study, tmp_path / "none.csv"))
    assert HOSTILE in report
    assert "1 of 3" in report
    assert "nan" not in re.findall(r"\w+", report.lower())
    assert MARKUP in text_of(pypdf.PdfReader(study.report / "supplement.pdf"))


TYPST_TEXT = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), max_codepoint=0x17F),
    min_size=1, max_size=24,
)  # fmt: skip


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document that shows its title, and nothing else."""
    folder = tmp_path_factory.mktemp("echo")
    (folder / "report.typ").write_text(
        '#set document(title: "Echo")\n#set text(font: "DejaVu Sans Mono", hyphenate: false)\n'
        '#set page(width: 900mm)\n#json("report.json").title\n'
    )
    return folder


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=TYPST_TEXT)
def test_any_text_is_shown_as_it_is(echo: Path, said: str, tmp_path: Path) -> None:
    path = tmp_path / "echo.pdf"
    context = {"study": study_of({"m01": {}}), "stamp": ""}
    document = Document(said, (Prose("text"),))
    path.write_bytes(pdf(document, context, echo, tmp_path, datetime(2026, 1, 1, tzinfo=UTC)))
    shown = pypdf.PdfReader(path).pages[0].extract_text()
    assert "".join(shown.split()) == "".join(said.replace("\u00ad", "").split())
