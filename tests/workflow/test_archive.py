"""`snakemake --report`: made offline, everything in it with a caption, and it opens as it is."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from project import Project

FORMS = {"index.html", "report.pdf", "report.md", "provenance.json"}


def archived(project: Project, path: Path) -> Path:
    """Make the report of a study where nothing outside can be reached."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")
        done = project.study("--report", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    return path


@pytest.fixture(scope="module")
def archive(finished_project: Project, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("archive")
    return zipfile.ZipFile(archived(finished_project, folder / "report.zip"))


def listed(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """Return what the report's own script has under `name`."""
    page = archive.read("report/report.html").decode()
    found = re.search(rf"^ *var {name} = (\{{.*\}});?$", page, re.MULTILINE)
    assert found is not None
    return dict(json.loads(found[1]))


def test_every_figure_table_and_form_is_in_it(
    finished_project: Project, archive: zipfile.ZipFile
) -> None:
    folder = finished_project.folder / "results"
    figures = {path.name for path in (folder / "figures").glob("*.svg")}
    tables = {path.name for path in (folder / "tables").glob("*.csv")}
    assert len(figures) > 3 * 4
    categories = {
        name: {Path(path).name for paths in parts.values() for path in paths}
        for name, parts in listed(archive, "categories").items()
    }
    assert categories == {"Figures": figures, "Tables": tables, "Report": FORMS}
    assert {"Overview", "Models"} <= set(listed(archive, "categories")["Figures"])
    files = {Path(name).name: name for name in archive.namelist()}
    for name in ("index.html", "report.pdf"):
        assert archive.read(files[name]) == (folder / "report" / name).read_bytes()


def test_each_has_a_caption_and_labels(archive: zipfile.ZipFile) -> None:
    for name, entry in listed(archive, "results").items():
        assert len(re.sub("<[^>]*>", "", entry["caption"]).split()) > 8, name
        assert entry["labels"], name
    titles = [entry["labels"].get("figure") for entry in listed(archive, "results").values()]
    assert "Learning curves of model 1" in titles


def test_the_rules_are_drawn_and_nothing_is_fetched(archive: zipfile.ZipFile) -> None:
    page = archive.read("report/report.html").decode()
    assert '"typeset_report"' in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']https?:", page)


def test_one_file_holds_it_too(finished_project: Project, tmp_path: Path) -> None:
    page = archived(finished_project, tmp_path / "report.html").read_text()
    for name in ("report.pdf", "overview.svg", "runs.csv"):
        assert re.search(rf'"data:[^,"]*;filename={name};base64,', page), name
