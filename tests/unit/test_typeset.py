"""The typeset report, read back from the PDF: complete, tagged, the same again."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pypdf
import pytest
from study_fixture import Paths, make_study, study_of
from test_pages import MODELS, outcome
from typeset_reports import PDF, made, text_of, typeset_again

from mlpstudy.config.study import CLASSES
from mlpstudy.errors import StudyError
from mlpstudy.figures.index import load_index
from mlpstudy.formats import word


def titles(outline: Any) -> list[str]:
    """Return the titles of an outline, those of parts after their whole."""
    return [
        title
        for entry in outline
        for title in (titles(entry) if isinstance(entry, list) else [entry.title])
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return make_study(tmp_path_factory.mktemp("study"), MODELS, outcome)


@pytest.fixture(scope="module")
def report(study: Paths) -> pypdf.PdfReader:
    return made(study, drawn=True)


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
    assert sorted(numbers) == list(range(1, len(index) + 1))
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


def test_it_is_tagged_and_says_what_it_is(report: pypdf.PdfReader) -> None:
    root = report.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en-GB"
    assert report.metadata is not None
    assert report.metadata.title == "6 reported models on Fashion-MNIST, each trained 3 times over"
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"<pdfuaid:part>1<", metadata)
    assert re.search(r"<pdfaid:part>2<", metadata)


def test_the_date_is_that_of_the_provenance(report: pypdf.PdfReader, text: str) -> None:
    assert report.metadata is not None
    assert report.metadata.creation_date_raw == "D:20261105070400Z"
    assert "Rendered on 5 November 2026, 07:04 UTC; commit cccccccccc" in text


def test_the_same_inputs_give_the_same_bytes(study: Paths, report: pypdf.PdfReader) -> None:
    path = study.report / "report.pdf"
    before = path.read_bytes()
    typeset_again(study)
    assert path.read_bytes() == before


def test_names_lead_to_the_models_sections(report: pypdf.PdfReader) -> None:
    annotations = [
        annotation.get_object()
        for page in report.pages[2:]
        for annotation in page.get("/Annots", [])
    ]
    assert len([a for a in annotations if a["/Subtype"] == "/Link"]) >= 3 * len(MODELS)
    assert not [a for a in annotations if "/A" in a and "/URI" in a["/A"]]


def test_no_font_is_the_systems(report: pypdf.PdfReader) -> None:
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


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("#no-such-name", "report.typ:1:1: unknown variable: no-such-name"),
        (None, "report.typ: mis"),
    ],
)
def test_a_broken_template_is_named(
    study: Paths, report: pypdf.PdfReader, tmp_path: Path, template: str | None, told: str
) -> None:
    before = (study.report / "report.pdf").read_bytes()
    if template is not None:
        (tmp_path / "report.typ").write_text(template)
    with pytest.raises(StudyError, match=re.escape(told)):
        typeset_again(study, templates=tmp_path)
    assert (study.report / "report.pdf").read_bytes() == before


def test_figures_that_were_not_drawn_are_asked_for(study: Paths, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"figures\.json: missing"):
        typeset_again(study._replace(figures=tmp_path))


def test_no_number_is_typed_in_a_template() -> None:
    """What a template says in words holds no number; lengths and code may."""
    for path in PDF.glob("*.typ"):
        for text in re.findall(r"^\s*\[([^#\]]+)\]?", path.read_text(), re.MULTILINE):
            assert not re.search(r"\d", text), (path.name, text)
        assert len(path.read_text().splitlines()) <= 200, path.name
